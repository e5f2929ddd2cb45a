"""Which fields of which objects are left to others."""

from __future__ import annotations

from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Fields that are no drift and are left alone on apply. Empty selectors match everything.

    pointers: JSON pointers (RFC 6901). paths: simple paths with list keys (`spec.containers[web].image`).
    """

    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    pointers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
