"""What is known at one instant, as immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.errors import Stage
from gitops_tui.model.operations import OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.resources import Health, HealthCode, ResourceStatus
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass, field


class SyncCode(StrEnum):
    """Whether the cluster holds what Git says."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as a value. retry_at: seconds since the epoch of the next try, None when none is planned."""

    stage: Stage
    subject: str
    message: str
    hint: str = ""
    since: float = 0.0
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class RunningOperation:
    """A sync that runs now: how far it is, and what it does at this moment."""

    operation: str
    kind: str
    phase: OperationPhase
    done: int = 0
    total: int = 0
    current: str = ""


NOT_COMPARED: Final = Health(HealthCode.UNKNOWN, "not compared yet")


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """Everything known about one application. stale: the data are older than the last attempt, which failed.

    revision: the commit that desired state was rendered from (the pinned one under a pin). latest: the newest
    commit of the tracked ref. deployed: the sha of the last successful sync. verified: the last operation ended
    with every resource healthy. total counts desired and extra resources; drifted those known not to be in sync.
    """

    application: Application
    sync: SyncCode = SyncCode.UNKNOWN
    health: Health = NOT_COMPARED
    verified: bool = False
    revision: Revision | None = None
    latest: Revision | None = None
    deployed: str = ""
    resources: tuple[ResourceStatus, ...] = ()
    total: int = 0
    drifted: int = 0
    problems: tuple[Problem, ...] = ()
    running: RunningOperation | None = None
    last: Receipt | None = None
    """The last operation, without its resources."""
    pin: Pin | None = None
    pause: Pause | None = None
    context: str = ""
    stale: bool = False
    compared_at: float | None = None
    summary: str = ""
    """What is wrong in a few words, "" when nothing is."""
    waiting: str = ""
    """Why automation does not start what it would ("waiting for db: Progressing"), "" when nothing holds it."""

    @property
    def name(self) -> str:
        """The application's name."""
        return self.application.name


@dataclass(frozen=True, slots=True)
class RepositoryStatus:
    """A repository: when it was last asked, its next turn, and the problem with it, if any."""

    url: str
    fetched_at: float | None = None
    next_at: float | None = None
    problem: Problem | None = None
    note: str = ""
    """Something to know that is no failure, such as a force-push that was followed."""


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """A cluster: its version and the problem with it, if any."""

    context: str
    server: str = ""
    version: str = ""
    problem: Problem | None = None


class WorkerState(StrEnum):
    """What the engine is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the faces need, at one instant. generation grows by one with each publish.

    writer: "" when this process may write; otherwise who does ("pid 123 on host, gitops-tui --headless").
    """

    generation: int = 0
    time: float = 0.0
    applications: Mapping[str, ApplicationStatus] = field(default_factory=dict)
    repositories: Mapping[str, RepositoryStatus] = field(default_factory=dict)
    clusters: Mapping[str, ClusterStatus] = field(default_factory=dict)
    worker: WorkerState = WorkerState.STARTING
    problems: tuple[Problem, ...] = ()
    writer: str = ""
    read_only: bool = False
