"""A question before something happens. Cancel has the focus."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen

from gitops_tui.model.values import dataclass
from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line, outside
from gitops_tui.tui.present.plans import Ending
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.choice import Choice, Reason


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. verb: the answer that does it. reason: also ask why. endings: when what it does may end."""

    title: str
    lines: tuple[Line, ...]
    verb: str
    reason: bool = False
    dangerous: bool = False
    endings: tuple[Ending, ...] = ()


class Confirm(ModalScreen[str | None]):
    """Answers with the reason ("" when none is asked) or None for no."""

    AUTO_FOCUS = "#cancel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "refuse", show=False),
        Binding("e", "ending", show=False),
        Binding("Q,ctrl+c", "app.quit", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._ending = 0

    @property
    def ending(self) -> Ending | None:
        """When it shall end, None where that is not asked."""
        return self.question.endings[self._ending] if self.question.endings else None

    def compose(self) -> ComposeResult:
        """The question and its two answers."""
        question = self.question
        with Vertical(classes="dialog"):
            yield Band(ground=Ground.RAISED, lines=2, id="title")
            yield Band(ground=Ground.RAISED, lines=1, id="text")
            if question.endings:
                yield Band(ground=Ground.RAISED, lines=2, id="ending")
            if question.reason:
                yield Reason("reason (optional)")
                yield Band(ground=Ground.RAISED)
            with Horizontal(classes="buttons"):
                yield Choice("Cancel", "cancel")
                yield Choice(question.verb, "do", dangerous=question.dangerous)

    def on_mount(self) -> None:
        """Fill in the words."""
        title = line(outside(self.question.title, Tone.TEXT, bold=True))
        self.query_one("#title", Band).show(lambda _: [title])
        self.query_one("#text", Band).show_wrapped(self.question.lines)
        self._show_ending()

    def _show_ending(self) -> None:
        if self.ending is not None:
            words = Span(self.ending.words, Tone.SPECIAL)
            told = line(Span("e", Tone.ACCENT, True), Span("  it lasts ", Tone.MUTED), words)
            self.query_one("#ending", Band).show(lambda _: [told])

    def action_ending(self) -> None:
        """Let it end otherwise."""
        if self.question.endings:
            self._ending = (self._ending + 1) % len(self.question.endings)
            self._show_ending()

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        """Answer."""
        if event.choice.id == "do":
            self._agree()
        else:
            self.dismiss(None)

    def _agree(self) -> None:
        reasons = self.query(Reason)
        self.dismiss(reasons.first().value.strip() if reasons else "")

    def action_refuse(self) -> None:
        """Answer no."""
        self.dismiss(None)
