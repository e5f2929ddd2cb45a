"""A user looks at what differs: who wrote it, between which commits, what rules hide, what is nobody's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.engine.requests import Between, Compare, Ignored, Orphans
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import UsageError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import ABSENT, FieldChange
from gitops_tui.model.status import ApplicationStatus
from tests.support.manifests import config_map, deployment, secret
from tests.support.real_cluster import RealCluster
from tests.support.stage import Stage, stage

FILES: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="blue", size="9"),
    "app/access.yaml": secret("access", token="hunter2-canary"),
}


@pytest.fixture
def shop(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Stage]:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as made:
        yield made


WEB: dict[str, str | None] = {"app/web.yaml": deployment("web", replicas=2)}
IMPATIENT = SyncPolicy(health_timeout=0.0)
"""Its pods never run here, for want of a kubelet."""


@pytest.fixture
def web(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Stage]:
    with stage(tmp_path, control_plane.kubeconfig, namespace, WEB, policy=IMPATIENT) as made:
        made.sync()
        yield made


def edit(
    cluster: RealCluster, path: str, body: dict[str, Any], *, manager: str = "kubectl-edit", method: str = "PATCH"
) -> None:
    """Somebody changes an object with another program."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    status, answer = cluster.request(method, f"{path}?fieldManager={manager}", body, content_type=kind)
    assert status in {200, 201}, answer


def settings_of(shop: Stage) -> str:
    return f"/api/v1/namespaces/{shop.namespace}/configmaps/settings"


def web_of(shop: Stage) -> str:
    return f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web"


def changes(answer: tuple[ResourceComparison, ...]) -> dict[str, FieldChange]:
    return {f"{each.key.name} {change.path}": change for each in answer for change in each.changes}


def differing(shop: Stage, *wanted: str) -> list[FieldChange]:
    """The changes of these fields, as soon as they are what differs: a watch tells of an edit when it does."""
    found: dict[str, FieldChange] = {}

    def is_seen(_: ApplicationStatus) -> bool:
        found.clear()
        found.update(changes(shop.ask(Compare(shop.name))))
        return found.keys() == set(wanted)

    shop.until(is_seen)
    return [found[name] for name in wanted]


def test_each_side_of_a_changed_field_has_its_author(shop: Stage, control_plane: RealCluster) -> None:
    shop.sync()
    sha = shop.repository.commit(
        "Make it green",
        {"app/settings.yaml": config_map("settings", colour="green", size="9")},
        author="Bob <bob@example.org>",
    )
    edit(control_plane, settings_of(shop), {"data": {"size": "12"}})

    colour, size = differing(shop, "settings data.colour", "settings data.size")

    assert colour.desired_by is not None
    assert (colour.desired_by.name, colour.desired_by.detail) == ("Bob", sha)
    assert colour.desired_by.place == "app/settings.yaml:6"
    assert colour.live_by is not None
    assert (colour.live_by.name, colour.live_by.detail) == ("gitops-tui", "Apply")
    assert size.desired_by is not None
    assert (size.desired_by.name, size.desired_by.place) == ("Ada", "app/settings.yaml:7")
    assert size.live_by is not None
    assert (size.live_by.name, size.live_by.detail) == ("kubectl-edit", "Update")
    assert size.live_by.time is not None


def test_a_secrets_field_is_found_where_its_author_wrote_it(shop: Stage, control_plane: RealCluster) -> None:
    shop.sync()
    edit(control_plane, f"/api/v1/namespaces/{shop.namespace}/secrets/access", {"stringData": {"token": "other"}})
    (change,) = differing(shop, "access data.token")
    assert change.desired_by is not None
    assert (change.desired_by.name, change.desired_by.place) == ("Ada", "app/access.yaml:6")
    assert "hunter2" not in repr(change)


def test_replicas_set_by_an_autoscaler_are_its_own_and_the_rule_that_says_so_is_offered(
    web: Stage, control_plane: RealCluster
) -> None:
    edit(control_plane, f"{web_of(web)}/scale", {"spec": {"replicas": 7}}, manager="kube-controller-manager")
    (change,) = differing(web, "web spec.replicas")
    assert (change.desired, change.live) == (2, 7)
    assert change.live_by is not None
    assert (change.live_by.name, change.live_by.detail) == ("kube-controller-manager", "Update through /scale")
    assert change.live_by.time is None, "a server notes none for a write through /scale"
    assert change.note == "an autoscaler sets the number of replicas (kube-controller-manager through /scale)"
    assert change.suggested == IgnoreRule("apps", "Deployment", web.namespace, "web", paths=("spec.replicas",))


def test_replicas_set_by_a_person_are_drift_like_any_other(web: Stage, control_plane: RealCluster) -> None:
    edit(control_plane, f"{web_of(web)}/scale", {"spec": {"replicas": 7}}, manager="kubectl")
    (change,) = differing(web, "web spec.replicas")
    assert (change.note, change.suggested) == ("", None)


def test_between_two_commits_without_a_word_to_the_cluster(shop: Stage) -> None:
    first = shop.repository.git("rev-parse", "HEAD")
    files: dict[str, str | None] = {
        "app/settings.yaml": config_map("settings", colour="green", size="9"),
        "app/access.yaml": None,
        "app/prices.yaml": config_map("prices", tea="3"),
    }
    second = shop.repository.commit("Rebuild", files, author="Bob <bob@example.org>")
    shop.clock.now += 10
    shop.status()

    made = shop.ask(Between(shop.name, first[:9], "main"))

    assert (made.start.sha, made.end.sha) == (first, second)
    assert {each.key.name: str(each.drift) for each in made.resources} == {
        "prices": "Missing",
        "settings": "Changed",
        "access": "Extra",
    }
    (change,) = changes(made.resources).values()
    assert (change.path, change.live, change.desired) == ("data.colour", "blue", "green")
    assert change.live_by is not None
    assert change.desired_by is not None
    assert (change.live_by.name, change.desired_by.name) == ("Ada", "Bob")
    assert (change.live_by.detail, change.desired_by.detail) == (first, second)

    back = shop.ask(Between(shop.name, second, first))
    (change,) = changes(back.resources).values()
    assert (change.live, change.desired) == ("green", "blue")


def test_from_a_commit_to_what_is_live_and_back(shop: Stage, control_plane: RealCluster) -> None:
    shop.sync()
    edit(control_plane, settings_of(shop), {"data": {"colour": "red"}})
    shop.until(lambda status: status.drifted == 1)

    (change,) = changes(shop.ask(Between(shop.name, "main", "live")).resources).values()
    assert (change.live, change.desired) == ("blue", "red"), "the second side is what is live"
    assert change.desired_by is not None
    assert change.live_by is not None
    assert (change.live_by.name, change.desired_by.name) == ("Ada", "kubectl-edit")

    (change,) = changes(shop.ask(Between(shop.name)).resources).values()
    assert (change.live, change.desired) == ("red", "blue"), "as always: from live to what Git says"


def test_from_what_was_deployed_last(shop: Stage) -> None:
    shop.status()
    with pytest.raises(UsageError, match="never deployed"):
        shop.ask(Between(shop.name, "deployed", "main"))
    receipt = shop.sync()
    shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green", size="9")})
    shop.clock.now += 10
    shop.status()
    made = shop.ask(Between(shop.name, "deployed", "main"))
    assert made.start.sha == receipt.revision
    assert [change.desired for change in changes(made.resources).values()] == ["green"]
    with pytest.raises(UsageError, match="no difference"):
        shop.ask(Between(shop.name, "live", "live"))


def test_each_rule_tells_what_it_hides(tmp_path: Path, control_plane: RealCluster, namespace: str) -> None:
    rules = (
        IgnoreRule(kind="Deployment", paths=("spec.replicas",)),
        IgnoreRule(managers=("painter",)),
        IgnoreRule(kind="Service", pointers=("/spec/type",)),
    )
    with stage(tmp_path, control_plane.kubeconfig, namespace, {**FILES, **WEB}, policy=IMPATIENT, ignore=rules) as shop:
        shop.sync()
        edit(control_plane, web_of(shop), {"spec": {"replicas": 5}})
        edit(control_plane, settings_of(shop), {"data": {"colour": "red"}}, manager="painter")
        shop.until(lambda _: all(effect.hidden for effect in shop.ask(Ignored(shop.name))[:2]))

        assert shop.ask(Compare(shop.name)) == (), "ignored, so no drift"
        replicas, painted, service = shop.ask(Ignored(shop.name))

        assert (replicas.rule, replicas.objects) == (rules[0], 1)
        ((field,), (paint,)) = replicas.hidden, painted.hidden
        assert (field.key.name, field.change.path, field.change.desired, field.change.live) == (
            "web",
            "spec.replicas",
            2,
            5,
        )
        assert (paint.key.name, paint.change.path, paint.change.live) == ("settings", "data.colour", "red")
        assert painted.objects == 3
        assert (service.objects, service.hidden) == (0, ())


def test_an_extra_object_that_asks_to_be_passed_over_is_no_difference(shop: Stage) -> None:
    passed_over = config_map("report", lines="1").replace(
        "  name: report", "  name: report\n  annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}"
    )
    shop.repository.commit("Report", {"app/report.yaml": passed_over})
    shop.clock.now += 10
    shop.sync()
    shop.repository.commit("No report", {"app/report.yaml": None})
    shop.clock.now += 10
    status = shop.status()
    assert (status.sync, status.drifted) == ("Synced", 0)
    (row,) = [resource for resource in status.resources if resource.key.name == "report"]
    assert (row.desired, row.message) == (False, "not in Git, and no difference by its IgnoreExtraneous")
    assert shop.ask(Compare(shop.name)) == ()


def test_orphans_are_what_nobody_states_and_nobody_owns(shop: Stage, control_plane: RealCluster) -> None:
    shop.sync()
    root = f"/api/v1/namespaces/{shop.namespace}"

    def create(path: str, name: str, **metadata: Any) -> None:
        body = {"metadata": {"name": name, **metadata}}
        edit(control_plane, f"{root}/{path}", body, method="POST", manager="kubectl-create")

    create("configmaps", "forgotten")
    create("secrets", "loose-key")
    create("configmaps", "helms", annotations={"meta.helm.sh/release-name": "shop"})
    create("configmaps", "fluxs", labels={"kustomize.toolkit.fluxcd.io/name": "shop"})
    create("secrets", "sh.helm.release.v1.shop.v1")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "settings", "uid": "1234"}
    create("configmaps", "child", ownerReferences=[owner])
    create("endpoints", "passing")
    shop.repository.commit("No settings", {"app/settings.yaml": None})
    shop.clock.now += 10
    shop.status()

    answer = shop.ask(Orphans(shop.name))

    assert [(orphan.key.kind, orphan.key.name) for orphan in answer.orphans] == [
        ("ConfigMap", "forgotten"),
        ("Secret", "loose-key"),
    ], "an extra object is no orphan: it is ours"
    assert (answer.namespace, answer.unlisted) == (shop.namespace, ())
    assert all(orphan.created for orphan in answer.orphans)


def test_a_field_that_git_does_not_state_has_no_author_there(shop: Stage, control_plane: RealCluster) -> None:
    shop.sync()
    shop.repository.commit("One key less", {"app/settings.yaml": config_map("settings", colour="blue")})
    (change,) = differing(shop, "settings data.size")
    assert (change.desired, change.desired_by) == (ABSENT, None)
    assert change.live_by is not None
    assert change.live_by.name == "gitops-tui"


KUSTOMIZED: dict[str, str | None] = {
    "base/kustomization.yaml": "resources: [settings.yaml]\n",
    "base/settings.yaml": config_map("settings", colour="blue", size="9"),
    "app/kustomization.yaml": "resources: [../base]\npatches: [{path: paint.yaml}]\n",
    "app/paint.yaml": config_map("settings", colour="green"),
}
CHART: dict[str, str | None] = {
    "app/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "app/values.yaml": "colour: green\nsize: 9\n",
    "app/templates/settings.yaml": config_map("settings", colour="{{ .Values.colour }}", size="{{ .Values.size }}"),
}


@pytest.mark.parametrize(
    ("files", "program", "colour", "size"),
    [
        (KUSTOMIZED, "kubectl", "app/paint.yaml:6", "base/settings.yaml:7"),
        (CHART, "helm", "app/values.yaml:1", "app/values.yaml:2"),
    ],
)
def test_with_a_renderer_it_is_the_nearest_file_that_states_the_value(
    tmp_path: Path,
    control_plane: RealCluster,
    namespace: str,
    *,
    files: dict[str, str | None],
    program: str,
    colour: str,
    size: str,
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    with stage(tmp_path, control_plane.kubeconfig, namespace, files) as shop:
        receipt = shop.sync()
        edit(control_plane, settings_of(shop), {"data": {"colour": "red", "size": "12"}})
        found = differing(shop, "settings data.colour", "settings data.size")
        authors = [change.desired_by for change in found]
        assert [author and (author.name, author.detail, author.place) for author in authors] == [
            ("Ada", receipt.revision, colour),
            ("Ada", receipt.revision, size),
        ]
