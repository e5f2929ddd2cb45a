"""Secrets that somebody else quotes: a program that writes its own password into its log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from gitops_tui.diff.mask import MARK, hidden_values
from gitops_tui.diff.normalise import decoded
from gitops_tui.model.fields import is_mapping
from gitops_tui.model.resources import Body

_LEAST: Final = 6
"""Characters that a value has at least to be looked for: shorter ones stand in any text by chance."""


class Concealer:
    """Puts a mark in the place of each value that is masked in some objects, also as base64 has it.

    A value of several lines is looked for line by line; one of fewer than six characters is not looked for.
    """

    def __init__(self, bodies: Iterable[Body], masked_paths: Sequence[str] = ()) -> None:
        values = {
            line
            for body in bodies
            for value in hidden_values(body, masked_paths)
            for text in _texts(value)
            for line in map(str.strip, text.splitlines())
            if len(line) >= _LEAST
        }
        # The longer first: one that holds another is hidden as a whole.
        longest_first = sorted(values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if values else None

    def conceal(self, text: str) -> str:
        """Return a text without these values."""
        return self._pattern.sub(MARK, text) if self._pattern else text


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        one = pending.pop()
        if is_mapping(one):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str):
            yield one
            yield decoded(one)
