"""What a comparison tells beyond single fields: between which sides, what rules hide, what is nobody's."""

from __future__ import annotations

from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import FieldChange, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """From one side to another: a commit, or None for what is live.

    In each resource `live` is the side it starts from and `desired` the one it leads to: a Missing resource is only
    in the second, an Extra one only in the first.
    """

    start: Revision | None
    end: Revision | None
    resources: tuple[ResourceComparison, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """One field that differs and is no drift, because a rule says so. Its values are masked where secret."""

    key: ResourceKey
    change: FieldChange


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """What one ignore rule does now. objects: how many it is for; a field may be hidden by several rules."""

    rule: IgnoreRule
    objects: int = 0
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live object that nobody states and nobody owns. created: seconds since the epoch."""

    key: ResourceKey
    api_version: str = ""
    created: float | None = None


@dataclass(frozen=True, slots=True)
class Orphanage:
    """The orphans of a namespace. unlisted: kinds that could not be listed, each with the reason."""

    namespace: str
    orphans: tuple[Orphan, ...] = ()
    unlisted: tuple[str, ...] = ()
