"""A commit that is planned, as a table and as data."""

from __future__ import annotations

from typing import Any, Final

from gitops_tui.cli.output import Cell, Colour
from gitops_tui.cli.tables import Row
from gitops_tui.model.revision import FileChange, Restoration

HEADS: Final = ("FILE", "LINES")
_COLOURS: Final = {"A": Colour.GOOD, "M": Colour.WARN, "D": Colour.BAD}
_WORDS: Final = {"A": "comes back", "M": "changes", "D": "goes"}


def rows(of: Restoration) -> list[Row]:
    """Each file with what becomes of it."""
    return [(Cell(f"{each.letter} {each.path}", _COLOURS[each.letter]), Cell(_counted(each))) for each in of.files]


def _counted(of: FileChange) -> str:
    if of.added is None or of.removed is None:
        return f"{_WORDS[of.letter]}, not text"
    return f"+{of.added} -{of.removed}"


def told(of: Restoration) -> list[str]:
    """What the commit is, in whole sentences."""
    where = "the whole repository" if not of.path else of.path
    signed = ", signed" if of.signed else ""
    lines = [
        f"One commit restores {where} as of {of.revision.short} ({of.revision.subject}),",
        f"in place of {of.replaced.short} ({of.replaced.subject}).",
        f"By {of.author}{signed}, pushed to {of.target}; other paths stay as they are.",
    ]
    return [*lines, of.note] if of.note else lines


def data(of: Restoration) -> dict[str, Any]:
    """The plan of a revert, for scripts."""
    return {
        "application": of.application,
        "mode": str(of.mode),
        "revision": of.revision.sha,
        "replaced": of.replaced.sha,
        "branch": of.target,
        "author": of.author,
        "signed": of.signed,
        "files": [
            {"path": each.path, "change": each.letter, "added": each.added, "removed": each.removed}
            for each in of.files
        ],
    }
