"""Paths into objects: as a person reads and writes them, and as JSON pointers.

A path is a tuple of steps. A `str` step is a map key, or the key of a list's element (`containers[web]`), or an
index in digits; an `int` step is an index. `ANY` stands for every key and every element: it is written `*`
(`containers[*]`, `data.*`), while a key that is an asterisk is written `["*"]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from gitops_tui.diff.lists import Keyed, keys_of
from gitops_tui.model.errors import ConfigError
from gitops_tui.model.fields import is_mapping
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import sanitize


class Every(Enum):
    """The type of `ANY`."""

    ANY = "*"


ANY: Final = Every.ANY
Step = str | int | Every
Path = tuple[Step, ...]

_HINT = 'write spec.containers[web].image, metadata.annotations["a.b/c"], or a JSON pointer'
_PLAIN_KEY = pattern(r"[A-Za-z0-9_$-]+")
_TOKEN = pattern(r"""\.?([^.\[\]"']+)|\[\s*"((?:[^"\\]|\\.)*)"\s*\]|\[\s*'([^']*)'\s*\]|\[([^\]]*)\]""")


def parse_path(text: str) -> Path:
    """Read `spec.containers[web].image`, `metadata.annotations["a.b/c"]` or, with a leading slash, a JSON pointer.

    ConfigError when it is neither.
    """
    if text.startswith("/"):
        return parse_pointer(text)
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ConfigError(f"path {text!r}", f"unexpected {text[position]!r} at {position + 1}", hint=_HINT)
        steps.append(_step(*match.groups()))
        position = match.end()
    if not steps:
        raise ConfigError("path ''", "is empty", hint=_HINT)
    return tuple(steps)


def _step(bare: str | None, quoted: str | None, single: str | None, bracketed: str | None) -> Step:
    if quoted is not None:
        try:
            return str(json.loads(f'"{quoted}"'))
        except ValueError as error:
            raise ConfigError(f"path {quoted!r}", "has a bad escape between its quotes", hint=_HINT) from error
    if single is not None:
        return single
    written = bare if bare is not None else (bracketed or "").strip()
    return ANY if written == ANY.value else written


def parse_pointer(text: str) -> Path:
    """Read a JSON pointer (RFC 6901); ConfigError when it is none or names the whole object."""
    if not text.startswith("/"):
        raise ConfigError(f"JSON pointer {text!r}", "does not begin with /")
    tokens = (token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))
    return tuple(int(token) if re.fullmatch(r"0|[1-9]\d{0,8}", token) else token for token in tokens)


def show_path(steps: Iterable[Step], root: Any) -> str:
    """Write a path below `root`, whose lists are `Keyed`, as a person reads it."""
    made = ""
    value = root
    for step in steps:
        if isinstance(step, int):
            made += f"[{step}]"
        elif isinstance(step, Every):
            made += "[*]"
        elif isinstance(value, Keyed):
            made += f"[{step}]" if _is_plain_element(step) else _quoted(step)
        elif _PLAIN_KEY.fullmatch(step):
            made += f".{step}" if made else step
        else:
            made += _quoted(step)
        value = _child(value, step)
    return made


def _is_plain_element(key: str) -> bool:
    return key == key.strip() == sanitize(key) and key != ANY.value and not set(key) & set("[]\"'\n\t")


def _quoted(key: str) -> str:
    return f"[{json.dumps(key, ensure_ascii=sanitize(key) != key)}]"


def _child(value: Any, step: Step) -> Any:
    if is_mapping(value):
        return value.get(step if isinstance(step, str) else str(step))
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


def resolve(body: Any, path: Path) -> Iterator[Path]:
    """Yield the places in `body` (map keys and list indexes only) that a path means; none when nothing is there."""
    places: list[tuple[Path, Any, str]] = [((), body, "")]
    for step in path:
        places = [found for place in places for found in _step_into(*place, step)]
    for place, _, _ in places:
        yield place


def _step_into(place: Path, value: Any, field: str, step: Step) -> Iterator[tuple[Path, Any, str]]:
    if is_mapping(value):
        names = list(value) if step is ANY else [str(step)]
        yield from (((*place, name), value[name], name) for name in names if name in value)
    elif isinstance(value, list):
        yield from (((*place, index), value[index], "") for index in _indexes(value, field, step))


def _indexes(items: list[Any], field: str, step: Step) -> list[int]:
    if step is ANY:
        return list(range(len(items)))
    keys = keys_of(field, items)
    if isinstance(step, str) and keys and step in keys:
        return [keys.index(step)]
    index = int(step) if isinstance(step, int) or (step.isdecimal() and len(step) < 9) else -1
    return [index] if 0 <= index < len(items) else []


def named(body: Any, place: Path) -> Path:
    """Return a place with the keys of list elements instead of their indexes, so that it fits other bodies too."""
    steps: list[Step] = []
    value, field = body, ""
    for step in place:
        keys = keys_of(field, value) if isinstance(value, list) else None
        steps.append(keys[step] if keys and isinstance(step, int) else step)
        value, field = _child(value, step), step if isinstance(step, str) else ""
    return tuple(steps)


class _Dropped:
    """The type of `DROP`."""


DROP: Final = _Dropped()
"""What an edit returns to remove the field."""


def edited(body: Any, places: Iterable[Path], edit: Callable[[Path, Any], Any]) -> Any:
    """Return `body` with `edit(place, value)` in each place; `DROP` removes it. The original is left as it is."""
    tree: dict[Step, Any] = {}
    for place in places:
        node = tree
        for step in place:
            node = node.setdefault(step, {})
    return _edited(body, tree, (), edit) if tree else body


def _edited(value: Any, tree: Mapping[Step, Any], place: Path, edit: Callable[[Path, Any], Any]) -> Any:
    if not tree:
        return edit(place, value)
    if is_mapping(value):
        pairs = (
            (name, _edited(item, tree[name], (*place, name), edit) if name in tree else item)
            for name, item in value.items()
        )
        return {name: item for name, item in pairs if item is not DROP}
    if isinstance(value, list):
        items = (
            _edited(item, tree[index], (*place, index), edit) if index in tree else item
            for index, item in enumerate(value)
        )
        return [item for item in items if item is not DROP]
    return value
