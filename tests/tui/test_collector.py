"""A full garbage collection waits until nobody is at the keyboard."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from gitops_tui.tui.collector import Collector


class Ring:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def grown_old() -> weakref.ref[Ring]:
    """A ring that only a full collection finds, after enough work for one to be worth it."""
    ring = Ring()
    found = weakref.ref(ring)
    gc.collect(1)
    del ring
    for _ in range(200):
        gc.collect(1)
    return found


@pytest.mark.usefixtures("_as_before")
def test_it_is_made_in_a_pause_and_no_earlier() -> None:
    now = [100.0]
    collector = Collector(lambda: now[0])
    collector.take_over()
    gc.collect()
    old = grown_old()
    now[0] += 100.0
    collector.typed()
    assert not collector.tidy()
    now[0] += 4.0
    assert not collector.tidy()
    assert old() is not None
    now[0] += 2.0
    assert collector.tidy()
    assert old() is None


@pytest.mark.usefixtures("_as_before")
def test_it_is_not_made_over_and_over() -> None:
    now = [100.0]
    collector = Collector(lambda: now[0])
    collector.take_over()
    gc.collect()
    grown_old()
    now[0] += 100.0
    assert collector.tidy()
    grown_old()
    now[0] += 30.0
    assert not collector.tidy()
    now[0] += 31.0
    assert collector.tidy()
