"""Semantic version ranges on tags, as package managers write them: `>=1.2 <2`, `1.x`, `^1.2.0`, `~1.2`, `1.2 - 1.4`.

A pre-release is chosen only when the range names one (`>=2.0.0-0`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import total_ordering
from typing import Final

from gitops_tui.model.patterns import pattern
from gitops_tui.model.values import dataclass

_NUMBER: Final = r"(?:0|[1-9]\d{0,17})"
_VERSION: Final = pattern(
    rf"[vV]?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_PART: Final = rf"(?:{_NUMBER}|[xX*])"
_COMPARATOR: Final = pattern(
    rf"\s*(?P<operator>>=|=>|<=|=<|!=|=|>|<|\^|~>|~|)\s*"
    rf"[vV]?(?P<major>{_PART})(?:\.(?P<minor>{_PART}))?(?:\.(?P<patch>{_PART}))?"
    rf"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?(?:\s*,\s*|\s+|$)"
)
_HYPHEN: Final = pattern(r"\s*(\S+)\s+-\s+(\S+)\s*")
_LARGEST: Final = 10**19


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """Major, minor, patch and the parts of the pre-release; build metadata do not count."""

    numbers: tuple[int, int, int]
    pre: tuple[str, ...] = ()

    def _order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        parts = tuple((not p.isdigit(), int(p) if p.isdigit() else 0, p if not p.isdigit() else "") for p in self.pre)
        return self.numbers, not self.pre, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order() == other._order()

    def __lt__(self, other: Version) -> bool:
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self._order())


_LOWEST: Final = ("0",)
"""Sorts before every pre-release of the same version that is commonly written."""


@dataclass(frozen=True, slots=True)
class _Span:
    """low <= version < high, or outside of it."""

    low: Version
    high: Version
    outside: bool = False

    def holds(self, version: Version) -> bool:
        return (self.low <= version < self.high) is not self.outside


@dataclass(frozen=True, slots=True)
class _Group:
    spans: tuple[_Span, ...]
    pre_releases: bool

    def holds(self, version: Version) -> bool:
        return (self.pre_releases or not version.pre) and all(span.holds(version) for span in self.spans)


@dataclass(frozen=True, slots=True)
class Range:
    """A range; `parse_range` makes it."""

    groups: tuple[_Group, ...]

    def holds(self, version: Version) -> bool:
        """Whether a version is inside."""
        return any(group.holds(version) for group in self.groups)

    def best(self, tags: Iterable[str]) -> str | None:
        """Return the tag with the highest version inside, None when there is none."""
        versions = ((version, tag) for tag in tags if (version := parse_version(tag)) and self.holds(version))
        return max(versions, default=(None, None))[1]


def parse_version(text: str) -> Version | None:
    """Read `1.2.3`, `v1.2.3-rc.1+build`, `1.2`; None for anything else."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    return Version((int(major), int(minor or 0), int(patch or 0)), tuple(pre.split(".")) if pre else ())


def parse_range(text: str) -> Range | None:
    """Read a range; None for a text that is none. A plain version (`1.2.0`) is a name, no range."""
    if len(text) > 256 or parse_version(text.strip()):
        return None
    groups = [_group(part) for part in text.split("||")]
    found = tuple(group for group in groups if group is not None)
    return Range(found) if len(found) == len(groups) else None


def _group(text: str) -> _Group | None:
    if hyphen := _HYPHEN.fullmatch(text):
        text = f">={hyphen[1]} <={hyphen[2]}"
    spans: list[_Span] = []
    pre_releases = False
    position = 0
    while position < len(text):
        match = _COMPARATOR.match(text, position)
        if match is None:
            return None
        spans.append(_span(match))
        pre_releases |= bool(match["pre"])
        position = match.end()
    return _Group(tuple(spans), pre_releases) if spans else None


def _span(match: re.Match[str]) -> _Span:
    stated = _stated(match)
    low = Version((*stated, *(0,) * (3 - len(stated))), tuple(match["pre"].split(".")) if match["pre"] else ())  # type: ignore[arg-type]
    # What an unfinished version means: 1.2 is everything from 1.2.0 up to, not including, 1.3.
    after = _after(low, len(stated), pre=bool(low.pre))
    bottom, top = Version((0, 0, 0), _LOWEST), Version((_LARGEST, 0, 0))
    match match["operator"]:
        case ">=" | "=>":
            return _Span(low, top)
        case ">":
            return _Span(after, top)
        case "<":
            # The pre-releases of a version are before it, but nobody who says "below 2" wants 2.0.0-alpha.
            return _Span(bottom, low if low.pre else Version(low.numbers, _LOWEST))
        case "<=" | "=<":
            return _Span(bottom, after)
        case "!=":
            return _Span(low, after, outside=True)
        case "^":
            first = next((i for i, number in enumerate(stated) if number), max(len(stated) - 1, 0))
            return _Span(low, _after(low, first + 1 if stated else 0))
        case "~" | "~>":
            return _Span(low, _after(low, min(len(stated), 2)))
        case _:
            return _Span(low, after)


def _stated(match: re.Match[str]) -> tuple[int, ...]:
    numbers: list[int] = []
    for name in ("major", "minor", "patch"):
        part = match[name]
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    return tuple(numbers)


def _after(version: Version, kept: int, *, pre: bool = False) -> Version:
    """The first version after all that begin with the first `kept` numbers; `pre`: right after this very one."""
    if pre:
        return Version(version.numbers, (*version.pre, "0"))
    if kept == 0:
        return Version((_LARGEST, 0, 0))
    if kept == 3:
        major, minor, patch = version.numbers
        return Version((major, minor, patch + 1), _LOWEST)
    numbers = [*version.numbers[:kept], 0, 0, 0][:3]
    numbers[kept - 1] += 1
    return Version((numbers[0], numbers[1], numbers[2]), _LOWEST)
