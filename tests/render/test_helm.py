"""Helm charts, with the real helm."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.render import RenderTarget, start, tool
from tests.render.conftest import CONFIG_MAP, Repository

CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
NAMED = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"

needs_helm = pytest.mark.skipif(tool.find("helm") is None, reason="helm is not installed")


@pytest.fixture
def chart(repository: Repository) -> Repository:
    """A repository with a chart in charts/web."""
    return repository.write({"charts/web/Chart.yaml": CHART, "charts/web/templates/map.yaml": NAMED})


@needs_helm
def test_the_release_is_named_like_the_application_and_lands_in_its_namespace(chart: Repository) -> None:
    chart.write({"charts/web/templates/map.yaml": NAMED + "  namespace: {{ .Release.Namespace }}\n"})
    (manifest,) = chart.render("charts/web", namespace="shop")
    assert str(manifest.key) == "ConfigMap shop/web"
    assert str(manifest.origin) == "charts/web/templates/map.yaml"


@needs_helm
def test_a_chart_in_the_root_has_paths_without_a_folder(repository: Repository) -> None:
    repository.write({"Chart.yaml": CHART, "templates/map.yaml": NAMED})
    assert [str(m.origin) for m in repository.render()] == ["templates/map.yaml"]


@needs_helm
def test_crds_are_part_of_it_unless_they_are_not_wanted(chart: Repository) -> None:
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.example.com}\n"
    chart.write({"charts/web/crds/a.yaml": crd})
    assert chart.names("charts/web") == ["a.example.com", "web"]
    assert chart.names("charts/web", helm={"include_crds": False}) == ["web"]


@needs_helm
def test_templates_see_the_destination(chart: Repository) -> None:
    chart.write(
        {
            "charts/web/templates/map.yaml": NAMED
            + "data:\n  kube: {{ .Capabilities.KubeVersion.Version }}\n"
            + '  has: "{{ .Capabilities.APIVersions.Has "example.com/v1" }}"\n'
        }
    )
    many = tuple(f"g{i}.example.com/v1" for i in range(1200))
    (manifest,) = chart.render("charts/web", target=RenderTarget("v1.31.2+k3s1", (*many, "example.com/v1")))
    assert manifest.body["data"] == {"kube": "v1.31.2+k3s1", "has": "true"}


@needs_helm
def test_a_packed_dependency_works(chart: Repository, tmp_path: Path) -> None:
    helm = tool.find("helm")
    assert helm is not None
    other = tmp_path / "cache"
    Repository(other).write({"Chart.yaml": CHART.replace("shop", "cache"), "templates/c.yaml": CONFIG_MAP.format("c")})
    packed = chart.root / "charts/web/charts"
    subprocess.run([helm, "package", other, "-d", packed], check=True, capture_output=True)
    chart.write({"charts/web/Chart.yaml": CHART + "dependencies: [{name: cache, version: 0.1.0}]\n"})
    assert sorted(chart.names("charts/web")) == ["c", "web"]


@needs_helm
def test_a_missing_dependency_is_named_with_the_remedy(chart: Repository) -> None:
    chart.write(
        {"charts/web/Chart.yaml": CHART + "dependencies: [{name: redis, version: 1.0.0, repository: 'https://x'}]\n"}
    )
    error = chart.refusal("charts/web")
    assert error.subject == "charts/web/Chart.yaml"
    assert "redis" in error.message
    assert "helm dependency build charts/web" in error.hint


@needs_helm
@pytest.mark.parametrize(
    ("template", "subject", "message"),
    [
        ("a: {{ if }}\n", "charts/web/templates/bad.yaml:1", "missing value for if"),
        ("\n\na: {{ .Values.foo.bar }}\n", "charts/web/templates/bad.yaml:3", "nil pointer evaluating"),
        ('\na: {{ include "nope" . }}\n', "charts/web/templates/bad.yaml:2", 'no template "nope"'),
        (
            '\n\n\na: {{ required "a host is needed" .Values.host }}\n',
            "charts/web/templates/bad.yaml:4",
            "a host is needed",
        ),
        ('a: {{ include "deep" . }}\n', "charts/web/templates/bad.yaml:1", "deeper"),
        (
            "apiVersion: v1\nkind: X\n a: b: c\n",
            "charts/web/templates/bad.yaml",
            "line 3: mapping values are not allowed",
        ),
        ("apiVersion: v1\nkind: X\na: 1\na: 2\n", "charts/web/templates/bad.yaml", "key 'a' is there twice"),
        ("kind: X\n", "charts/web/templates/bad.yaml", "apiVersion and kind are missing"),
        ("apiVersion: v1\nkind: X\nmetadata: {name: {{ 5 }}}\n", "charts/web/templates/bad.yaml", "name is a number"),
        ('{{ include "loop" . }}\n', "charts/web/templates/_deep.tpl:6", "nested reference name"),
    ],
)
def test_a_bad_template_is_told_with_its_file(chart: Repository, template: str, subject: str, message: str) -> None:
    helpers = (
        '{{- define "deep" }}\n\n{{ fail "deeper" }}\n{{- end }}\n'
        '{{- define "loop" }}\n{{ include "loop" . }}\n{{- end }}\n'
    )
    chart.write({"charts/web/templates/bad.yaml": template, "charts/web/templates/_deep.tpl": helpers})
    error = chart.refusal("charts/web")
    assert error.subject == subject
    assert message in error.message
    assert len(error.message) <= 500


@needs_helm
@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028"])
def test_what_ends_a_line_to_some_moves_no_object_to_another_template(chart: Repository, end: str) -> None:
    chart.write(
        {
            "charts/web/templates/a.yaml": f"# {end * 20}\n{CONFIG_MAP.format('a')}---\n{CONFIG_MAP.format('b')}",
            "charts/web/templates/b.yaml": CONFIG_MAP.format("c"),
        }
    )
    origins = {manifest.key.name: manifest.origin.path for manifest in chart.render("charts/web")}
    assert [origins[name] for name in "abc"] == [f"charts/web/templates/{name}.yaml" for name in "aab"]


@needs_helm
def test_two_templates_of_one_object_are_both_named(chart: Repository) -> None:
    chart.write({"charts/web/templates/other.yaml": NAMED})
    error = chart.refusal("charts/web")
    assert error.message == "is there twice: charts/web/templates/map.yaml and charts/web/templates/other.yaml"


@needs_helm
@pytest.mark.parametrize(
    ("files", "path", "subject", "message"),
    [
        ({"Chart.yaml": "name: [\n"}, "charts/web", "charts/web", "Chart.yaml"),
        ({"values.yaml": "x: [\n"}, "charts/web", "charts/web/values.yaml:2:1", "did not find expected node content"),
        ({"Chart.yaml": CHART + "kubeVersion: '>=1.90'\n"}, "charts/web", "charts/web", "requires kubeVersion: >=1.90"),
    ],
)
def test_a_bad_chart_is_told(chart: Repository, files: dict[str, str], path: str, subject: str, message: str) -> None:
    chart.write({f"charts/web/{name}": text for name, text in files.items()})
    error = chart.refusal(path)
    assert error.subject == subject
    assert message in error.message


@needs_helm
@pytest.mark.parametrize(
    ("path", "subject", "message"),
    [
        ("nope.yaml", "values file nope.yaml", "is not in this commit"),
        ("../../../secret.yaml", "values file ../../../secret.yaml", "leaves the checkout"),
        ("/../secret.yaml", "values file /../secret.yaml", "leaves the checkout"),
        ("link.yaml", "values file link.yaml", "leaves the checkout"),
        ("https://example.com/values.yaml", "values file https://example.com/values.yaml", "is a URL"),
        ("templates", "charts/web/templates", "is no regular file"),
    ],
)
def test_a_values_path_stays_inside(chart: Repository, path: str, subject: str, message: str) -> None:
    (chart.root.parent / "secret.yaml").write_text("password: hunter2\n")
    if path == "link.yaml":
        chart.write({"charts/web/Chart.yaml": CHART, "values/real.yaml": "a: b\n"})
        chart.link("values/link.yaml", "../../secret.yaml")
        path = "../../values/link.yaml"
        subject = f"values file {path}"
    error = chart.refusal("charts/web", helm={"values_files": (path,)})
    assert (error.subject, error.message) == (subject, message)


@needs_helm
@pytest.mark.parametrize(
    ("values", "template"),
    [
        ("password: [hunter2\n", ""),
        ("- hunter2\n", ""),
        ("password: hunter2\n", "a: {{ atoi .Values.password | add 1 | mustToJson | fail }}\n"),
        ("password: hunter2\n", "a: {{ .Values.password.nested }}\n"),
        ("password: hunter2\n", "a: {{ index .Values.password 99 }}\n"),
        ("password: hunter2\n", "a: {{ mustFromJson .Values.password }}\n"),
        ("password: hunter2\n", 'a: {{ mustToDate "2006-01-02" .Values.password }}\n'),
        ("password: hunter2\n", "a: {{ semver .Values.password }}\n"),
        ("password: hunter2\n", "a: {{ include .Values.password . }}\n"),
        ("password: hunter2\n", "apiVersion: v1\nkind: X\na: {{ .Values.password }}: b: c\n"),
        ("password: hunter2\n", "apiVersion: v1\nkind: X\na: !!int {{ .Values.password }}\n"),
        ("password: hunter2\n", "{{ .Values.password }}\n"),
        ("password: hunter2\n", "SCHEMA"),
        ("password: hunter2\ntext: {hunter2\n", ""),
    ],
)
def test_values_are_never_quoted(chart: Repository, values: str, template: str) -> None:
    if template == "SCHEMA":
        schema = {"properties": {"password": {"type": "string", "pattern": "^[0-9]+$", "maxLength": 3, "enum": ["1"]}}}
        chart.write({"charts/web/values.schema.json": json.dumps(schema)})
    elif template:
        chart.write({"charts/web/templates/bad.yaml": template})
    chart.write({"charts/web/secret.yaml": values})
    assert "hunter2" not in str(chart.refusal("charts/web", helm={"values_files": ("secret.yaml",)}))


@needs_helm
def test_a_link_in_a_chart_may_not_leave(chart: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(CONFIG_MAP.format("outside"))
    chart.link("charts/web/templates/stolen.yaml", "/etc/passwd")
    error = chart.refusal("charts/web")
    assert str(error).startswith("symbolic link charts/web/templates/stolen.yaml: leaves the checkout")
    (chart.root / "charts/web/templates/stolen.yaml").unlink()
    chart.write({"shared/ok.yaml": CONFIG_MAP.format("shared")}).link("charts/web/templates/shared", "../../../shared")
    assert sorted(chart.names("charts/web")) == ["shared", "web"]
    chart.link("shared/far.yaml", "../../outside.yaml")
    assert chart.refusal("charts/web").subject == "symbolic link shared/far.yaml"


@needs_helm
def test_a_template_cannot_reach_the_cluster_or_the_network(chart: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/kubeconfig")
    chart.write(
        {
            "charts/web/templates/map.yaml": NAMED
            + 'data:\n  secrets: {{ lookup "v1" "Secret" "" "" | toJson | quote }}\n'
            '  host: {{ getHostByName "localhost" | quote }}\n'
        }
    )
    (manifest,) = chart.render("charts/web")
    assert manifest.body["data"] == {"secrets": "{}", "host": ""}


SPY = """
import json, os, stat, sys
found = {"arguments": sys.argv[1:], "environment": dict(os.environ), "cwd": os.getcwd()}
for argument in sys.argv:
    if argument.startswith("--values=") and argument.endswith("values.json"):
        path = argument.partition("=")[2]
        found["mode"] = stat.S_IMODE(os.stat(path).st_mode)
        found["folder"] = stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode)
        found["values"] = json.load(open(path))
print(json.dumps({"apiVersion": "v1", "kind": "Spy", "metadata": {"name": "spy"}, "found": found}))
"""


def test_helm_gets_a_clean_environment_and_private_values(
    chart: Repository, program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program("helm", SPY)
    for name in (
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "KUBERNETES_SERVICE_HOST",
        "SSH_AUTH_SOCK",
        "HELM_REPOSITORY_CONFIG",
        "GOGC",
    ):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("KUBECONFIG", str(chart.root.parent / "canary"))
    (manifest,) = chart.render("charts/web", helm={"values": {"password": "hunter2"}, "parameters": {"a": "b"}})
    found = manifest.body["found"]
    assert "canary" not in json.dumps(found["environment"])
    assert "hunter2" not in json.dumps(found["arguments"])
    assert found["values"] == {"password": "hunter2"}
    assert (found["mode"], found["folder"]) == (0o600, stat.S_IRWXU)
    private = str(Path(found["cwd"]))
    assert found["environment"]["HOME"].startswith(private)
    assert found["environment"]["HELM_CACHE_HOME"].startswith(private)
    assert found["environment"]["GOGC"] == "200"
    assert found["environment"]["GOMEMLIMIT"] == "1GiB"
    assert found["environment"]["GOMAXPROCS"] == "2"
    assert not Path(private).exists()


def test_helm_that_is_missing_is_told(chart: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert str(chart.refusal("charts/web")) == "charts/web: helm is not installed (install helm and put it on PATH)"


def test_helm_beside_python_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    beside = tmp_path / "venv" / "bin"
    beside.mkdir(parents=True)
    shutil.copy("/bin/sh", beside / "helm")
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(sys, "executable", str(beside / "python"))
    assert tool.find("helm") == str(beside / "helm")


@needs_helm
def test_hostile_output_is_harmless(chart: Repository) -> None:
    chart.write({"charts/web/templates/bad.yaml": '{{ fail "\\u001b[31mred\\u202e [/x]" }}\n'})
    text = str(chart.refusal("charts/web"))
    assert "\x1b" not in text
    assert "\u202e" not in text


OLD_NIL = 'Error: template: shop/templates/x.yaml:12:3: executing "shop/templates/x.yaml" at <.Values.a.b>: nil pointer'
OLD_LINK = (
    "walk.go:74: found symbolic link in path: /x resolves to /y\nError: parse error at (shop/templates/_n.tpl:7): oh"
)
OLD_YAML = "Error: YAML parse error on shop/templates/x.yaml: error converting YAML to JSON: yaml: line 3: did not find"


@pytest.mark.parametrize(
    ("told", "subject", "message"),
    [
        (OLD_NIL, "charts/web/templates/x.yaml:12", "nil pointer"),
        (OLD_LINK, "charts/web/templates/_n.tpl:7", "oh"),
        (OLD_YAML, "charts/web/templates/x.yaml", "renders to malformed YAML: line 3: did not find"),
        ("fatal error: runtime: out of memory\n\ngoroutine 1", "charts/web", "helm ran out of the memory it may use"),
        ("panic: oh no\n\ngoroutine 1 [running]:\nmain.go:7", "charts/web", "helm ended with exit code 1 and did not"),
        ("", "charts/web", "helm ended with exit code 1 and did not say why"),
    ],
)
def test_complaints_of_other_versions_of_helm_are_read_too(
    chart: Repository, program: Callable[[str, str], Path], told: str, subject: str, message: str
) -> None:
    program("helm", f"import sys; sys.stderr.write({told!r}); sys.exit(1)")
    error = chart.refusal("charts/web")
    assert error.subject == subject
    assert message in error.message
    assert "/y" not in error.message


@needs_helm
def test_a_template_without_end_is_stopped_by_the_memory_it_may_use(
    chart: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "LIMITS", tool.Limits(amounts=start.Amounts(memory=2 * 1024**3)))
    chart.write({"charts/web/templates/bomb.yaml": "{{ range $i := until 1000000000 }}x{{ end }}"})
    error = chart.refusal("charts/web")
    assert error.subject == "charts/web"
    assert "memory" in error.message
