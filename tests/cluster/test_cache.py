"""The cache by itself."""

from __future__ import annotations

from gitops_tui.cluster import ApiResource, Live, Scope
from gitops_tui.cluster.watching import Arrival
from gitops_tui.cluster.watching.cache import Cache
from gitops_tui.cluster.watching.shelf import live_of
from gitops_tui.model.errors import ClusterError

SCOPE = Scope("", "ConfigMap")
RESOURCE = ApiResource("", "v1", "ConfigMap", "configmaps", namespaced=True)


def live(name: str, version: int = 1) -> Live:
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": str(version)}
    return live_of(Arrival({"metadata": metadata, "data": {"password": "hunter2"}}), RESOURCE)


def test_what_comes_late_for_a_scope_that_was_dropped_reaches_nobody() -> None:
    cache = Cache()
    told: list[str] = []
    cache.subscribe(lambda found, _: told.append(found.key.name))
    old = cache.open(SCOPE)
    cache.drop(old)
    new = cache.open(SCOPE)

    cache.put(old, live("a"))
    cache.remove(old, live("a"))
    cache.replace(old, [live("b")])

    assert told == []
    assert cache.live(live("a").key) is None
    assert not cache.ready([SCOPE])
    cache.replace(new, [])
    assert cache.ready([SCOPE])


def test_the_same_state_told_twice_is_no_change() -> None:
    cache = Cache()
    told: list[tuple[str, bool]] = []
    unsubscribe = cache.subscribe(lambda found, gone: told.append((found.key.name, gone)))
    shelf = cache.open(SCOPE)

    cache.put(shelf, live("a"))
    cache.put(shelf, live("a"))
    cache.replace(shelf, [live("a")])
    cache.put(shelf, live("a", 2))
    unsubscribe()
    cache.remove(shelf, live("a", 3))

    assert told == [("a", False), ("a", False)]
    assert cache.live(live("a").key) is None


def test_what_a_write_was_answered_with_is_known_before_the_watch_tells_of_it() -> None:
    cache = Cache()
    told: list[str] = []
    shelf = cache.open(SCOPE)
    cache.replace(shelf, [live("a", 3)], "5")
    cache.subscribe(lambda found, _: told.append(f"{found.key.name}{found.resource_version}"))

    cache.learn(live("a", 6))
    cache.learn(live("new", 7))
    cache.put(shelf, live("a", 6))
    cache.put(shelf, live("new", 7))

    assert told == ["a6", "new7"]


def test_what_the_watch_tells_of_before_a_write_does_not_bring_it_back() -> None:
    cache = Cache()
    told: list[tuple[str, bool]] = []
    shelf = cache.open(SCOPE)
    cache.replace(shelf, [live("a", 3), live("made-anew", 4)], "5")
    cache.subscribe(lambda found, gone: told.append((f"{found.key.name}{found.resource_version}", gone)))

    cache.learn(live("a", 8))
    cache.learn(live("made-anew", 9))
    cache.put(shelf, live("a", 6))
    cache.remove(shelf, live("made-anew", 7))
    cache.put(shelf, live("a", 8))
    cache.put(shelf, live("made-anew", 9))
    assert told == [("a8", False), ("made-anew9", False)]

    cache.put(shelf, live("a", 10))
    cache.remove(shelf, live("made-anew", 11))
    assert told[2:] == [("a10", False), ("made-anew11", True)]


def test_what_was_found_to_be_gone_is_not_brought_back_by_what_the_watch_tells_of_before() -> None:
    cache = Cache()
    told: list[tuple[str, bool]] = []
    shelf = cache.open(SCOPE)
    cache.replace(shelf, [live("a", 3), live("b", 4)], "5")
    cache.subscribe(lambda found, gone: told.append((f"{found.key.name}{found.resource_version}", gone)))

    cache.lose(live("a").key, "another")
    assert told == []
    cache.lose(live("a").key, "a")
    cache.lose(live("a").key, "a")
    cache.put(shelf, live("a", 6))
    cache.remove(shelf, live("a", 7))
    assert told == [("a3", True)]
    assert cache.live(live("a").key) is None
    cache.put(shelf, live("a", 8))
    assert told[1:] == [("a8", False)], "a server that has it again after all is believed"

    cache.lose(live("b").key, "b")
    cache.replace(shelf, [live("a", 8), live("b", 4)], "9")
    assert told[2:] == [("b4", True), ("b4", False)], "so is a new list"


def test_a_late_answer_brings_back_nothing_that_the_watch_has_gone_past() -> None:
    cache = Cache()
    shelf = cache.open(SCOPE)
    cache.learn(live("before-the-list", 4))
    cache.replace(shelf, [], "5")
    cache.learn(live("listed-as-absent", 4))
    cache.remove(shelf, live("deleted", 9))
    cache.learn(live("deleted", 8))
    cache.put(shelf, live("changed", 12))
    cache.learn(live("changed", 11))

    assert {name for name in ("before-the-list", "listed-as-absent", "deleted") if cache.live(live(name).key)} == set()
    newest = cache.live(live("changed").key)
    assert newest is not None
    assert newest.resource_version == "12"


def test_what_cannot_be_listed_now_learns_nothing() -> None:
    cache = Cache()
    shelf = cache.open(SCOPE)
    cache.replace(shelf, [], "5")
    cache.fail(shelf, ClusterError("configmaps", "forbidden"))
    cache.learn(live("a", 6))
    assert cache.live(live("a").key) is None


def test_an_object_shows_no_value_where_it_is_printed() -> None:
    assert "hunter2" not in repr(live("a"))


def test_a_body_is_one_s_own() -> None:
    found = live("a")
    found.body()["data"]["password"] = "changed"

    assert found.body()["data"] == {"password": "hunter2"}
