"""A parser's events, as the scalars and collections that a `Builder` takes. PyYAML's values are never used."""

from __future__ import annotations

from typing import Any, Final

import yaml

from gitops_tui.model.errors import InputError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.yamlio.build import Builder

_PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN: Final = pattern("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _feed(builder: Builder, event: Any) -> None:
    kind = type(event)
    if kind is yaml.ScalarEvent:
        plain = not event.style
        builder.scalar(event.value, event.start_mark, plain=plain, tag=event.tag, anchor=event.anchor)
    elif kind is yaml.MappingStartEvent:
        builder.open({}, event.start_mark, tag=event.tag, anchor=event.anchor)
    elif kind is yaml.SequenceStartEvent:
        builder.open([], event.start_mark, tag=event.tag, anchor=event.anchor)
    elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
        builder.close()
    elif kind is yaml.AliasEvent:
        builder.alias(event.anchor, event.start_mark)
    elif kind is yaml.DocumentEndEvent:
        builder.end_document(event.start_mark)


def parse(text: bytes | str, builder: Builder) -> None:
    """Feed a builder with a stream, which is UTF-8. Raises InputError with the place of a mistake in it."""
    name = builder.name
    try:
        next_event = _PARSER(text).get_event
        while (event := next_event()) is not None:
            _feed(builder, event)
    except yaml.reader.ReaderError as e:
        whole = text if isinstance(text, str) else text.decode()
        found = _FORBIDDEN.search(whole)
        at = found.start() if found else 0
        place = f"{whole.count(chr(10), 0, at) + 1}:{at - whole.rfind(chr(10), 0, at)}"
        raise InputError(f"{name}:{place}", "a control character is not allowed in YAML") from e
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise InputError(f"{name}:{place}", _explain(e)) from None


def _explain(error: yaml.MarkedYAMLError) -> str:
    """The parser's words, without the piece of text that it quotes: it may hold a secret."""
    problem = str(error.problem or "malformed YAML")
    if "cannot start any token" in problem:
        return "a tab or a special character stands where a value should start; indent with spaces, or quote the value"
    context, mark = error.context, error.context_mark
    if not context or context == problem:
        return one_line(problem)
    where = f" from line {mark.line + 1} on" if mark and mark != error.problem_mark else ""
    return one_line(f"{problem}, {context}{where}")
