"""What ConfigMaps and Secrets may hold."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules import names
from gitops_tui.embedded.rules.problems import FieldError, invalid, too_long

_MOST = 1 << 20


def config_map_errors(body: Object) -> Iterator[FieldError]:
    """What is wrong with a ConfigMap."""
    yield from _key_errors(body)
    texts = [value.encode() for value in (body.get("data") or {}).values()]
    yield from _size_errors("[]", [*texts, *_decoded(body.get("binaryData"))])


def secret_errors(body: Object) -> Iterator[FieldError]:
    """What is wrong with a Secret."""
    yield from _key_errors(body)
    yield from _size_errors("data", _decoded(body.get("data")))


def _key_errors(body: Object) -> Iterator[FieldError]:
    plain = body.get("data") or {}
    for key in plain:
        if problem := names.config_key_problem(key):
            yield invalid(f"data[{key}]", key, problem)
    for key in body.get("binaryData") or {}:
        if key in plain:
            yield invalid(f"data[{key}]", key, "duplicate of key present in data")


def _size_errors(path: str, values: list[bytes]) -> Iterator[FieldError]:
    if sum(map(len, values)) > _MOST:
        yield too_long(path, _MOST)


def _decoded(data: Object | None) -> list[bytes]:
    return [base64.b64decode(value) for value in (data or {}).values()]
