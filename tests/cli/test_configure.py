"""A user writes a configuration with `config init`, checks it, and asks for its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from gitops_tui.cli.parser import build_parser
from gitops_tui.cli.run import run_config
from gitops_tui.config import example
from gitops_tui.yamlio import load_all


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GITOPS_TUI_CONFIG", raising=False)
    return tmp_path


def config(*words: str) -> int:
    return run_config(build_parser("0").parse_args(["config", *words]))


def test_init_then_validate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert config("init") == 0
    assert (folder / "gitops-tui.yaml").read_text(encoding="utf-8") == example()
    assert capsys.readouterr().out == "gitops-tui.yaml written\n"
    assert config("validate") == 0
    assert capsys.readouterr().out == f"{folder}/gitops-tui.yaml is valid: repositories 1, applications 1, folders 1\n"


def test_init_leaves_a_file_that_is_there_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.yaml").write_text("mine", encoding="utf-8")
    assert config("init", "mine.yaml") == 2
    assert capsys.readouterr().err == "error: mine.yaml: is there already\nhint: name another file\n"
    assert (folder / "mine.yaml").read_text(encoding="utf-8") == "mine"


def test_init_makes_the_folder_it_is_asked_for(folder: Path) -> None:
    assert config("init", "home/.config/gitops-tui/config.yaml") == 0
    assert config("validate") == 0


def test_validate_tells_all_mistakes_in_lines_that_an_editor_can_follow(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gitops-tui.yaml").write_text("folders: {}\nsetings: {}\n", encoding="utf-8")
    assert config("validate") == 2
    said = capsys.readouterr()
    path = folder / "gitops-tui.yaml"
    assert said.out == ""
    assert said.err == (
        f"{path}:1:10: folders: must be a list, not keys and values\n"
        f"{path}:2:1: unknown key `setings`, did you mean `settings`?\n"
        f"error: {path}: 2 mistakes\n"
    )
    assert config("validate", "-o", "json") == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["valid"], len(answer["mistakes"])) == (False, 2)


@pytest.mark.parametrize("words", [["validate"], ["validate", "absent.yaml"], ["validate", "--config", "absent.yaml"]])
def test_validate_without_a_file_says_how_to_get_one(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert config(*words) == 2
    assert "`gitops-tui config init` writes one" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_schema_accepts_the_example(capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert config("schema", "-o", form) == 0
    schema = json.loads(capsys.readouterr().out)
    (document,) = load_all(example().encode(), name="example")
    jsonschema.validate(document.value, schema)


RULES = """\
folders: [{source: {repository: ./fleet}}]
health:
  - group: db.example.org
    kind: Database
    rules:
      - when: status.ready < spec.shards
        code: Degraded
        message: "{status.ready} of {spec.shards} shards"
"""
OBJECTS = """\
apiVersion: v1
kind: List
items:
  - apiVersion: db.example.org/v1
    kind: Database
    metadata: {name: few, namespace: shop}
    spec: {shards: 3}
    status: {ready: 2}
  - {apiVersion: db.example.org/v1, kind: Database, metadata: {name: all}, spec: {shards: 3}, status: {ready: 3}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, status: {phase: Bound}}
"""


def test_rules_are_tried_on_objects_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gitops-tui.yaml").write_text(RULES, encoding="utf-8")
    (folder / "live.yaml").write_text(OBJECTS, encoding="utf-8")
    assert config("validate", "--against", "live.yaml") == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [" ".join(line.split()) for line in lines] == [
        "RESOURCE HEALTH RULE MESSAGE",
        "db.example.org/Database shop/few ✗ Degraded configured rule 1 2 of 3 shards",
        "db.example.org/Database all · None conditions",
        "PersistentVolumeClaim data ● Healthy PersistentVolumeClaim bound",
    ]
    assert config("validate", "--against", "live.yaml", "-o", "json") == 0
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    assert [verdict["health"] for verdict in verdicts] == ["Degraded", "None", "Healthy"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "live.yaml: no such file or directory"),
        ("a: [", "live.yaml:2:1: "),
        ("---\nname: web\n", "live.yaml:2: is no Kubernetes object"),
        ("{kind: Pod, metadata: []}", "live.yaml:1: is no Kubernetes object: its metadata"),
    ],
)
def test_a_file_without_objects_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, told: str
) -> None:
    (folder / "gitops-tui.yaml").write_text(RULES, encoding="utf-8")
    if text is not None:
        (folder / "live.yaml").write_text(text, encoding="utf-8")
    assert config("validate", "--against", "live.yaml") == 2
    assert f"error: {told}" in capsys.readouterr().err
