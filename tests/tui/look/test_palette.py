"""Colours that can be read."""

from __future__ import annotations

import pytest

from gitops_tui.tui.look import marks
from gitops_tui.tui.look.palette import PALETTES, Palette, contrast
from gitops_tui.tui.look.spans import Ground, Tone

WORDS = [tone for tone in Tone if tone is not Tone.FAINT]
CALM = [Ground.BASE, Ground.RAISED, Ground.CURSOR, Ground.RESTING, Ground.CHIP]


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
@pytest.mark.parametrize("ground", CALM)
def test_words_can_be_read_on_every_calm_ground(palette: Palette, ground: Ground) -> None:
    for tone in WORDS:
        assert contrast(palette.tones[tone], palette.grounds[ground]) >= 4.5, (tone, ground)


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
@pytest.mark.parametrize(
    "ground", [Ground.ADDED, Ground.REMOVED, Ground.ADDED_STRONG, Ground.REMOVED_STRONG, Ground.MATCH]
)
def test_code_can_be_read_on_the_grounds_of_a_diff(palette: Palette, ground: Ground) -> None:
    assert contrast(palette.tones[Tone.TEXT], palette.grounds[ground]) >= 4.5


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_faint_text_can_still_be_seen(palette: Palette) -> None:
    assert contrast(palette.tones[Tone.FAINT], palette.grounds[Ground.BASE]) >= 2.4


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)


@pytest.mark.parametrize("table", [marks.SYNC, marks.DRIFT, marks.ACTION, marks.PHASE, marks.RESULT, marks.WORKER])
def test_every_status_is_a_symbol_and_a_word_of_its_own(table: dict[object, object]) -> None:
    texts = [str(mark[0]) for mark in table.values()]  # type: ignore[index]
    assert len(set(texts)) == len(texts)
    for text in texts:
        symbol, _, word = text.partition(" ")
        assert len(symbol) == 1
        assert word.strip()
