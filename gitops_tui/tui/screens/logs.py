"""What the containers of an application write, or those below one of its resources: read on as long as one looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from gitops_tui.engine.requests import ReadLogs
from gitops_tui.model.logs import LogLine, Logs, LogSource
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Ground, Line, Span, Tone, line, plain
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.present import logs as present
from gitops_tui.tui.views.problems import problem_lines
from gitops_tui.tui.views.reading import Reading
from gitops_tui.tui.widgets.band import Band
from gitops_tui.tui.widgets.pager import Pager

KEPT: Final = 3_000
"""Lines that are kept; who reads in the middle of so many is not disturbed by more."""
_SOON, _LATEST = 1.0, 5.0


class LogsView(Reading):
    """Lines of all containers in the order of their times. At the end of the text new ones are followed."""

    view = actions.LOGS
    CSS = """
    LogsView .pane { padding: 0 1; height: 1fr; }
    LogsView .pane:focus-within { border: round $faint; }
    """

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self.known: Logs | None = None
        self.chosen: LogSource | None = None
        self._before = False
        self._dated = True
        self._problem: Problem | None = None
        self._lines: deque[tuple[LogLine, Line]] = deque(maxlen=KEPT)
        self._names = present.Names(())
        self._follows = True
        self._pause = _SOON
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        """Whose lines, and the lines."""
        yield Band(id="whose", ground=Ground.BASE)
        yield Band(id="troubles", ground=Ground.BASE, lines=0)
        with Vertical(classes="pane", id="frame"):
            yield Pager(wrapped=True, id="text")

    def crumbs(self) -> Sequence[str]:
        """Below the application, or the resource."""
        key = self.location.key
        return ("Applications", self.location.application, *((key.kind_name,) if key else ()), "Logs")

    def on_mount(self) -> None:
        """Notice where in the text one is."""
        super().on_mount()
        self.watch(self.text, "scroll_y", self._scrolled, init=False)

    def on_screen_resume(self) -> None:
        """Go on where another screen was shown."""
        super().on_screen_resume()
        if self.is_mounted and self.known is not None:
            self.load()

    # -- reading on

    def load(self) -> None:
        """Ask for what was written since."""
        if self._timer is not None:
            self._timer.stop()
        marks = self.known.marks if self.known else ()
        request = ReadLogs(self.location.application, self.location.key, marks, self._before)
        self.ask(request, self._answered, self._failed)

    def _answered(self, known: Logs) -> None:
        news = self.known is None or known.sources != self.known.sources
        self.known, self._problem = known, None
        if news:
            self._names = present.Names(known.sources)
            self.chosen = self.chosen if self.chosen in known.sources else None
            self._reword()
        self._lines.extend((each, self._row(each)) for each in known.lines)
        if news or known.lines:
            self._show()
        else:
            self._show_whose()
        self._pause = _SOON if known.lines else min(self._pause * 1.5, _LATEST)
        self._later(self._pause)

    def _failed(self, problem: Problem) -> None:
        self._problem = problem
        self._show()
        self._later(_LATEST)

    def _later(self, seconds: float) -> None:
        if not self._before:
            self._timer = self.set_timer(seconds, self._go_on)

    def _go_on(self) -> None:
        """Ask again, unless nobody sees it, or who reads further up would lose what is read."""
        if self.is_active and (self._follows or len(self._lines) < KEPT):
            self.load()

    def _reword(self) -> None:
        """Tell of all that is kept in another way."""
        self._lines = deque(((each, self._row(each)) for each, _ in self._lines), KEPT)

    def _row(self, written: LogLine) -> Line:
        return present.row(written, self._names, self.cockpit.clock() if self._dated else None)

    @property
    def _rows(self) -> list[Line]:
        """What is shown of all that is kept."""
        return [row for written, row in self._lines if self.chosen in {None, written.source}]

    # -- showing

    def update(self) -> None:
        """Show the frame; the lines do not depend on the snapshot."""
        self.update_frame()
        if self.known is None:
            self._show()

    def _show(self) -> None:
        follows, text, rows = self._follows, self.text, self._rows
        if rows:
            text.show(rows)
            if follows:
                text.to_end()
        else:
            text.show(self._nothing(), centred=True)
        self._show_whose()

    def _nothing(self) -> tuple[Line, ...]:
        if self._problem:
            return problem_lines(self._problem)
        if self.known is None:
            return (line(Span("◌ reading logs…", Tone.BUSY)),)
        return present.nothing(self.known, before=self._before)

    def _show_whose(self) -> None:
        known, chosen, state = self.known, self.chosen, self._state()
        problem = self._problem if self._lines else None
        self.query_one("#whose", Band).show(lambda cells: (present.heading(known, chosen, state, cells),))
        troubles = self.query_one("#troubles", Band)
        troubles.styles.height = len(present.troubles(known, problem, 1))
        troubles.show(lambda cells: present.troubles(known, problem, cells))

    def _state(self) -> Span:
        if self.known is None or not self.known.sources:
            return Span("")
        if self._before:
            return Span("the run before the last restart", Tone.WARN)
        if self._follows:
            return Span("● following", Tone.GOOD)
        return Span("‖ reading, G follows again", Tone.MUTED)

    def _scrolled(self) -> None:
        before, self._follows = self._follows, self.text.is_at_end
        if before != self._follows:
            self._show_whose()
            if self._follows and self.known is not None:
                self.load()

    def on_pager_resized(self) -> None:
        """Stay at the end where one was there."""
        if self._follows:
            self.text.to_end()

    # -- keys

    def _turn(self, by: int) -> None:
        places: list[LogSource | None] = [None, *(self.known.sources if self.known else ())]
        self.chosen = places[(places.index(self.chosen) + by) % len(places)]
        self._show()

    def do_container_next(self) -> None:
        """Show the next container alone, after the last one all of them."""
        self._turn(1)

    def do_container_previous(self) -> None:
        """Show the container before this one."""
        self._turn(-1)

    def do_run_before(self) -> None:
        """Show what was written before the last restart, or now."""
        self._before = not self._before
        self.known, self._follows = None, True
        self._lines.clear()
        self._show()
        self.load()

    def do_times(self) -> None:
        """Show when each line was written, or do not."""
        self._dated = not self._dated
        self._reword()
        self._show()

    def do_wrap(self) -> None:
        """Break long lines, or do not."""
        self.text.wrap(wrapped=not self.text.wrapped)
        if self._follows:
            self.text.to_end()

    def do_copy(self) -> None:
        """Copy the lines."""
        rows = self._rows
        if not rows:
            self.tell("there is nothing to copy")
            return
        self.cockpit.copy_to_clipboard("\n".join(map(plain, rows)))
        self.tell(f"copied {len(rows)} lines")
