"""Text from outside made harmless.

Names, messages and values come from Git and from clusters. Terminals obey escape sequences in them, and
bidirectional controls can make a line read differently from what it is, so every outside string passes
through `sanitize` where it comes in.
"""

from __future__ import annotations

import re

from gitops_tui.model.patterns import pattern

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HOSTILE = pattern(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff{_BIDI}\ud800-\udfff]")
_HOSTILE_LINE = pattern(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff{_BIDI}\ud800-\udfff]")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "\ufffd"


def sanitize(text: str, *, limit: int | None = None) -> str:
    """Return `text` with every control, bidi and surrogate character made visible; tab and newline stay."""
    clean = _HOSTILE.sub(_visible, text.replace("\r\n", "\n"))
    return shorten(clean, limit) if limit is not None else clean


def one_line(text: str, *, limit: int = 300) -> str:
    """Return `text` sanitised, on one line, at most `limit` characters with an ellipsis when cut."""
    line = " ".join(text.split())
    # Nearly every text is harmless, which Python knows much sooner: what can be printed holds none of these.
    return shorten(line if line.isprintable() else _HOSTILE_LINE.sub(_visible, line), limit)


def shorten(text: str, limit: int) -> str:
    """Cut `text` to `limit` characters, the last one an ellipsis when anything was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
