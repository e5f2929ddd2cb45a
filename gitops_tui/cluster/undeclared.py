"""Dropping fields that a schema does not declare, as a server does of itself with everything but an apply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gitops_tui.model.errors import InvalidError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Body

_UNDECLARED: Final = pattern(r"(?P<path>\.\S.*?): field not declared in schema")
_STEP: Final = pattern(r"\.(?P<field>[^.\[\]]+)|\[(?P<index>[0-9]+)\]|\[(?P<keys>[^\]]*)\]")
_KEY: Final = pattern(r'([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]+)')


def without_undeclared(body: Body, refusal: InvalidError) -> tuple[Body, tuple[str, ...]]:
    """Return the object without the fields that an apply was refused for, and these fields; none when it is not that.

    Fields are named as the server names them: `.spec.containers[name="web"].colour`.
    """
    found = (_UNDECLARED.fullmatch(cause) for cause in refusal.causes)
    paths = [match["path"] for match in found if match is not None]
    if not paths or len(paths) < len(refusal.causes):
        return body, ()
    made: Any = json.loads(json.dumps(body))
    dropped = tuple(path for path in paths if _drop(made, list(_STEP.finditer(path))))
    return made, dropped


def _drop(node: Any, steps: list[re.Match[str]]) -> bool:
    if not steps:
        return False
    for step in steps[:-1]:
        node = _below(node, step)
    last = steps[-1]["field"]
    if not isinstance(node, dict) or last not in node:
        return False
    del node[last]
    return True


def _below(node: Any, step: re.Match[str]) -> Any:
    if step["field"] is not None:
        return node.get(step["field"]) if isinstance(node, dict) else None
    if not isinstance(node, list):
        return None
    if step["index"] is not None:
        number = int(step["index"])
        return node[number] if number < len(node) else None
    wanted = dict(_keys(step["keys"]))
    return next((item for item in node if isinstance(item, Mapping) and _has(item, wanted)), None)


def _keys(text: str) -> Iterable[tuple[str, Any]]:
    for name, value in _KEY.findall(text):
        try:
            yield name, json.loads(value)
        except ValueError:
            yield name, value


def _has(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    # A key that has a default (a port's protocol) may be left out of the object.
    return all(item.get(name, value) == value for name, value in wanted.items())
