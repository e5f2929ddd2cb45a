"""Objects as they come in lists and events: each decoded once, and kept in the very bytes that came.

Whatever is not written as an API server writes it is read by the standard library's decoder, and written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_SCAN: Final = json.JSONDecoder().raw_decode
_ITEMS: Final = '"items":['
_OBJECT: Final = ',"object":'


class Arrival(NamedTuple):
    """An object, and its JSON text; None where nobody knows where that begins and ends."""

    item: Mapping[str, Any]
    text: bytes | None = None


class Page(NamedTuple):
    """A list, or a part of one. rest: what is in it besides the objects."""

    arrivals: list[Arrival]
    rest: Mapping[str, Any]


def page_of(data: bytes | bytearray) -> Page:
    """Read a list. ValueError, TypeError or RecursionError when it is none."""
    try:
        return _as_written(data.decode())
    except (ValueError, TypeError, IndexError):
        body = json.loads(data)
        if not isinstance(body, dict):
            raise TypeError("a list is an object") from None
        items = body.pop("items", None) or ()
        return Page([Arrival(item) for item in items if isinstance(item, dict)], body)


def _as_written(text: str) -> Page:
    """Read a list whose objects are the last that is in it. ValueError, TypeError or IndexError if not."""
    at = text.index(_ITEMS)
    rest = json.loads(f"{text[:at]}{_ITEMS}]}}")
    if not isinstance(rest, dict):
        raise TypeError("it is no list")
    at += len(_ITEMS)
    arrivals: list[Arrival] = []
    if text[at] != "]":
        for item, start, end in _items(text, at):
            arrivals.append(Arrival(item, text[start:end].encode()))
            at = end
    if text[at:].rstrip() != "]}":
        raise ValueError("something follows the objects")
    return Page(arrivals, rest)


def _items(text: str, at: int) -> Iterator[tuple[Mapping[str, Any], int, int]]:
    while True:
        item, end = _SCAN(text, at)
        if not isinstance(item, dict):
            raise TypeError("something is no object")
        yield item, at, end
        if text[end] != ",":
            return
        at = end + 1


def event_of(line: bytes | bytearray) -> tuple[Any, Arrival]:
    """Read an event of a watch: its type, and its object. ValueError, TypeError or RecursionError if not JSON."""
    text = line.decode()
    start = text.find(_OBJECT) + len(_OBJECT)
    if text.startswith('{"type":"') and start >= len(_OBJECT):
        try:
            kind = json.loads(text[len('{"type":') : start - len(_OBJECT)])
            item, end = _SCAN(text, start)
        except ValueError:
            pass
        else:
            if text[end:].rstrip() == "}" and isinstance(item, dict):
                return kind, Arrival(item, text[start:end].encode())
    event = json.loads(text)
    if not isinstance(event, dict):
        raise TypeError("an event is an object")
    item = event.get("object")
    return event.get("type"), Arrival(item if isinstance(item, dict) else {})
