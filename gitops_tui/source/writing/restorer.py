"""One path of a tracked branch, restored as it was at another commit: planned, then committed and pushed."""

from __future__ import annotations

import re
from collections.abc import Callable

from gitops_tui.model.errors import SourceError, StalePlanError
from gitops_tui.model.revision import Author, Restoration, Revision, RollbackMode
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.source.mirror import Mirror
from gitops_tui.source.refs import HEADS
from gitops_tui.source.transport.address import parse
from gitops_tui.source.transport.runner import Runner
from gitops_tui.source.writing.hosting import pull_request_url, told_url
from gitops_tui.source.writing.identity import Identity, identity
from gitops_tui.source.writing.pushing import LostRaceError, push
from gitops_tui.source.writing.restoring import commit, compared, tree_with, verify


@dataclass(frozen=True, slots=True)
class Place:
    """Where an application comes from: what of its repository is tracked, and the path inside it."""

    application: str
    tracked: str
    path: str


@dataclass(frozen=True, slots=True)
class Restored:
    """The commit that was pushed, and what it was made by. url: where a pull request may be opened, or ""."""

    sha: str
    plan: Restoration
    url: str = ""


class Restorer:
    """Restores paths in the repository of a mirror. author, signs: None for what the user's Git says."""

    def __init__(self, mirror: Mirror, *, author: Author | None = None, signs: bool | None = None) -> None:
        self._mirror = mirror
        self._author = author
        self._signs = signs

    def plan(self, place: Place, revision: str, mode: RollbackMode) -> Restoration:
        """Return what the commit would be, by the local copy. SourceError when it cannot be made."""
        mirror = self._mirror
        tip = mirror.resolve(place.tracked)
        if not tip.ref.startswith(HEADS):
            raise SourceError(
                f"application {place.application}",
                f"it tracks {one_line(place.tracked)}, which is no branch, so no commit can change what it follows",
                hint="pin it instead",
            )
        branch = tip.ref.removeprefix(HEADS)
        wanted = mirror.revision(revision)
        if mirror.tree_id(wanted.sha, place.path) is None:
            raise SourceError(
                mirror.subject,
                f"commit {wanted.short} has no path {one_line(place.path)}",
                hint="choose a commit that has it",
            )
        files, _ = mirror.read(lambda runner, copy: compared(runner, copy, tip.sha, wanted.sha, place.path))
        who = mirror.read(lambda runner, _: self._identity(runner))
        target = self._new_branch(place, wanted) if mode is RollbackMode.BRANCH else branch
        return Restoration(
            place.application,
            place.path,
            mode,
            branch,
            target,
            tip,
            self._replaced(place, tip),
            wanted,
            files,
            str(who.author),
            who.signs,
            pull_request_url(mirror.repository.url, target, branch) if mode is RollbackMode.BRANCH else "",
        )

    def _identity(self, runner: Runner) -> Identity:
        return identity(runner, parse(self._mirror.repository.url), self._author, self._signs)

    def _new_branch(self, place: Place, wanted: Revision) -> str:
        word = re.sub(r"[^A-Za-z0-9]+", "-", place.application).strip("-")
        name = f"revert/{word}-{wanted.short}"
        if self._mirror.tip(f"{HEADS}{name}"):
            raise SourceError(
                self._mirror.subject,
                f"there is a branch {name} already",
                hint="merge its pull request, or delete it there",
            )
        return name

    def _replaced(self, place: Place, tip: Revision) -> Revision:
        """The newest commit that touched the path."""
        if self._mirror.tree_id(tip.sha, place.path) is None:
            return tip
        found = self._mirror.history(tip.sha, place.path, limit=1)
        return found[0] if found else tip

    def renew(self, place: Place, revision: str, mode: RollbackMode, approved: str) -> Restoration:
        """Fetch, and plan on top of what the branch is now. approved: the hash of the plan that was shown.

        StalePlanError when the same files would no longer be changed in the same way.
        """
        self._mirror.fetch()
        plan = self.plan(place, revision, mode)
        if plan.hash != approved:
            raise StalePlanError(
                f"application {place.application}",
                f"the plan is stale: branch {plan.branch} has other files there than when it was shown",
                hint="look at the new plan",
                temporary=True,
            )
        return plan

    def perform(self, place: Place, plan: Restoration, message: Callable[[Restoration], str]) -> Restored:
        """Commit and push. message: makes the commit's.

        A push that loses a race with another one is made once more, on top of the winner's. StalePlanError as in
        `renew`; SourceError when the server refuses, or the second race is lost too. Nothing is pushed then.
        """
        try:
            return self._pushed(plan, message(plan))
        except LostRaceError:
            plan = self.renew(place, plan.revision.sha, plan.mode, plan.hash)
        try:
            return self._pushed(plan, message(plan))
        except LostRaceError as lost:
            raise SourceError(
                self._mirror.subject,
                f"branch {plan.target} was pushed to at the same time, twice: {lost}",
                hint="try again",
                temporary=True,
            ) from lost

    def _pushed(self, plan: Restoration, message: str) -> Restored:
        tip, wanted = plan.tip.sha, plan.revision.sha
        with self._mirror.changing() as at:
            _, entries = compared(at.remote.runner, at.copy, tip, wanted, plan.path)
            sha = commit(at, tree_with(at, tip, entries), tip, message, self._identity(at.remote.runner))
            verify(at, sha, tip, wanted, plan.path)
        # A server that is slow to take it must not keep everybody else from fetching.
        expected = "" if plan.mode is RollbackMode.BRANCH else tip
        said = push(at.remote, at.copy, sha, plan.target, expected)
        return Restored(sha, plan, told_url(said, self._mirror.repository.url) or plan.url)
