"""Kustomizations, with the real kustomize or kubectl."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.render import tool
from tests.render.conftest import CONFIG_MAP, Repository

WEB = CONFIG_MAP.format("web")
GENERATOR = "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: x}\nliterals: [hunter2]\n"

pytestmark = pytest.mark.skipif(
    tool.find("kustomize") is None and tool.find("kubectl") is None, reason="neither kustomize nor kubectl is installed"
)


@pytest.fixture
def base(repository: Repository) -> Repository:
    """A repository with a kustomization in base/."""
    return repository.write({"base/kustomization.yaml": "resources: [x.yaml]\n", "base/x.yaml": WEB})


def test_each_name_of_the_file_is_known(repository: Repository) -> None:
    for name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        repository.write({f"{name}-d/{name}": "resources: [x.yaml]\nnamePrefix: k-\n", f"{name}-d/x.yaml": WEB})
        (manifest,) = repository.render(f"{name}-d")
        assert manifest.key.name == "k-web"
        assert str(manifest.origin) == f"{name}-d/{name}"


def test_the_renderer_can_be_named(base: Repository) -> None:
    assert (
        "has no kustomization.yaml" in base.write({"plain/x.yaml": WEB}).refusal("plain", renderer="kustomize").message
    )
    assert "apiVersion and kind are missing" in base.refusal("base", renderer="directory").message


@pytest.mark.parametrize(
    ("kustomization", "subject", "message"),
    [
        (
            "resources:\n- ../base\n- nope.yaml\n",
            "over/kustomization.yaml:3",
            "refers to 'nope.yaml', which is not in this",
        ),
        (
            "resources: [../base]\ncomponents: [../nope]\n",
            "over/kustomization.yaml:2",
            "refers to '../nope', which is not",
        ),
        ("resources: [../base\n", "over/kustomization.yaml:2:1", "did not find expected"),
        ("resources: [../base]\nresources: []\n", "over/kustomization.yaml:2:1", "key 'resources' is there twice"),
        ("", "over/kustomization.yaml", "is empty"),
        ("- a\n", "over/kustomization.yaml", "is no mapping"),
        ("resources: [../base]\nfoo: bar\n", "over", 'unknown field "foo"'),
        ("resources: [bad.yaml]\n", "over/bad.yaml:2:5", "mapping values are not allowed"),
        ("resources: [../base]\npatches: [{path: bad.yaml}]\n", "over/bad.yaml:2:5", "mapping values are not allowed"),
        ("resources: [../base]\npatches: [{path: none.yaml}]\n", "over/kustomization.yaml:2", "refers to 'none.yaml'"),
        ("resources: [nameless.yaml]\n", "over/nameless.yaml", "missing metadata.name in an object"),
        ("resources: [../base, again.yaml]\n", "over/again.yaml", "already registered id: ConfigMap"),
        ("resources: [../../../other]\n", "over/kustomization.yaml:1", "refers to '../../../other', which leaves the"),
        ("resources: [/etc/hosts]\n", "over/kustomization.yaml:1", "the path is absolute and leaves the checkout"),
        ("resources: [../base/x.yaml]\n", "base/x.yaml", "is not in or below"),
        ("resources: [https://example.com/x.yaml]\n", "over/kustomization.yaml:1", "in the network"),
        ("resources: ['github.com/a/b?ref=v1']\n", "over/kustomization.yaml:1", "in the network"),
        ("resources: ['git@example.com:a/b.git']\n", "over/kustomization.yaml:1", "in the network"),
        ("resources: [example.com/a/b]\n", "over/kustomization.yaml:1", "in the network"),
        ("secretGenerator: [{name: a, files: [x=../../id_rsa]}]\n", "over/kustomization.yaml:1", "leaves the checkout"),
        ("secretGenerator:\n- name: a\n  envs:\n  - none.env\n", "over/kustomization.yaml:4", "is not in this commit"),
        (
            "configMapGenerator: [{name: a, files: ['http://127.0.0.1/x']}]\n",
            "over/kustomization.yaml:1",
            "the network",
        ),
        ("resources: [../over]\n", "over", "cycle detected"),
        ("helmCharts: [{name: x}]\n", "over", "must specify --enable-helm"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(base: Repository, kustomization: str, subject: str, message: str) -> None:
    base.write(
        {
            "over/kustomization.yaml": kustomization,
            "over/bad.yaml": "apiVersion: v1\na: b: c\n",
            "over/nameless.yaml": "apiVersion: v1\nkind: ConfigMap\n",
            "over/again.yaml": WEB,
            "other/x.yaml": WEB,
        }
    )
    error = base.refusal("over")
    assert error.subject == subject
    assert message in error.message
    assert "must build at directory" not in error.message


@pytest.mark.parametrize(
    "files",
    [
        {"kustomization.yaml": "secretGenerator:\n- name: a\n  literals: [password=hunter2, hunter2]\n"},
        {"kustomization.yaml": "secretGenerator:\n- name: a\n  literals: ['hunter2']\n"},
        {"kustomization.yaml": "secretGenerator: [{name: a, envs: [e.env]}]\n", "e.env": b"\xff\xfehunter2=5\n"},
        {"kustomization.yaml": "resources: [x.yaml]\npatches:\n- patch: 'stringData: {a: hunter2}'\n", "x.yaml": WEB},
        {"kustomization.yaml": "resources: [x.yaml]\npatches: [{patch: 'hunter2'}]\n", "x.yaml": WEB},
        {"kustomization.yaml": "generators: [g.yaml]\n", "g.yaml": GENERATOR},
        {"kustomization.yaml": "resources: [x.yaml]\n", "x.yaml": "apiVersion: v1\nkind: Secret\ndata: {a: hunter2}\n"},
        {"kustomization.yaml": "namePrefix: {a: hunter2}\n"},
    ],
)
def test_values_are_never_quoted(repository: Repository, files: dict[str, str | bytes]) -> None:
    repository.write({f"over/{name}": content for name, content in files.items()})
    assert "hunter2" not in str(repository.refusal("over"))


def test_no_link_may_leave_the_checkout(base: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kustomization.yaml").write_text("resources: []\n")
    base.link("base/far/away", "../../../outside")
    assert str(base.refusal("base")).startswith("symbolic link base/far/away: leaves the checkout")
    base.write({"over/kustomization.yaml": "resources: [../base]\n"})
    assert str(base.refusal("over")).startswith("symbolic link base/far/away: leaves the checkout")


def test_a_link_of_another_application_is_its_own_matter(base: Repository) -> None:
    base.link("far/away", "/etc/hostname")
    assert base.names("base") == ["web"]
    error = base.refusal("base", kustomize={"load_restrictor": "LoadRestrictionsNone"})
    assert str(error).startswith("symbolic link far/away: leaves the checkout")


def test_files_outside_of_the_folder_need_the_load_restrictor(base: Repository) -> None:
    base.write({"over/kustomization.yaml": "resources: [../base/x.yaml]\n"})
    assert base.names("over", kustomize={"load_restrictor": "LoadRestrictionsNone"}) == ["web"]
    error = base.refusal("over", kustomize={"load_restrictor": "--enable-helm"})
    assert "is none of LoadRestrictionsRootOnly, LoadRestrictionsNone" in error.message


def test_kustomize_is_preferred_to_kubectl(base: Repository, program: Callable[[str, str], Path]) -> None:
    spy = "import sys, json; print(json.dumps({'apiVersion': 'v1', 'kind': 'Spy', 'metadata': {'name': sys.argv[1]}}))"
    program("kubectl", spy)
    assert base.names("base") == ["kustomize"]
    program("kustomize", spy)
    assert base.names("base") == ["build"]


def test_complaints_of_kustomize_itself_are_read_too(base: Repository, program: Callable[[str, str], Path]) -> None:
    told = "accumulation err='accumulating resources from 'x.yaml': it broke': must build at directory:"
    program("kustomize", f"import sys; sys.exit({json.dumps(f'Error: {told} no')})")
    assert str(base.refusal("base")) == "base/x.yaml: it broke"


def test_a_missing_program_is_told(base: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    error = base.refusal("base")
    assert error.message == "neither kustomize nor kubectl is installed"
    assert "PATH" in error.hint
