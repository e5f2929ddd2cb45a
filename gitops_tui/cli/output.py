"""All of stdout: tables, JSON, YAML; colour on a terminal only."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TextIO

from gitops_tui.model.errors import GitopsError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line, sanitize
from gitops_tui.model.values import dataclass
from gitops_tui.yamlio import dump, dump_all

_HOSTILE = pattern("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Colour(StrEnum):
    """What a text means, as the parameters of a terminal's SGR sequence."""

    PLAIN = ""
    BOLD = "1"
    FAINT = "2"
    GOOD = "32"
    WARN = "33"
    BAD = "31"
    BUSY = "36"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. symbol: shown before the text where the terminal has it."""

    text: str
    colour: Colour = Colour.PLAIN
    symbol: str = ""


class Output:
    """Prints results on `stream` as `table`, `json` or `yaml`; other forms are the verb's own text."""

    def __init__(self, stream: TextIO, form: str = "table") -> None:
        self.stream = stream
        self.form = form
        self.is_terminal = stream.isatty()
        self._coloured = self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._symbols = (stream.encoding or "").lower().replace("-", "").startswith("utf8")

    @property
    def is_table(self) -> bool:
        """Whether a person reads it."""
        return self.form == "table"

    def data(self, value: Any) -> None:
        """One value, as JSON or YAML."""
        self._write(f"{_json(value)}\n" if self.form == "json" else dump(value))

    def documents(self, values: Sequence[Any]) -> None:
        """Several values: a YAML stream, or a JSON list."""
        self._write(f"{_json(list(values))}\n" if self.form == "json" else dump_all(values))

    def text(self, text: str) -> None:
        """Text of ours, as it is."""
        self._write(text)

    def line(self, text: str, colour: Colour = Colour.PLAIN) -> None:
        """One line."""
        self._write(f"{self._paint(one_line(text, limit=100_000), colour)}\n")

    def code(self, text: str, colour: Colour = Colour.PLAIN, *, note: str = "") -> None:
        """One line whose blanks matter. note: said about it, dim, behind it."""
        told = f"  {self._paint(f'# {one_line(note)}', Colour.FAINT)}" if note else ""
        self._write(f"{self._paint(sanitize(text), colour)}{told}\n")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Aligned columns; the last one is cut at the terminal's edge. Without rows nothing is printed."""
        known = tuple(rows)
        for line in self.lines(heads, known) if known else ():
            self._write(f"{line}\n")

    def lines(self, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> list[str]:
        """The lines of a table, painted."""
        table = [[Cell(head, Colour.FAINT) for head in heads], *rows]
        shown = [[self.shown(cell) for cell in row] for row in table]
        widths = [max(_width(row[column]) for row in shown) for column in range(len(heads))]
        room = self._columns() - sum(widths[:-1]) - 2 * (len(widths) - 1)
        made = []
        for row, texts in zip(table, shown, strict=True):
            texts[-1] = _cut(texts[-1], max(room, 20))
            padded = [text + " " * (width - _width(text)) for text, width in zip(texts, widths, strict=True)]
            padded[-1] = texts[-1]
            made.append("  ".join(self._paint(t, c.colour) for t, c in zip(padded, row, strict=True)).rstrip())
        return made

    def shown(self, cell: Cell) -> str:
        """A cell's text on one line, with its symbol where that can be printed."""
        text = one_line(cell.text, limit=1000)
        return f"{cell.symbol} {text}" if cell.symbol and self._symbols else text

    def _columns(self) -> int:
        if not self.is_terminal:
            return 1_000_000
        try:
            return os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            return 80

    def _paint(self, text: str, colour: Colour) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured and colour and text.strip() else text

    def _write(self, text: str) -> None:
        encoding = self.stream.encoding or "utf-8"
        with _told():
            self.stream.write(text.encode(encoding, "replace").decode(encoding))

    def flush(self) -> None:
        """Hand on what is buffered. GitopsError where it cannot be written, BrokenPipeError where nobody reads it."""
        with _told():
            self.stream.flush()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise GitopsError("the output", f"cannot be written: {error.strerror}", hint="is the disk full?") from error


def facts(pairs: Iterable[tuple[str, str]], form: str) -> None:
    """Print what is called how, such as the places of the demo."""
    output = Output(sys.stdout, form)
    if output.is_table:
        output.table(("WHAT", "WHERE"), [(Cell(name), Cell(value)) for name, value in pairs])
    else:
        output.data(dict(pairs))


def _json(value: Any) -> str:
    """JSON that a person can read and that cannot command a terminal: hostile characters are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _HOSTILE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def _cut(text: str, room: int) -> str:
    if _width(text) <= room:
        return text
    kept = text[: room - 1]
    while _width(kept) > room - 1:
        kept = kept[:-1]
    return f"{kept}…"
