"""What we print: YAML in kubectl's shape that every reader takes for what it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.yamlio import dump, dump_all, load_all

AWKWARD = st.text(alphabet=" \n\t:-#'\"ayx10.!&*{}[]|>%@`?,<=~_+eE\x1b\u202e\xa0\u2028é😀")
TEXTS = st.text() | AWKWARD
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda child: st.lists(child) | st.dictionaries(TEXTS, child),
    max_leaves=25,
)


def read(text: str) -> Any:
    documents = load_all(text.encode(), name="dumped")
    return documents[0].value if documents else None


@settings(max_examples=500, deadline=None)
@given(VALUES)
def test_what_is_dumped_is_read_back(value: Any) -> None:
    assert read(dump(value)) == value


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(min_size=1), TEXTS))
def test_other_readers_take_strings_for_strings_too(value: dict[str, str]) -> None:
    assert yaml.load(dump(value), Loader=yaml.SafeLoader) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": "yes"}, 'a: "yes"\n'),
        ({"a": "1"}, 'a: "1"\n'),
        ({"a": "22:22"}, 'a: "22:22"\n'),
        ({"a": "2024-01-01"}, 'a: "2024-01-01"\n'),
        ({"a": "0o17"}, 'a: "0o17"\n'),
        ({"a": "="}, 'a: "="\n'),
        ({"y": "~"}, '"y": "~"\n'),
        ({"a": ""}, 'a: ""\n'),
        ({"a": "x: y"}, "a: 'x: y'\n"),
        ({"a": "it's #1 #"}, "a: 'it''s #1 #'\n"),
        ({"a": "- x"}, "a: '- x'\n"),
        ({"a": "nginx:1.27"}, "a: nginx:1.27\n"),
        ({"a": "1.2.3"}, "a: 1.2.3\n"),
        ({"a": "--flag=x"}, "a: --flag=x\n"),
        ({"a": "/bin/sh -c 'exit 1'"}, "a: /bin/sh -c 'exit 1'\n"),
        ({"a": "x\ny\n"}, "a: |\n  x\n  y\n"),
        ({"a": "x\n\ny"}, "a: |-\n  x\n\n  y\n"),
        ({"a": " x\ny\n\n"}, "a: |2+\n   x\n  y\n\n"),
        ({"a": "\n"}, 'a: "\\n"\n'),
        ({"a": "\x1b[31mred\u202e"}, 'a: "\\e[31mred\\u202e"\n'),
        ({"a": [], "b": {}, "c": None}, "a: []\nb: {}\nc: null\n"),
        ({"a": [1, [2, 3], {"b": 1, "c": [{"d": None}]}]}, "a:\n- 1\n- - 2\n  - 3\n- b: 1\n  c:\n  - d: null\n"),
        ([[[1]]], "- - - 1\n"),
        ("text", "text\n"),
        (True, "true\n"),
        ([{"a": "x\ny"}], "- a: |-\n    x\n    y\n"),
        ({"k" * 130: 1}, "? " + "k" * 130 + "\n: 1\n"),
    ],
)
def test_the_shape_is_kubectls(value: Any, text: str) -> None:
    assert dump(value) == text
    assert read(text) == value


def test_a_shared_value_is_written_out_twice() -> None:
    shared = {"x": [1]}
    assert dump({"a": shared, "b": shared}) == "a:\n  x:\n  - 1\nb:\n  x:\n  - 1\n"


def test_a_stream_has_marks_between_its_documents() -> None:
    assert dump_all([{"a": 1}, {"b": 2}]) == "a: 1\n---\nb: 2\n"
    assert dump_all([]) == ""


def test_nothing_but_json_data_is_written() -> None:
    with pytest.raises(TypeError, match="a key must be a string, not int"):
        dump({1: "x"})
    with pytest.raises(TypeError, match="set is no JSON data"):
        dump({"a": {1, 2}})
    with pytest.raises(TypeError, match="bytes is no JSON data"):
        dump({"a": b"x"})
    with pytest.raises(ValueError, match="infinity"):
        dump([float("inf")])


def test_depth_is_no_danger() -> None:
    value: Any = "leaf"
    for _ in range(50_000):
        value = [value]
    assert dump(value).endswith("- leaf\n")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@settings(max_examples=1, deadline=None)
@given(st.lists(VALUES, min_size=50, max_size=50))
def test_kubectl_reads_what_we_print(values: list[Any]) -> None:
    bodies = [
        {"apiVersion": "x/v1", "kind": "X", "metadata": {"name": f"x{i}"}, "value": json.loads(json.dumps(value))}
        for i, value in enumerate(values)
    ]
    command = ["kubectl", "label", "--local", "-f", "-", "-o", "json", "x=y"]
    done = subprocess.run(command, input=dump_all(bodies).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    decoder, answer, offset = json.JSONDecoder(), done.stdout.decode(), 0
    for body in bodies:
        found, end = decoder.raw_decode(answer, offset)
        offset = end + 1
        assert found["value"] == body["value"]
