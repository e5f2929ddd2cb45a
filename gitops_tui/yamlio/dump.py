"""Plain data to YAML text, in block style as kubectl prints it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gitops_tui.model.patterns import pattern
from gitops_tui.yamlio.scalars import misread

_PLAIN: Final = pattern(
    r"""(?!---|\.\.\.)  # would end the document
    (?:[^-?:,\[\]{}\#&*!|>'"%@`\x20]|--?(?=[^-\x20]))  # starts no other construct
    (?:[^:\#\x20]|:(?=[^\x20])|(?<=[^\x20])\#|\x20(?=[^\x20\#]))*  # holds no key and no comment
    """,
    re.VERBOSE,
)
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x00": "\\0", "\x1b": "\\e"}
_SIMPLE_KEY: Final = 120


def dump(value: Any) -> str:
    """Return one document of YAML, ending in a newline; `load_all` gives `value` back.

    Keys keep their order; strings that a reader could take for something else are quoted, strings of several
    lines become literal blocks, control and bidirectional characters are escaped. Never an alias. Raises TypeError
    for what is no JSON data (a key that is no string), ValueError for infinities and NaN.
    """
    return "".join(_lines(value))


def dump_all(values: Iterable[Any]) -> str:
    """Return a YAML stream: the documents with `---` between them."""
    return "---\n".join(dump(value) for value in values)


def _lines(root: Any) -> Iterator[str]:
    if not _is_open(root):
        yield _leaf(root, 0) + "\n"
        return
    lead = ""
    stack: list[tuple[Iterator[Any], int, bool]] = [_entered(root, 0)]
    while stack:
        entries, indent, is_mapping = stack[-1]
        entry = next(entries, stack)
        if entry is stack:
            stack.pop()
            continue
        pad, lead = lead or " " * indent, ""
        if not is_mapping:
            if _is_open(entry):
                lead = pad + "- "
                stack.append(_entered(entry, indent + 2))
            else:
                yield f"{pad}- {_leaf(entry, indent)}\n"
            continue
        key, value = entry
        head = pad + _key(key, indent)
        if not _is_open(value):
            yield f"{head} {_leaf(value, indent)}\n"
        else:
            yield head + "\n"
            stack.append(_entered(value, indent + 2 if isinstance(value, Mapping) else indent))


def _is_open(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str | bytes) and bool(value)


def _entered(value: Any, indent: int) -> tuple[Iterator[Any], int, bool]:
    if isinstance(value, Mapping):
        return iter(value.items()), indent, True
    return iter(value), indent, False


def _key(key: Any, indent: int) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be a string, not {type(key).__name__}")
    text = _flow(key)
    return f"{text}:" if len(text) <= _SIMPLE_KEY else f"? {text}\n{' ' * indent}:"


def _leaf(value: Any, indent: int) -> str:
    if isinstance(value, str):
        return _block(value, indent) if "\n" in value and _fits_block(value) else _flow(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("infinity and NaN are no JSON numbers")
        return repr(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[]"
    raise TypeError(f"{type(value).__name__} is no JSON data")


def _flow(text: str) -> str:
    if not text.isprintable():
        return '"' + "".join(_escaped(c) for c in text) + '"'
    if misread(text):
        return f'"{text}"'
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _escaped(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c.isprintable():
        return c
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _fits_block(text: str) -> bool:
    return bool(text.strip("\n ")) and text.replace("\n", "").replace("\t", "").isprintable()


def _block(text: str, indent: int) -> str:
    body = text.rstrip("\n")
    endings = len(text) - len(body)
    chomp = "-" if endings == 0 else "" if endings == 1 else "+"
    hint = "2" if text[0] in " \n\t" else ""
    pad = " " * (indent + 2)
    lines = "\n".join(pad + line if line else "" for line in body.split("\n"))
    return f"|{hint}{chomp}\n{lines}" + "\n" * max(endings - 1, 0)
