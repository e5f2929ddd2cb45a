"""YAML and JSON text to plain data."""

from __future__ import annotations

from typing import Any, Final

import yaml

from gitops_tui.model.errors import InputError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.yamlio.build import LIMITS, Builder, Document, Limits
from gitops_tui.yamlio.json_text import read_json
from gitops_tui.yamlio.positions import Positions

_PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_FORBIDDEN: Final = pattern("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def load_all(data: bytes, *, name: str, limits: Limits = LIMITS, track: bool = False) -> tuple[Document, ...]:
    """Return the documents of a YAML text, or of a JSON text when `name` ends in .json, without the empty ones.

    Values are what kubectl makes of them: plain JSON data with string keys. Aliases share their value, so treat it
    as immutable. name: how errors call the text, best its path. track: also note where each value is written, in
    the `positions` of its document. Raises InputError with the subject `name:line:column`, both counted from 1, when
    the text is not UTF-8, malformed, over a limit, or ambiguous (a key that is there twice).
    """
    return _load(data, name, limits, track=track)


def load_with_positions(data: bytes, *, name: str, limits: Limits = LIMITS) -> tuple[Any, Positions]:
    """Return the only document of a text (None when it is empty) and the places of its values.

    Raises InputError as `load_all` does, and when there is more than one document.
    """
    documents = _load(data, name, limits, track=True)
    if len(documents) > 1:
        raise InputError(f"{name}:{documents[1].line}:1", "only one document is expected here")
    return (documents[0].value, documents[0].positions or Positions()) if documents else (None, Positions())


def _load(data: bytes, name: str, limits: Limits, *, track: bool) -> tuple[Document, ...]:
    builder = Builder(name, limits, track=track)
    data, text = _decoded(data, name, limits)
    if name.lower().endswith(".json"):
        read_json(text, builder)
    else:
        _read_yaml(data, name, builder)
    return tuple(builder.documents)


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


def _read_yaml(data: bytes, name: str, builder: Builder) -> None:
    try:
        next_event = _PARSER(data).get_event
        while (event := next_event()) is not None:
            _feed(builder, event)
    except yaml.reader.ReaderError as e:
        text = data.decode()
        found = _FORBIDDEN.search(text)
        at = found.start() if found else 0
        place = f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"
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


def _decoded(data: bytes, name: str, limits: Limits) -> tuple[bytes, str]:
    if len(data) > limits.bytes:
        raise InputError(name, f"{len(data)} bytes is more than the limit of {limits.bytes}")
    if data.startswith(_UTF16):
        raise InputError(f"{name}:1:1", "the file is UTF-16, not UTF-8", hint="save it as UTF-8")
    data = data.removeprefix(_UTF8_BOM)
    try:
        return data, data.decode()
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        column = e.start - data.rfind(b"\n", 0, e.start)
        raise InputError(f"{name}:{line}:{column}", "not UTF-8 text", hint="save it as UTF-8") from None
