"""What our loader makes of YAML and JSON: the same as kubectl, within budgets, with the place of each mistake."""

from __future__ import annotations

import importlib.util
import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.model.errors import InputError
from gitops_tui.yamlio import Limits, events, load_all

HERE = Path(__file__).parent


def _recorder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("record_kubectl", HERE / "record_kubectl.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RECORDER = _recorder()
GOLDEN: dict[str, Any] = json.loads((HERE / "kubectl.json").read_text(), parse_int=RECORDER.number)


def value_of(text: str, name: str = "x.yaml", **limits: int) -> Any:
    """The only document of a text."""
    (document,) = load_all(text.encode(), name=name, limits=Limits(**limits))
    return document.value


def refusal(text: str | bytes, name: str = "apps/web.yaml", **limits: int) -> InputError:
    """The error that a text is refused with."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(InputError) as caught:
        load_all(data, name=name, limits=Limits(**limits))
    return caught.value


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test with libyaml and with the parser in Python that stands in where libyaml is missing."""
    if request.param == "python":
        monkeypatch.setattr(events, "_PARSER", yaml.SafeLoader)
    return str(request.param)


@pytest.mark.parametrize("text", GOLDEN["accepted"])
def test_a_text_means_what_it_means_to_kubectl(text: str, parser: str) -> None:
    if parser == "python" and "\t" in text:
        pytest.skip("the parser in Python is stricter about tabs")
    found = value_of(f"value:\n  {text.replace(chr(10), chr(10) + '  ')}\n")["value"]
    expected = GOLDEN["accepted"][text]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", GOLDEN["refused"])
def test_a_text_that_kubectl_refuses_is_refused(text: str, parser: str) -> None:
    assert refusal(f"value:\n  {text.replace(chr(10), chr(10) + '  ')}\n").subject.startswith("apps/web.yaml:")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_recorded_answers_are_those_of_the_kubectl_on_this_machine() -> None:
    assert RECORDER.ask(list(GOLDEN["accepted"])) == list(GOLDEN["accepted"].values())


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "key 'a' is there twice, first at 1:1"),
        ("1: x\n'1': y\n", "2:1", "key '1' is there twice, first at 1:1"),
        ("- {a: 1, a: 2}\n", "1:10", "key 'a' is there twice, first at 1:4"),
        ("a: !!python/object/apply:os.system [ls]\n", "1:4", "tag !!python/object/apply:os.system is not allowed"),
        ("a: !vault secret\n", "1:4", "tag !vault is not allowed"),
        ("1e39: x\n", "1:1", "a key must be a string"),
        ("99999999999999999999: x\n", "1:1", "a key must be a string"),
        ("a: !!set {}\n", "1:4", "tag !!set is not allowed"),
        ("a: !!binary /w==\n", "1:4", "does not fit its tag"),
        ("a: \x1b[31m\n", "1:4", "control character"),
        ("a: 1\nb: x\x00\n", "2:5", "control character"),
        ("a:\n\t- b\n", "2:1", "a tab"),
        ("a: {{ .Values.x }}\n", "1:5", "a key must be a string"),
        ("%YAML 3.0\n---\na: 1\n", "1:1", "incompatible YAML document"),
        ("a: [1, 2\nb: 3\n", "2:2", "did not find expected ',' or ']'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: str, message: str) -> None:
    error = refusal(text)
    assert error.subject == f"apps/web.yaml:{place}"
    assert message in error.message


def test_an_error_never_quotes_a_value() -> None:
    for text in (
        "password: hunter2: x\n",
        "a: 'hunter2\n",
        "- hunter2\nb: c\n",
        "a: !!int hunter2\n",
        "a: [hunter2\nb: 1",
    ):
        assert "hunter2" not in str(refusal(text))


def test_hostile_names_in_errors_are_harmless() -> None:
    assert "\x1b" not in str(refusal('"\\e[31m": 1\n"\\e[31m": 2\n'))


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"a: 1\nb: caf\xe9\n", "2:7", "not UTF-8"),
        ("a: 1\n".encode("utf-16"), "1:1", "UTF-16"),
        (b"\xfe\xff\x00a", "1:1", "UTF-16"),
        ("a: 1\n".encode("utf-16-le"), "1:2", "control character"),
    ],
)
def test_other_encodings_are_refused_clearly(data: bytes, place: str, message: str) -> None:
    error = refusal(data)
    assert error.subject == f"apps/web.yaml:{place}"
    assert message in error.message


def test_a_byte_order_mark_windows_line_ends_and_directives_do_no_harm(parser: str) -> None:
    assert value_of("\ufeffa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}
    assert value_of("%YAML 1.2\n---\na: yes\n") == {"a": True}
    assert value_of("%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 5\n") == {"a": "5"}


def test_a_stream_gives_its_documents_with_their_lines(parser: str) -> None:
    documents = load_all(b"# first\n---\na: 1\n---\n# nothing\n---\n---\n\nb: 2\n...\n---\n~\n", name="x")
    assert [(document.value, document.line) for document in documents] == [({"a": 1}, 3), ({"b": 2}, 9)]
    assert load_all(b"", name="x") == ()
    assert load_all(b"# only a comment\n", name="x") == ()


def test_the_items_of_a_list_have_lines() -> None:
    (document,) = load_all(b"kind: List\nitems:\n- a: 1\n  items: [{}]\n-\n  b: 2\nmore: [{}]\n", name="x")
    assert document.items == (3, 6)


def test_anchors_do_not_reach_the_next_document() -> None:
    assert "names no anchor" in refusal("a: &x 1\n---\nb: *x\n").message


def test_an_alias_inside_what_it_names_is_refused() -> None:
    assert "stands inside what it names" in refusal("a: &x\n  b: [*x]\n").message


def nested_aliases(levels: int, width: int, leaf: str = "x") -> str:
    lines = ["a0: &a0 [" + ", ".join([leaf] * width) + "]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_an_alias_bomb_is_refused_where_it_passes_the_budget() -> None:
    error = refusal(nested_aliases(9, 9))
    assert "more than 1000000 values, with aliases written out" in error.message


def test_long_texts_and_merges_count_as_often_as_they_are_named() -> None:
    text = "big: &b " + "x" * 1000 + "\nmany: [" + "*b, " * 20_000 + "]\n"
    assert "characters, with aliases written out" in refusal(text).message
    merges = "base: &b {" + ", ".join(f"k{i}: {i}" for i in range(1000)) + "}\nmany:\n" + "- <<: *b\n" * 2000
    assert "values, with aliases written out" in refusal(merges).message


def test_aliases_cannot_nest_deeper_than_written_brackets() -> None:
    assert value_of(nested_aliases(90, 1))["a89"] is not None
    assert "nested more than 100 levels deep, with aliases written out" in refusal(nested_aliases(200, 1)).message


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[" * 25_000, "x.yaml"),
        ("{a: " * 25_000, "x.yaml"),
        ("- " * 25_000, "x.yaml"),
        ("? " * 25_000, "x.yaml"),
        ("\n".join(" " * i + "a:" for i in range(2_000)), "x.yaml"),
        ("[" * 25_000, "x.json"),
        ('{"a":' * 25_000, "x.json"),
    ],
)
def test_deep_nesting_is_an_error_with_a_place(text: str, name: str, parser: str) -> None:
    error = refusal(text, name)
    assert "nested more than 100 levels deep" in error.message or "must be a string" in error.message


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["[", "{", "{a: ", "- ", "? ", "&a ", "*a", "]", "}", ", ", "\n", "'", '"', "|", ": ", "!!x "])
    )
)
def test_no_sequence_of_signs_does_worse_than_an_error(signs: list[str]) -> None:
    for text in ("".join(signs), "".join(signs) * 500):
        for name in ("x.yaml", "x.json"):
            try:
                load_all(text.encode(), name=name)
            except InputError as error:
                assert error.subject.startswith(name)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_an_error(data: bytes) -> None:
    for name in ("x.yaml", "x.json"):
        try:
            documents = load_all(data, name=name)
        except InputError:
            continue
        json.dumps([document.value for document in documents], allow_nan=False)


def test_limits_are_told_with_their_size() -> None:
    assert "20 bytes is more than the limit of 10" in refusal("a: 123456789012345\n\n", bytes=10).message
    assert "more than 3 values" in refusal("[1, 2, 3, 4]", nodes=3).message
    assert "more than 2 documents" in refusal("--- 1\n--- 2\n--- 3\n", documents=2).message


def test_fifty_megabytes_are_refused_before_they_are_read() -> None:
    assert "more than the limit" in refusal(b"a" * 50_000_000).message


BOMB = """
import sys
from gitops_tui.model.errors import InputError
from gitops_tui.yamlio import load_all
try:
    load_all(sys.stdin.buffer.read(), name="bomb.yaml")
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "text",
    [
        nested_aliases(12, 12),
        "[" * 5_000_000,
        "- " * 5_000_000,
        "[[], " * 1_000_000,
        "&a [" + "*a," * 1_000_000,
        "{" * 5_000_000,
    ],
    ids=["aliases", "brackets", "dashes", "wide", "self", "braces"],
)
def test_a_bomb_is_refused_within_a_gigabyte(text: str) -> None:
    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    done = subprocess.run(
        [sys.executable, "-c", BOMB], input=text.encode(), capture_output=True, check=False, preexec_fn=narrow
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]
    assert done.stdout.startswith(b"bomb.yaml:")


def test_numbers_of_any_length_are_read() -> None:
    assert value_of("a: " + "9" * 5000) == {"a": "9" * 5000}
    assert value_of("a: 0x" + "f" * 5000) == {"a": "0x" + "f" * 5000}
    assert value_of("a: 0." + "1" * 5000) == {"a": float("0." + "1" * 5000)}


def test_json_is_read_strictly() -> None:
    assert value_of('{"a": "\\ud83d\\ude00", "b": [1.0, -2.5e1, true, null, "\\/"]}', "x.json") == {
        "a": "😀",
        "b": [1, -25, True, None, "/"],
    }
    assert [d.value for d in load_all(b'{"a": {}}\n{"b": []}', name="x.json")] == [{"a": {}}, {"b": []}]
    assert value_of('{"a": "yes", "b": "1", "c": "~"}', "x.json") == {"a": "yes", "b": "1", "c": "~"}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{\n  "a": 1,\n  "a": 2\n}', "3:3", "key 'a' is there twice, first at 2:3"),
        ('{"a": 1,}', "1:9", "'}' is not expected here"),
        ("[1, 2,]", "1:7", "']' is not expected here"),
        ('{"a" 1}', "1:6", "a colon is expected here"),
        ("{a: 1}", "1:2", "malformed JSON"),
        ('{"a": 1', "1:8", "'}' is missing at the end"),
        ('{"a": 1e999}', "1:7", "out of range"),
        ('{"a": 01}', "1:7", "malformed JSON"),
        ('{"a": NaN}', "1:7", "malformed JSON"),
        ('{"a": "\n"}', "1:7", "malformed JSON"),
        ('{"a": 1]', "1:8", "']' is not expected here"),
        (":", "1:1", "a value is expected here"),
    ],
)
def test_a_mistake_in_json_is_told_with_its_place(text: str, place: str, message: str) -> None:
    error = refusal(text, "apps/web.json")
    assert error.subject == f"apps/web.json:{place}"
    assert message in error.message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda child: st.lists(child) | st.dictionaries(st.text(), child),
    )
)
def test_what_json_writes_is_read_back(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        documents = load_all(text.encode(), name="x.json")
        assert [document.value for document in documents] == ([] if value is None else [value])
