"""Resource quantities in their canonical form: `1000m` is `1`, `0.5Gi` is `512Mi`."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal, localcontext

_FORM = re.compile(r"^([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BY_EXPONENT = {exponent: suffix for suffix, exponent in _DECIMAL.items()}

PATTERN_MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


class QuantityError(ValueError):
    """Text that is no quantity."""


def parse(text: str) -> tuple[Decimal, str]:
    """Value and suffix; QuantityError otherwise."""
    found = _FORM.match(text)
    if not found:
        raise QuantityError(PATTERN_MESSAGE)
    sign, digits, suffix = found[1], found[2], found[3] or ""
    with localcontext() as context:
        context.prec = 60
        number = Decimal(f"{sign}{digits}")
        if suffix in _BINARY:
            return number * (Decimal(1024) ** _BINARY.index(suffix)), suffix
        exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
        return number.scaleb(exponent), suffix


def canonical(value: str | int | float) -> str:
    """The form that the server answers with. Fractions below a nano unit are rounded up."""
    text = str(value)
    amount, suffix = parse(text)
    with localcontext() as context:
        context.prec = 60
        amount = amount.quantize(Decimal("1e-9"), rounding=ROUND_CEILING)
        if amount == 0:
            return "0"
        if suffix in _BINARY[1:] and abs(amount) >= 1024 and amount == amount.to_integral_value():
            return _binary(int(amount))
        exponent_form = suffix[:1] in ("e", "E") and suffix not in {"E", "Ei"}
        return _decimal(amount, exponent_form=exponent_form)


def _binary(amount: int) -> str:
    place = 0
    while place + 1 < len(_BINARY) and amount % 1024 == 0:
        amount //= 1024
        place += 1
    return f"{amount}{_BINARY[place]}"


def _decimal(amount: Decimal, *, exponent_form: bool) -> str:
    """An integer below the largest power of a thousand that divides the amount."""
    exponent = -9
    units = int(amount.scaleb(9))
    while exponent < 18 and units % 1000 == 0:
        units //= 1000
        exponent += 3
    if exponent_form:
        return f"{units}e{exponent}" if exponent else str(units)
    return f"{units}{_BY_EXPONENT[exponent]}"
