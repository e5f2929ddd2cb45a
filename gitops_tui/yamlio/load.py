"""YAML and JSON text to plain data."""

from __future__ import annotations

from typing import Any, Final

from gitops_tui.model.errors import InputError
from gitops_tui.yamlio.build import LIMITS, Builder, Document, Limits
from gitops_tui.yamlio.positions import Positions

# A start reads one file or two, and needs one of the three ways to read them.
# ruff: noqa: PLC0415

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF8_BOM: Final = b"\xef\xbb\xbf"


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
    data, text = _decoded(data, name, limits)
    if name.lower().endswith(".json"):
        strict = Builder(name, limits, track=track)
        _read_json(text, strict)
        return tuple(strict.documents)
    builder = Builder(name, limits, track=track)
    if text.startswith("{") and _is_json(text, builder):
        return tuple(builder.documents)
    found = None if track else _by_parts(text, name, limits)
    if found is not None:
        return found
    builder = Builder(name, limits, track=track)
    _parse(data, builder)
    return tuple(builder.documents)


def _read_json(text: str, builder: Builder) -> None:
    from gitops_tui.yamlio.json_text import read_json

    read_json(text, builder)


def _is_json(text: str, builder: Builder) -> bool:
    """Whether it was read as JSON, which most texts are that begin so, and which takes no parser of YAML."""
    try:
        _read_json(text, builder)
    except InputError:
        return False
    return True


def _by_parts(text: str, name: str, limits: Limits) -> tuple[Document, ...] | None:
    """The documents of a stream, each read in the cheapest way; None where all of it has to be parsed in one go."""
    from gitops_tui.yamlio.stream import Documents

    documents = Documents(name, limits)
    return documents.found() if documents.read(text) else None


def _parse(text: bytes | str, builder: Builder) -> None:
    from gitops_tui.yamlio import events

    events.parse(text, builder)


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
