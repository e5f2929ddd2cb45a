"""An operation's entry in the journal: begun before anything is written, finished whatever happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gitops_tui.journal import Journal
from gitops_tui.model.errors import GitopsError, JournalError
from gitops_tui.model.operations import OperationPhase, Receipt
from gitops_tui.model.values import dataclass, replace


@dataclass(slots=True)
class Entry:
    """The receipt as it stands. permanent: it failed, and would again until something or somebody changes.

    is_written: the journal holds how it ended; otherwise it could not be written, and has to be once it can.
    """

    receipt: Receipt
    permanent: bool = False
    is_written: bool = True


@contextmanager
def journaled(journal: Journal, receipt: Receipt, *, partial: bool) -> Iterator[Entry]:
    """Journal what is done inside; it puts what came of it into the entry, and a GitopsError of it is its failure."""
    journal.begin(receipt, partial=partial)
    entry = Entry(receipt)
    try:
        yield entry
    except GitopsError as error:
        entry.receipt = replace(entry.receipt, phase=OperationPhase.FAILED, message=str(error))
        entry.permanent = not error.temporary
    except BaseException:
        entry.receipt = replace(entry.receipt, phase=OperationPhase.ERROR, message="stopped by a fault of ours")
        raise
    finally:
        entry.receipt = replace(entry.receipt, finished=time.time())
        entry.is_written = finish(journal, entry.receipt)


def finish(journal: Journal, receipt: Receipt) -> bool:
    """Journal how an operation ended; False when the journal cannot be written."""
    try:
        journal.finish(receipt)
    except JournalError:
        # The journal itself shows why, as a banner.
        return False
    return True
