"""What a plain YAML scalar means to Kubernetes.

The rules are those of kubectl (sigs.k8s.io/yaml: YAML 1.1 as go-yaml v2 reads it, passed through JSON), which
differ from both YAML 1.1 and 1.2: `yes` and `y` are booleans, `010` is eight, `08` is eight too, `22:22` and
`2024-01-01` are strings, `1.0` is the integer one, and an integer beyond 64 bits becomes a float.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Final

from gitops_tui.model.patterns import pattern

Scalar = None | bool | int | float | str

_WORDS: Final[dict[str, Scalar]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER: Final = pattern(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT: Final = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_MISPLACED: Final = pattern(r"(?<![0-9])_|_(?![0-9])", re.ASCII)
_TIMESTAMP: Final = pattern(r"\d{4}-\d\d?-\d\d?(?:[Tt\s]+\d\d?:\d\d?:\d\d?.*)?", re.ASCII)
_SEXAGESIMAL: Final = pattern(r"[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?", re.ASCII)
_FLOAT_ONLY: Final = pattern(r"^[-+]?[0-9_]*[.]|^[-+]?[0-9][0-9_]*[eE]", re.ASCII)
_BASES: Final = {"x": 16, "b": 2, "o": 8}
_INT64: Final = 1 << 63
_LONGEST_INTEGER: Final = 100
MAY_BE_SPECIAL: Final = frozenset((*"yYnNtTfFoO~.+-0123456789", ""))
"""First characters of the plain scalars that may be anything but a string."""


def resolve(text: str) -> Scalar:
    """Return the value of the plain, untagged scalar `text`; infinities and NaN come out as floats."""
    if text[:1] not in MAY_BE_SPECIAL:
        return text
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first not in "+-.0123456789" or (first == "." and _MISPLACED.search(text)):
        return text
    return _number(text.replace("_", ""), text)


def _number(digits: str, text: str) -> Scalar:
    if len(digits) <= _LONGEST_INTEGER and _INTEGER.fullmatch(digits):
        value = _integer(digits)
        if -_INT64 <= value < 2 * _INT64:
            return value if value < _INT64 else float(value)
        if _FLOAT.fullmatch(digits):
            return float(value)
        return text
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else through_json(number)
    return text


def _integer(digits: str) -> int:
    sign = -1 if digits[0] == "-" else 1
    body = digits.lstrip("+-")
    if len(body) == 1 or body[0] != "0":
        return sign * int(body)
    base = _BASES.get(body[1].lower())
    return sign * (int(body[2:], base) if base else int(body, 8))


def through_json(number: float) -> int | float:
    """What a float is after kubectl has written it as JSON and read it back: whole ones are integers."""
    return int(number) if number.is_integer() and -_INT64 <= number < _INT64 else number


def key(value: Scalar, text: str) -> str | None:
    """The key that a scalar is, None when it can be none. text: as written.

    kubectl prints numbers that are not written as integers in Go's shortest 32-bit format: `1.30` is the key "1.3".
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or not (-_INT64 <= value < _INT64 or _FLOAT_ONLY.search(text)):
        return None
    if isinstance(value, int) and not _FLOAT_ONLY.search(text):
        return str(value)
    return _shortest(float(value))


def _shortest(number: float) -> str | None:
    try:
        single = _single(number)
    except OverflowError:
        return None
    digits = next(text for n in range(17) if _single(float(text := f"{single:.{n}e}")) == single)
    import decimal  # noqa: PLC0415 - for a number as a key

    return f"{decimal.Decimal(digits):f}" if -4 <= int(digits.partition("e")[2]) < 6 else digits


def _single(number: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def binary(text: str) -> str:
    """Decode the base64 of a `!!binary` scalar into text; ValueError when it is not base64 of UTF-8."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as e:
        raise ValueError("not base64 of UTF-8 text") from e


def misread(text: str) -> bool:
    """Whether some YAML reader, of version 1.1 or 1.2, takes the plain scalar `text` for anything but itself."""
    if text in {"=", "<<"} or text.lower() in {"null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", ""}:
        return True
    if text[0] not in "+-.0123456789":
        return False
    return not isinstance(resolve(text), str) or bool(
        _FLOAT.fullmatch(text.replace("_", ""))
        or _INTEGER.fullmatch(text.replace("_", ""))
        or text.lower().lstrip("+-") in {".inf", ".nan"}
        or _TIMESTAMP.fullmatch(text)
        or _SEXAGESIMAL.fullmatch(text)
    )


def tagged(text: str, tag: str) -> Scalar:
    """Return the value of the scalar `text` under a standard tag (`str`, `int`, ...).

    KeyError: the tag is none that a scalar may have. ValueError: the text does not fit it.
    """
    if tag == "binary":
        return binary(text)
    if tag in {"str", "timestamp"}:
        return text
    value = resolve(text)
    fits = {
        "null": value is None,
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool) and _FLOAT_ONLY.search(text) is None,
        "float": isinstance(value, int | float) and not isinstance(value, bool),
    }
    if not fits[tag]:
        raise ValueError("it reads as something else")
    return through_json(float(value)) if tag == "float" and value is not None else value
