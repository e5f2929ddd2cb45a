"""Plain folders: what is refused, with which place and hint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitops_tui.model import application as model
from gitops_tui.model.errors import RenderError
from gitops_tui.model.resources import ResourceKey
from gitops_tui.render import Commit, directory, render
from gitops_tui.render.directory import matches
from gitops_tui.render.manifests import Caps
from gitops_tui.source import Mirrors
from tests.render.conftest import CONFIG_MAP, Committed, Repository, application
from tests.support.git_origin import Origin

WEB = CONFIG_MAP.format("web")


@pytest.fixture(params=[Repository, Committed])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    """An empty repository: in the folder of a checkout, and in Git's objects."""
    root = tmp_path / "checkout"
    root.mkdir()
    made: Repository = request.param(root)
    return made


def test_a_manifest_knows_its_key_place_and_digest(repository: Repository) -> None:
    first, second = repository.write({"a/x.yaml": f"# here\n{WEB}---\n{CONFIG_MAP.format('db')}"}).render("a")
    assert first.key == ResourceKey("", "ConfigMap", "", "web")
    assert str(first.origin) == "a/x.yaml:2"
    assert str(second.origin) == "a/x.yaml:7"
    assert first.digest != second.digest


def test_an_empty_folder_has_no_manifests(repository: Repository) -> None:
    assert repository.write({"a/README.md": "x", "a/empty.yaml": "# nothing\n---\n"}).render("a") == ()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("apps/nope", "path apps/nope: is not in this commit"),
        ("apps/web/x.yaml", "path apps/web/x.yaml: is no folder"),
        ("apps/web/x.yaml/y", "path apps/web/x.yaml/y: is not in this commit"),
        ("../other", "path ../other: leaves the checkout"),
        ("apps/../../other", "path apps/../../other: leaves the checkout"),
        ("/etc", "path /etc: the path is absolute and leaves the checkout"),
        ("apps/\x1b[31m", "path apps/␛[31m: is not in this commit"),
        ("apps/a\x00b", "path apps/a␀b: is not in this commit"),
    ],
)
def test_a_path_that_is_not_there_is_told(repository: Repository, path: str, message: str) -> None:
    repository.write({"apps/web/x.yaml": WEB})
    assert str(repository.refusal(path)) == message


def test_a_path_may_be_written_in_any_way_that_stays_inside(repository: Repository) -> None:
    repository.write({"apps/web/x.yaml": WEB})
    for path in ("apps/web", "apps/web/", "./apps/web", "apps/../apps/./web", "apps//web"):
        assert [str(m.origin) for m in repository.render(path)] == ["apps/web/x.yaml:1"]


@pytest.mark.parametrize(
    ("text", "subject", "message"),
    [
        ("a: 1\n", "a/x.yaml:1", "is no Kubernetes object: apiVersion and kind are missing"),
        (f"{WEB}---\n\nkind: X\n", "a/x.yaml:7", "apiVersion and kind are missing"),
        ("- a\n", "a/x.yaml:1", "is no Kubernetes object"),
        ("just text\n", "a/x.yaml:1", "is no Kubernetes object"),
        ("apiVersion: v1\nkind: ConfigMap\n", "a/x.yaml:1", "the ConfigMap has no metadata"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: [a]\n", "a/x.yaml:1", "metadata of the ConfigMap is no mapping"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n", "a/x.yaml:1", "the ConfigMap has no name"),
        ("apiVersion: v1\nkind: Job\nmetadata: {generateName: x-}\n", "a/x.yaml:1", "which only hooks may have"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 123}\n",
            "a/x.yaml:1",
            "metadata.name is a number, not text",
        ),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yes}\n", "a/x.yaml:1", "metadata.name is a boolean, not"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a/b}\n",
            "a/x.yaml:1",
            "metadata.name 'a/b' is not allowed",
        ),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ..}\n", "a/x.yaml:1", "metadata.name '..' is not allowed"),
        ('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "a\\e[0m"}\n', "a/x.yaml:1", "'a␛[0m' is not allowed"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: A_b}\n",
            "a/x.yaml:1",
            "metadata.namespace 'A_b'",
        ),
        ("apiVersion: v1\nkind: 5\nmetadata: {name: a}\n", "a/x.yaml:1", "kind is a number, not text"),
        ("apiVersion: 1\nkind: X\nmetadata: {name: a}\n", "a/x.yaml:1", "apiVersion is a number, not text"),
        ("apiVersion: ../v1\nkind: X\nmetadata: {name: a}\n", "a/x.yaml:1", "apiVersion '../v1' is not allowed"),
        (f"apiVersion: v1\nkind: {'X' * 1000}\nmetadata: {{name: a}}\n", "a/x.yaml:1", "XX…' is not allowed"),
        ("apiVersion: v1\nkind: X/y\nmetadata: {name: a}\n", "a/x.yaml:1", "kind 'X/y' is not allowed"),
        (
            "apiVersion: v1\nkind: X\nmetadata: {name: a, labels: {tier: 5}}\n",
            "a/x.yaml:1",
            "metadata.labels 'tier' is a number",
        ),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a, annotations: []}\n", None, None),
        (
            "apiVersion: v1\nkind: X\nmetadata: {name: a, annotations: [b]}\n",
            "a/x.yaml:1",
            "annotations is a list, not a",
        ),
        ("kind: List\napiVersion: v1\nitems:\n- {}\n- 5\n", "a/x.yaml:4", "is no Kubernetes object"),
        (f"{WEB}data: [\n", "a/x.yaml:6:1", "did not find expected"),
        (f"{WEB}kind: Secret\n", "a/x.yaml:5:1", "key 'kind' is there twice, first at 2:1"),
        (f"{WEB}data: {{{{ .Values.x }}}}\n", "a/x.yaml:5:8", "a key must be a string"),
        ("apiVersion: v1\nkind: Secret\ndata:\n\tx: y\n", "a/x.yaml:4:1", "a tab"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_place(
    repository: Repository, text: str, subject: str | None, message: str | None
) -> None:
    repository.write({"a/x.yaml": text})
    if subject is None or message is None:
        assert repository.names("a") == ["a"]
        return
    error = repository.refusal("a")
    assert error.subject == subject
    assert message in error.message


def test_hints_say_what_to_do(repository: Repository) -> None:
    repository.write({"a/values.yaml": "replicas: 1\n", "b/x.yaml": "a: {{ .Values.x }}\n", "c/x.yaml": b"a: \xff\n"})
    assert "directory.exclude" in repository.refusal("a").hint
    assert "Helm chart" in repository.refusal("b").hint
    assert "UTF-8" in repository.refusal("c").hint


def test_labels_and_annotations_without_a_value_are_empty_texts(repository: Repository) -> None:
    (manifest,) = repository.write({"x.yaml": WEB + "  annotations: {a: , b: c}\n"}).render()
    assert manifest.annotations == {"a": "", "b": "c"}


def test_two_manifests_of_one_key_are_refused_with_both_places(repository: Repository) -> None:
    repository.write({"a/one.yaml": WEB, "a/two.yaml": f"# second\n{WEB}data: {{x: y}}\n"})
    error = repository.refusal("a")
    assert str(error) == "ConfigMap web: is there twice: a/one.yaml:1 and a/two.yaml:2 (keep one of them)"


def test_one_name_in_two_namespaces_or_versions_of_a_kind(repository: Repository) -> None:
    repository.write({"a/x.yaml": f"{WEB}---\n{WEB}  namespace: shop\n"})
    assert repository.names("a") == ["web", "web"]
    repository.write({"b/x.yaml": f"{WEB}---\n{WEB.replace('v1', 'v2')}"})
    assert "is there twice" in repository.refusal("b").message


def test_hooks_with_generated_names_may_look_alike(repository: Repository) -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: m-\n  annotations: {helm.sh/hook: pre-install}\n"
    repository.write({"x.yaml": f"{job}---\n{job}spec: {{}}\n"})
    assert [m.body["metadata"]["generateName"] for m in repository.render()] == ["m-", "m-"]
    repository.write({"y.yaml": job})
    assert "is there twice" in repository.refusal().message


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../outside.yaml", "../../checkout/../outside.yaml", "chain.yaml"]
)
def test_a_link_that_leaves_is_refused_and_named_without_its_target(
    repository: Repository, tmp_path: Path, target: str
) -> None:
    (tmp_path / "outside.yaml").write_text(WEB)
    repository.write({"a/y.yaml": CONFIG_MAP.format("db")})
    repository.link("a/chain.yaml", "../b/chain.yaml").link("b/chain.yaml", "../../outside.yaml")
    if target != "chain.yaml":
        (repository.root / "a/chain.yaml").unlink()
        repository.link("a/chain.yaml", target)
    error = repository.refusal("a")
    assert error.subject == "symbolic link a/chain.yaml"
    assert error.message == "leaves the checkout"
    assert "outside" not in str(error)
    assert "passwd" not in str(error)


def test_a_folder_that_is_a_link_out_is_refused(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text(WEB)
    repository.link("a", "../outside")
    assert str(repository.refusal("a")) == "path a: leaves the checkout"
    repository.write({"b/x.yaml": WEB}).link("b/sub", "../../outside")
    assert repository.refusal("b", directory={"recurse": True}).subject == "symbolic link b/sub"


def test_links_inside_are_followed_and_circles_end(repository: Repository) -> None:
    repository.write({"shared/x.yaml": WEB, "a/y.yaml": CONFIG_MAP.format("db")})
    repository.link("a/x.yaml", "../shared/x.yaml").link("a/again", "../a").link("a/up", "..")
    assert sorted(repository.names("a")) == ["db", "web"]
    assert sorted(repository.names("a", directory={"recurse": True, "exclude": ["x.yaml"]})) == ["db"]
    repository.link("c/one", "two").link("c/two", "one")
    assert str(repository.refusal("c")).startswith("symbolic link c/one: links run in a circle")
    repository.link("d/broken.yaml", "nowhere.yaml")
    assert str(repository.refusal("d")).startswith("symbolic link d/broken.yaml: is not in this commit")


@pytest.mark.parametrize("name", ["a\x1b[31m.yaml", "a\nb.yaml", "a\u202e.yaml", os.fsdecode(b"a\xff.yaml")])
def test_a_file_name_that_cannot_be_shown_is_refused_harmlessly(repository: Repository, name: str) -> None:
    error = repository.write({f"a/{name}": WEB}).refusal("a")
    assert "characters that cannot be shown" in error.message
    assert str(error).isprintable()


def test_pipes_and_devices_are_refused(repository: Repository) -> None:
    folder = Repository(repository.root).write({"a/x.yaml": WEB})
    os.mkfifo(folder.root / "a" / "pipe.yaml")
    assert str(folder.refusal("a")) == "a/pipe.yaml: is neither a file nor a folder"


def test_caps_are_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Caps(file=200, object=100, total=300, files=3, objects=2, depth=2)
    monkeypatch.setattr(directory, "CAPS", small)
    options = {"directory": {"recurse": True}}
    repository.write({"file/x.yaml": "#" * 201})
    assert "201 bytes is more than the limit of 200" in repository.refusal("file", **options).message
    repository.write({"object/x.yaml": f"{WEB}data: {{x: {'x' * 100}}}\n"})
    assert str(repository.refusal("object", **options)) == "object/x.yaml:1: the object is larger than 100 bytes"
    repository.write({f"total/{i}.yaml": "#" * 150 for i in range(3)})
    assert "more than 300 bytes" in repository.refusal("total", **options).message
    repository.write({f"files/{i}.yaml": "" for i in range(4)})
    assert "more than 3 files" in repository.refusal("files", **options).message
    repository.write({"objects/x.yaml": "---\n".join(CONFIG_MAP.format(f"c{i}") for i in range(3))})
    assert "more than 2 objects" in repository.refusal("objects", **options).message
    repository.write({"deep/1/2/3/x.yaml": WEB})
    assert "nested more than 2 levels" in repository.refusal("deep", **options).message


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("a.yaml", "*.yaml", True),
        ("x/a.yaml", "*.yaml", True),
        ("x/a.yaml", "x/*.yaml", True),
        ("x/y/a.yaml", "x/*.yaml", False),
        ("x/y/a.yaml", "x/**", True),
        ("x/y/a.yaml", "**/a.yaml", True),
        ("a.yaml", "**/a.yaml", True),
        ("x/y/a.yaml", "x/**/a.yaml", True),
        ("x/a.yaml", "x/**/a.yaml", True),
        ("a.yml", "*.{yaml,yml}", True),
        ("a.json", "*.{yaml,yml}", False),
        ("a1.yaml", "a[0-9].yaml", True),
        ("ab.yaml", "a[!0-9].yaml", True),
        ("a1.yaml", "a[!0-9].yaml", False),
        ("a.yaml", "?.yaml", True),
        ("ab.yaml", "?.yaml", False),
        ("a+b.yaml", "a+b.yaml", True),
        ("aab.yaml", "a+b.yaml", False),
        ("a.yaml", "./a.yaml", True),
        ("a[.yaml", "a[.yaml", True),
        ("axyaml", "a.yaml", False),
    ],
)
def test_globs(path: str, pattern: str, fits: bool) -> None:
    assert matches(path, pattern) is fits


def test_one_file_under_two_names_is_read_for_each(repository: Repository) -> None:
    repository.write({"app/a.yaml": CONFIG_MAP.format("a")}).link("app/b.yaml", "a.yaml")
    error = repository.refusal("app")
    assert "a.yaml" in str(error) and "b.yaml" in str(error)
    repository.write({"app/a.yaml": "# nothing\n", "app/c.yaml": WEB})
    assert repository.names("app") == ["web"]


@pytest.mark.parametrize("target", [b"", b"a.yaml\0", b"./" * 2000 + b"a.yaml"])
def test_a_link_that_no_folder_can_hold_is_refused(tmp_path: Path, target: bytes) -> None:
    origin = Origin(tmp_path / "origin")
    origin.write({"app/a.yaml": WEB})
    origin.git("add", "--all")
    link = origin.git("hash-object", "-w", "--stdin", stdin=target)
    origin.git("update-index", "--add", "--cacheinfo", f"120000,{link},app/link.yaml")
    sha = origin.raw_commit(origin.git("write-tree"))
    origin.git("update-ref", "refs/heads/main", sha)
    mirror = Mirrors(tmp_path / "state").mirror(model.Repository(str(origin.path)))
    mirror.fetch()
    with pytest.raises(RenderError, match=r"^app/link\.yaml: has no valid target \(remove the link"):
        render(Commit(mirror.files(sha)), application("app"))
