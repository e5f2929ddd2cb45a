"""What the journal says of each application, read once and kept."""

from __future__ import annotations

from typing import Final

from gitops_tui.engine.automation.attempts import CUT_OFF, Attempts, remembered
from gitops_tui.engine.rollback.relapse import deployed_last
from gitops_tui.journal import Journal
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import Receipt
from gitops_tui.model.values import replace

_SEARCHED: Final = 50


class Records:
    """The newest operations, by application. Owned by the worker's thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._last: dict[str, Receipt | None] = {}
        self._verified: dict[str, bool] = {}
        self._brought: dict[str, Receipt | None] = {}
        self._deployed: dict[str, str] = {}

    def ended(self, receipt: Receipt) -> None:
        """The last operation of its application is this one."""
        self.forget(receipt.application)
        self._last[receipt.application] = replace(receipt, resources=())

    def forget(self, application: str) -> None:
        """Read what concerns an application again."""
        self._last.pop(application, None)
        self._verified.pop(application, None)
        self._brought.pop(application, None)
        self._deployed.pop(application, None)

    def attempts(self, application: str, now: float) -> Attempts:
        """What automation has tried, as far as the journal tells. now: monotonic seconds."""
        try:
            last = self.last(application)
            cut_off = last is not None and last.phase in CUT_OFF
            deeds = self._journal.deeds(application) if cut_off else ()
        except JournalError:
            return Attempts()
        whole = not next((deed.partial for deed in deeds if deed.receipt is not None), False)
        return remembered(last, self.deployed(application), whole=whole, now=now)

    def last(self, application: str) -> Receipt | None:
        """The last operation, without its results. Raises JournalError."""
        if application not in self._last:
            found = self._journal.receipts(application, limit=1, resources=False)
            self._last[application] = found[0] if found else None
        return self._last[application]

    def deployed_last(self, application: str) -> Receipt | None:
        """The newest operation that brought a commit to the cluster, or tried to; without its results."""
        if application not in self._brought:
            try:
                receipts = self._journal.receipts(application, limit=_SEARCHED, resources=False)
            except JournalError:
                return None
            self._brought[application] = deployed_last(receipts)
        return self._brought[application]

    def is_verified(self, application: str) -> bool:
        """Whether the last operation on the cluster ended well; a commit to Git changes nothing about that."""
        last = self.last(application)
        if last is None or not last.commit:
            return bool(last and last.verified)
        if application not in self._verified:
            earlier = self._journal.receipts(application, limit=_SEARCHED, resources=False)
            self._verified[application] = next((each.verified for each in earlier if not each.commit), False)
        return self._verified[application]

    def deployed(self, application: str) -> str:
        """The sha of the last successful deployment, "" when there was none."""
        if application not in self._deployed:
            try:
                newest = self._journal.deployments(application, 1)
            except JournalError:
                return ""
            self._deployed[application] = newest[0].revision if newest else ""
        return self._deployed[application]
