"""Expressions on the fields of an object. They compare and combine, and can do nothing else.

    status.phase == "Failed" and not exists status.nextRetry
    status.ready < spec.replicas or status.conditions[type=Ready].reason in ["Lost", "Evicted"]

`or` binds less than `and`, `and` less than `not`. A field that is not there is null. `<` and `>` hold between two
numbers or two texts only; `in` looks into a list, written down or found in the object. Evaluation is total.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Final

from gitops_tui.model.rules.path import FieldPath
from gitops_tui.model.rules.tokens import ExpressionError, Token, tokens
from gitops_tui.model.values import dataclass

__all__ = ["Expression", "ExpressionError"]

_DEEPEST: Final = 30
_ORDERS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_COMPARISONS: Final = frozenset({"==", "!=", *_ORDERS})


@dataclass(frozen=True, slots=True)
class _Literal:
    value: Any

    def of(self, _: Any) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class _Field:
    path: FieldPath

    def of(self, body: Any) -> Any:
        return self.path.find(body)[1]


@dataclass(frozen=True, slots=True)
class _Exists:
    path: FieldPath

    def of(self, body: Any) -> bool:
        return self.path.find(body)[0]


@dataclass(frozen=True, slots=True)
class _Not:
    inner: _Node

    def of(self, body: Any) -> bool:
        return self.inner.of(body) is not True


@dataclass(frozen=True, slots=True)
class _All:
    parts: tuple[_Node, ...]

    def of(self, body: Any) -> bool:
        return all(part.of(body) is True for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Any:
    parts: tuple[_Node, ...]

    def of(self, body: Any) -> bool:
        return any(part.of(body) is True for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Compared:
    left: _Node
    sign: str
    right: _Node

    def of(self, body: Any) -> bool:
        return _holds(self.left.of(body), self.sign, self.right.of(body))


_Node = _Literal | _Field | _Exists | _Not | _All | _Any | _Compared


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition on one object. text: as the user wrote it."""

    text: str
    _root: _Node

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read one. Raises ExpressionError."""
        return cls(text, _Parser(text).whole())

    def holds(self, body: Any) -> bool:
        """Whether it is true of an object, whatever that looks like; never raises."""
        return self._root.of(body) is True


def _holds(left: Any, sign: str, right: Any) -> bool:
    match sign:
        case "==":
            return _same(left, right)
        case "!=":
            return not _same(left, right)
        case "in":
            return isinstance(right, list | tuple) and any(_same(left, each) for each in right)
    if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        return False
    return bool(_ORDERS[sign](left, right))


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Parser:
    """Recursive descent over the words of one expression."""

    def __init__(self, text: str) -> None:
        self._tokens: Iterator[Token] = tokens(text)
        self._token = next(self._tokens)
        self._depth = 0

    def whole(self) -> _Node:
        """The expression, and nothing after it."""
        root = self._any()
        if self._token.sort != "end":
            raise self._error("expected `and`, `or` or the end")
        return root

    def _any(self) -> _Node:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def _all(self) -> _Node:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def _one(self) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("is nested too deeply")
        try:
            if self._took("not"):
                return _Not(self._one())
            if self._took("exists"):
                return _Exists(self._path())
            if self._took("("):
                inner = self._any()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> _Node:
        start, left = self._token, self._operand()
        if self._took("in"):
            return _Compared(left, "in", self._members())
        sign = self._token.value if self._token.sort == "sign" else ""
        if sign in _COMPARISONS:
            self._token = next(self._tokens)
            return _Compared(left, sign, self._operand())
        if isinstance(left, _Literal) and not isinstance(left.value, bool):
            raise ExpressionError("expected a comparison with this value", start.at)
        return left

    def _members(self) -> _Node:
        if not self._took("["):
            return _Field(self._path())
        values: list[Any] = []
        while not self._took("]"):
            if values:
                self._expect(",")
            values.append(self._value())
        return _Literal(tuple(values))

    def _operand(self) -> _Node:
        if self._token.sort == "path":
            return _Field(self._path())
        return _Literal(self._value())

    def _path(self) -> FieldPath:
        if self._token.sort != "path":
            raise self._error("expected a path such as `status.phase`")
        path: FieldPath = self._token.value
        self._token = next(self._tokens)
        return path

    def _value(self) -> Any:
        if self._token.sort != "value":
            raise self._error("expected a path or a value")
        value = self._token.value
        self._token = next(self._tokens)
        return value

    def _took(self, word: str) -> bool:
        if self._token.sort not in {"sign", "word"} or self._token.value != word:
            return False
        self._token = next(self._tokens)
        return True

    def _expect(self, sign: str) -> None:
        if not self._took(sign):
            raise self._error(f"expected `{sign}`")

    def _error(self, message: str) -> ExpressionError:
        return ExpressionError(f"{message}, not {self._token.shown}", self._token.at)
