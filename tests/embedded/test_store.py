"""The store: versions, races, history, many at once."""

from __future__ import annotations

import threading

import pytest

from gitops_tui.embedded.store.items import ConflictError, Event, ExpiredError, Key
from gitops_tui.embedded.store.store import Store
from gitops_tui.embedded.store.subscription import MAX_BACKLOG, Subscription

A, B = Key("configmaps", "shop", "a"), Key("configmaps", "stage", "b")


def body(text: str = "") -> dict[str, object]:
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {}, "data": text}


def test_versions_grow_over_all_kinds() -> None:
    store = Store()
    revisions = [store.put(key, body(), expected=0).revision for key in (A, Key("secrets", "shop", "a"), B)]
    assert revisions == sorted(set(revisions))
    assert store.revision == revisions[-1]
    assert store.get(B).body["metadata"]["resourceVersion"] == str(revisions[-1])  # type: ignore[union-attr]


def test_a_write_at_another_revision_is_refused() -> None:
    store = Store()
    first = store.put(A, body("1"), expected=0)
    with pytest.raises(ConflictError):
        store.put(A, body("2"), expected=0)
    store.put(A, body("2"), expected=first.revision)
    with pytest.raises(ConflictError):
        store.remove(A, expected=first.revision)
    assert store.get(A).body["data"] == "2"  # type: ignore[union-attr]


def test_a_list_is_in_order_and_of_one_namespace() -> None:
    store = Store()
    for namespace, name in (("b", "z"), ("a-b", "y"), ("a", "x"), ("a", "b")):
        store.put(Key("configmaps", namespace, name), body(), expected=0)
    everything = [item.key[1:] for item in store.list("configmaps")[0]]
    assert everything == [("a", "b"), ("a", "x"), ("a-b", "y"), ("b", "z")]
    assert [item.key.name for item in store.list("configmaps", "a")[0]] == ["b", "x"]
    assert store.list("secrets")[0] == ()


def test_the_past_can_be_listed_while_it_is_kept() -> None:
    store = Store(window=3)
    first = store.put(A, body("1"), expected=0)
    second = store.put(A, body("2"), expected=first.revision)
    store.put(B, body("3"), expected=0)
    store.remove(A, expected=second.revision)

    def at(revision: int) -> dict[str, object]:
        return {item.key.name: item.body["data"] for item in store.list_at("configmaps", "", revision)}

    assert at(store.revision) == {"b": "3"}
    assert at(second.revision) == {"a": "2"}
    assert at(first.revision) == {"a": "1"}
    store.put(Key("secrets", "shop", "x"), body(), expected=0)
    with pytest.raises(ExpiredError):
        at(first.revision)


def test_a_subscription_hears_its_kind_and_namespace_only() -> None:
    store = Store()
    start = store.revision
    store.put(Key("secrets", "shop", "x"), body(), expected=0)
    store.put(A, body(), expected=0)
    late = store.subscribe("configmaps", "shop", since=start)
    store.put(B, body(), expected=0)
    store.put(Key("configmaps", "shop", "c"), body(), expected=0)
    assert [event.item.key.name for event in late.take(0)] == ["a", "c"]
    assert late.take(0) == []


def test_a_version_older_than_the_window_is_expired() -> None:
    store = Store(window=2)
    start = store.revision
    for name in "abc":
        store.put(Key("configmaps", "shop", name), body(), expected=0)
    with pytest.raises(ExpiredError):
        store.subscribe("configmaps", since=start)
    assert len(store.subscribe("configmaps", since=start + 1).take(0)) == 2


def test_a_reader_that_falls_too_far_behind_is_cut_off() -> None:
    slow = Subscription("configmaps", "", lambda _: None)
    item = Store().put(A, body(), expected=0)
    for _ in range(MAX_BACKLOG + 1):
        slow.offer(Event("ADDED", item, None))
    assert slow.closed


def test_a_listener_hears_everything_in_order_until_it_stops() -> None:
    store, heard = Store(), list[int]()
    stop = store.watch(lambda event: heard.append(event.item.revision))
    store.put(A, body(), expected=0)
    store.put(B, body(), expected=0)
    stop()
    store.put(Key("configmaps", "shop", "c"), body(), expected=0)
    assert heard == [2, 3]


def test_many_writers_lose_nothing() -> None:
    store = Store()
    store.put(A, body("0"), expected=0)
    subscription = store.subscribe("configmaps", since=store.revision)

    def count_up() -> None:
        done = 0
        while done < 100:
            item = store.get(A)
            assert item is not None
            try:
                store.put(A, body(str(int(item.body["data"]) + 1)), expected=item.revision)
                done += 1
            except ConflictError:
                continue

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(A).body["data"] == "400"  # type: ignore[union-attr]
    told = [event.item.body["data"] for event in subscription.take(0)]
    assert told == [str(number) for number in range(1, 401)]
