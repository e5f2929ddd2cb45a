"""Lines of coloured text: cutting, padding, breaking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.tui.look.spans import (
    EMPTY,
    Ground,
    Span,
    Tone,
    block,
    chop,
    cut,
    fit,
    join,
    lay_under,
    line,
    outside,
    plain,
    spread,
    width,
    wrap,
)

TEXTS = st.lists(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=30), max_size=5)


def of(*texts: str) -> tuple[Span, ...]:
    return tuple(Span(text) for text in texts)


def test_a_short_line_is_padded_on_the_side_away_from_its_alignment() -> None:
    assert plain(fit(of("ab"), 5)) == "ab   "
    assert plain(fit(of("ab"), 5, "right")) == "   ab"
    assert plain(fit(of("ab"), 5, "center")) == " ab  "


def test_a_long_line_ends_with_an_ellipsis() -> None:
    assert plain(cut(of("deploy", "ment"), 8)) == "deploym…"
    assert cut(of("x"), 0) == EMPTY


def test_wide_characters_count_as_two_cells() -> None:
    assert width(of("漢字")) == 4
    assert width(fit(of("漢字漢字"), 5)) == 5


@given(TEXTS, st.integers(0, 40))
def test_a_fitted_line_has_exactly_its_width(texts: list[str], cells: int) -> None:
    assert width(fit(of(*texts), cells)) == cells


@given(TEXTS, st.integers(0, 40), st.integers(0, 6))
def test_breaking_ends_and_keeps_every_word_within_its_cells(texts: list[str], cells: int, indent: int) -> None:
    rows = wrap(of(*texts), cells, indent)
    if cells > indent + 2:
        assert all(width(row) <= cells for row in rows)
        shown = "".join("".join(plain(row).split()) for row in rows)
        assert shown == "".join("".join(text.split()) for text in texts)


@given(TEXTS, st.integers(2, 40))
def test_chopping_loses_no_character(texts: list[str], cells: int) -> None:
    rows = chop(of(*texts), cells)
    assert "".join(plain(row) for row in rows) == "".join(texts)
    assert all(width(row) <= cells for row in rows)


def test_later_lines_of_a_broken_line_are_indented() -> None:
    assert [plain(row) for row in wrap(of("why it was refused by the server"), 16, 2)] == [
        "why it was ",
        "  refused by the",
        "  server",
    ]


def test_the_right_end_is_kept_whole() -> None:
    assert plain(spread(of("a long left side"), of("right"), 14)) == "a long…  right"
    assert plain(spread(of("l"), of("r"), 6)) == "l    r"


def test_joining_leaves_out_what_is_empty() -> None:
    assert plain(join([of("a"), EMPTY, of("b")], Span(" · "))) == "a · b"


def test_text_from_outside_is_harmless_and_on_one_line() -> None:
    span = outside("a\x1b[31m\nb\u202e", Tone.BAD)
    assert "\x1b" not in span.text
    assert "\n" not in span.text
    assert "\u202e" not in span.text
    assert outside(" x ").text == " x "
    assert outside("").text == ""


def test_a_ground_is_laid_under_characters_across_spans() -> None:
    laid = lay_under(of("abc", "def"), 2, 4, Ground.MATCH)
    assert [(span.text, span.ground) for span in laid] == [
        ("ab", None),
        ("c", Ground.MATCH),
        ("d", Ground.MATCH),
        ("ef", None),
    ]


@pytest.mark.parametrize("cells", [1, 3, 10, 80, 200])
def test_words_for_the_middle_of_an_area_fit_it(cells: int) -> None:
    rows = block([line("a rather long explanation " * 8), EMPTY, line("x")], cells)
    assert all(width(row) == cells for row in rows)
