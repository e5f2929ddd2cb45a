"""What is read without a parser is what the parser would have made of it, mistakes included."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.model.errors import InputError
from gitops_tui.yamlio import Document, Limits, alike, events, load_all, plain, rows
from gitops_tui.yamlio.build import Builder
from gitops_tui.yamlio.stream import Stream

TESTS = Path(__file__).parents[1]
TEXTS = [path.read_text() for path in sorted(TESTS.rglob("*.y*ml")) if path.stat().st_size < 20_000]
LIMITS = st.sampled_from([Limits(), Limits(depth=3), Limits(nodes=12), Limits(documents=2)])
LINES = """\
a: 1|- c|- name: x|- a: ;|- ;|  - ;|a: ;|key: ;-|k: ;+|    text|     more|\ttab|||  |   |# c|  # c|key:|  key:|
-|- |---|--- x|--- |...|%YAML 1.2|a: {b: c}|a: [x, "y"]|a: []|- {}|- [1, 2]|items:|  items:|items: [a, b]|
items: []|kind: List|a: 'it''s'|a: 'b'|a: "b"|a: "b\\n"|a: "b" c|b: c # note|a: b #|a: #c|a: b: c|a: b:|y: no|
true: x|null: a|1: 2|a: .inf|a: ~|<<: *a|a: &x b|a: *x|a: !!str b|a: >|? x|: y|a: -1|a: - 1|a: --x|a: ---|- - x|
- a|  c: d|a: http://x:80/#f|a: x#y|a: @b|a: %c|a: `|a: é|é: a|a: \xa0|a: \u2028|a: 010|a: 1e3|a: 1_000|
a: 12:30|a:  x  |"q": r|a: ;2|> |a: ]|a: [|a: {|a: [a, b|- [a, b]: c|a: [a,b,]|a: [a, {b: c}]|a: {a: b, a: c}|
a: {y: n}|a: [=, .5]|a: [a b]|a: [a:b]|a: x\x07|a: b\r|a: \ufeff|!!str ;|&a >
""".replace("\n", "").split("|")


def parsed(text: str, limits: Limits) -> tuple[Document, ...]:
    builder = Builder("x.yaml", limits)
    events.parse(text.encode(), builder)
    return tuple(builder.documents)


def said(documents: tuple[Document, ...]) -> list[Any]:
    return [(repr(each.value), each.line, each.items, each.size) for each in documents]


def told(error: InputError) -> list[Any]:
    return [error.subject, error.message, error.hint]


def is_what_the_parser_says(text: str, limits: Limits) -> None:
    try:
        expected = said(parsed(text, limits))
    except InputError as error:
        expected = told(error)
    for read in (load_all, streamed):
        try:
            found = said(read(text.encode(), name="x.yaml", limits=limits))
        except InputError as error:
            found = told(error)
        assert found == expected


def streamed(data: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Read as it would come from a renderer: a little, then more, then all."""
    came = Stream(name, limits)
    for end in (len(data) // 3, len(data) // 3 + 1, len(data) * 4 // 5, len(data)):
        came.read(bytearray(data[:end]))
    return came.documents(data)


@pytest.mark.parametrize("text", TEXTS)
def test_every_file_of_the_tests_is_read_as_the_parser_reads_it(text: str) -> None:
    is_what_the_parser_says(text, Limits())
    is_what_the_parser_says(text.rstrip("\n"), Limits())
    is_what_the_parser_says("\n\n# first\n---\n" + text + "---\n---\na: b\n---", Limits())


@pytest.mark.parametrize("nodes", range(9))
@pytest.mark.parametrize("text", ["---\n---\n# nothing\n---\na: b\n---\n", "# nothing\n---\na: b\n"])
def test_empty_documents_count_as_they_do_to_the_parser(text: str, nodes: int) -> None:
    is_what_the_parser_says(text, Limits(nodes=nodes))


@settings(max_examples=1500, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "", "  ", "    ", " "]), st.sampled_from(LINES)), max_size=9),
    st.sampled_from(["\n", "", "\n\n"]),
    LIMITS,
)
def test_lines_in_any_order_mean_what_they_mean_to_the_parser(
    lines: list[tuple[str, str]], end: str, limits: Limits
) -> None:
    is_what_the_parser_says("\n".join(pad + line.replace(";", "|") for pad, line in lines) + end, limits)


@settings(max_examples=700, deadline=None)
@given(st.sampled_from(TEXTS), st.data(), LIMITS)
def test_a_slip_of_the_hand_means_what_it_means_to_the_parser(text: str, data: st.DataObject, limits: Limits) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 4))
        come = data.draw(st.text(" \n\t-:#|>{}[],'\"&*!%@abc1~.é", max_size=3))
        text = text[:at] + come + text[at + gone :]
    is_what_the_parser_says(text, limits)


DOCUMENTS = [each for text in TEXTS for each in text.split("\n---\n") if 20 < len(each) < 2_000]
VALUES = """\
a;b1;true;no;1.5;1e999;'x';"y";"y\\n";";';x # c;x:;x: y;|;|-;{a: b};[];; z;é;\xa0x;\u2028;- q;.inf;*a;&a b;!!str c;
a#b;-1;--;x"y;'x"';"x'";x';null;=;2024-01-01;010;"\t";a\tb
""".replace("\n", "").split(";")


@settings(max_examples=700, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.data(), LIMITS)
def test_documents_that_are_much_like_one_before_mean_what_they_mean_to_the_parser(
    document: str, data: st.DataObject, limits: Limits
) -> None:
    made = []
    for _ in range(data.draw(st.integers(2, 3))):
        lines = document.rstrip("\n").split("\n")
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(0, len(lines) - 1))
            name, colon, _ = lines[at].partition(":")
            other = data.draw(st.sampled_from(VALUES))
            lines[at] = f"{name}: {other}" if colon else f"{lines[at]}{other}"
        made.append("\n".join(lines))
    is_what_the_parser_says("\n---\n".join(made) + "\n", limits)


SIMPLE = ["a", "b1", "web-2.x", "x_y", "10", "1.5", "010", "true", "no", "null", "1e999", "0x1F", "12_3"]
WRITTEN = [f"{quote}{value}{quote}" for quote in ("", '"') for value in SIMPLE]


@settings(max_examples=700, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.data(), LIMITS)
def test_documents_that_differ_in_the_same_lines_mean_what_they_mean_to_the_parser(
    document: str, data: st.DataObject, limits: Limits
) -> None:
    """The last may differ in more, or in less."""
    lines = document.rstrip("\n").split("\n")
    places = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=3, unique=True))
    quotes = {at: data.draw(st.sampled_from(["", '"'])) for at in places}
    made = []
    for number in range(data.draw(st.integers(4, 7))):
        for at in places:
            name, colon, _ = lines[at].partition(":")
            quote = quotes[at]
            other = f"{quote}{data.draw(st.sampled_from(SIMPLE))}{number}{quote}"
            lines[at] = f"{name}: {other}" if colon else lines[at]
        made.append("\n".join(lines))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.sampled_from(places) | st.integers(0, len(lines) - 1))
        name, colon, rest = lines[at].partition(":")
        other = data.draw(st.sampled_from(VALUES) | st.sampled_from(WRITTEN) | st.just(rest.strip()))
        lines[at] = f"{name}: {other}" if colon else f"{lines[at]}{other}"
    made.insert(data.draw(st.integers(4, len(made))), "\n".join(lines))
    is_what_the_parser_says("\n---\n".join(made) + "\n", limits)


def test_where_the_same_lines_differ_again_no_line_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is read, two are compared with it line by line, the others are held against it as a whole."""
    text = (
        "kind: ConfigMap\nmetadata:\n  name: web-{0}\n  labels: {{app: web}}\ndata:\n  number: '{0}'\n  at: \"{0}\"\n"
    )
    compared: list[Sequence[str]] = []
    varied = alike._Example.varied

    def noted(self: alike._Example, lines: Sequence[str]) -> plain.Plain | None:
        compared.append(lines)
        return varied(self, lines)

    monkeypatch.setattr(alike._Example, "varied", noted)
    plainly = text.replace("'", "")
    found = load_all("---\n".join(plainly.format(number) for number in range(50)).encode(), name="x.yaml")
    assert len(compared) == 2
    assert [document.value["metadata"]["name"] for document in found] == [f"web-{number}" for number in range(50)]
    assert [document.value["data"] for document in found] == [
        {"number": number, "at": str(number)} for number in range(50)
    ]
    assert [document.line for document in found] == list(range(1, 400, 8))
    both = plainly + "---\nkind: Service\nmetadata:\n  name: web-{0}\nspec:\n  type: ClusterIP\n"
    load_all("---\n".join(both.format(number) for number in range(50)).encode(), name="x.yaml")
    assert len(compared) == 6, "two of each kind that takes turns"
    load_all("---\n".join(text.format(number) for number in range(50)).encode(), name="x.yaml")
    assert len(compared) == 6 + 49, "single quotes are looked at, line by line"


def test_documents_of_one_kind_are_made_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is read, and every other line by line only where it differs: here in its name and its number."""
    text = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{0}
  labels: {{app: web}}
  annotations:
    example.org/team: shop
data:
  number: "{0}"
  script: |
    echo {0}

    exit
  list: [a]
"""
    read: list[plain.Part] = []
    one_by_one = plain.read

    def counted(part: plain.Part, depth: int) -> plain.Plain | None:
        read.append(part)
        return one_by_one(part, depth)

    monkeypatch.setattr(alike, "read", counted)
    found = load_all("---\n".join(text.format(number) for number in range(50)).encode(), name="x.yaml")
    assert len(read) == 1
    for number, document in enumerate(found):
        assert document.value == {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"web-{number}",
                "labels": {"app": "web"},
                "annotations": {"example.org/team": "shop"},
            },
            "data": {"number": str(number), "script": f"echo {number}\n\nexit\n", "list": ["a"]},
        }
    assert found[1].value["metadata"]["annotations"] is found[0].value["metadata"]["annotations"]


def test_what_has_come_is_read_once_while_the_rest_is_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    known = alike.Examples.read

    def counted(examples: alike.Examples, part: plain.Part) -> plain.Plain | None:
        read.append(part.lines[0] if part.lines else "")
        return known(examples, part)

    monkeypatch.setattr(alike.Examples, "read", counted)
    came = Stream("x.yaml")
    data = b"".join(b"---\na: %d\n" % number for number in range(4))
    for end in (3, 9, 14, 20, len(data)):
        came.read(data[:end])
    assert read == ["", "a: 0", "a: 1", "a: 2"], "the last may go on"
    assert [document.value for document in came.documents(data)] == [{"a": number} for number in range(4)]
    assert read == ["", "a: 0", "a: 1", "a: 2", "a: 3"]


def test_where_documents_differ_in_more_than_values_no_example_is_tried_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To try costs more than to read. What was like its example meanwhile counts."""
    text = "kind: ConfigMap\nmetadata:\n  name: web-{0}\ndata:\n  {1}: x\n  same: y\n  more: z\n"
    tried: list[bool] = []
    varied = alike._Example.varied

    def noted(self: alike._Example, lines: Sequence[str]) -> plain.Plain | None:
        found = varied(self, lines)
        tried.append(found is not None)
        return found

    monkeypatch.setattr(alike._Example, "varied", noted)
    keys = ["a", "b", "b", *(f"k{number}" for number in range(50))]
    found = load_all("---\n".join(text.format(*each) for each in enumerate(keys)).encode(), name="x.yaml")
    assert [list(document.value["data"]) for document in found] == [[key, "same", "more"] for key in keys]
    assert tried == [False, True, False, False, False]
    mixed = [f"kind: A\na{number % 2}: {number}\nb{number % 2}: x\n" for number in range(16)]
    load_all("---\n".join(mixed).encode(), name="x.yaml")
    assert tried[5:] == [False] * 15, "which a glance tells"


WITHOUT = """\
import sys
from gitops_tui.yamlio import load_all
documents = load_all(sys.stdin.buffer.read(), name="x.yaml")
print(len(documents), "yaml" in sys.modules)
"""


def without_parser(text: str) -> str:
    """How many documents a process finds in a text, and whether it needed a parser."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode().strip()


USUAL = """\
# A note.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
  annotations:
    example.org/when: '2024-01-01'  # quoted
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: example.org/shop:1.0@sha256:abc
        command: ["sh", "-c"]
        args:
        - --port=80
        - |
          echo one
            echo two

          exit
        ports:
          - containerPort: 80
            protocol: TCP
        resources: {}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  script: |-
    if true
    \tindented
  größe: groß
  empty:
"""


def test_what_manifests_are_written_in_needs_no_parser() -> None:
    assert without_parser(USUAL) == "2 False"


def test_one_document_that_needs_the_parser_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(text: bytes | str, builder: Builder) -> None:
        asked.append(str(text))
        parse(text, builder)

    parse = events.parse
    monkeypatch.setattr(events, "parse", noted)
    plain = "a: 1\nb:\n  - c\n"
    found = load_all(f"{plain}---\na: &x 1\nb: *x\n---\n{plain}".encode(), name="x.yaml")
    assert [document.line for document in found] == [1, 5, 8]
    assert asked == ["a: &x 1\nb: *x\n"]


def test_what_was_read_is_nobody_elses() -> None:
    first, second = (load_all(b"a: {b: c}\nd: [e]\n", name="x.yaml")[0].value for _ in range(2))
    first["a"]["b"] = first["d"][0] = "changed"
    assert second == {"a": {"b": "c"}, "d": ["e"]}


def test_the_lines_that_are_remembered_are_bounded() -> None:
    for start in range(0, 30_000, 1000):
        load_all("".join(f"k{start + number}: v\n" for number in range(1000)).encode(), name="x.yaml")
    assert 0 < len(rows.known) <= 10_000
    load_all(f"password: {'x' * 500}\n".encode(), name="x.yaml")
    assert not any("x" * 500 in line for line in rows.known)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.sampled_from([None, 2]), st.booleans())
def test_json_in_a_file_of_another_name_means_what_it_means_to_the_parser(
    value: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    try:
        expected = [document.value for document in parsed(data.decode(), Limits())]
    except InputError:
        # The parser of YAML takes less than JSON allows, such as a character of control.
        return
    assert [document.value for document in load_all(data, name="x.yaml")] == expected


def test_json_takes_no_parser_of_yaml() -> None:
    assert without_parser('{"apiVersion": "v1", "kind": "Config", "clusters": []}') == "1 False"
