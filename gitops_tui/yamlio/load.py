"""YAML and JSON text to plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from gitops_tui.model.errors import InputError
from gitops_tui.model.text import one_line
from gitops_tui.yamlio.build import LIMITS, Builder, Document, Limits
from gitops_tui.yamlio.positions import Positions

_Parser: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM: Final = b"\xef\xbb\xbf"


def load_all(data: bytes, *, name: str, limits: Limits = LIMITS) -> tuple[Document, ...]:
    """Return the documents of a YAML or JSON text, without the empty ones.

    Values are what kubectl makes of them: plain JSON data with string keys. name: how errors call the text, best
    its path. Raises InputError with the subject `name:line:column`, both counted from 1, when the text is not
    UTF-8, malformed, over a limit, or ambiguous (a key that is there twice).
    """
    return _load(data, name, limits, track=False)


def load_with_positions(data: bytes, *, name: str, limits: Limits = LIMITS) -> tuple[Any, Positions]:
    """Return the only document of a text (None when it is empty) and the places of its values. Raises InputError."""
    documents = _load(data, name, limits, track=True)
    if not documents:
        return None, Positions()
    if len(documents) > 1:
        raise InputError(f"{name}:{documents[1].line}:1", "only one document is expected here")
    return documents[0].value, documents[0].positions or Positions()


def _load(data: bytes, name: str, limits: Limits, *, track: bool) -> tuple[Document, ...]:
    builder = Builder(name, limits, track=track)
    for event in _events(_checked(data, name, limits), name):
        _feed(builder, event)
    return tuple(builder.documents)


def _feed(builder: Builder, event: Any) -> None:
    kind = type(event)
    if kind is yaml.DocumentEndEvent:
        builder.end_document()
        return
    place = (event.start_mark.line + 1, event.start_mark.column + 1)
    if kind is yaml.ScalarEvent:
        plain = event.style is None or event.style == ""
        builder.scalar(event.value, place, tag=event.tag, plain=plain, anchor=event.anchor)
    elif kind is yaml.MappingStartEvent:
        builder.open({}, place, tag=event.tag, anchor=event.anchor)
    elif kind is yaml.SequenceStartEvent:
        builder.open([], place, tag=event.tag, anchor=event.anchor)
    elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
        builder.close()
    elif kind is yaml.AliasEvent:
        builder.alias(event.anchor, place)


def _events(text: bytes, name: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_Parser)
    except yaml.reader.ReaderError as e:
        line = text.count(b"\n", 0, e.position) + 1
        raise InputError(f"{name}:{line}:1", "a control character is not allowed in YAML") from e
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise InputError(f"{name}:{place}", _explain(e)) from e


def _explain(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "malformed YAML")
    if "cannot start any token" in problem:
        return "a tab or a special character stands where a value should start; indent with spaces, or quote the value"
    context = str(error.context or "")
    mark = error.context_mark
    where = f" from line {mark.line + 1} on" if mark and mark != error.problem_mark else ""
    return one_line(f"{problem}, {context}{where}" if context and context != problem else problem)


def _checked(data: bytes, name: str, limits: Limits) -> bytes:
    if len(data) > limits.bytes:
        raise InputError(name, f"{len(data)} bytes is more than the limit of {limits.bytes}")
    if data.startswith(_UTF16):
        raise InputError(f"{name}:1:1", "the file is UTF-16, not UTF-8", hint="save it as UTF-8")
    text = data.removeprefix(_UTF8_BOM)
    try:
        text.decode()
    except UnicodeDecodeError as e:
        line = text.count(b"\n", 0, e.start) + 1
        column = e.start - text.rfind(b"\n", 0, e.start)
        raise InputError(f"{name}:{line}:{column}", "not UTF-8 text", hint="save it as UTF-8") from None
    return text
