"""Objects as data: their keys, their manifests, what differs and how they fare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.values import dataclass, field

Body = Mapping[str, Any]
"""One Kubernetes object as plain JSON data. Treated as immutable everywhere: build a new one to change it."""


class ResourceKey(NamedTuple):
    """Group, kind, namespace, name of an object; never its version. Cluster-scoped: namespace is "".

    A tuple, since it is hashed, compared and sorted more often than anything else.
    """

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Body) -> ResourceKey:
        """Key of an object that has a kind and a name."""
        metadata = body.get("metadata") or {}
        group = str(body.get("apiVersion", "")).rpartition("/")[0]
        return cls(
            group,
            str(body.get("kind", "")),
            str(metadata.get("namespace") or ""),
            str(metadata.get("name") or ""),
        )

    @classmethod
    def parse(cls, text: str) -> ResourceKey:
        """Read `GROUP/KIND/NAMESPACE/NAME` (group and namespace may be empty); ValueError otherwise."""
        parts = text.split("/")
        if len(parts) != 4 or not parts[1] or not parts[3]:
            raise ValueError(f"{text!r} is not GROUP/KIND/NAMESPACE/NAME")
        return cls(*parts)

    @property
    def kind_name(self) -> str:
        """`Deployment/web`."""
        return f"{self.kind}/{self.name}"

    @property
    def path(self) -> str:
        """`apps/Deployment/shop/web`, the form that `parse` reads."""
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    def __str__(self) -> str:
        kind = f"{self.group}/{self.kind}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


def digest_of(body: Body) -> str:
    """Digest of an object's content, 32 hex digits, independent of the order of its keys."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a manifest is written: a path inside the repository and a line, counted from 1 (0: unknown)."""

    path: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


NOWHERE = Origin()
"""The origin of an object that nobody knows the file of."""


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """One desired object as data. known: its digest, as soon as somebody wanted it."""

    key: ResourceKey
    body: Body
    origin: Origin = NOWHERE
    known: str = ""

    @classmethod
    def of(cls, body: Body, origin: Origin = NOWHERE) -> Manifest:
        """Manifest of a body that has a kind and a name."""
        return cls(ResourceKey.of(body), body, origin)

    @property
    def digest(self) -> str:
        """Digest of the body, and of nothing else. Many a manifest is replaced by one with a namespace before."""
        if not self.known:
            object.__setattr__(self, "known", digest_of(self.body))
        return self.known

    @property
    def api_version(self) -> str:
        """`apps/v1`."""
        return str(self.body.get("apiVersion", ""))

    @property
    def annotations(self) -> Mapping[str, str]:
        """The object's annotations, empty when it has none."""
        return (self.body.get("metadata") or {}).get("annotations") or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Manifest) and self.key == other.key and self.digest == other.digest

    def __hash__(self) -> int:
        return hash((self.key, self.digest))


class DriftCode(StrEnum):
    """How desired and live relate."""

    IN_SYNC = "InSync"
    CHANGED = "Changed"
    MISSING = "Missing"
    EXTRA = "Extra"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who wrote one side of a field. name: a person or a field manager, "" when that cannot be told.

    detail: a sha; an operation and its subresource ("Update", "Update through /scale"); or why it cannot be told.
    time: seconds since the epoch. place: where Git states it ("apps/web/web.yaml:7").
    """

    name: str
    detail: str = ""
    time: float | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One differing field. path as a person reads it (`spec.containers[web].image`); values masked where secret.

    A side that is absent holds `ABSENT`. An author is None when nobody asked, or when nobody states that side. note:
    whose field it is by right, with the rule that would leave it to them.
    """

    path: str
    desired: Any
    live: Any
    desired_by: Authorship | None = None
    live_by: Authorship | None = None
    note: str = ""
    suggested: IgnoreRule | None = None


class _Absent:
    """The type of `ABSENT`: a field that is not there, which is not the same as one that is null."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Drift:
    """Desired against live of one resource. approximate: compared without a prediction, stated fields only."""

    key: ResourceKey
    code: DriftCode
    changes: tuple[FieldChange, ...] = ()
    approximate: bool = False
    note: str = ""


class HealthCode(StrEnum):
    """Health, declared from best to worst; `NONE` marks a kind that has no health and never blocks."""

    NONE = "None"
    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"

    @property
    def badness(self) -> int:
        """0 for the best; grows with badness."""
        return _BADNESS[self]

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong and nothing is awaited."""
        return self in {HealthCode.NONE, HealthCode.HEALTHY, HealthCode.SUSPENDED}


_BADNESS: Final = {code: place for place, code in enumerate(HealthCode)}


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict, its message, and the name of the rule that gave it."""

    code: HealthCode
    message: str = ""
    rule: str = ""


def worst(healths: Iterable[Health]) -> Health:
    """Return the worst of several, as an application's health is; kinds without health do not count.

    Missing counts only when nothing at all is live. Without any that counts: Healthy.
    """
    given = tuple(healths)
    if any(health.code is not HealthCode.MISSING for health in given):
        given = tuple(health for health in given if health.code is not HealthCode.MISSING)
    rated = (health for health in given if health.code is not HealthCode.NONE)
    return max(rated, key=lambda health: health.code.badness, default=Health(HealthCode.HEALTHY))


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """Drift and health of one resource, with what a row of a table needs."""

    key: ResourceKey
    drift: DriftCode
    health: Health
    message: str = ""
    version: str = ""
    """The apiVersion it is desired or live at."""
    parent: ResourceKey | None = None
    """The live owner, for Pods and ReplicaSets below a Deployment."""
    desired: bool = True
    """False for extra resources and for live children such as Pods, which Git does not name."""
    created: float | None = None
    approximate: bool = False
    kept: bool = False
    """Extra, and left where it is by every sync; the message says why."""
    changed_fields: int = 0
    details: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    """Of what Git states of it, "" where it states nothing."""
