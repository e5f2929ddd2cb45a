"""Resource quantities as a server answers with them: `1000m` is `1`, `0.5Gi` is `512Mi`, but `1.500` stays `1.500`."""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal, localcontext

_FORM = re.compile(r"^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BY_EXPONENT = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_FAST_DIGITS = 18

PATTERN_MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


class QuantityError(ValueError):
    """Text that is no quantity."""


def parse(text: str) -> tuple[Decimal, str]:
    """Value and suffix; QuantityError otherwise."""
    sign, whole, fraction, suffix = _parts(text)
    with localcontext() as context:
        context.prec = 60
        number = Decimal(f"{sign}{whole}.{fraction or 0}")
        if suffix in _BINARY[1:]:
            return number * (Decimal(1024) ** _BINARY.index(suffix)), suffix
        return number.scaleb(_exponent(suffix)), suffix


def canonical(value: str | float, *, whole_milli: bool = False) -> str:
    """The text that the server answers with.

    Fractions of a nano unit are rounded up, and with `whole_milli`, as in lists of resources, those of a milli unit.
    """
    text = str(value).strip()
    amount, suffix = parse(text)
    unit = Decimal("1e-3") if whole_milli else Decimal("1e-9")
    if _is_kept(text) and amount % unit == 0:
        return text
    with localcontext() as context:
        context.prec = 60
        amount = amount.quantize(unit, rounding=ROUND_UP)
        if amount == 0:
            return "0"
        if suffix in _BINARY[1:] and abs(amount) >= 1024 and amount == amount.to_integral_value():
            return _binary(int(amount))
        return _decimal(amount, exponent_form=_is_exponent(suffix))


def _parts(text: str) -> tuple[str, str, str, str]:
    found = _FORM.match(text)
    if not found:
        raise QuantityError(PATTERN_MESSAGE)
    return found[1], (found[2] or "").lstrip("0") or "0", found[3] or found[4] or "", found[5] or ""


def _is_exponent(suffix: str) -> bool:
    return len(suffix) > 1 and suffix[0] in "eE" and suffix != "Ei"


def _exponent(suffix: str) -> int:
    return int(suffix[1:]) if _is_exponent(suffix) else _DECIMAL[suffix]


def _is_kept(text: str) -> bool:
    """Whether the server takes a text for canonical and answers with it as it is. A cheap guess of its, not a proof."""
    _, whole, fraction, suffix = _parts(text)
    digits = whole + fraction
    if suffix in _BINARY[1:]:
        place = _BINARY.index(suffix)
        return not fraction and len(whole) + place * 3 < 15 and int(whole) % 8 != 0
    scale = _exponent(suffix) - len(fraction)
    fast = len(digits) <= _FAST_DIGITS and scale >= _DECIMAL["n"]
    return fast and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _binary(amount: int) -> str:
    place = 0
    while place + 1 < len(_BINARY) and amount % 1024 == 0:
        amount //= 1024
        place += 1
    return f"{amount}{_BINARY[place]}"


def _decimal(amount: Decimal, *, exponent_form: bool) -> str:
    """An integer at the largest power of a thousand that divides the amount."""
    exponent = -9
    units = int(amount.scaleb(9))
    while exponent < 18 and units % 1000 == 0:
        units //= 1000
        exponent += 3
    if exponent_form:
        return f"{units}e{exponent}" if exponent else str(units)
    return f"{units}{_BY_EXPONENT[exponent]}"
