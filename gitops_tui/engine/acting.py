"""All that the worker does beyond looking: questions, plans, operations, automation, and what others hand over.

It is half of the engine. A process that only looks neither imports nor makes it.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

from gitops_tui.engine.automation.automatic import Automatic
from gitops_tui.engine.automation.deciding import Deciding
from gitops_tui.engine.automation.upkeep import Upkeep
from gitops_tui.engine.future import Future
from gitops_tui.engine.operations.answers import Answers
from gitops_tui.engine.operations.commands import Commands
from gitops_tui.engine.operations.handover import answer_data
from gitops_tui.engine.operations.launching import Launcher
from gitops_tui.engine.operations.planning import Plans
from gitops_tui.engine.operations.questions import Questions
from gitops_tui.engine.operations.running import Operations
from gitops_tui.engine.rollback.relapses import Relapses
from gitops_tui.engine.rollback.reverting import Reverting
from gitops_tui.engine.rollback.ways import WaysBack
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.model.errors import JournalError


class Acting:
    """Owned by the worker's thread. who: how this process is named to others. closing: it is about to end."""

    def __init__(
        self, desk: Desk, reconciler: Reconciler, deciding: Deciding, *, who: str, closing: threading.Event
    ) -> None:
        self._desk = desk
        books, journal = desk.books, desk.journal
        plans = Plans(reconciler, journal, books.fetch_problem)
        operations = Operations(reconciler, journal, plans, wave_pause=books.config.settings.wave_pause)
        back = WaysBack.of(reconciler, journal, plans, lambda: books.config.settings)
        questions = Questions(desk, Answers(reconciler, plans, journal), back)
        self.launcher = Launcher(desk, operations)
        reverting = Reverting(desk, self.launcher, back.reverts)
        relapses = Relapses(desk, self.launcher, back.past)
        self.automatic = Automatic(desk, deciding, self.launcher, relapses, closing)
        self.commands = Commands(desk, questions, self.launcher, reverting, who=who, closing=closing)
        self.upkeep = Upkeep(desk)

    def claim_writer(self) -> None:
        """Become the writer where nobody is: it may have ended, or a full disk may have room again."""
        self.commands.claim_writer()
        self.launcher.write_rest()

    def answer_questions(self) -> None:
        """Do what other processes have handed over to this one, which is the writer."""
        for question in self._desk.journal.questions():
            if self._desk.books.taken(question.id):
                continue
            future: Future[Any] = Future()
            future.add_done_callback(partial(self._answer, question.id))
            self.commands.take_question(question.kind, question.payload, future)

    def _answer(self, question: int, done: Future[Any]) -> None:
        try:
            self._desk.journal.answer(question, answer_data(done.exception() or done.result()))
        except JournalError as error:
            # It was done and is told by the cluster; who asked is told when the journal can be written again.
            problem = problem_of(error, time.time())
            self._desk.post(lambda: self._desk.books.note(problem))
