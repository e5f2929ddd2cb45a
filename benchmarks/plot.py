"""Small plots as SVG, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from benchmarks.series import Curve

_WIDTH, _HEIGHT = 680, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 180, 36, 46
_COLOURS = ("#2f6fde", "#d9480f", "#2b8a3e", "#9c36b5", "#0b7285", "#c2255c", "#5f3dc4", "#846358")


class _Axis:
    """Values of one direction to places on the picture."""

    def __init__(self, values: list[float], start: float, end: float, *, logarithmic: bool) -> None:
        self._logarithmic = logarithmic
        self._start, self._end = start, end
        if logarithmic:
            self.low, self.high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))
        else:
            self.low, self.high = min(0.0, *values), max(*values, 1e-9) * 1.05
        if self.low == self.high:
            self.high = self.low * 10 or 1.0

    def at(self, value: float) -> float:
        low, high, value = (self._scaled(each) for each in (self.low, self.high, value))
        return self._start + (value - low) / (high - low) * (self._end - self._start)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self._logarithmic else value

    def ticks(self) -> list[float]:
        if self._logarithmic:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        step = 10 ** math.floor(math.log10(self.high - self.low))
        step = step / 2 if (self.high - self.low) / step < 3 else step
        return [step * number for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def svg(curve: Curve) -> str:
    """The plot."""
    return "\n".join(_parts(curve)) + "\n"


def _parts(curve: Curve) -> Iterator[str]:
    points = [point for line in curve.lines for point in line.points]
    across = _Axis([x for x, _ in points], _LEFT, _WIDTH - _RIGHT, logarithmic=curve.logarithmic)
    up = _Axis([y for _, y in points], _HEIGHT - _BOTTOM, _TOP, logarithmic=curve.logarithmic)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12">'
    )
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
    yield _text(_LEFT, 20, curve.title, weight="bold")
    for tick in across.ticks():
        x = across.at(tick)
        yield _rule(x, _TOP, x, _HEIGHT - _BOTTOM)
        yield _text(x, _HEIGHT - _BOTTOM + 16, _number(tick), anchor="middle")
    for tick in up.ticks():
        y = up.at(tick)
        yield _rule(_LEFT, y, _WIDTH - _RIGHT, y)
        yield _text(_LEFT - 6, y + 4, _number(tick), anchor="end")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, curve.across, anchor="middle")
    yield _text(8, _TOP - 6, curve.up)
    for number, line in enumerate(curve.lines):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [(across.at(x), up.at(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        if len(places) <= 20:
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
        yield _text(_WIDTH - _RIGHT + 12, _TOP + 12 + 18 * number, line.name, colour=colour)
    yield "</svg>"


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = "#333333", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{bold}>{escape(text)}</text>'


def _rule(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="#dddddd"/>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"
