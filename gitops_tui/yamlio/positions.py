"""Where each value of a document is written."""

from __future__ import annotations

from gitops_tui.model.values import dataclass, field

Place = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(slots=True)
class Positions:
    """The places of a document's values, as a tree of the same shape as the document."""

    value: Place = (1, 1)
    key: Place = (1, 1)
    children: dict[str | int, Positions] = field(default_factory=dict)

    def at(self, path: tuple[str | int, ...], *, key: bool = False) -> Place:
        """Line and column of the value at `path`, or of its key; of the nearest known parent if it is not there."""
        node = self
        for step in path:
            child = node.children.get(step)
            if child is None:
                return node.value
            node = child
        return node.key if key else node.value
