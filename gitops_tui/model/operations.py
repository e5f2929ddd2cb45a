"""What is intended, and what was done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gitops_tui.model.resources import FieldChange, Manifest, ResourceKey
from gitops_tui.model.values import dataclass


class Action(StrEnum):
    """What one change does to one object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    HOOK = "hook"
    SKIP = "skip"


class Method(StrEnum):
    """How an object is written. RECREATE: it is deleted first, and made anew."""

    APPLY = "apply"
    REPLACE = "replace"
    RECREATE = "recreate"


class SyncPhase(StrEnum):
    """Phases of one sync, in their order (semantics.md: Order of a sync); then those of an application's deletion."""

    PRE_SYNC = "PreSync"
    SYNC = "Sync"
    POST_SYNC = "PostSync"
    SYNC_FAIL = "SyncFail"
    PRE_DELETE = "PreDelete"
    DELETE = "Delete"
    POST_DELETE = "PostDelete"


@dataclass(frozen=True, slots=True)
class Change:
    """One intended action on one object.

    why: a few words for a person. uid and resource_version: the live object this was planned against, "" when
    there was none. changes: masked, for showing. warnings: what a person should know before, with what cannot be
    undone and what restarts among it. irreversible: what cannot be undone, "" when all can. restarts: its pods do.
    takes: fields of other managers that it takes over, each "field: manager". tried: the server said a moment ago, in
    a dry-run, that it takes exactly this.
    """

    key: ResourceKey
    action: Action
    why: str = ""
    phase: SyncPhase = SyncPhase.SYNC
    wave: int = 0
    manifest: Manifest | None = None
    uid: str = ""
    resource_version: str = ""
    changes: tuple[FieldChange, ...] = ()
    warnings: tuple[str, ...] = ()
    method: Method = Method.APPLY
    irreversible: str = ""
    restarts: bool = False
    takes: tuple[str, ...] = ()
    tried: bool = False


class Deletion(StrEnum):
    """What a plan that takes an application away does with its objects."""

    LEAVE = "leave"
    CASCADE = "cascade"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """The whole ordered plan of one application at one revision.

    held: reasons why a person has to approve it (the prune guard, an empty rendering); automation runs no held
    plan. refusals: reasons why it cannot run at all (a dry-run was refused, an object is another's).
    """

    application: str
    revision: str
    changes: tuple[Change, ...] = ()
    prune: bool = False
    held: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    partial: bool = False
    """True when only chosen resources are part of it."""
    hooks: bool = True
    """Whether hooks are part of it."""
    deletion: Deletion | None = None
    """None for a sync; otherwise it takes the application away."""
    context: str = ""
    """The context of the cluster that it was made for."""

    @property
    def writes(self) -> tuple[Change, ...]:
        """The changes that write to the cluster."""
        return tuple(change for change in self.changes if change.action is not Action.SKIP)

    @property
    def hash(self) -> str:
        """16 hex digits over everything that decides what will be written and what a person was shown.

        resourceVersions are left out: a status update moves them without changing what the plan does.
        """
        head = [self.application, self.revision, self.prune, self.partial]
        if self.deletion is not None:
            head.append(self.deletion)
        if self.context:
            head.append(self.context)
        rows = [
            [
                c.key.path,
                c.action,
                c.phase,
                c.wave,
                c.uid,
                c.manifest.digest if c.manifest else "",
                c.method,
                c.warnings,
                *map(str, c.changes),
            ]
            for c in self.changes
        ]
        text = json.dumps([head, rows, self.held, self.refusals], separators=(",", ":"))
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()


class OperationPhase(StrEnum):
    """Where an operation stands (semantics.md: Statuses). INTERRUPTED: the process died while it ran."""

    PENDING = "Pending"
    RUNNING = "Running"
    WAITING = "Waiting"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERROR = "Error"
    TERMINATED = "Terminated"
    SUPERSEDED = "Superseded"
    INTERRUPTED = "Interrupted"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in {OperationPhase.PENDING, OperationPhase.RUNNING, OperationPhase.WAITING}


class Result(StrEnum):
    """What became of one resource in one operation."""

    CREATED = "Created"
    CONFIGURED = "Configured"
    UNCHANGED = "Unchanged"
    PRUNED = "Pruned"
    PRUNE_SKIPPED = "PruneSkipped"
    SKIPPED = "Skipped"
    FAILED = "Failed"

    @property
    def words(self) -> str:
        """As it stands in a sentence: `prune skipped`."""
        return "prune skipped" if self is Result.PRUNE_SKIPPED else self.value.lower()


@dataclass(frozen=True, slots=True)
class ResourceResult:
    """What an operation really did to one resource. duration in seconds; changes and before masked.

    action: what was intended. before: the object as it was, where it was deleted or made anew. digest: of what Git
    states of it, "" where that is not known.
    """

    key: ResourceKey
    result: Result
    message: str = ""
    duration: float = 0.0
    warnings: tuple[str, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    action: Action | None = None
    before: Mapping[str, Any] | None = None
    digest: str = ""


class OperationKind(StrEnum):
    """What started as which intention."""

    SYNC = "sync"
    ROLLBACK = "rollback"
    SELF_HEAL = "self-heal"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an executed ChangeSet really did.

    operation: unique id, sortable by time. actor: who ("alice@host", "auto-sync"). started, finished: seconds
    since the epoch; finished is None while it runs. verified: it ended with every resource healthy. commit: the one
    that was pushed to Git, where that was all, "" where the cluster was written to. quarantined: of a rollback, the
    newest commit that was rolled away from.
    """

    operation: str
    application: str
    revision: str
    kind: OperationKind
    actor: str
    phase: OperationPhase
    plan_hash: str = ""
    started: float = 0.0
    finished: float | None = None
    resources: tuple[ResourceResult, ...] = ()
    message: str = ""
    verified: bool = False
    dry_run: bool = False
    commit: str = ""
    quarantined: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """An application held at a revision (semantics.md: Automation).

    quarantined: the newest commit that was rolled away from; with until == "next-commit" the pin lifts when a
    newer commit than this one arrives. until: "next-commit", "manual", or a time in seconds as text.
    """

    application: str
    revision: str
    quarantined: str
    who: str
    why: str = ""
    until: str = "next-commit"
    since: float = 0.0

    @property
    def lifts_at(self) -> float | None:
        """Seconds since the epoch at which it lifts; None when that is no matter of time."""
        try:
            return float(self.until)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Pause:
    """An application's automation held."""

    application: str
    who: str
    why: str = ""
    until: float | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """A revision of an application that was deployed successfully at a time."""

    application: str
    revision: str
    time: float
    operation: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A commit that touches an application's path, and when it was last deployed with success (None: never).

    current: the cluster was seen to hold it, be it after a sync that failed; else it is the one deployed last.
    """

    sha: str
    author: str
    email: str
    time: float
    subject: str
    deployed: float | None = None
    current: bool = False
    pinned: bool = False
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class ResourceComparison:
    """One resource for showing: masked bodies of each side (None: absent) and the drift between them."""

    key: ResourceKey
    drift: str
    changes: tuple[FieldChange, ...] = ()
    desired: Mapping[str, Any] | None = None
    live: Mapping[str, Any] | None = None
    predicted: Mapping[str, Any] | None = None
    approximate: bool = False
    note: str = ""
