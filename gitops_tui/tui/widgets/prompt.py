"""The line for commands (`:`), filters and searches (`/`): ghost suggestions, cycling, and why it did not work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line
from gitops_tui.tui.widgets.band import Band

Complete = Callable[[str], Sequence[str]]
"""What has been typed to every completion of it, each as the whole text."""


class _Ghost(Suggester):
    """Offers the first completion that starts with what has been typed."""

    def __init__(self, complete: Callable[[str], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return the suggestion for `value`."""
        found = (text for text in self._complete(value) if text != value and text.startswith(value))
        return next(found, None)


class _Line(Input):
    """One line of input without a box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "cursor_right", show=False),
        Binding("up", "screen.cycle(-1)", show=False),
        Binding("down", "screen.cycle(1)", show=False),
        Binding("escape", "screen.close_prompt", show=False),
    ]


class Prompt(Widget):
    """Closed most of the time. Opened with a sign, it takes a line and says what became of it."""

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, sign: str, text: str) -> None:
            super().__init__()
            self.sign, self.text = sign, text

    class Changed(Message):
        """The text changed."""

        def __init__(self, sign: str, text: str) -> None:
            super().__init__()
            self.sign, self.text = sign, text

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.sign = ""
        self._complete: Complete = lambda _: ()
        self._hint: Line = ()
        self._typed = ""
        self._at = -1
        self._restore: Widget | None = None

    def compose(self) -> ComposeResult:
        """A line that explains, and the line that is typed into."""
        yield Band(id="note", ground=Ground.RAISED)
        with Horizontal():
            yield Band(id="sign", ground=Ground.RAISED)
            field = _Line(compact=True, suggester=_Ghost(self._completions), select_on_focus=False)
            field.cursor_blink = False
            yield field

    def _completions(self, text: str) -> Sequence[str]:
        return self._complete(text)

    @property
    def is_open(self) -> bool:
        """Whether it has the keyboard."""
        return self.has_class("open")

    def open(self, sign: str, text: str, complete: Complete, note: str) -> None:
        """Take a line. sign: `:` or `/`. text: what stands there already. note: a hint, until something is typed."""
        self.sign, self._complete, self._typed, self._at = sign, complete, text, -1
        self._restore = self.screen.focused
        self.query_one("#sign", Band).show(lambda _: [line(Span(f" {sign} ", Tone.ACCENT, True))])
        self._hint = line(Span(note, Tone.MUTED))
        self.say(self._hint)
        self.add_class("open")
        field = self.query_one(_Line)
        field.value = text
        field.cursor_position = len(text)
        field.focus()

    def close(self) -> None:
        """Give the keyboard back."""
        if self.is_open:
            self.remove_class("open")
            if self._restore is not None and self._restore.is_attached:
                self._restore.focus()

    def say(self, note: Line) -> None:
        """Explain something above the line."""
        self.query_one("#note", Band).show(lambda _: [(Span("   "), *note)])

    def fail(self, why: str) -> None:
        """Say why what was typed cannot be done; the line stays open."""
        self.say(line(Span("✗ ", Tone.BAD), Span(why, Tone.TEXT)))

    def cycle(self, by: int) -> None:
        """Put the next or previous completion of what was typed into the line."""
        found = self._complete(self._typed)
        if found:
            self._at = (self._at + by) % len(found) if self._at >= 0 or by > 0 else len(found) - 1
            field = self.query_one(_Line)
            with field.prevent(Input.Changed):
                field.value = found[self._at]
            field.cursor_position = len(field.value)
            self._list(found)

    def _list(self, found: Sequence[str]) -> None:
        spans = [
            Span(f" {text.rpartition(' ')[2]} ", Tone.ACCENT if at == self._at else Tone.MUTED, at == self._at)
            for at, text in enumerate(found)
        ]
        first = max(self._at - 3, 0)
        self.say(tuple(spans[first : first + 12]) or self._hint)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what it could become."""
        event.stop()
        self._typed, self._at = event.value, -1
        if self.is_open:
            found = self._complete(event.value)
            self._list(found)
            self.post_message(self.Changed(self.sign, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand over what was typed."""
        event.stop()
        self.post_message(self.Submitted(self.sign, event.value))

    def on_descendant_blur(self) -> None:
        """Close when the keyboard goes elsewhere, by a click for example."""
        self.remove_class("open")
