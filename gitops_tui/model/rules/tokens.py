"""The words of an expression. A whole path is one word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, Literal

from gitops_tui.model.patterns import pattern
from gitops_tui.model.rules.path import Chosen, FieldPath, Step
from gitops_tui.model.values import dataclass

LONGEST: Final = 1000
"""Characters of an expression or a template."""

Sort = Literal["path", "value", "sign", "word", "end"]
WORDS: Final = frozenset({"and", "or", "not", "in", "exists"})
_VALUES: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}

_SPACE = pattern(r"\s*")
_NUMBER = pattern(r"-?\d{1,15}(\.\d{1,9})?(?![\w.])")
_TEXT = pattern(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_SIGN = pattern(r"==|!=|<=|>=|<|>|\(|\)|\[|\]|,")
_KEY = pattern(r"[A-Za-z_$][\w$-]*")
_BELOW = pattern(
    r"""\.(?P<key>[A-Za-z_$][\w$-]*)
    | \[ \s* (?P<index>\d{1,6}) \s* \]
    | \[ \s* (?P<quoted>"(?:[^"\\]|\\.)*"|'[^']*') \s* \]
    | \[ \s* (?P<field>[A-Za-z_$][\w$-]*) \s* =(?!=) \s*
         (?P<wanted>"(?:[^"\\]|\\.)*"|'[^']*'|[^\]"'\s]+) \s* \]""",
    re.VERBOSE,
)


class ExpressionError(ValueError):
    """It is no expression. at: the character that it fails at, counted from 1."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"{message} (character {at})")
        self.at = at


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression. value: a FieldPath, a literal, or the sign or word itself."""

    sort: Sort
    value: Any
    at: int

    @property
    def shown(self) -> str:
        """As a message names it."""
        if self.sort == "end":
            return "the end"
        return f"`{self.value}`" if isinstance(self.value, str) else f"a {self.sort}"


def tokens(text: str) -> Iterator[Token]:
    """The words of an expression, an `end` last. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"is longer than {LONGEST} characters", LONGEST + 1)
    position = _skip(text, 0)
    while position < len(text):
        token, position = _next(text, position)
        yield token
        position = _skip(text, position)
    yield Token("end", "", len(text) + 1)


def path_of(text: str, start: int) -> tuple[FieldPath, int] | None:
    """The path that begins at a position, and where it ends; None when none does."""
    first = _KEY.match(text, start)
    if first is None:
        return None
    steps: list[Step] = [first.group()]
    position = first.end()
    while position < len(text) and text[position] in ".[":
        match = _BELOW.match(text, position)
        if match is None:
            raise ExpressionError("is no path from here", position + 1)
        steps.append(_step(match, position))
        position = match.end()
    return FieldPath(tuple(steps)), position


def _next(text: str, position: int) -> tuple[Token, int]:
    at = position + 1
    if number := _NUMBER.match(text, position):
        value = float(number.group()) if "." in number.group() else int(number.group())
        return Token("value", value, at), number.end()
    if quoted := _TEXT.match(text, position):
        return Token("value", _unquoted(quoted.group(), position), at), quoted.end()
    if sign := _SIGN.match(text, position):
        return Token("sign", sign.group(), at), sign.end()
    found = path_of(text, position)
    if found is None:
        raise ExpressionError(f"`{text[position]}` is not expected", at)
    path, end = found
    word = path.steps[0]
    if len(path.steps) == 1 and isinstance(word, str):
        if word in WORDS:
            return Token("word", word, at), end
        if word in _VALUES:
            return Token("value", _VALUES[word], at), end
    return Token("path", path, at), end


def _step(match: re.Match[str], position: int) -> Step:
    if match["key"] is not None:
        return match["key"]
    if match["index"] is not None:
        return int(match["index"])
    if match["quoted"] is not None:
        return _unquoted(match["quoted"], position)
    wanted = match["wanted"]
    return Chosen(match["field"], _unquoted(wanted, position) if wanted[0] in "\"'" else wanted)


def _unquoted(text: str, position: int) -> str:
    if text[0] == "'":
        return text[1:-1]
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise ExpressionError("has a bad escape between its quotes", position + 1) from error


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
