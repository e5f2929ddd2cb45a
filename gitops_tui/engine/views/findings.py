"""What a look finds of each resource, and what that rests on."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Final

from gitops_tui.cluster import Live
from gitops_tui.model.resources import Body, DriftCode, Health, HealthCode, ResourceStatus
from gitops_tui.model.status import Problem
from gitops_tui.model.values import dataclass

WORKLOADS: Final = frozenset(
    {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"), ("batch", "CronJob")}
)
"""Kinds whose objects have live children that explain their health."""

_WARNED: Final = WORKLOADS | {("", "Pod"), ("", "PersistentVolumeClaim")}
"""Kinds whose trouble may be told by nothing but an event."""

Heard = tuple[Body, ...]
"""The recent warnings in a namespace, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One resource as a look found it.

    uid: of its live object, "" without one. picture: how desired and live relate. is_counted: its health is part of
    its application's. problem: why it cannot be what Git says. seen: what it rests on, its live object and all below
    that, just as the watches had them; empty where it rests on more than these. heard: the warnings that were known.
    is_lasting: time alone changes nothing about it. is_proven: it is what Git says, and no answer of the server was
    needed to tell: any process finds the same of the same. is_recalled: one before this has.
    """

    status: ResourceStatus
    uid: str
    picture: tuple[object, ...] = ()
    is_counted: bool = False
    problem: Problem | None = None
    seen: tuple[Live, ...] = ()
    heard: Heard = ()
    is_lasting: bool = False
    is_proven: bool = False
    is_recalled: bool = False

    def stands(self, seen: Sequence[Live], heard: Heard) -> bool:
        """Whether a look now would find the same: all that it rests on is the very same."""
        return (
            self.is_lasting
            and self.heard is heard
            and len(self.seen) == len(seen) > 0
            and all(map(operator.is_, self.seen, seen))
        )

    @property
    def is_in_order(self) -> bool:
        """Whether it is what Git says, as far as that can be foretold, and well."""
        status = self.status
        return status.drift is DriftCode.IN_SYNC and status.health.code.is_well and not status.approximate

    @property
    def is_warned(self) -> bool:
        """Whether it is not well, and an event may tell why."""
        kind = (self.status.key.group, self.status.key.kind)
        return bool(self.uid) and kind in _WARNED and is_unwell(self.status.health)


def is_unwell(health: Health) -> bool:
    """Whether something has to be explained, or awaited."""
    return health.code in {HealthCode.PROGRESSING, HealthCode.DEGRADED}


def uid_of(body: Body | None) -> str:
    """The uid of a live object, "" for none."""
    return str(((body or {}).get("metadata") or {}).get("uid") or "")
