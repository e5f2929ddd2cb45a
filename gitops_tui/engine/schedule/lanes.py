"""Slow work, kept apart by what it depends on.

Each repository and each cluster has its own lane with its own few threads, so one that hangs until its deadline
holds up nobody else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Lanes(Protocol):
    """Where jobs run."""

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        """Run `job` in `lane`, where at most `width` jobs run at once."""
        ...

    def close(self) -> None:
        """Take no more jobs and wait for the running ones; those not begun are cancelled."""
        ...


class ThreadLanes:
    """A bounded thread pool for each lane."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        """Run `job` in `lane`; the first submit of a lane sets its width."""
        with self._lock:
            pool = self._pools.get(lane)
            if pool is None:
                pool = self._pools[lane] = ThreadPoolExecutor(width, thread_name_prefix=f"lane {lane}")
        return pool.submit(job)

    def close(self) -> None:
        """Wait for what runs; cancel what has not begun."""
        with self._lock:
            pools = tuple(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in pools:
            pool.shutdown(wait=True)


class InlineLanes:
    """Runs each job at once in the caller's thread, so that `Worker.step` is one deterministic pass."""

    def submit(self, lane: str, width: int, job: Callable[[], T]) -> Future[T]:
        """Run `job` now."""
        del lane, width
        future: Future[T] = Future()
        try:
            future.set_result(job())
        except BaseException as error:  # noqa: BLE001 - a Future carries whatever its job raised
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing is left to wait for."""
