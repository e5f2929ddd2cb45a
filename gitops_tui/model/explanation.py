"""Why a resource is as it is: what its controllers say of it, and what happened to it."""

from __future__ import annotations

from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """What a controller says of an object. status: True, False or Unknown. since: seconds since the epoch."""

    kind: str
    status: str
    reason: str = ""
    message: str = ""
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an object, as a component of the cluster noted it.

    about: the object. time: when it happened last, in seconds since the epoch. count: how often it did.
    """

    about: ResourceKey
    reason: str = ""
    message: str = ""
    time: float | None = None
    count: int = 1
    is_warning: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Conditions of one resource, and the events about it and what is below it, newest first.

    is_complete: False where there were more events than are read.
    """

    conditions: tuple[Condition, ...] = ()
    events: tuple[Event, ...] = ()
    is_complete: bool = True
