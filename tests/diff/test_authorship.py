"""Who wrote each side of a field: what the server noted, and which lines of a commit state it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_tui.diff import comparison
from gitops_tui.diff.authorship import (
    Found,
    LiveAuthors,
    Rights,
    Text,
    Wanted,
    byline,
    in_chart,
    in_manifest,
    in_overlays,
    signatures,
)
from gitops_tui.diff.lines import unified
from gitops_tui.diff.paths import parse_path
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.resources import ABSENT, Authorship, FieldChange, ResourceKey

WEB = ResourceKey("apps", "Deployment", "shop", "web")
CONFIG = ResourceKey("", "ConfigMap", "shop", "web")


# -- live --------------------------------------------------------------------------------------------------------


def claim(manager: str, fields: dict[str, Any], time: str = "2026-03-01T12:00:00Z", **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


def deployment(*claims: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "proxy", "image": "p:1"}, {"name": "web", "image": "w:1", "args": ["-v"]}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "managedFields": list(claims)},
        "spec": {"replicas": 3, "paused": False, "template": {"spec": {"containers": containers}}},
    }


IMAGE: dict[str, Any] = {
    "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}, "f:args": {}}}}}}
}


def test_the_manager_of_a_field_with_how_and_when() -> None:
    scale = claim("kube-controller-manager", {"f:spec": {"f:replicas": {}}}, subresource="scale")
    authors = LiveAuthors(deployment(claim("kubectl-edit", IMAGE), scale))
    image = authors.of("spec.template.spec.containers[web].image")
    assert image == Authorship("kubectl-edit", "Update", 1772366400.0)
    replicas = authors.of("spec.replicas")
    assert replicas is not None
    assert (replicas.name, replicas.detail) == ("kube-controller-manager", "Update through /scale")


def test_a_list_without_keys_belongs_to_who_owns_it_whole() -> None:
    authors = LiveAuthors(deployment(claim("helm", IMAGE)))
    (whole, element) = (authors.of(f"spec.template.spec.containers[web].{name}") for name in ("args", "args[0]"))
    assert whole == element
    assert whole is not None


def test_of_something_that_many_own_it_is_the_newest() -> None:
    old = claim("helm", IMAGE, "2026-03-01T12:00:00Z")
    new = claim(
        "flux", {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"proxy"}': {"f:image": {}}}}}}}
    )
    newer = claim("kubectl", IMAGE, "2026-03-02T12:00:00Z")
    author = LiveAuthors(deployment(old, newer, new)).of("spec.template.spec.containers")
    assert author is not None
    assert author.name == "kubectl"


def test_of_two_in_the_same_second_it_is_not_us() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    for order in (("gitops-tui", "hpa"), ("hpa", "gitops-tui")):
        author = LiveAuthors(deployment(*(claim(name, fields) for name in order))).of("spec.replicas")
        assert author is not None
        assert author.name == "hpa"


@pytest.mark.parametrize("path", ["spec.paused", "spec.absent", "", "metadata.name"])
def test_a_field_that_nobody_claims_has_no_author(path: str) -> None:
    assert LiveAuthors(deployment(claim("kubectl", IMAGE))).of(path) is None


@pytest.mark.parametrize("fields", [None, [], "f:spec", {"f:spec": None}, {"k:{": {}}, {"f:spec": {"f:replicas": "x"}}])
def test_a_malformed_record_breaks_nothing(fields: Any) -> None:
    body = deployment(claim("odd", fields, time="yesterday"))
    author = LiveAuthors(body).of("spec.replicas")
    assert author is None or author.time is None


# -- by right ----------------------------------------------------------------------------------------------------


def noted(
    key: ResourceKey, path: str, writer: str = "", detail: str = "Update", *bodies: Any, **live: Any
) -> FieldChange:
    body = {"apiVersion": f"{key.group}/v1", "kind": key.kind, "metadata": {"name": key.name}, **live}
    change = FieldChange(path, 1, 2, live_by=Authorship(writer, detail) if writer else None)
    return Rights(bodies).noted(key, body, change)


AUTOSCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "busy", "namespace": "shop"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
}
HOOKS = ResourceKey("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "", "guard")
BUNDLE = "webhooks[a.example.org].clientConfig.caBundle"
INJECTED = {"name": "guard", "annotations": {"cert-manager.io/inject-ca-from": "shop/guard"}}


def test_an_autoscaler_in_the_application_is_named() -> None:
    change = noted(WEB, "spec.replicas", "", "", AUTOSCALER)
    assert change.note == "HorizontalPodAutoscaler busy sets the number of replicas"
    assert change.suggested == IgnoreRule("apps", "Deployment", "shop", "web", paths=("spec.replicas",))
    assert noted(replace_name(WEB, "other"), "spec.replicas", "", "", AUTOSCALER).note == ""


def replace_name(key: ResourceKey, name: str) -> ResourceKey:
    return ResourceKey(key.group, key.kind, key.namespace, name)


def test_an_injected_certificate_authority_is_named() -> None:
    assert "cainjector" in noted(HOOKS, BUNDLE, "cert-manager-cainjector").note
    assert "inject-ca-from" in noted(HOOKS, BUNDLE, metadata=INJECTED).note
    change = noted(HOOKS, BUNDLE, "cert-manager-cainjector")
    assert change.suggested is not None
    assert change.suggested.paths == (BUNDLE,)


def test_rules_that_are_aggregated_and_secrets_that_are_filled() -> None:
    role = ResourceKey("rbac.authorization.k8s.io", "ClusterRole", "", "all")
    assert noted(role, "rules", "kube-controller-manager", aggregationRule={"clusterRoleSelectors": []}).note
    assert noted(ResourceKey("", "Secret", "shop", "tls"), 'data["tls.crt"]', "cert-manager-certificates-issuing").note


@pytest.mark.parametrize(
    ("key", "path", "writer"),
    [
        (WEB, "spec.replicas", "kubectl-edit"),
        (WEB, "spec.replicas", "gitops-tui"),
        (HOOKS, BUNDLE, "kubectl-edit"),
        (HOOKS, BUNDLE, ""),
        (WEB, "spec.template.spec.containers[web].image", "kube-controller-manager"),
        (ResourceKey("", "Secret", "shop", "db"), "data.password", "kubectl"),
    ],
)
def test_what_a_person_wrote_is_nobodys_by_right(key: ResourceKey, path: str, writer: str) -> None:
    change = noted(key, path, writer)
    assert (change.note, change.suggested) == ("", None)


# -- desired: a file of its own ----------------------------------------------------------------------------------

PLAIN = """\
# the shop
apiVersion: v1
kind: ConfigMap
metadata:
  name: other
data: {colour: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2

  # what runs
  template:
    spec:
      containers:
        - name: proxy
          image: proxy:1
        # the shop itself
        - name: web
          image: web:1
          args: ["-v",
                 "-x"]
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: web}
    data:
      page: |
        first
        # not a comment

        last

      # the next one
      colour: blue
  - {apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {token: abc}}
"""


def where(found: Found) -> list[tuple[str, int, int]]:
    return [(each.path, each.first, each.last) for each in found.statements]


def lines_of(key: ResourceKey, path: str, text: str = PLAIN, line: int = 0) -> list[tuple[int, int]]:
    found = in_manifest(Text("a.yaml", text.encode()), line, Wanted(key, parse_path(path), None))
    return [(first, last) for _, first, last in where(found)]


@pytest.mark.parametrize(
    ("key", "path", "lines"),
    [
        (WEB, "spec.replicas", (12, 12)),
        (WEB, "spec.template.spec.containers[web].image", (22, 22)),
        (WEB, "spec.template.spec.containers[web].args", (23, 24)),
        (WEB, "spec.template.spec.containers[web].args[1]", (24, 24)),
        (WEB, "spec.template.spec.containers[proxy]", (18, 19)),
        (WEB, "spec.template", (15, 24)),
        (CONFIG, "data.page", (33, 37)),
        (CONFIG, "data.colour", (40, 40)),
        (ResourceKey("", "Secret", "shop", "db"), "data.token", (41, 41)),
        (ResourceKey("", "ConfigMap", "shop", "other"), "data.colour", (6, 6)),
    ],
)
def test_the_lines_that_state_a_field(key: ResourceKey, path: str, lines: tuple[int, int]) -> None:
    assert lines_of(key, path) == [lines]


def test_json_has_lines_too() -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap",\n "metadata": {"name": "web"},\n "data": {\n  "a": "1",\n'
    text += '  "b": "2"}}\n'
    found = in_manifest(Text("a.json", text.encode()), 0, Wanted(CONFIG, ("data", "b"), "2"))
    assert where(found) == [("a.json", 5, 5)]


def test_a_field_that_the_file_does_not_state_is_nobodys() -> None:
    assert in_manifest(Text("a.yaml", PLAIN.encode()), 8, Wanted(WEB, parse_path("spec.paused"), None)) == Found()


def test_what_yaml_merges_is_found_as_far_as_it_can_be() -> None:
    text = "base: &b {a: 1}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  <<: *b\n  c: '2'\n"
    assert lines_of(CONFIG, "data.a", text) == [(5, 7)]
    aliased = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, labels: &l {a: x}}\ndata: *l\n"
    assert lines_of(CONFIG, "data.a", aliased) == [(3, 3)]


def test_of_two_objects_that_are_alike_the_line_decides() -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: '1'}\n"
    text = f"{one}---\n{one}"
    assert lines_of(CONFIG, "data.a", text, line=6) == [(9, 9)]
    assert lines_of(CONFIG, "data.a", text) == []


@pytest.mark.parametrize("text", ["", "a: [", "\x00", "- 1\n- 2\n", "kind: 3\n", "apiVersion: v1\nkind: ConfigMap\n"])
def test_a_file_without_the_object(text: str) -> None:
    found = in_manifest(Text("a.yaml", text.encode()), 0, Wanted(CONFIG, ("data", "a"), "1"))
    assert found.why_not.startswith("cannot tell")


# -- desired: overlays -------------------------------------------------------------------------------------------

BASE = (
    "base/web.yaml",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  paused: true\n",
)


def overlay(text: str, *more: tuple[str, str]) -> list[Text]:
    files = (("prod/kustomization.yaml", text), *more, BASE)
    return [Text(path, content.encode()) for path, content in files]


def overlaid(texts: list[Text], path: str, value: Any, key: ResourceKey = WEB) -> Found:
    return in_overlays(texts, Wanted(key, parse_path(path), value))


def test_a_patch_in_the_overlay_wins_over_the_base() -> None:
    patch = ("prod/scale.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}\n")
    texts = overlay("resources: [../base]\npatches: [{path: scale.yaml}]\n", patch)
    assert where(overlaid(texts, "spec.replicas", 5)) == [("prod/scale.yaml", 4, 4)]
    assert where(overlaid(texts, "spec.paused", True)) == [("base/web.yaml", 6, 6)]


def test_a_patch_inside_the_kustomization() -> None:
    text = """\
resources: [../base]
patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 5
  - target: {kind: Deployment}
    patch: |
      - op: replace
        path: /spec/paused
        value: false
"""
    texts = overlay(text)
    assert where(overlaid(texts, "spec.replicas", 5)) == [("prod/kustomization.yaml", 8, 8)]


def test_a_json_patch_names_its_path() -> None:
    patch = ("prod/patch.yaml", "- op: replace\n  path: /spec/revisionHistoryLimit\n  value: 7\n")
    found = overlaid(overlay("resources: [../base]\n", patch), "spec.revisionHistoryLimit", 7)
    assert where(found) == [("prod/patch.yaml", 3, 3)]


@pytest.mark.parametrize(
    ("text", "path", "value", "line"),
    [
        ("images:\n  - name: web\n    newTag: v2\n", "spec.template.spec.containers[web].image", "reg/web:v2", 3),
        (
            "images:\n  - name: web\n    digest: sha256:ab\n",
            "spec.template.spec.containers[web].image",
            "w@sha256:ab",
            3,
        ),
        ("replicas:\n  - name: web\n    count: 9\n", "spec.revision", 9, None),
        ("commonLabels:\n  team: blue\n", "metadata.labels.team", "blue", 2),
    ],
)
def test_what_a_kustomization_sets(text: str, path: str, value: Any, line: int | None) -> None:
    found = overlaid(overlay(text), path, value)
    assert where(found) == ([("prod/kustomization.yaml", line, line)] if line else [])
    assert bool(found.why_not) is (line is None)


def test_an_entry_of_the_kustomization_replaces_what_the_base_states() -> None:
    text = "resources: [../base]\nreplicas:\n  - name: web\n    count: 4\n"
    assert where(overlaid(overlay(text), "spec.replicas", 4)) == [("prod/kustomization.yaml", 4, 4)]


def test_generated_maps() -> None:
    text = "configMapGenerator:\n  - name: web\n    literals:\n      - colour=blue\n"
    text += "    files: [page.txt]\n    envs: [.env]\n"
    key = ResourceKey("", "ConfigMap", "shop", "web-7h2k")
    texts = overlay(text, ("prod/page.txt", "hello\nworld\n"), ("prod/.env", "A=1\nB=2\n"))
    assert where(overlaid(texts, "data.colour", "blue", key)) == [("prod/kustomization.yaml", 4, 4)]
    assert where(overlaid(texts, 'data["page.txt"]', "hello\nworld\n", key)) == [("prod/page.txt", 1, 2)]
    assert where(overlaid(texts, "data.B", "2", key)) == [("prod/.env", 2, 2)]
    secret = ResourceKey("", "Secret", "shop", "web-7h2k")
    assert where(overlaid(texts, "data.colour", "Ymx1ZQ==", secret)) == [("prod/kustomization.yaml", 4, 4)]


def test_an_object_that_a_prefix_renamed_is_found_when_it_is_the_only_one() -> None:
    key = ResourceKey("apps", "Deployment", "shop", "prod-web")
    assert where(overlaid(overlay("namePrefix: prod-\n"), "spec.replicas", 1, key)) == [("base/web.yaml", 5, 5)]


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("replicas: [{name: web, count: 4}, {name: api, count: 4}]\n", "spec.replicas", 4),
        (
            "images: [{name: a, newTag: v2}, {name: b, newTag: v2}]\n",
            "spec.template.spec.containers[web].image",
            "a:v2",
        ),
        ("resources: [../base]\n", "spec.replicas", 7),
        ("resources: [../base]\n", "spec.strategy.type", "Recreate"),
    ],
)
def test_what_is_ambiguous_cannot_be_told(text: str, path: str, value: Any) -> None:
    found = overlaid(overlay(text), path, value)
    assert found.statements == ()
    assert found.why_not.startswith("cannot tell")


def test_another_object_with_the_same_value_is_no_statement() -> None:
    other = ("prod/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {colour: blue}\n")
    found = overlaid(overlay("resources: [../base]\n", other), "data.colour", "blue", CONFIG)
    assert found.statements == ()


# -- desired: charts ---------------------------------------------------------------------------------------------

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicaCount }}
  minReadySeconds: 5
  template:
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
"""
VALUES = """\
replicaCount: 1
image:
  repository: reg/web
  tag: v1
resources:
  limits:
    cpu: 500m
"""


def charted(path: str, value: Any, *overrides: str) -> Found:
    files = [Text(f"values-{at}.yaml", text.encode()) for at, text in enumerate(overrides)]
    template = Text("web/templates/web.yaml", TEMPLATE.encode())
    return in_chart(template, [*files, Text("web/values.yaml", VALUES.encode())], Wanted(WEB, parse_path(path), value))


def test_a_value_of_a_chart_and_the_file_that_overrides_it() -> None:
    assert where(charted("spec.replicas", 1)) == [("web/values.yaml", 1, 1)]
    assert where(charted("spec.replicas", 4, "replicaCount: 4\n")) == [("values-0.yaml", 1, 1)]
    image = charted("spec.template.spec.containers[web].image", "reg/web:v2", "image: {tag: v2}\n")
    assert where(image) == [("web/values.yaml", 3, 3), ("values-0.yaml", 1, 1)]


def test_what_the_template_itself_states() -> None:
    assert where(charted("spec.minReadySeconds", 5)) == [("web/templates/web.yaml", 7, 7)]


def test_a_block_of_values() -> None:
    cpu = charted("spec.template.spec.containers[web].resources.limits.cpu", "500m")
    assert where(cpu) == [("web/values.yaml", 7, 7)]


def test_a_value_from_elsewhere_cannot_be_told() -> None:
    found = charted("spec.replicas", 9)
    assert (found.statements, found.why_not.startswith("cannot tell")) == ((), True)
    assert charted("metadata.labels.release", "shop").statements == ()
    assert in_chart(None, [], Wanted(WEB, ("spec", "replicas"), 1)).why_not


# -- beside the lines --------------------------------------------------------------------------------------------


def test_each_author_stands_beside_the_first_line_of_his_field_that_differs() -> None:
    live = {"kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "1", "page": "x\ny\nz\n"}}
    desired = {**live, "data": {"a": "2", "page": "x\nY\nz\n"}}
    made = comparison(CONFIG, desired, live, desired)
    authors = {"data.a": "ann", "data.page": "pat"}
    changes = tuple(replace(each, desired_by=Authorship(authors[each.path])) for each in made.changes)
    lines = unified(replace(made, changes=changes))
    signed = {
        line.text.strip(): author.name for line, author in signatures(replace(made, changes=changes), lines).items()
    }
    assert signed == {'a: "2"': "ann", "Y": "pat"}
    assert signatures(made, lines) == {}


@pytest.mark.parametrize(
    ("author", "words"),
    [
        (Authorship("Ada", "1f0c2d3" + "0" * 33), "Ada 1f0c2d3"),
        (Authorship("kubectl-edit", "Update"), "kubectl-edit"),
        (Authorship("gitops-tui", "Apply"), "gitops-tui"),
        (Authorship("kube-controller-manager", "Update through /scale"), "kube-controller-manager through /scale"),
        (Authorship("", "cannot tell: why"), "cannot tell: why"),
    ],
)
def test_an_author_in_a_few_words(author: Authorship, words: str) -> None:
    assert byline(author) == words


NAMES = st.text(max_size=6) | st.sampled_from(
    ["name", "containers", "ports", "a.b/c", "*", "0", "[x]", '"', "env", "port"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, ANYTHING, max_size=4), st.dictionaries(NAMES, ANYTHING, max_size=4))
def test_every_change_of_any_object_can_be_signed(desired: dict[str, Any], live: dict[str, Any]) -> None:
    one, other = (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "spec": spec} for spec in (desired, live)
    )
    fields: dict[str, Any] = {"f:spec": {f"f:{name}": {} for name in live}}
    other["metadata"] = {"name": "web", "managedFields": [claim("someone", fields)]}
    made = comparison(CONFIG, one, other, one)
    authors = LiveAuthors(other)
    signed = []
    for change in made.changes:
        author = authors.of(change.path)
        assert author is None or author.name == "someone"
        assert author or change.live is ABSENT or not live, change
        signed.append(replace(change, live_by=Authorship("someone"), desired_by=Authorship("other")))
    lines = unified(replace(made, changes=tuple(signed)))
    assert set(signatures(replace(made, changes=tuple(signed)), lines)) <= set(lines)
