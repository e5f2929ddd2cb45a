"""One container's life: created, running, ready, finished, or failing again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from gitops_tui.embedded.api.logs import Place
from gitops_tui.embedded.controllers.clock import as_seconds
from gitops_tui.embedded.controllers.node.images import Fate, fate_of, image_id, size_of
from gitops_tui.embedded.controllers.node.references import missing_value
from gitops_tui.embedded.controllers.world import World, name_of, namespace_of, uid_of
from gitops_tui.embedded.kinds.schema import Object

_SOURCE = "kubelet"
_CREATING = frozenset({"ContainerCreating", "PodInitializing"})

Turn = tuple[Object, float | None]
"""A container's new status, and the seconds until it will change again by itself."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container in its pod. ends: it finishes by itself (an init container, or one of a Job)."""

    world: World
    pod: Object
    spec: Mapping[str, Any]
    ends: bool

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def image(self) -> str:
        """The container's image."""
        return str(self.spec.get("image", ""))

    @property
    def restarts(self) -> bool:
        """Whether it is started again after a failure."""
        return bool((self.spec.get("restartPolicy") or self.pod["spec"].get("restartPolicy")) != "Never")

    def turn(self, known: Object | None) -> Turn:
        """Its status now, given the one before."""
        state = (known or {}).get("state") or {}
        if known is None or "waiting" in state:
            return self._wait(known or self.waiting("ContainerCreating"))
        if "running" in state:
            return self._go_on(known) if known["image"] == self.image else self._replace(known)
        return self._after_end(known)

    def waiting(self, reason: str, message: str = "", before: Mapping[str, Any] | None = None) -> Object:
        """A status that waits."""
        before = before or {}
        state = {"reason": reason, "message": message} if message else {"reason": reason}
        return self._status({"waiting": state}, before, restarts=before.get("restartCount", 0), started=False)

    def _status(
        self, state: Object, before: Mapping[str, Any], *, restarts: int, started: bool, ready: bool = False
    ) -> Object:
        status: Object = {
            "name": self.name,
            "image": self.image,
            "imageID": before.get("imageID", ""),
            "state": state,
            "lastState": before.get("lastState") or {},
            "ready": ready,
            "started": started,
            "restartCount": restarts,
        }
        if before.get("containerID"):
            status["containerID"] = before["containerID"]
        return status

    def _wait(self, known: Object) -> Turn:
        reason = known["state"]["waiting"].get("reason", "")
        if reason in _CREATING:
            left = self.world.waited(self.pod, f"pull {self.name}", self.world.timings.pull)
            return (known, left) if left else self._pull(known)
        if reason in {"ErrImagePull", "ImagePullBackOff"}:
            return self._pull_again(known, reason)
        if reason == "CrashLoopBackOff":
            ended = ((known.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
            left = self._pause(known["restartCount"]) - self.world.age(ended)
            return (known, left) if left > 0 else self._start(known, known["restartCount"] + 1)
        return self._start(known, known.get("restartCount", 0))

    def _pull(self, known: Object) -> Turn:
        if fate_of(self.image) is Fate.MISSING:
            return self._not_pulled(known), self.world.timings.crash
        self._event("Pulled", self._pulled())
        return self._start({**known, "imageID": image_id(self.image)}, known.get("restartCount", 0))

    def _pulled(self) -> str:
        took = f"{self.world.timings.pull * 1000:.0f}ms"
        return f'Successfully pulled image "{self.image}" in {took}. Image size: {size_of(self.image)} bytes.'

    def _replace(self, known: Object) -> Turn:
        """Start anew with the image that the pod names now."""
        self._event("Killing", f"Container {self.name} definition changed, will be restarted")
        return self._pull({**known, "restartCount": known["restartCount"] + 1})

    def _pull_again(self, known: Object, reason: str) -> Turn:
        """The registry is asked again after pauses that grow; it never has the image, unless another is named."""
        if fate_of(self.image) is not Fate.MISSING:
            return self._pull(known)
        tries = next(number for number in count() if not self._over(number))
        told = f'Back-off pulling image "{self.image}"'
        if short := self.world.waited(self.pod, f"{self.name} error {tries}", self.world.timings.crash):
            return (known, short) if reason == "ErrImagePull" else (self._not_pulled(known), short)
        if reason == "ErrImagePull":
            self._event("BackOff", told)
            self._event("Failed", "Error: ImagePullBackOff", warning=True)
        left = self.world.waited(self.pod, f"{self.name} try {tries}", self._try_time(tries))
        return self.waiting("ImagePullBackOff", told, known), left

    def _not_pulled(self, known: Object) -> Object:
        told = f'failed to pull and unpack image "{self.image}": {self.image}: not found'
        self._event("Failed", f'Failed to pull image "{self.image}": {told}', warning=True)
        self._event("Failed", "Error: ErrImagePull", warning=True)
        return self.waiting("ErrImagePull", told, known)

    def _over(self, number: int) -> bool:
        return self.world.waited(self.pod, f"{self.name} try {number}", self._try_time(number)) == 0

    def _try_time(self, number: int) -> float:
        return min(self.world.timings.backoff * 2.0**number, self.world.timings.longest_backoff)

    def _start(self, known: Object, restarts: int) -> Turn:
        if why := missing_value(self.world, self.pod, self.spec):
            self._event("Failed", f"Error: {why}", warning=True)
            return self.waiting("CreateContainerConfigError", why, known), self.world.timings.work
        self._event("Created", f"Container created: {self.name}")
        self._event("Started", f"Container started: {self.name}")
        self.world.backend.logs.begin(self._place)
        self._log(f"starting {self.image}")
        seed = f"{uid_of(self.pod)}/{self.name}/{restarts}"
        status = self._status({"running": {"startedAt": self.world.time}}, known, restarts=restarts, started=True)
        status["containerID"] = f"simulated://{hashlib.sha256(seed.encode()).hexdigest()}"
        status["imageID"] = image_id(self.image)
        return self._go_on(status)

    def _go_on(self, known: Object) -> Turn:
        timings, restarts = self.world.timings, known["restartCount"]
        self._remember(known)
        if fate_of(self.image) is Fate.CRASHES:
            left = self.world.waited(self.pod, f"{self.name} crash {restarts}", timings.crash)
            return (known, left) if left else self._crash(known)
        if self.ends:
            left = self.world.waited(self.pod, f"{self.name} work {restarts}", timings.work)
            return ({**known, "ready": True}, left) if left else (self._ended(known, 0), None)
        if known.get("ready"):
            return known, None
        left = self.world.waited(self.pod, f"{self.name} ready {restarts}", timings.ready)
        if left:
            return known, left
        self._log("ready to serve")
        return {**known, "ready": True}, None

    def _ended(self, known: Object, code: int) -> Object:
        self._log(f"finished with exit code {code}")
        ended: Object = {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "startedAt": known["state"]["running"].get("startedAt", self.world.time),
            "finishedAt": self.world.time,
            "containerID": known.get("containerID", ""),
        }
        return self._status({"terminated": ended}, known, restarts=known["restartCount"], started=False)

    def _crash(self, known: Object) -> Turn:
        self._log("error: cannot go on (simulated, since the image's tag asks for it)")
        ended = self._ended(known, 1)
        return self._after_end(ended) if self.restarts else (ended, None)

    def _after_end(self, known: Object) -> Turn:
        """What follows an end: nothing after a success, else another start, with growing pauses from the second on."""
        ended = known["state"]["terminated"]
        if ended["exitCode"] == 0 or not self.restarts:
            return known, None
        before = {**known, "lastState": {"terminated": ended}}
        restarts = known["restartCount"]
        if restarts == 0:
            return self._start(before, 1)
        pause = self._pause(restarts)
        subject = f"{self.name} pod={name_of(self.pod)}_{namespace_of(self.pod)}({uid_of(self.pod)})"
        told = f"back-off {_duration(pause)} restarting failed container={subject}"
        self._event(
            "BackOff", f"Back-off restarting failed container {self.name} in pod {subject[len(self.name) + 5 :]}"
        )
        waiting = self.waiting("CrashLoopBackOff", told, before)
        since = as_seconds(ended["finishedAt"]) or self.world.now
        return waiting, max(0.0, since + pause - self.world.now)

    def _pause(self, restarts: int) -> float:
        timings = self.world.timings
        return min(timings.backoff * 2.0 ** min(restarts - 1, 20), timings.longest_backoff)

    def _event(self, reason: str, message: str, *, warning: bool = False) -> None:
        self.world.event(self.pod, reason, message, source=_SOURCE, warning=warning or reason == "BackOff")

    def _remember(self, known: Object) -> None:
        """Tell again how a container began: logs are not kept over a restart of the cluster."""
        if self._place in self.world.backend.logs:
            return
        began = as_seconds(known["state"]["running"].get("startedAt"))
        self._log(f"starting {self.image}", began)
        if known.get("ready"):
            self._log("ready to serve", began)

    @property
    def _place(self) -> Place:
        return namespace_of(self.pod), name_of(self.pod), self.name

    def _log(self, text: str, time: float | None = None) -> None:
        self.world.backend.logs.write(self._place, self.world.now if time is None else time, text)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
