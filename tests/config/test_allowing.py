"""A document that is right is told to be right without jsonschema, and no other one is."""

from __future__ import annotations

import copy
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.config.allowing import allows
from gitops_tui.config.schema import schema
from gitops_tui.yamlio import load_all

EXAMPLE = load_all(resources.files("gitops_tui.config").joinpath("example.yaml").read_bytes(), name="e")[0].value
MISTAKES = load_all((Path(__file__).parent / "mistakes.yaml").read_bytes(), name="m")[0].value
SCHEMA = schema()
JUDGE = jsonschema.Draft202012Validator(SCHEMA)
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2.0,
    0.5,
    10**12,
    float("inf"),
    "",
    "a",
    "A b",
    "5m",
    "1.5",
    [],
    [1],
    {},
    {"a": 1},
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with a key or an index in it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from([EXAMPLE, MISTAKES, {}]))
def test_what_is_changed_at_will_is_allowed_where_jsonschema_allows_it(data: st.DataObject, start: Any) -> None:
    document = copy.deepcopy(start)
    for _ in range(data.draw(st.integers(0, 3))):
        found = places(document)
        if not found:
            break
        container, key = data.draw(st.sampled_from(found))
        match data.draw(st.sampled_from(["drop", "add", "set", "set", "set"])):
            case "drop":
                del container[key]
            case "add" if isinstance(container, dict):
                container[data.draw(st.sampled_from(["name", "more", "interval", "Labels"]))] = data.draw(
                    st.sampled_from(ODD)
                )
            case _:
                container[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    assert allows(SCHEMA, document) == JUDGE.is_valid(document)


@pytest.mark.parametrize("document", [None, [], "text", 1, {"more": 1}])
def test_what_is_no_configuration_is_not_allowed(document: Any) -> None:
    assert not allows(SCHEMA, document)


@pytest.mark.parametrize(
    "schema", [{"const": 1}, {"oneOf": [{"const": 1}, {"type": "integer"}]}, {"items": {"$ref": "#"}}]
)
def test_nothing_is_certain_where_a_keyword_is_not_known(schema: Any) -> None:
    assert not allows(schema, [1] if "items" in schema else 1)


RIGHT = """\
import sys
from pathlib import Path
from gitops_tui import config
found = config.load(Path(sys.argv[1]))
print(len(found.applications), "jsonschema" in sys.modules)
"""


def test_a_file_without_mistakes_is_read_without_jsonschema(tmp_path: Path) -> None:
    path = tmp_path / "gitops-tui.yaml"
    path.write_text("applications: [{name: web, source: {repository: https://example.com/x.git}}]\n")
    done = subprocess.run([sys.executable, "-c", RIGHT, str(path)], capture_output=True, check=True, text=True)
    assert done.stdout == "1 False\n"
