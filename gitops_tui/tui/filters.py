"""The filter language of tables: `text`, `!text`, `-f fuzzy`, `-l key=value`, `health=Degraded`, `@context`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gitops_tui.model.patterns import pattern
from gitops_tui.model.values import dataclass, field

_FIELD = pattern(r"(?P<name>[a-z]+)=(?P<value>.*)", re.IGNORECASE)


class FilterError(ValueError):
    """The text is no filter; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row offers to a filter. fields: `health`, `sync` and the like, in lower case."""

    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it was typed, and what it lets through."""

    text: str
    matches: Callable[[Subject], bool]
    reads_text: bool = False
    """Whether it looks at all that a row says, not at a field or a label."""


def parse(text: str, fields: frozenset[str] = frozenset()) -> Filter | None:
    """Read a filter; None when it is empty. fields: the names that `name=value` may use here.

    Raises FilterError with a message for the person who typed it.
    """
    text = text.strip()
    if not text:
        return None
    if text.startswith("-f"):
        return Filter(text, _fuzzy(text[2:].strip()))
    if text.startswith("-l"):
        return Filter(text, _label(text[2:].strip()))
    if text.startswith("@"):
        return Filter(text, _field("context", text[1:]))
    found = _FIELD.fullmatch(text)
    if found:
        name = found["name"].lower()
        if name not in fields:
            known = ", ".join(sorted(fields)) or "none here"
            raise FilterError(f"no field {name!r} (fields: {known})")
        return Filter(text, _field(name, found["value"]))
    inverse = text.startswith("!")
    pattern = _pattern(text[1:] if inverse else text)
    return Filter(text, lambda subject: bool(pattern.search(subject.text)) is not inverse, reads_text=True)


def pattern_of(text: str) -> re.Pattern[str]:
    """Read a search for a text. Raises FilterError."""
    return _pattern(text)


def _pattern(text: str) -> re.Pattern[str]:
    if not text:
        raise FilterError("type something to look for")
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise FilterError(f"not a regular expression: {error}") from error


def _fuzzy(text: str) -> Callable[[Subject], bool]:
    wanted = text.lower()
    if not wanted:
        raise FilterError("-f needs letters to look for")

    def matches(subject: Subject) -> bool:
        letters = iter(subject.fields.get("name", subject.text).lower())
        return all(letter in letters for letter in wanted)

    return matches


def _label(text: str) -> Callable[[Subject], bool]:
    key, separator, value = text.partition("=")
    if not key:
        raise FilterError("-l needs key=value or key")
    if not separator:
        return lambda subject: key in subject.labels
    return lambda subject: subject.labels.get(key) == value


def _field(name: str, value: str) -> Callable[[Subject], bool]:
    wanted = value.strip().lower()
    return lambda subject: subject.fields.get(name, "").lower().startswith(wanted)
