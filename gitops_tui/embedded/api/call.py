"""One request as the API understands it, whoever it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.store.items import Item


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. A viewer reads everything but Secrets and writes nothing."""

    name: str
    groups: tuple[str, ...] = ("system:authenticated",)
    viewer: bool = False


SYSTEM = User("system:embedded", ("system:masters",))


@dataclass(slots=True)
class Call:
    """What is asked about which resource, with the options of a write. `warnings` are collected for the answer."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: User = SYSTEM
    manager: str = "unknown"
    dry_run: bool = False
    force: bool = False
    validation: Literal["Strict", "Warn", "Ignore"] = "Ignore"
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete. Preconditions are "" when not given; `propagation` "" is the kind's default."""

    propagation: str = ""
    uid: str = ""
    resource_version: str = ""
    grace_seconds: int | None = None

    @classmethod
    def read(cls, body: Any) -> DeleteOptions:
        """Options of a `DeleteOptions` object; an absent one asks for nothing."""
        if not isinstance(body, dict):
            return cls()
        preconditions = body.get("preconditions") or {}
        propagation = body.get("propagationPolicy") or ""
        if not propagation and body.get("orphanDependents") is not None:
            propagation = "Orphan" if body["orphanDependents"] else "Background"
        return cls(
            propagation,
            preconditions.get("uid") or "",
            preconditions.get("resourceVersion") or "",
            body.get("gracePeriodSeconds"),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its body, its code, and the stored item when the body is one."""

    body: Object
    code: int = 200
    item: Item | None = None
