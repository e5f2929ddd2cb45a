"""The schema is sound, and says of everything what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

from gitops_tui.config.load import parse
from gitops_tui.config.schema import schema
from gitops_tui.yamlio import dump


def nodes(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_key_says_what_it_is_for() -> None:
    silent = [path for path, node in nodes(schema()) if not path.endswith("[]") and "description" not in node]
    assert silent == []


def test_no_object_passes_over_a_key_it_does_not_know() -> None:
    loose = [
        path
        for path, node in nodes(schema())
        if node["type"] == "object" and node.get("additionalProperties", True) is True
    ]
    assert loose == [".applications[].source.helm.values"]


def test_the_defaults_that_are_told_are_those_that_hold() -> None:
    application = schema()["properties"]["applications"]["items"]["properties"]
    stated = {
        section: {
            name: node["default"] for name, node in application[section]["properties"].items() if "default" in node
        }
        for section in ("sync", "destination")
    }
    settings = schema()["properties"]["settings"]["properties"]
    base = {"name": "a", "source": {"repository": "./a"}}
    bare = {"applications": [base]}
    spelt_out = {
        "applications": [{**base, **stated, "project": application["project"]["default"]}],
        "settings": {name: node["default"] for name, node in settings.items() if "default" in node},
    }
    read = [parse(dump(document).encode(), name="f", base=Path("/")) for document in (bare, spelt_out)]
    assert read[0] == read[1]
