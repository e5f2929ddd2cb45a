"""Textual themes made from the palettes, and the one style sheet."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from gitops_tui.tui.look.palette import PALETTES, Palette
from gitops_tui.tui.look.spans import Ground, Tone


def theme_of(palette: Palette) -> Theme:
    """Return the Textual theme of a palette, under the palette's name."""
    tones, grounds = palette.tones, palette.grounds
    accent = tones[Tone.ACCENT]
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=accent,
        secondary=tones[Tone.SPECIAL],
        accent=accent,
        success=tones[Tone.GOOD],
        warning=tones[Tone.WARN],
        error=tones[Tone.BAD],
        foreground=tones[Tone.TEXT],
        background=grounds[Ground.BASE],
        surface=grounds[Ground.BASE],
        panel=grounds[Ground.RAISED],
        variables={
            "muted": tones[Tone.MUTED],
            "faint": tones[Tone.FAINT],
            "cursor": grounds[Ground.CURSOR],
            "resting": grounds[Ground.RESTING],
            "chip": grounds[Ground.CHIP],
            "bad": tones[Tone.BAD],
            "scrollbar": grounds[Ground.CURSOR],
            "scrollbar-hover": tones[Tone.FAINT],
            "scrollbar-active": accent,
            "scrollbar-background": grounds[Ground.BASE],
            "scrollbar-background-hover": grounds[Ground.BASE],
            "scrollbar-background-active": grounds[Ground.BASE],
            "scrollbar-corner-color": grounds[Ground.BASE],
        },
    )


THEMES: Final = tuple(theme_of(palette) for palette in PALETTES)

CSS: Final = """
* { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
Screen { background: $background; }
#body { height: 1fr; }
Table, Pager { width: 1fr; height: 1fr; background: $background; overflow-x: hidden; overflow-y: auto; }
Pager { overflow-x: auto; }
.pane {
    border: round $faint;
    border-title-color: $muted;
    border-subtitle-color: $muted;
    background: $background;
    padding: 0 1;
}
.pane:focus { border: round $primary; border-title-color: $primary; }
.split { layout: vertical; height: 1fr; }
.split Table { height: 1fr; }
.split #pane { width: 1fr; height: 8; }
.-short .split #pane { display: none; }
.-wide .split { layout: horizontal; }
.-wide .split #pane { width: 52; height: 1fr; }
#title, #headline, #guards, #why { margin: 0 1; }
Prompt { display: none; height: 2; background: $panel; }
Prompt.open { display: block; }
Prompt Horizontal { height: 1; }
Prompt #sign { width: 3; }
Prompt Input {
    width: 1fr; background: $panel; border: none; height: 1; padding: 0;
    &:focus { background-tint: $foreground 0%; border: none; }
    & > .input--suggestion { color: $muted; }
}
ModalScreen { align: center middle; background: $background 60%; }
.dialog {
    width: 64; max-width: 96%; height: auto; max-height: 96%;
    background: $panel; border: round $primary; padding: 1 2;
}
.dialog.wide { width: 100; height: 96%; }
.buttons { height: 1; width: 1fr; align-horizontal: right; }
Choice {
    width: auto; min-width: 10; height: 1; margin-left: 2; padding: 0 2;
    background: $chip; color: $foreground; text-align: center;
}
Choice:hover { background: $cursor; }
Choice:focus { background: $primary; color: $background; text-style: bold; }
Choice:disabled { display: none; }
Choice.danger { color: $bad; }
Choice.danger:focus { background: $bad; color: $background; }
.reason {
    height: 1; border: none; background: $chip; padding: 0 1;
    &:focus { border: none; background-tint: $foreground 0%; }
}
"""
