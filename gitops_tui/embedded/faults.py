"""Faults on demand, for tests of what must survive them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["answer", "delay", "cut", "hang"]

_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass
class Fault:
    """What happens to matching requests, the next `times` of them (-1: until it is cleared).

    `method` and `path` are regular expressions over the whole method and any part of `path?query`.
    """

    action: Action
    method: str = ".*"
    path: str = ""
    times: int = 1
    code: int = 500
    message: str = "injected fault"
    retry_after: int | None = None
    seconds: float = 0.0
    body: bytes | None = None
    content_type: str = "application/json"
    reason: str = ""
    hits: int = field(default=0, compare=False)

    def matches(self, method: str, target: str) -> bool:
        """Whether a request is meant."""
        return self.times != 0 and bool(re.fullmatch(self.method, method) and re.search(self.path, target))


class Faults:
    """The faults of one server. Thread-safe."""

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._dropped = 0.0
        self._released = threading.Event()

    def add(self, fault: Fault) -> Fault:
        """Have a fault from now on; its `hits` count the requests that met it."""
        with self._lock:
            self._faults.append(fault)
            self._released.clear()
        return fault

    def answer(
        self, code: int, *, method: str = ".*", path: str = "", times: int = 1, retry_after: int | None = None
    ) -> Fault:
        """Answer matching requests with an error."""
        fault = Fault("answer", method, path, times, code, retry_after=retry_after, reason=_REASONS.get(code, ""))
        return self.add(fault)

    def delay(self, seconds: float, *, method: str = ".*", path: str = "", times: int = -1) -> Fault:
        """Answer matching requests later."""
        return self.add(Fault("delay", method, path, times, seconds=seconds))

    def cut(self, *, method: str = ".*", path: str = "", times: int = 1) -> Fault:
        """Close the connection of matching requests without an answer."""
        return self.add(Fault("cut", method, path, times))

    def hang(self, *, method: str = ".*", path: str = "", times: int = 1) -> Fault:
        """Never answer matching requests, until the faults are cleared; the connection is then closed."""
        return self.add(Fault("hang", method, path, times))

    def drop_watches(self) -> None:
        """Cut every watch that runs now."""
        with self._lock:
            self._dropped = time.monotonic()

    def expire_history(self) -> None:
        """Forget every change until now: watches and pages from before are answered as expired (410)."""
        self._forget()

    @property
    def dropped_at(self) -> float:
        """When watches were last dropped, on the monotonic clock; 0.0: never."""
        return self._dropped

    def clear(self) -> None:
        """No faults any more; what hangs is let go."""
        with self._lock:
            self._faults.clear()
            self._released.set()

    def meet(self, method: str, target: str) -> Fault | None:
        """The fault a request meets, counted."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, target):
                    fault.times -= fault.times > 0
                    fault.hits += 1
                    return fault
        return None

    def wait_released(self) -> None:
        """Block until the faults are cleared."""
        self._released.wait()
