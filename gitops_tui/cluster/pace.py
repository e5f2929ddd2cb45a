"""How hard one cluster is asked: how many requests at once, and when to try one that does not answer.

The official client sleeps and retries by itself, unseen; here the policy is ours and shared by everything
that talks to the cluster, so that fifty applications do not each wait for the same dead address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gitops_tui.chance import between
from gitops_tui.model.errors import ClusterError, UnreachableError
from gitops_tui.model.values import dataclass

WIDEST = 16
"""Requests at once; with more threads than this nothing is gained."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Deadlines and pauses of one cluster, in seconds.

    connect, read: until a connection stands, and between two pieces of an answer. total: one call with its
    retries. silence: a watch without even a bookmark for this long is taken for dead. watch: how long the server
    is asked to keep a watch. first_pause, longest_pause: between tries; each next is twice the one before.
    recovery: after this long without a 429, one more request at once. news: how old recent warnings may be. linger: for
    how long what is listed ahead is not followed, since the process is probably gone by then.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0
    silence: float = 70.0
    watch: float = 290.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    forbidden_pause: float = 30.0
    recovery: float = 5.0
    news: float = 15.0
    linger: float = 1.0


class Deadline:
    """A point in time on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(self._end - time.monotonic(), 0.0)

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0.0


def pause_before(attempt: int, first: float, longest: float) -> float:
    """Seconds to wait before try number `attempt` (counted from 1): doubling, with jitter of half its length."""
    whole: float = min(first * 2.0 ** min(attempt - 1, 16), longest)
    return whole * between(0.5, 1.0)


class Pace:
    """The width and the gate that all requests to one cluster pass."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._free = threading.Condition()
        self._limit = WIDEST
        self._used = 0
        self._changed = 0.0
        self._gate = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0
        self._last: UnreachableError | None = None
        self._recovered: list[Callable[[], None]] = []

    @property
    def limit(self) -> int:
        """How many requests may run at once now."""
        return self._limit

    @contextmanager
    def turn(self, subject: str, deadline: Deadline) -> Iterator[None]:
        """Hold one of the places for the time of a request; ClusterError when none comes free in time."""
        with self._free:
            while self._used >= self._limit:
                if not self._free.wait(deadline.left) and self._used >= self._limit:
                    raise ClusterError(
                        subject,
                        "gave up waiting for its turn: the API server limits how much is asked at once",
                        temporary=True,
                    )
            self._used += 1
        try:
            yield
        finally:
            with self._free:
                self._used -= 1
                self._free.notify()

    def throttled(self) -> None:
        """The server answered 429: half as many at once. Answers of one burst count as one."""
        with self._free:
            now = time.monotonic()
            if self._limit == WIDEST or now - self._changed >= 1.0:
                self._limit = max(self._limit // 2, 1)
            self._changed = now

    def answered(self) -> None:
        """The server answered: it is reachable, and after a while without 429 it gets one more at once."""
        if self._limit < WIDEST:
            with self._free:
                now = time.monotonic()
                if self._limit < WIDEST and now - self._changed >= self._timing.recovery:
                    self._limit += 1
                    self._changed = now
                    self._free.notify()
        if self._failures:
            self.reopen()

    def failed(self, error: UnreachableError) -> None:
        """No connection came about: nobody tries again before a pause that grows with each failure."""
        with self._gate:
            self._failures += 1
            pause = pause_before(self._failures, self._timing.first_pause, self._timing.longest_pause)
            self._closed_until = time.monotonic() + pause
            error.retry_after = pause
            self._last = error

    def pass_gate(self) -> None:
        """Raise the last UnreachableError at once while its pause runs; after it, let one try and hold the rest."""
        if not self._failures:
            return
        with self._gate:
            last, now = self._last, time.monotonic()
            if last is None:
                return
            if now < self._closed_until:
                raise UnreachableError(
                    last.subject,
                    last.message,
                    hint=last.hint,
                    reason=last.reason,
                    temporary=True,
                    retry_after=self._closed_until - now,
                ) from last
            self._closed_until = now + self._timing.connect

    def reopen(self) -> None:
        """Forget the failures, and wake whoever waits for the cluster."""
        with self._gate:
            was_shut, self._failures, self._last = self._failures > 0, 0, None
        if was_shut:
            for wake in tuple(self._recovered):
                wake()

    def on_recovery(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever the cluster answers again."""
        self._recovered.append(wake)
