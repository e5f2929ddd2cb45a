"""Faults on demand, for tests of what must survive them."""

from __future__ import annotations

import copy
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gitops_tui.embedded.store.items import Checkpoint, Event
from gitops_tui.embedded.store.store import Store

Action = Literal["answer", "delay", "cut", "truncate", "hang"]
Mutation = Callable[[dict[str, Any]], None]
"""Changes an object in place, as a mutating webhook does."""

_REASONS = {
    400: "BadRequest",
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

    `method` and `path` are regular expressions over the whole method and any part of `path?query`. The first `skip`
    matching requests are left alone. `done`: the request is carried out all the same, only its answer is lost.
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
    headers: dict[str, str] = field(default_factory=dict)
    skip: int = 0
    done: bool = False
    hits: int = field(default=0, compare=False)
    met: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set when the first request has met it; where it is carried out all the same, when it was."""

    def takes(self, method: str, target: str) -> bool:
        """Whether it happens to a request; one that is skipped is counted as such."""
        if self.times == 0 or not re.fullmatch(self.method, method) or not re.search(self.path, target):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        self.hits += 1
        return True


class Faults:
    """The faults of one server. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._dropped = 0.0
        self._lost = 0
        self._repeats = False
        self._frozen = 0.0
        self._mutation: Mutation | None = None
        self._foretold = True
        self._lost_groups: frozenset[str] = frozenset()
        self._released = threading.Event()

    def add(self, fault: Fault) -> Fault:
        """Have a fault from now on; its `hits` count the requests that met it."""
        with self._lock:
            self._faults.append(fault)
            self._released.clear()
        return fault

    def answer(
        self,
        code: int,
        *,
        method: str = ".*",
        path: str = "",
        times: int = 1,
        retry_after: int | None = None,
        message: str = "injected fault",
        skip: int = 0,
    ) -> Fault:
        """Answer matching requests with an error."""
        reason = _REASONS.get(code, "")
        return self.add(Fault("answer", method, path, times, code, message, retry_after, reason=reason, skip=skip))

    def refuse_dry_run(self, *, path: str = "", times: int = -1) -> Fault:
        """Refuse matching dry-runs, as the server does where a webhook has side effects."""
        text = 'admission webhook "guard.example.org" does not support dry run'
        return self.answer(400, method="PATCH|PUT", path=f"{path}.*dryRun=All", times=times, message=text)

    def break_webhook(self, *, method: str = "PATCH|PUT", path: str = "", times: int = -1) -> Fault:
        """Fail matching writes, as the server does where a webhook cannot be called."""
        text = 'Internal error occurred: failed calling webhook "guard.example.org": connection refused'
        return self.answer(500, method=method, path=path, times=times, message=text)

    def lose_group(self, group: str) -> Fault:
        """Have the server behind an aggregated API be down: its group is stale in discovery, its paths answer 503."""
        with self._lock:
            self._lost_groups = self._lost_groups | {group}
        return self.answer(503, path=rf"^/apis/{re.escape(group)}/", times=-1)

    @property
    def lost_groups(self) -> frozenset[str]:
        """The API groups whose server is down."""
        return self._lost_groups

    def mutate(self, change: Mutation, *, foretold: bool = True) -> None:
        """Have `change` work on every object that is about to be stored, until the faults are cleared.

        foretold False: not in a dry-run, so that it disagrees with the write, as with a webhook that breaks its word.
        """
        with self._lock:
            self._mutation, self._foretold = change, foretold

    def admit(self, obj: dict[str, Any], dry_run: bool) -> None:
        """Do to an object what a webhook would."""
        mutation = self._mutation
        if mutation is not None and (self._foretold or not dry_run):
            changed = copy.deepcopy(obj)  # it may share parts with what is stored
            mutation(changed)
            obj.clear()
            obj.update(changed)

    def say(
        self,
        body: bytes,
        content_type: str,
        *,
        code: int = 200,
        method: str = ".*",
        path: str = "",
        times: int = 1,
    ) -> Fault:
        """Answer matching requests with anything, as a proxy in between may."""
        return self.add(Fault("answer", method, path, times, code, body=body, content_type=content_type))

    def redirect(self, url: str, *, method: str = ".*", path: str = "", times: int = 1) -> Fault:
        """Send matching requests elsewhere."""
        return self.add(
            Fault(
                "answer", method, path, times, 307, body=b"moved", content_type="text/plain", headers={"Location": url}
            )
        )

    def delay(self, seconds: float, *, method: str = ".*", path: str = "", times: int = -1) -> Fault:
        """Answer matching requests later."""
        return self.add(Fault("delay", method, path, times, seconds=seconds))

    def cut(self, *, method: str = ".*", path: str = "", times: int = 1, skip: int = 0, done: bool = False) -> Fault:
        """Close the connection of matching requests without an answer; done: after they were carried out."""
        return self.add(Fault("cut", method, path, times, skip=skip, done=done))

    def truncate(self, *, method: str = ".*", path: str = "", times: int = 1) -> Fault:
        """Carry matching requests out, send half of the answer, and close the connection."""
        return self.add(Fault("truncate", method, path, times, done=True))

    def hang(self, *, method: str = ".*", path: str = "", times: int = 1, skip: int = 0, done: bool = False) -> Fault:
        """Never answer matching requests, until the faults are cleared; the connection is then closed."""
        return self.add(Fault("hang", method, path, times, skip=skip, done=done))

    def drop_watches(self) -> None:
        """Cut every watch that runs now."""
        with self._lock:
            self._dropped = time.monotonic()

    def freeze_watches(self) -> None:
        """Have every watch that runs now stay open without a word or a bookmark, as behind a half-open connection."""
        with self._lock:
            self._frozen = time.monotonic()

    def lose_events(self, count: int) -> None:
        """Have watches pass over their next events, `count` in all."""
        with self._lock:
            self._lost = count

    def repeat_events(self) -> None:
        """Have watches tell each event twice, until the faults are cleared."""
        self._repeats = True

    def expire_history(self) -> None:
        """Forget every change until now: watches and pages from before are answered as expired (410)."""
        self._store.forget()

    def checkpoint(self) -> Checkpoint:
        """The cluster's state now, to go back to."""
        return self._store.checkpoint()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Bring an older state back, older resourceVersions too, and cut every watch."""
        self._store.restore(checkpoint)
        self.drop_watches()

    @property
    def dropped_at(self) -> float:
        """When watches were last dropped, on the monotonic clock; 0.0: never."""
        return self._dropped

    @property
    def frozen_at(self) -> float:
        """When watches last fell silent, on the monotonic clock; 0.0: never."""
        return self._frozen

    def clear(self) -> None:
        """No faults any more; what hangs is let go."""
        with self._lock:
            self._faults.clear()
            self._lost, self._repeats, self._mutation, self._lost_groups = 0, False, None, frozenset()
            self._released.set()

    def meet(self, method: str, target: str) -> Fault | None:
        """The fault a request meets, counted."""
        if not self._faults:
            return None
        with self._lock:
            return next((fault for fault in self._faults if fault.takes(method, target)), None)

    def told(self, events: Sequence[Event]) -> list[Event]:
        """What a watch tells of events."""
        if not self._lost and not self._repeats:
            return list(events)
        with self._lock:
            lost = min(self._lost, len(events))
            self._lost -= lost
        return [event for event in events[lost:] for _ in range(2 if self._repeats else 1)]

    def wait_released(self) -> None:
        """Block until the faults are cleared."""
        self._released.wait()
