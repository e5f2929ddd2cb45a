"""Text from outside made harmless, whatever is in it."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from gitops_tui.model.text import one_line, sanitize

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The controls of the bidirectional algorithm (Unicode Standard Annex 9)."""


def is_hostile(character: str) -> bool:
    """Whether a terminal may obey it, or a person read a line otherwise than it is."""
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI or character == "\ufeff"


def test_of_all_characters_none_that_is_hostile_gets_into_a_line() -> None:
    hostile = [character for character in EVERY if is_hostile(character)]
    assert len(hostile) > 2000
    assert not [each for each in hostile if any(map(is_hostile, one_line(f"a{each}b")))]
    assert not any(map(is_hostile, one_line("".join(EVERY), limit=sys.maxunicode)))


def test_what_is_harmless_stays_as_it_is() -> None:
    harmless = "".join(each for each in EVERY if not is_hostile(each) and not each.isspace())
    assert one_line(harmless, limit=sys.maxunicode) == harmless
    assert sanitize(harmless) == harmless


@pytest.mark.parametrize(
    ("given", "line"),
    [("a \t b\n\n c ", "a b c"), ("a\x1b[31mb", "a␛[31mb"), ("a\x7fb", "a␡b"), ("a\u202eb", "a\ufffdb"), ("", "")],
)
def test_a_text_becomes_one_line(given: str, line: str) -> None:
    assert one_line(given) == line
    assert one_line(f"{given}{'x' * 400}")[-2:] == "x…"
