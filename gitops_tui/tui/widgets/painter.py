"""Spans become segments in the colours of the current theme."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from gitops_tui.model.text import sanitize
from gitops_tui.tui.look.palette import BY_NAME, NIGHT, Palette
from gitops_tui.tui.look.spans import Ground, Line, Tone, cut, width


def palette_of(widget: Widget) -> Palette:
    """Return the palette of the theme that a widget is shown in."""
    return BY_NAME.get(widget.app.theme, NIGHT)


@lru_cache(maxsize=2048)
def style_of(name: str, tone: Tone, bold: bool, ground: Ground) -> Style:
    """Return the style of a span on a ground in the palette of that name."""
    palette = BY_NAME.get(name, NIGHT)
    heavy = bold or (palette.plain and tone in {Tone.BAD, Tone.WARN})
    return Style(color=palette.tones[tone], bgcolor=palette.grounds[ground], bold=heavy or None)


def paint(line: Line, cells: int, palette: Palette, ground: Ground = Ground.BASE) -> Strip:
    """Paint a line exactly `cells` wide. Every text is made harmless here once more, whoever made the span."""
    shown = cut(line, cells)
    segments = [
        Segment(_safe(span.text), style_of(palette.name, span.tone, span.bold, span.ground or ground)) for span in shown
    ]
    missing = cells - width(shown)
    blank = style_of(palette.name, Tone.TEXT, False, ground)
    if missing > 0:
        segments.append(Segment(" " * missing, blank))
    return Strip(segments, cells if missing >= 0 else None)


def _safe(text: str) -> str:
    return text if text.isprintable() else sanitize(text).replace("\n", " ").replace("\t", "    ")
