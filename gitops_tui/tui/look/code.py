"""YAML in colour."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pygments.lexers.data import YamlLexer
from pygments.token import Token, _TokenType

from gitops_tui.tui.look.spans import Line, Span, Tone

_LEXER: Final = YamlLexer(ensurenl=False, stripnl=False)
_TONES: Final = (
    (Token.Comment, Tone.FAINT),
    (Token.Name.Tag, Tone.ACCENT),
    (Token.Literal.Number, Tone.SPECIAL),
    (Token.Keyword, Tone.SPECIAL),
    (Token.Literal.String, Tone.GOOD),
    (Token.Punctuation, Tone.MUTED),
)


@lru_cache(maxsize=20_000)
def highlight(text: str) -> Line:
    """Return one line of YAML in colour. Lines stand alone: a diff has no whole document to look at."""
    return tuple(Span(value, _tone(kind)) for kind, value in _LEXER.get_tokens(text))


def _tone(kind: _TokenType) -> Tone:
    for family, tone in _TONES:
        if kind is family or kind[: len(family)] == family:
            return tone
    return Tone.TEXT


MOST_COLOURED: Final = 3_000


def listing(text: str) -> list[Line]:
    """Return a document of YAML with numbered lines; a very long one without colours, so that it is there at once."""
    rows = text.splitlines()
    colour = highlight if len(rows) <= MOST_COLOURED else _bare
    return [(Span(f"{at:>4}  ", Tone.FAINT), *colour(row)) for at, row in enumerate(rows, 1)]


def _bare(text: str) -> Line:
    return (Span(text),)


def visible_space(spans: Line) -> Line:
    """Return the line with its spaces and tabs drawn."""
    shown: list[Span] = []
    for span in spans:
        if " " not in span.text and "\t" not in span.text:
            shown.append(span)
            continue
        for piece in _pieces(span.text):
            if piece[0] in " \t":
                shown.append(Span(piece.replace(" ", "·").replace("\t", "→"), Tone.FAINT, False, span.ground))
            else:
                shown.append(span._replace(text=piece))
    return tuple(shown)


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (text[at] in " \t") != (text[start] in " \t"):
            yield text[start:at]
            start = at
