"""The colours of each theme, by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gitops_tui.model.values import dataclass
from gitops_tui.tui.look.spans import Ground, Tone


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme: a colour (#rrggbb) for every tone and every ground.

    plain: colour carries nothing here, so emphasis is bold, and the cursor is told by its mark as well.
    """

    name: str
    dark: bool
    tones: Mapping[Tone, str]
    grounds: Mapping[Ground, str]
    plain: bool = False


def _palette(name: str, tones: str, grounds: str, *, dark: bool = True, plain: bool = False) -> Palette:
    """Read colours given in the order in which the enums declare their members."""
    return Palette(
        name,
        dark,
        dict(zip(Tone, ("#" + code for code in tones.split()), strict=True)),
        dict(zip(Ground, ("#" + code for code in grounds.split()), strict=True)),
        plain,
    )


#                     text   muted  faint  accent good   warn   bad    busy   special
#                     base   raised cursor resting added remov. added+ remov+ match  chip
PALETTES: Final = (
    _palette(
        "night",
        "d6dce7 9ca8bd 5c6880 82aaff 86c99a e5bd72 ee8389 7cc5e3 c0a3f2",
        "10141c 171d28 2a3650 1c2433 13281f 301b22 235238 5e2b36 5a4a1c 263044",
    ),
    _palette(
        "day",
        "232a36 515a6d 98a1b2 2252be 17683a 7d5200 ac222b 0a6282 6a3cb8",
        "fbfbf9 eff0f2 d6e2fb e6eaf2 e2f4e6 fbe6e6 b5e2c0 f5bcbc fbe7a1 dfe5f0",
        dark=False,
    ),
    _palette(
        "clear",
        "e8e8e8 aeb6c2 6a7482 56b4e9 2fc79a f0e442 ff8a3d 8fd0f5 e59ac4",
        "10141c 171d28 26314a 1e2636 0b2c40 3b2410 0f5580 7a440f 5a4a1c 263044",
    ),
    _palette(
        "mono",
        "e6e6e6 a6a6a6 757575 ffffff e6e6e6 ffffff ffffff e6e6e6 ffffff",
        "101010 1a1a1a 3a3a3a 2a2a2a 1d1d1d 1d1d1d 4a4a4a 4a4a4a 5a5a5a 2c2c2c",
        plain=True,
    ),
)
"""night is the default; clear is safe for colour-blind eyes (blue and orange); mono stands for NO_COLOR."""

BY_NAME: Final[Mapping[str, Palette]] = {palette.name: palette for palette in PALETTES}
NIGHT: Final = PALETTES[0]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _luminance(code: str) -> float:
    parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
