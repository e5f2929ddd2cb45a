"""Durations and sizes as people write them."""

from __future__ import annotations

from gitops_tui.model.patterns import pattern

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
_SIZE = pattern(r"([0-9]+(?:\.[0-9]+)?)([kKMG]?i?B)")
_PART = pattern(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def seconds(value: str | float) -> float:
    """`90`, `"90s"`, `"1m30s"` -> 90.0; ValueError for anything else, a negative number too."""
    if isinstance(value, str):
        parts = _PART.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value:
            raise ValueError(f"{value!r} is not a duration such as 30s or 5m")
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{value!r} is not a duration")
    return float(value)


def size(value: str | int) -> int:
    """`1024`, `"1KiB"` -> 1024 bytes; ValueError for anything else."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is not None and match[2] in _SIZES:
        return int(float(match[1]) * _SIZES[match[2]])
    if isinstance(value, str) or value < 0:
        raise ValueError(f"{value!r} is not a size such as 500MB")
    return value
