"""What can be asked of the worker.

A request is a value; its answer arrives in a Future. A request that `is_write` changes a cluster, Git or the
journal: a process that is not the writer hands it on to the one that is, and waits for the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from gitops_tui.engine.request import Refresh as Refresh  # noqa: PLC0414 - they are found here, like all others
from gitops_tui.engine.request import Reload as Reload  # noqa: PLC0414
from gitops_tui.engine.request import Request as Request  # noqa: PLC0414
from gitops_tui.model.operations import ChangeSet, Deletion
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.revision import Restoration, RollbackMode
from gitops_tui.model.values import dataclass

if TYPE_CHECKING:
    from gitops_tui.model.logs import LogMark

LIVE: Final = "live"
DEPLOYED: Final = "deployed"
"""Words that name a side of a difference beside commits: what is live, and what was deployed last."""


@dataclass(frozen=True, slots=True)
class Compare(Request):
    """Desired against live, for showing. Answer: tuple[ResourceComparison, ...], masked, changes with their authors.

    revision: a commit, None for the one that is held. keys: just these, in sync or not; none named: all that
    differ.
    """

    application: str
    revision: str | None = None
    keys: tuple[ResourceKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Reveal(Request):
    """One resource on both sides with nothing masked, for a person who asks for it. Answer: ResourceComparison.

    Secrets' data are shown as the text they encode. The answer is for showing alone: nobody may keep it.
    """

    application: str
    key: ResourceKey
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Explain(Request):
    """Why a resource is as it is: its conditions, and events. Answer: Explanation, masked.

    key: None for the events about all of the application's resources.
    """

    application: str
    key: ResourceKey | None = None


@dataclass(frozen=True, slots=True)
class ReadLogs(Request):
    """What the containers of the pods below a resource write. Answer: Logs, without the values that are masked.

    key: None for all of the application's. since: the marks of the last answer, for what came after it.
    previous: what each container wrote in its run before this one.
    """

    application: str
    key: ResourceKey | None = None
    since: tuple[LogMark, ...] = ()
    previous: bool = False


@dataclass(frozen=True, slots=True)
class Between(Request):
    """The difference between any two sides. Answer: Difference, masked.

    start, end: `LIVE`, `DEPLOYED`, or what names a commit; end None: the commit that is held.
    """

    application: str
    start: str = LIVE
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored(Request):
    """What each ignore rule hides now. Answer: tuple[RuleEffect, ...], in the order of the rules, masked."""

    application: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Orphans(Request):
    """Live objects in the application's namespace that are nobody's. Answer: Orphanage. Lists every kind."""

    application: str


@dataclass(frozen=True, slots=True)
class Render(Request):
    """The manifests at a revision. Answer: tuple[Manifest, ...], not masked."""

    application: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Resolve(Request):
    """The commit that a branch, tag or the beginning of a sha names. None: the one held. Answer: Revision."""

    application: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class History(Request):
    """Commits that touch the application's path, newest first. Answer: tuple[HistoryEntry, ...]."""

    application: str
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class LastChange(Request):
    """The newest commit up to another one (its full sha) that touches the application's path. Answer: Revision."""

    application: str
    revision: str


@dataclass(frozen=True, slots=True)
class Plan(Request):
    """What a sync would do. Answer: ChangeSet. prune: None for what the policy says.

    hooks: whether they run; None for in a sync of the whole application only.
    """

    application: str
    revision: str | None = None
    prune: bool | None = None
    resources: tuple[ResourceKey, ...] = ()
    hooks: bool | None = None


@dataclass(frozen=True, slots=True)
class Sync(Request):
    """Execute an approved plan. Answer: Receipt. PlanError when the plan has become stale. unpin: lift a pin first."""

    application: str
    plan: ChangeSet
    actor: str
    dry_run: bool = False
    timeout: float | None = None
    unpin: bool = False
    is_write: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Rollback(Request):
    """Pin the application to the plan's revision and execute the plan. Answer: Receipt."""

    application: str
    plan: ChangeSet
    actor: str
    why: str = ""
    until: str = "next-commit"
    timeout: float | None = None
    is_write: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class LastGood(Request):
    """What to go back to: the last deployment before the current one that ended Verified and had other content.

    Answer: Revision. PlanError when there is none.
    """

    application: str


@dataclass(frozen=True, slots=True)
class PlanRevert(Request):
    """The commit that would restore the application's path as it was. Answer: Restoration.

    mode: REVERT for one on the tracked branch, BRANCH for one on a branch of its own.
    """

    application: str
    revision: str
    mode: RollbackMode = RollbackMode.REVERT


@dataclass(frozen=True, slots=True)
class Revert(Request):
    """Commit and push a plan that was approved. Answer: Receipt, which names the commit.

    hash: the plan's. StalePlanError when other files would be changed by now.
    """

    application: str
    revision: str
    mode: RollbackMode
    hash: str
    actor: str
    why: str = ""
    is_write: ClassVar[bool] = True

    @classmethod
    def of(cls, plan: Restoration, actor: str, why: str = "") -> Revert:
        """The approval of exactly this plan."""
        return cls(plan.application, plan.revision.sha, plan.mode, plan.hash, actor, why)


@dataclass(frozen=True, slots=True)
class PlanUndo(Request):
    """What undoes the last thing that was done to an application. Answer: Undoing. PlanError when nothing does."""

    application: str
    actor: str
    why: str = ""
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Undoing:
    """A way back that is planned. what: is undone; how: what is done for it; both in words.

    request: does it, once a person has approved it. plan, restoration: what would be written, where anything is.
    """

    what: str
    how: str
    request: Request
    plan: ChangeSet | None = None
    restoration: Restoration | None = None


@dataclass(frozen=True, slots=True)
class PlanDeletion(Request):
    """What taking the application away would do. Answer: ChangeSet.

    hooks: run PreDelete and PostDelete hooks, which Git states; without them nothing is asked of Git.
    """

    application: str
    how: Deletion = Deletion.LEAVE
    hooks: bool = True


@dataclass(frozen=True, slots=True)
class Delete(Request):
    """Take the application away as an approved plan of `PlanDeletion` says, and pause it. Answer: Receipt."""

    application: str
    plan: ChangeSet
    actor: str
    timeout: float | None = None
    is_write: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Unpin(Request):
    """Follow the tracked revision again. Answer: Pin | None, the pin that was lifted."""

    application: str
    actor: str
    is_write: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PauseAutomation(Request):
    """Hold automation. until: seconds since the epoch, None for until resumed. Answer: Pause."""

    application: str
    actor: str
    why: str = ""
    until: float | None = None
    is_write: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ResumeAutomation(Request):
    """Let automation go on. Answer: Pause | None, the pause that was lifted."""

    application: str
    actor: str
    is_write: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Operations(Request):
    """Receipts, newest first. Answer: tuple[Receipt, ...].

    since: only what began then or later, in seconds since the epoch. resources: False leaves their results out.
    """

    application: str | None = None
    limit: int = 50
    since: float | None = None
    resources: bool = True


@dataclass(frozen=True, slots=True)
class Terminate(Request):
    """Stop the running operation after the write it is in. Answer: bool, whether one was running."""

    application: str
    actor: str = ""
    is_write: ClassVar[bool] = True
