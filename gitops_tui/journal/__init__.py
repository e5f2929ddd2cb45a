"""What was done, by whom, and what is held: an append-only, hash-chained journal in SQLite.

Every fact (an operation, one resource's result, a pin, a pause, an inventory entry) is an event; the tables
that are asked are made from the events, so that a damaged file can be rebuilt from what is left of them. One
process writes (`Journal.claim_writer`); others read, and hand their requests over with `Journal.ask`.

What `Journal.deeds` tells of is in `deeds`, since most starts do not ask.
"""

from gitops_tui.journal.chain import Verification
from gitops_tui.journal.journal import Journal
from gitops_tui.journal.requests import Question

__all__ = ["Journal", "Question", "Verification"]
