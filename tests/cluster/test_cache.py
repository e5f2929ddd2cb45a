"""The cache by itself."""

from __future__ import annotations

from gitops_tui.cluster import ApiResource, Live, Scope
from gitops_tui.cluster.watching.cache import Cache, live_of

SCOPE = Scope("", "ConfigMap")
RESOURCE = ApiResource("", "v1", "ConfigMap", "configmaps", namespaced=True)


def live(name: str, version: int = 1) -> Live:
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": str(version)}
    return live_of({"metadata": metadata, "data": {"password": "hunter2"}}, RESOURCE)


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


def test_an_object_shows_no_value_where_it_is_printed() -> None:
    assert "hunter2" not in repr(live("a"))


def test_a_body_is_one_s_own() -> None:
    found = live("a")
    found.body()["data"]["password"] = "changed"

    assert found.body()["data"] == {"password": "hunter2"}
