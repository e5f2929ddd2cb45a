"""An application's resources as a tree of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gitops_tui.model.resources import DriftCode, HealthCode, ResourceKey, ResourceStatus
from gitops_tui.model.values import dataclass
from gitops_tui.tui.filters import Filter, Subject
from gitops_tui.tui.look import marks
from gitops_tui.tui.look.columns import Column
from gitops_tui.tui.look.spans import EMPTY, Line, Span, Tone, line, outside
from gitops_tui.tui.look.times import since

COLUMNS: Final = (
    Column("resource", "RESOURCE", 26, grow=3, most=52, sort="N"),
    Column("kind", "KIND", 11, grow=1, most=18, sort="T"),
    Column("drift", "DRIFT", 9, sort="D"),
    Column("health", "HEALTH", 13, sort="H"),
    Column("age", "AGE", 4, align="right", rank=2, sort="A"),
    Column("message", "MESSAGE", 16, grow=2, rank=3),
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A resource, and the lines of the tree before it."""

    status: ResourceStatus
    guide: str = ""


Order = Callable[[ResourceStatus], object]


_FIRST: Final = (
    "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod", "Service", "Ingress", "HorizontalPodAutoscaler",
    "PodDisruptionBudget", "ConfigMap", "Secret",
)  # fmt: skip
_RANK: Final = {kind: at for at, kind in enumerate(_FIRST)}


def natural(status: ResourceStatus) -> tuple[int, str, str, str]:
    """Sort by kind, what runs first, then by name."""
    key = status.key
    return (_RANK.get(key.kind, len(_FIRST)), key.kind, key.namespace, key.name)


_DRIFT_RANK: Final[dict[DriftCode, int]] = {
    DriftCode.MISSING: 0,
    DriftCode.CHANGED: 1,
    DriftCode.EXTRA: 2,
    DriftCode.UNKNOWN: 3,
    DriftCode.IN_SYNC: 4,
}
SORTS: Final[dict[str, Order]] = {
    "resource": lambda status: (status.key.name, status.key.kind),
    "kind": natural,
    "drift": lambda status: (_DRIFT_RANK[status.drift], natural(status)),
    "health": lambda status: (-status.health.code.badness, natural(status)),
    "age": lambda status: (-(status.created or 0.0), natural(status)),
}


def tree(statuses: Sequence[ResourceStatus], order: Order = natural, *, reverse: bool = False) -> list[Branch]:
    """Return every resource below its live owner; one whose owner is not there stands at the root."""
    known = {status.key for status in statuses}
    below: defaultdict[ResourceKey | None, list[ResourceStatus]] = defaultdict(list)
    for status in statuses:
        owner = status.parent if status.parent in known and status.parent != status.key else None
        below[owner].append(status)
    branches: list[Branch] = []
    seen: set[ResourceKey] = set()
    alive = frozenset(key for key in below if key is not None)

    def ordered(status: ResourceStatus) -> object:
        return _old(status, alive) if status.key.kind == "ReplicaSet" and status.parent else (0, 0.0), order(status)

    stack = _push([], below[None], "", ordered, reverse=reverse, root=True)
    while stack:
        status, guide, after = stack.pop()
        if status.key in seen:
            continue
        seen.add(status.key)
        branches.append(Branch(status, guide))
        _push(stack, below.get(status.key, ()), after, ordered, reverse=reverse)
    branches += [Branch(status) for status in statuses if status.key not in seen]
    return branches


def _old(status: ResourceStatus, alive: frozenset[ResourceKey]) -> tuple[int, float]:
    """Sort the ReplicaSets that have pods first, the former ones after them, newest first."""
    return (0 if status.key in alive else 1, -(status.created or 0.0))


_Entry = tuple[ResourceStatus, str, str]


def _push(
    stack: list[_Entry],
    children: Iterable[ResourceStatus],
    before: str,
    order: Order,
    *,
    reverse: bool,
    root: bool = False,
) -> list[_Entry]:
    ordered = sorted(children, key=order, reverse=reverse)  # type: ignore[arg-type]
    for at in range(len(ordered) - 1, -1, -1):
        last = at == len(ordered) - 1
        if root:
            stack.append((ordered[at], "", ""))
        else:
            stack.append((ordered[at], before + ("└─ " if last else "├─ "), before + ("   " if last else "│  ")))
    return stack


def kept(branches: Sequence[Branch], wanted: Callable[[ResourceStatus], bool]) -> list[Branch]:
    """Return the branches that are wanted, with the owners above them."""
    keys = {branch.status.key: branch for branch in branches}
    keep: set[ResourceKey] = set()
    for branch in branches:
        if wanted(branch.status):
            key: ResourceKey | None = branch.status.key
            while key is not None and key in keys and key not in keep:
                keep.add(key)
                key = keys[key].status.parent
    return [branch for branch in branches if branch.status.key in keep]


def passing(chosen: Filter | None) -> Callable[[ResourceStatus], bool]:
    """Return the test that a filter makes on a resource."""
    return lambda status: chosen is None or chosen.matches(filtered_by(status))


def cells(branch: Branch, now: float) -> tuple[Line, ...]:
    """Return the row of a resource."""
    status = branch.status
    live_child = not status.desired and status.parent is not None
    name = outside(status.key.name, Tone.MUTED if live_child else Tone.TEXT, bold=not live_child, limit=120)
    return (
        line(Span(branch.guide, Tone.FAINT), name),
        marks.kind(status.key.kind),
        EMPTY if live_child else drift(status),
        line(marks.HEALTH[status.health.code]),
        line(Span(since(status.created, now), Tone.MUTED)),
        message(status),
    )


def drift(status: ResourceStatus) -> Line:
    """Drift as a mark; `≈` when it was compared without a prediction."""
    mark = marks.DRIFT[status.drift]
    if status.approximate and status.drift is DriftCode.IN_SYNC:
        mark = mark._replace(text="≈ In sync")
    return line(mark)


def message(status: ResourceStatus) -> Line:
    """What there is to say about a resource."""
    text = status.message or status.health.message
    if not text and status.changed_fields:
        text = f"{status.changed_fields} field" + "s" * (status.changed_fields != 1)
    tone = Tone.BAD if status.health.code is HealthCode.DEGRADED else Tone.MUTED
    return line(outside(text, tone, limit=200))


def troubled(status: ResourceStatus) -> bool:
    """Whether a person should look at it."""
    drifted = status.drift is not DriftCode.IN_SYNC and (status.desired or status.parent is None)
    return drifted or status.health.code.badness > HealthCode.SUSPENDED.badness


def filtered_by(status: ResourceStatus) -> Subject:
    """What a filter looks at."""
    key = status.key
    text = " ".join((key.kind, key.name, key.namespace, status.drift.value, status.health.code.value, status.message))
    fields = {
        "kind": key.kind,
        "name": key.name,
        "namespace": key.namespace,
        "drift": status.drift.value,
        "health": status.health.code.value,
    }
    return Subject(text, fields)


FIELDS: Final = frozenset({"kind", "name", "namespace", "drift", "health"})
