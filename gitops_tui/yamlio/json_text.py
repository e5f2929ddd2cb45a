"""JSON text as the scalars and collections that a `Builder` takes.

The standard library's reader recurses and keeps no positions, so duplicate keys and deep nesting would pass or
fail without a place.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from gitops_tui.model.patterns import pattern
from gitops_tui.yamlio.build import Builder

_PIECE: Final = pattern(
    r"""[ \t\r\n]*(?:
        (?P<sign>[{}\[\]:,])
      | "(?P<string>[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*)"
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9.eE+-]))
      | (?P<word>true|false|null)\b
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_BLANK: Final = pattern(r"[ \t\r\n]*")
_CLOSING: Final = {"{": "}", "[": "]"}


class _Mark(NamedTuple):
    line: int
    column: int


class _Reader:
    """Walks the tokens of one text. Several values may follow each other: each is a document."""

    def __init__(self, text: str, builder: Builder) -> None:
        self._text = text
        self._builder = builder
        self._offset = 0
        self._line = 0
        self._line_start = 0
        self._open: list[str] = []

    def run(self) -> None:
        """Read to the end of the text."""
        expected = "value"
        while True:
            mark = self._skip_blank()
            match = _PIECE.match(self._text, self._offset)
            if match is None:
                raise self._builder.refuse(mark, "malformed JSON")
            self._offset = match.end()
            kind = str(match.lastgroup)
            if kind == "end":
                if self._open:
                    raise self._builder.refuse(mark, f"'{_CLOSING[self._open[-1]]}' is missing at the end")
                return
            expected = self._take(kind, match.group(kind), mark, expected)
            if not self._open:
                self._builder.end_document(mark)
                expected = "value"

    def _skip_blank(self) -> _Mark:
        match = _BLANK.match(self._text, self._offset)
        end = match.end() if match else self._offset
        breaks = self._text.count("\n", self._offset, end)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rindex("\n", self._offset, end) + 1
        self._offset = end
        return _Mark(self._line, end - self._line_start)

    def _take(self, kind: str, piece: str, mark: _Mark, expected: str) -> str:
        """Handle one token and return what is expected next: value, first value, key, first key, colon or comma."""
        if kind == "sign" and piece in "]}":
            allowed = {"]": ("first value", "comma"), "}": ("first key", "comma")}[piece]
            if not self._open or _CLOSING[self._open[-1]] != piece or expected not in allowed:
                raise self._builder.refuse(mark, f"'{piece}' is not expected here")
            self._open.pop()
            self._builder.close()
            return "comma"
        if piece == ":" and kind == "sign" and expected == "colon":
            return "value"
        if piece == "," and kind == "sign" and expected == "comma":
            return "key" if self._open[-1] == "{" else "value"
        if expected.endswith("key") and kind == "string":
            self._scalar(kind, piece, mark)
            return "colon"
        if not expected.endswith("value") or (kind == "sign" and piece not in "[{"):
            raise self._builder.refuse(mark, f"a {expected.removeprefix('first ')} is expected here")
        if kind == "sign":
            self._builder.open({} if piece == "{" else [], mark)
            self._open.append(piece)
            return "first key" if piece == "{" else "first value"
        self._scalar(kind, piece, mark)
        return "comma"

    def _scalar(self, kind: str, piece: str, mark: _Mark) -> None:
        if kind == "string" and "\\" in piece:
            piece = json.loads(f'"{piece}"').encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if kind == "number" and piece.lstrip("-")[0].isdigit() and abs(float(piece)) == float("inf"):
            raise self._builder.refuse(mark, "the number is out of range")
        self._builder.scalar(piece, mark, plain=kind != "string")


def read_json(text: str, builder: Builder) -> None:
    """Feed the values of `text` to `builder`, each as a document. Raises InputError with the place of a mistake."""
    _Reader(text, builder).run()
