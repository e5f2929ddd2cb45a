"""What an application can go back to, by the journal and by Git."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_tui.engine.rollback.relapse import Relapse, deployed_last, is_to_blame, was_tried
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.journal import Journal
from gitops_tui.model.application import Application
from gitops_tui.model.errors import PlanError, SourceError
from gitops_tui.model.operations import Deployment
from gitops_tui.model.revision import Revision
from gitops_tui.source import Mirror

_SEARCHED = 200


def newest_good(deployments: Iterable[Deployment], is_same: Callable[[str], bool]) -> Deployment | None:
    """The newest verified deployment of something else than what is to be left. deployments: newest first.

    is_same: whether a revision has the content that is to be left.
    """
    return next((each for each in deployments if each.verified and not is_same(each.revision)), None)


class Past:
    """Reads what was deployed. Thread-safe."""

    def __init__(self, reconciler: Reconciler, journal: Journal) -> None:
        self._reconciler = reconciler
        self._journal = journal

    def last_good(self, application: Application, left: str | None = None) -> Revision:
        """The commit to go back to. left: the one to leave, None for the one that was brought to the cluster last.

        PlanError when the journal knows of none that is still in the repository.
        """
        leaving = left or self._brought_last(application)
        content = self._content(application, leaving)

        def is_same(revision: str) -> bool:
            found = self._content(application, revision)
            # A commit that is gone cannot be gone back to either.
            return not found or revision == leaving or found == content

        found = newest_good(self._journal.deployments(application.name, _SEARCHED), is_same)
        if found is None:
            raise PlanError(
                f"application {application.name}",
                f"no other deployment than {leaving[:7]} is known that ended with every resource healthy",
                hint="`history` lists the commits; choose one",
            )
        return self._mirror(application).revision(found.revision)

    def target(self, application: Application, found: Relapse, *, hopeless: bool) -> Revision | None:
        """The commit that an application goes back to by itself; None when the one that was found is not to blame.

        hopeless: nobody tries the sync again. PlanError when it is to blame and there is nothing to go back to.
        """
        name, content = application.name, self._content(application, found.revision)

        def is_same(revision: str) -> bool:
            return revision == found.revision or (bool(content) and self._content(application, revision) == content)

        deployments = self._journal.deployments(name, _SEARCHED)
        sync, soak = self._journal.receipt(found.operation), application.policy.soak
        if not is_to_blame(found, sync, deployments, is_same, soak=soak, hopeless=hopeless):
            return None
        if was_tried(self._journal.receipts(name, limit=_SEARCHED, resources=False), is_same):
            return None
        return self.last_good(application, found.revision)

    def _brought_last(self, application: Application) -> str:
        found = deployed_last(self._journal.receipts(application.name, limit=_SEARCHED, resources=False))
        if found is not None:
            return found.revision
        raise PlanError(f"application {application.name}", "nothing was ever deployed", hint="sync it first")

    def _content(self, application: Application, revision: str) -> str:
        """An id of what a commit has at the application's path; "" for a commit that is not there any more."""
        try:
            return self._mirror(application).tree_id(revision, application.source.path) or ""
        except SourceError:
            return ""

    def _mirror(self, application: Application) -> Mirror:
        return self._reconciler.mirror(application.source.repository)
