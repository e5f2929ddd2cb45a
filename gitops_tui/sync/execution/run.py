"""One running execution: what it works with, and what it has done so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from typing import Final, TypeVar

from gitops_tui.diff import hides
from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.fields import dig, integer, uid_of
from gitops_tui.model.operations import Action, Change, ResourceResult, Result
from gitops_tui.model.ownership import stated_digest
from gitops_tui.model.resources import Body, Health, HealthCode, Manifest, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field
from gitops_tui.sync.execution.pace import Pace
from gitops_tui.sync.judge import judge
from gitops_tui.sync.order import Introduced
from gitops_tui.sync.plan import IN_SYNC
from gitops_tui.sync.ports import Children, Cluster, Lookup, Recorder

T = TypeVar("T")
NOT_SEEN: Final = Health(HealthCode.PROGRESSING, "not seen yet")
"""Of what is not there, or not as new as what was applied."""
DELETED: Final = Health(HealthCode.MISSING, "was deleted meanwhile")
"""Of what has been there, as it was applied, and is there no longer."""


class FailedError(Exception):
    """A step failed, so the later ones must not run; never leaves this package."""


@dataclass(slots=True)
class Run:
    """The state of one execution. Only the executing thread writes it; workers get what they need as arguments."""

    cluster: Cluster
    application: Application
    changes: Sequence[Change]
    recorder: Recorder
    pace: Pace
    pool: Executor
    progress: Callable[[int, int, str], None]
    lookup: Lookup
    children: Children
    now: Callable[[], float]
    timeout: float
    deletes: bool = False
    """It takes the application away."""
    results: dict[int, ResourceResult] = field(default_factory=dict)
    applied: dict[int, Body] = field(default_factory=dict)
    before: dict[int, Body] = field(default_factory=dict)
    """What was deleted, masked, by the change that did it."""
    warnings: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """What the server said to an apply whose result is not reported yet."""
    made_room: set[int] = field(default_factory=set)
    """Changes whose live object was deleted so that it can be made anew."""
    seen: set[int] = field(default_factory=set)
    """Changes whose live object has been seen as it was applied."""
    permanent: bool = False
    """The failure is one that trying again will not mend."""
    done: int = 0
    brings: Introduced | None = None
    """`introduced`, once it was asked for."""

    @property
    def writes(self) -> list[Change]:
        """The changes that write, in their order."""
        return [change for change in self.changes if change.action is not Action.SKIP]

    @property
    def introduced(self) -> Introduced:
        """What its changes bring into being."""
        if self.brings is None:
            applied = [change for change in self.writes if change.manifest is not None]
            self.brings = Introduced(
                (change.manifest for change in applied if change.manifest and not change.uid),
                (change.manifest for change in applied if change.manifest and change.uid),
            )
        return self.brings

    def tell(self, what: str) -> None:
        """Report progress."""
        self.progress(self.done, len(self.writes), one_line(what))

    def report(
        self,
        change: Change,
        result: Result,
        message: str = "",
        *,
        duration: float = 0.0,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Record what became of a change."""
        clean = tuple(one_line(warning) for warning in warnings)
        before = self.before.get(id(change))
        row = ResourceResult(
            change.key,
            result,
            one_line(message),
            duration,
            clean,
            change.changes,
            change.action,
            before,
            stated_digest(change.manifest),
        )
        self.results[id(change)] = row
        self.recorder.result(row)
        if change.action is not Action.SKIP:
            self.done += 1

    def report_skips(self) -> None:
        """Report every change of the plan that writes nothing."""
        for change in self.changes:
            if change.action is Action.SKIP:
                self.report(change, _result_of_skip(change), "" if change.why == IN_SYNC else change.why)

    def report_rest(self, why: str) -> None:
        """Report every change that has no result yet as skipped, or as started when it was."""
        for change in self.changes:
            if id(change) in self.results:
                continue
            if id(change) in self.applied:
                warnings = self.warnings.get(id(change), ())
                self.report(change, Result.CREATED, "started; its end was not awaited", warnings=warnings)
            elif id(change) in self.made_room:
                self.report(change, Result.FAILED, f"deleted, and not made anew yet: {why}")
            else:
                self.report(change, Result.SKIPPED if change.manifest is not None else Result.PRUNE_SKIPPED, why)

    def each(self, changes: Iterable[Change], work: Callable[[Change], T]) -> Iterator[tuple[Change, T]]:
        """Do `work` for all changes at once; yield what comes back as it comes.

        Raises StoppedError in the end when some were left out, because the operation was stopped meanwhile.
        """

        def unless_stopped(change: Change) -> tuple[T] | None:
            return None if self.pace.is_stopped() else (work(change),)

        futures = {self.pool.submit(unless_stopped, change): change for change in changes}
        for future in as_completed(futures):
            answer = future.result()
            if answer is not None:
                yield futures[future], answer[0]
        self.pace.check()

    def masks(self, manifest: Manifest, live: Body | None) -> bool:
        """Whether something of either side of an object is masked, so that nobody may quote what is said of it."""
        return any(hides(body, self.application.masked_paths) for body in (manifest.body, live))

    def health_as_applied(self, change: Change) -> Health | None:
        """Return the health by the answer to the apply alone; None when nothing was applied."""
        applied = self.applied.get(id(change))
        return judge(applied, self.application, tuple(self.children(applied)), self.now()) if applied else None

    def health(self, change: Change) -> Health:
        """Return the health of what a change applied; Progressing until the answer is as new as the apply."""
        try:
            live = self.lookup(change.key)
        except ClusterError as error:
            return Health(HealthCode.PROGRESSING, f"cannot be read: {error.message}")
        applied = self.applied.get(id(change))
        if live is None and id(change) in self.seen:
            return DELETED
        if live is None or (applied is not None and not _is_as_new(live, applied)):
            return NOT_SEEN
        self.seen.add(id(change))
        return judge(live, self.application, tuple(self.children(live)), self.now())

    def is_gone(self, change: Change) -> bool:
        """Whether the very object that a change applied is certainly not there any more."""
        try:
            return uid_of(self.cluster.read(change.key)) != uid_of(self.applied.get(id(change)))
        except ClusterError:
            return False


def names(keys: Iterable[ResourceKey], limit: int = 3) -> str:
    """Return a few keys for a message: the first ones, and how many more."""
    given = [str(key) for key in keys]
    more = f" and {len(given) - limit} more" if len(given) > limit else ""
    return ", ".join(given[:limit]) + more


def _is_as_new(live: Body, applied: Body) -> bool:
    if uid_of(applied) and uid_of(live) != uid_of(applied):
        return False
    return integer(dig(live, "metadata", "generation")) >= integer(dig(applied, "metadata", "generation"))


def _result_of_skip(change: Change) -> Result:
    if change.why == IN_SYNC:
        return Result.UNCHANGED
    return Result.PRUNE_SKIPPED if change.manifest is None else Result.SKIPPED
