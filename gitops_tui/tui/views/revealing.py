"""What screens have in common that show a resource's bodies: revealing what is masked, copying what is shown."""

from __future__ import annotations

from gitops_tui.diff import is_masked
from gitops_tui.engine.requests import Reveal
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.status import Problem
from gitops_tui.tui import actions
from gitops_tui.tui.look.spans import Tone
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.views.reading import Reading


class Revealing(Reading):
    """A text about one resource. What is revealed is on this screen alone, and only until something else is."""

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._revealed: ResourceComparison | None = None

    def chosen(self) -> ResourceComparison | None:
        """The resource that is shown, masked."""
        return None

    def show_chosen(self) -> None:
        """Show it again."""

    def shown(self, comparison: ResourceComparison) -> ResourceComparison:
        """The comparison as it is shown: revealed, if that was asked for this resource."""
        revealed = self._revealed
        return revealed if revealed is not None and revealed.key == comparison.key else comparison

    def hint(self, comparison: ResourceComparison) -> str:
        """What to say about masked values in a frame."""
        if self.shown(comparison) is not comparison:
            return "revealed, x hides"
        return "x reveals" if _has_masks(comparison) and not self.location.base else ""

    def conceal(self) -> None:
        """Forget what was revealed."""
        self._revealed = None

    def do_reveal(self) -> None:
        """Show what is masked, or hide it again."""
        comparison = self.chosen()
        if self._revealed is not None:
            self.conceal()
            self.show_chosen()
        elif self.location.base:
            self.tell("only what differs from the cluster is revealed; y shows each side", Tone.WARN)
        elif comparison is None or not _has_masks(comparison):
            self.tell("nothing here is masked")
        else:
            request = Reveal(self.location.application, comparison.key, self.location.revision or None)
            self.ask(request, self._show_revealed, self._not_revealed)

    def _show_revealed(self, answer: ResourceComparison) -> None:
        comparison = self.chosen()
        if comparison is not None and comparison.key == answer.key and self.is_current:
            self._revealed = answer
            self.show_chosen()

    def _not_revealed(self, problem: Problem) -> None:
        self.tell(f"{problem.subject}: {problem.message}", Tone.BAD)

    def on_screen_suspend(self) -> None:
        """Leave nothing revealed behind another screen."""
        if self._revealed is not None:
            self.conceal()
            self.show_chosen()

    def place_of(self, view: str) -> Location | None:
        """Another view of the resource that is shown."""
        comparison = self.chosen()
        return Location(view, self.location.application, comparison.key) if comparison else None

    def do_events(self) -> None:
        """Show the events about the resource and what is below it."""
        self._go(actions.EVENTS)

    def do_info(self) -> None:
        """Explain the resource."""
        self._go(actions.INFO)

    def _go(self, view: str) -> None:
        place = self.place_of(view)
        if place is not None:
            self.cockpit.visit(place)


def _has_masks(comparison: ResourceComparison) -> bool:
    return any(is_masked(body) for body in (comparison.desired, comparison.live, comparison.predicted) if body)
