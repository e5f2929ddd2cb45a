"""What a single line of plain YAML says, found out once for all lines that are the same.

A line that is not told here (anchors, tags, folded or escaped texts, tabs, nested flow style, a mistake) is foreign:
whatever it means, a parser has to say.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from gitops_tui.model.patterns import pattern
from gitops_tui.yamlio import scalars

_KEY: Final = r"[A-Za-z_][\w./-]{0,120}"
_LINE: Final = pattern(
    rf"""(\x20*)  # indentation
    (-\x20(?=[^\x20]))?  # an element of a list
    (?:({_KEY}):(?:\x20+|$))?
    (?:(  # a plain scalar: no indicator before it, no key and no comment in it
        (?:[^-?:,\[\]{{}}\#&*!|>'"%@`\s]|--?(?=[^-\s]))
        (?:[^:\#\s]++|:(?=\S)|(?<=\S)\#|\x20++(?=[^\s\#]))*+
    )
    |"([^"\\]*)"
    |'([^']*)'
    |\|([-+]?)  # a literal block
    |(\[[^\[\]{{}}]*\]|\{{[^\[\]{{}}]*\}})  # a collection in flow style
    )?
    \x20*(?:(?<!\S)\#.*)?""",
    re.VERBOSE,
)
_INSIDE: Final = pattern(
    rf"""\x20*(?:({_KEY}):\x20+)?(?:([\w./=+][\w./=+-]*)|"([^"\\]*)"|'([^']*)')\x20*(?:,|$)""", re.VERBOSE
)
"""One entry of a collection in flow style."""
_MOST: Final = 10_000
_LONGEST_KEPT: Final = 160
_LONGEST: Final = 100_000

SCALAR, OPEN, BLOCK, FLOW, BLANK, FOREIGN = range(6)
"""What follows a key or a dash: a scalar, nothing, a literal block, a collection in flow style. Or the line as a whole:
blank or a comment, or foreign."""

Row = tuple[int, int, bool, str, Any, int]
"""Of a line: what it is; its indentation; whether an element of a list starts; its key, "" where there is none; its
value, of a block the sign after the bar; the characters of its scalars, but for the block's."""

_NOTHING: Final[Row] = (BLANK, 0, False, "", None, 0)
_OTHER: Final[Row] = (FOREIGN, 0, False, "", None, 0)
_KINDS: Final = (FOREIGN, BLANK, FOREIGN, OPEN, SCALAR, SCALAR, SCALAR, BLOCK, FLOW)
"""What a line is, by the last group of the expression that has a part in it."""
_PLAIN: Final = 4
_UNTOLD: Final = object()

known: Final[dict[str, Row]] = {}
"""Lines that were told before, as many as there is room for."""


def row_of(line: str) -> Row:
    """What a line is; `known` from now on, unless it is long."""
    row = _told(line) or _OTHER
    if len(line) <= _LONGEST_KEPT:
        if len(known) >= _MOST:
            known.clear()
        known[line] = row
    return row


def beginning(line: str) -> str:
    """What a line that ends in a scalar has before it, and before its quote inclusive."""
    match = _LINE.fullmatch(line)
    return line[: match.start(match.lastindex or 0)] if match else ""


def _told(line: str) -> Row | None:
    match = _LINE.fullmatch(line) if len(line) <= _LONGEST and line.isprintable() else None
    if match is None:
        return None
    last = match.lastindex or 0
    what = _KINDS[last]
    if what in {BLANK, FOREIGN}:
        return _NOTHING if what == BLANK else None
    key, written = match[3] or "", match[last]
    value, size = _valued(what, written, is_plain=last == _PLAIN)
    if value is _UNTOLD or not _is_text(key) or (key == "items" and what == FLOW and value):
        return None
    return (what, match.end(1), match[2] is not None, key, value, len(key) + size)


def _valued(what: int, written: str, *, is_plain: bool) -> tuple[Any, int]:
    """What a line states, and its characters."""
    if what == FLOW:
        return _collected(written)
    if what == SCALAR:
        return (_resolved(written) if is_plain else written), len(written)
    return (None if what == OPEN else written), 0


def _collected(written: str) -> tuple[Any, int]:
    """The collection in brackets or braces, and its characters."""
    is_list = written[0] == "["
    inner = written[1:-1].rstrip(" ")
    made: Any = [] if is_list else {}
    at, size = 0, 0
    while at < len(inner):
        match = _INSIDE.match(inner, at)
        if match is None or (match[1] is None) is not is_list or (match.end() == len(inner) and inner[-1] == ","):
            return _UNTOLD, 0
        at = match.end()
        key, plain, text = match[1] or "", match[2], match[3] or match[4] or ""
        value = text if plain is None else _resolved(plain)
        if value is _UNTOLD or not _is_text(key) or (key in made and not is_list):
            return _UNTOLD, 0
        size += len(key) + len(plain or text)
        if is_list:
            made.append(value)
        else:
            made[key] = value
    return made, size


def _resolved(plain: str) -> Any:
    value = scalars.resolve(plain)
    return _UNTOLD if isinstance(value, float) and not math.isfinite(value) else value


def _is_text(key: str) -> bool:
    """Whether a plain key is itself, and not a word or a number that has to be turned into one."""
    return not key or scalars.resolve(key) is key
