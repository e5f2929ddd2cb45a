"""Warnings are asked for beside the looks: they only explain what is seen without them."""

from __future__ import annotations

from typing import Final

from gitops_tui.cluster import Cluster
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import NEVER
from gitops_tui.engine.views.findings import Heard
from gitops_tui.engine.views.sights import Sight
from gitops_tui.model.values import dataclass, field

_APART: Final = 0.02
"""Seconds between two requests to a cluster: an outage of a thousand namespaces is no reason for a storm of ours."""


@dataclass(slots=True)
class _Ear:
    """One cluster. waiting: namespaces to ask about, in order. listeners: applications, by namespace.

    told: the warnings that they were told of last, by namespace.
    """

    cluster: Cluster
    waiting: dict[str, None] = field(default_factory=dict)
    listeners: dict[str, set[str]] = field(default_factory=dict)
    told: dict[str, Heard] = field(default_factory=dict)
    busy: bool = False
    not_before: float = float("-inf")

    @property
    def due(self) -> float:
        """Monotonic seconds at which it may ask again."""
        return NEVER if self.busy or not self.waiting else self.not_before


class Listening:
    """Has namespaces asked what warns of trouble there, and looked again when that is news. Owned by the worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ears: dict[str, _Ear] = {}

    def want(self, name: str, sight: Sight) -> None:
        """Warnings may explain what is not well with an application, as a look has just found it."""
        cluster = sight.ground.cluster
        warned = sight.warned
        for namespace in {each.status.key.namespace: None for each in warned}:
            ear = self._ears.setdefault(cluster.context, _Ear(cluster))
            ear.listeners.setdefault(namespace, set()).add(name)
            if cluster.is_to_ask_for_warnings(namespace):
                ear.waiting[namespace] = None
            known = cluster.warnings(namespace)
            if known != ear.told.get(namespace, ()):
                # The look itself has asked, since nobody ever had.
                self._tell(ear, namespace)
            elif any(each.heard != known for each in warned if each.status.key.namespace == namespace):
                # Somebody else has heard of them meanwhile.
                self._stir(name)

    def start_due(self, now: float) -> bool:
        """Ask about the next namespace of each cluster; returns whether any was asked about."""
        due = [ear for ear in self._ears.values() if ear.due <= now]
        for ear in due:
            self._ask(ear, now)
        return bool(due)

    def next_due(self) -> float:
        """Monotonic seconds at which there is something to ask."""
        return min((ear.due for ear in self._ears.values()), default=NEVER)

    def _ask(self, ear: _Ear, now: float) -> None:
        namespace = next(iter(ear.waiting))
        del ear.waiting[namespace]
        ear.busy, ear.not_before = True, now + _APART

        def heard(is_news: bool) -> None:
            ear.busy = False
            if is_news:
                self._tell(ear, namespace)

        lane = f"warnings {ear.cluster.context}"
        self._desk.run(lane, 1, lambda: ear.cluster.ask_for_warnings(namespace), heard, lambda _: heard(False))

    def _tell(self, ear: _Ear, namespace: str) -> None:
        """What is known of a namespace is news to all who listen."""
        ear.told[namespace] = ear.cluster.warnings(namespace)
        for name in ear.listeners.pop(namespace, ()):
            self._stir(name)

    def _stir(self, name: str) -> None:
        tracked = self._desk.books.tracked.get(name)
        if tracked is not None:
            tracked.stir(self._desk.clock())
