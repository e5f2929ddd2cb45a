"""A difference as a comment on a pull request, in the Markdown of GitHub, GitLab and Forgejo.

Everything in it was written by others. It stands in fences longer than any run of backticks inside them, or in
HTML `code` with everything escaped, where no mention, link or markup is obeyed.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gitops_tui.cli.differences.sides import Sides
from gitops_tui.cli.differences.table import APPROXIMATE, PREFIXES
from gitops_tui.diff.lines import unified
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import DriftCode
from gitops_tui.model.text import one_line

LARGEST: Final = 60 * 1024
"""Bytes of a comment; GitHub takes 64 KiB."""
_RESERVE: Final = 512
_WORDS: Final = {
    DriftCode.CHANGED: "changed",
    DriftCode.MISSING: "added",
    DriftCode.EXTRA: "removed",
    DriftCode.UNKNOWN: "not compared",
    DriftCode.IN_SYNC: "the same",
}
_Block = str


def comment(application: str, sides: Sides, found: Sequence[ResourceComparison]) -> str:
    """Return the comment, at most `LARGEST` bytes; what is cut is told at its end."""
    head = f"{_marker(application)}\n{_title(application, sides, found)}\n"
    made, left = [head], LARGEST - _RESERVE - _size(head)
    for at, each in enumerate(found):
        block = _block(each)
        if _size(block) > left:
            block = _block(each, room=left)
            made += [block] if block else []
            rest = len(found) - at - (1 if block else 0)
            made.append(_cut(application, rest))
            break
        made.append(block)
        left -= _size(block)
    return "\n".join(made)


def _marker(application: str) -> str:
    """Lets a script find its earlier comment, to replace it."""
    return f"<!-- gitops-tui diff {re.sub('[^A-Za-z0-9._]+', '-', application)} -->"


def _title(application: str, sides: Sides, found: Sequence[ResourceComparison]) -> str:
    start, end = sides.names
    counts = Counter(_WORDS[DriftCode(each.drift)] for each in found)
    told = ", ".join(f"{counts[word]} {word}" for word in _WORDS.values() if counts[word]) or "no difference"
    arrow = f"from {_code(start)} to {_code(f'Git {sides.revision[:7]}' if sides.usual else end)}"
    return f"<p><strong>{_code(application)}</strong> {arrow}: {told}</p>\n"


def _block(comparison: ResourceComparison, room: int | None = None) -> _Block:
    """One folded resource. room: bytes it may take; "" when that is too little to show anything."""
    word = _WORDS[DriftCode(comparison.drift)]
    fields = f", {len(comparison.changes)} fields" if len(comparison.changes) > 1 else ""
    lines = [f"{PREFIXES.get(line.kind, ' ')}{line.text}" for line in unified(comparison)]
    notes = [APPROXIMATE] if comparison.approximate else []
    notes += [comparison.note] if comparison.note else []
    notes += [f"{change.path}: {change.note}" for change in comparison.changes if change.note]
    told = "".join(f"<p>{_code(note)}</p>\n" for note in notes)
    head = f"<details><summary>{_code(str(comparison.key))} {word}{fields}</summary>\n{told}"
    if room is not None:
        lines = _fitting(lines, room - _size(head) - _RESERVE)
        if not lines:
            return ""
        lines.append("… cut here")
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{head}\n{fence}diff\n{text}\n{fence}\n\n</details>\n" if lines else f"{head}</details>\n"


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def _cut(application: str, rest: int) -> str:
    also = f", and {rest} more resources are left out" if rest else ""
    command = _code(f"gitops-tui diff {application}")
    return f"<p>Cut at {LARGEST // 1024} KB{also}: {command} shows all of it.</p>\n"


def _code(text: str) -> str:
    """Text of others on one line: shown as it is, obeyed by nothing."""
    return f"<code>{html.escape(one_line(text)).replace('@', '&#64;')}</code>"


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
