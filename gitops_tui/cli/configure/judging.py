"""Health rules tried on objects in a file: what each object would be judged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gitops_tui.cli.output import Cell, Output
from gitops_tui.cli.tables import HEALTH, marked
from gitops_tui.config import Config
from gitops_tui.health import assess
from gitops_tui.model.errors import InputError
from gitops_tui.model.fields import mappings, text
from gitops_tui.model.resources import Health, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.yamlio import load_all

_HEADS = ("RESOURCE", "HEALTH", "RULE", "MESSAGE")


def verdicts(config: Config, file: str) -> list[tuple[ResourceKey, Health]]:
    """Judge every object of a YAML or JSON file, such as `kubectl get -o yaml` prints. Raises InputError."""
    name = one_line(file)
    try:
        data = Path(file).expanduser().read_bytes()
    except OSError as error:
        raise InputError(name, (error.strerror or "cannot be read").lower()) from error
    now = time.time()
    return [
        (ResourceKey.of(body), assess(body, now, config.health))
        for document in load_all(data, name=name)
        for body in _objects(document.value, f"{name}:{document.line}")
    ]


def show(found: list[tuple[ResourceKey, Health]], output: Output) -> None:
    """The verdicts as a table."""
    rows = [
        (Cell(str(key)), marked(health.code, HEALTH[health.code]), Cell(health.rule), Cell(health.message))
        for key, health in found
    ]
    output.table(_HEADS, rows)


def as_data(key: ResourceKey, health: Health) -> dict[str, str]:
    """One verdict for a tool."""
    return {
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "health": health.code.value,
        "rule": health.rule,
        "message": health.message,
    }


def _objects(value: Any, place: str) -> Iterator[Mapping[str, Any]]:
    if value is None:
        return
    if not isinstance(value, Mapping) or not text(value.get("kind")):
        raise InputError(place, "is no Kubernetes object", hint="`kubectl get KIND -o yaml` prints some")
    if "items" in value:
        for item in mappings(value["items"]):
            yield from _objects(item, place)
    elif isinstance(value.get("metadata", {}), Mapping):
        yield value
    else:
        raise InputError(place, "is no Kubernetes object: its metadata are no keys and values")
