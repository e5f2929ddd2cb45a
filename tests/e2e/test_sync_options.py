"""Sync options on a real API server: what it refuses, and what each option makes of that."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gitops_tui.engine.requests import Operations, Sync
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import PlanError
from gitops_tui.model.operations import Action, Method, OperationPhase, Result
from gitops_tui.model.resources import DriftCode, HealthCode, ResourceKey
from gitops_tui.model.status import SyncCode
from gitops_tui.yamlio import load_all
from tests.support.manifests import config_map, deployment, secret
from tests.support.real_cluster import RealCluster
from tests.support.served import wait_until_served
from tests.support.stage import Stage, stage

Enter = Callable[..., Stage]


@pytest.fixture
def enter(tmp_path: Path, control_plane: RealCluster, namespace: str) -> Iterator[Enter]:
    """An application of some files, with a policy."""
    with ExitStack() as stack:
        yield lambda files, policy=None: stack.enter_context(
            stage(tmp_path, control_plane.kubeconfig, namespace, files, policy=policy)
        )


def annotated(manifest: str, **notes: str) -> str:
    rows = "".join(f'    {name}: "{value}"\n' for name, value in notes.items())
    return manifest.replace("metadata:\n", f"metadata:\n  annotations:\n{rows}", 1)


def options(manifest: str, *given: str) -> str:
    return annotated(manifest, **{"argocd.argoproj.io/sync-options": ",".join(given)})


def selecting(label: str) -> str:
    return deployment("web", replicas=0).replace("{app: web}", f"{{app: {label}}}")


def commit(shop: Stage, subject: str, files: dict[str, str | None]) -> str:
    sha = shop.repository.commit(subject, files)
    shop.clock.now += 10
    shop.refresh()
    return sha


# what cannot be changed


def test_an_immutable_selector_is_refused_at_plan_time_with_the_way_out(enter: Enter) -> None:
    shop = enter({"app/web.yaml": selecting("old")})
    shop.sync()
    commit(shop, "Select otherwise", {"app/web.yaml": selecting("new")})

    plan = shop.plan()

    (refusal,) = plan.refusals
    assert "Deployment" in refusal
    assert "field is immutable" in refusal
    assert "argocd.argoproj.io/sync-options: Force=true" in refusal
    with pytest.raises(PlanError, match="immutable"):
        shop.ask(Sync(shop.name, plan, "tester"))


@pytest.mark.parametrize("way", ["Force=true", "flux", "application"])
def test_with_force_it_is_made_anew_and_in_sync(enter: Enter, way: str) -> None:
    policy = SyncPolicy(options=("Force=true",)) if way == "application" else None
    shop = enter({"app/web.yaml": selecting("old")}, policy)
    shop.sync()
    before = shop.live("apps", "Deployment", "web")
    assert before is not None
    new = selecting("new")
    if way == "Force=true":
        new = options(new, way)
    elif way == "flux":
        new = annotated(new, **{"kustomize.toolkit.fluxcd.io/force": "enabled"})
    commit(shop, "Select otherwise", {"app/web.yaml": new})

    plan = shop.plan()
    receipt = shop.sync()

    (change,) = plan.writes
    assert (change.method, change.restarts) == (Method.RECREATE, True)
    assert "is deleted and made anew" in change.warnings
    assert (receipt.phase, receipt.message) == (OperationPhase.SUCCEEDED, "1 created")
    after = shop.live("apps", "Deployment", "web")
    assert after is not None
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert shop.status().sync is SyncCode.SYNCED
    (row,) = shop.ask(Operations(shop.name))[0].resources
    assert row.action is Action.UPDATE
    assert row.before is not None
    assert row.before["spec"]["selector"] == {"matchLabels": {"app": "old"}}


def test_a_job_whose_template_changes_is_told_and_made_anew_with_force(enter: Enter) -> None:
    def job(image: str) -> str:
        pod = f"{{restartPolicy: Never, containers: [{{name: main, image: {image}}}]}}"
        return f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: load\nspec:\n  template:\n    spec: {pod}\n"

    shop = enter({"app/job.yaml": job("one")})
    shop.sync()
    before = shop.live("batch", "Job", "load")
    commit(shop, "Another image", {"app/job.yaml": job("two")})

    (refusal,) = shop.plan().refusals
    assert "field is immutable" in refusal
    assert "argocd.argoproj.io/sync-options: Force=true" in refusal

    commit(shop, "By force", {"app/job.yaml": options(job("two"), "Force=true")})
    (change,) = shop.plan().writes
    assert change.method is Method.RECREATE
    shop.sync()
    after = shop.live("batch", "Job", "load")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_secret_whose_type_changes_is_told_without_a_value(enter: Enter) -> None:
    shop = enter({"app/key.yaml": secret("key", password="hunter2")})
    shop.sync()
    commit(shop, "Another type", {"app/key.yaml": secret("key", password="hunter3") + "type: example.org/other\n"})

    (refusal,) = shop.plan().refusals

    assert "Force=true" in refusal
    assert "hunter" not in refusal


def test_what_a_deleted_secret_was_is_kept_masked(enter: Enter) -> None:
    shop = enter({"app/key.yaml": secret("key", password="hunter2"), "app/a.yaml": config_map("a", b="c")})
    shop.sync()
    commit(shop, "No key any more", {"app/key.yaml": None})

    shop.sync(prune=True)

    (row,) = [row for row in shop.ask(Operations(shop.name))[0].resources if row.result is Result.PRUNED]
    assert row.before is not None
    assert list(row.before["data"]) == ["password"]
    assert "hunter" not in str(row)
    assert "aHVudGVy" not in str(row), "nor in base64"


# replace


def test_replace_drops_what_others_put_there_and_what_git_drops(enter: Enter, control_plane: RealCluster) -> None:
    shop = enter({"app/a.yaml": options(config_map("a", mine="1", gone="1"), "Replace=true")})
    shop.sync()
    path = f"/api/v1/namespaces/{shop.namespace}/configmaps/a"
    patch = {"data": {"theirs": "2"}}
    assert control_plane.request("PATCH", path, patch, content_type="application/merge-patch+json")[0] == 200
    commit(shop, "One less", {"app/a.yaml": options(config_map("a", mine="1"), "Replace=true")})

    plan = shop.plan()
    receipt = shop.sync()

    (change,) = plan.writes
    assert change.method is Method.REPLACE
    assert receipt.phase is OperationPhase.SUCCEEDED
    live = shop.live("", "ConfigMap", "a")
    assert live is not None
    assert live["data"] == {"mine": "1"}
    assert shop.status().sync is SyncCode.SYNCED
    commit(shop, "Nothing of it", {"app/a.yaml": options(config_map("a", other="1"), "Replace=true")})
    shop.sync()
    live = shop.live("", "ConfigMap", "a")
    assert live is not None
    assert live["data"] == {"other": "1"}, "what a replace wrote is dropped by the next one"
    assert shop.status().sync is SyncCode.SYNCED


def test_a_workload_whose_status_moves_is_replaced(enter: Enter, controllers: RealCluster) -> None:
    shop = enter({"app/web.yaml": options(deployment("web", replicas=0), "Replace=true")})
    shop.sync()
    commit(shop, "Another image", {"app/web.yaml": options(deployment("web", "shop:2", replicas=0), "Replace=true")})
    assert shop.sync().phase is OperationPhase.SUCCEEDED
    live = shop.live("apps", "Deployment", "web")
    assert live is not None
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
    assert shop.status().sync is SyncCode.SYNCED


# validation


@pytest.fixture
def gadgets(control_plane: RealCluster) -> Iterator[str]:
    """The group of a custom kind with a strict schema."""
    group = f"g{secrets.token_hex(4)}.example.org"
    strict = "{type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}"
    body = load_all(widgets(group).replace(_LAX, strict).encode(), name="definition")[0].value
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert control_plane.request("POST", path, body)[0] == 201
    wait_until_served(control_plane, group, "widgets")
    yield group
    control_plane.request("DELETE", f"{path}/widgets.{group}")


def test_an_unknown_field_is_refused_and_dropped_with_a_warning_without_validation(
    enter: Enter, gadgets: str, namespace: str
) -> None:
    stated = widget(gadgets, namespace).replace("size: 1", "size: 1, colour: blue")
    shop = enter({"app/w.yaml": stated})
    (refusal,) = shop.plan().refusals
    assert "spec.colour" in refusal
    lax = stated.replace("metadata:", "metadata:\n  annotations: {argocd.argoproj.io/sync-options: Validate=false}")
    commit(shop, "Let it pass", {"app/w.yaml": lax})

    receipt = shop.sync()

    assert receipt.phase is OperationPhase.SUCCEEDED
    (row,) = receipt.resources
    assert any("colour" in warning for warning in row.warnings)
    assert shop.status().sync is SyncCode.SYNCED


def test_an_unknown_field_deep_in_a_built_in_kind_is_dropped_too(enter: Enter) -> None:
    odd = deployment("web", replicas=0).replace("image: ", "colour: blue\n          image: ")
    shop = enter({"app/web.yaml": odd})
    assert "colour" in shop.plan().refusals[0]
    commit(shop, "Let it pass", {"app/web.yaml": options(odd, "Validate=false")})

    receipt = shop.sync()

    assert receipt.phase is OperationPhase.SUCCEEDED
    (row,) = receipt.resources
    assert row.warnings == ('unknown field .spec.template.spec.containers[name="web"].colour is dropped',)
    assert shop.status().sync is SyncCode.SYNCED


# kinds and namespaces that come with the sync


_LAX = "{type: object, x-kubernetes-preserve-unknown-fields: true}"


def widgets(group: str) -> str:
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.{group}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Widget, plural: widgets, singular: widget}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {_LAX}}}
"""


def widget(group: str, namespace: str) -> str:
    return f"apiVersion: {group}/v1\nkind: Widget\nmetadata:\n  name: w\n  namespace: {namespace}\nspec: {{size: 1}}\n"


def test_a_definition_its_object_and_their_namespace_in_one_go(enter: Enter) -> None:
    group = f"g{secrets.token_hex(4)}.example.org"
    made = f"made-{secrets.token_hex(4)}"
    shop = enter(
        {
            "app/1-widget.yaml": widget(group, made),
            "app/2-namespace.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {made}\n",
            "app/3-definition.yaml": widgets(group),
        }
    )
    plan = shop.plan()
    try:
        receipt = shop.sync()
        assert [change.key.kind for change in plan.writes] == ["Namespace", "CustomResourceDefinition", "Widget"]
        assert (receipt.phase, receipt.message) == (OperationPhase.SUCCEEDED, "3 created")
        status = shop.status()
        assert (status.sync, status.health.code) == (SyncCode.SYNCED, HealthCode.HEALTHY)
    finally:
        cluster = shop.clusters.get()
        for key in (
            ResourceKey("apiextensions.k8s.io", "CustomResourceDefinition", "", f"widgets.{group}"),
            ResourceKey("", "Namespace", "", made),
        ):
            live = cluster.read(key)
            if live is not None:
                cluster.delete(key, uid=live["metadata"]["uid"])


def test_a_definition_that_goes_says_whether_objects_go_with_it(enter: Enter, namespace: str) -> None:
    group = f"g{secrets.token_hex(4)}.example.org"
    keep = config_map("keep")
    shop = enter({"app/w.yaml": widget(group, namespace), "app/definition.yaml": widgets(group), "app/keep.yaml": keep})
    shop.sync()
    commit(shop, "No definition", {"app/w.yaml": None, "app/definition.yaml": None})
    definition = f"widgets.{group}"

    def lost() -> str:
        return next(c.irreversible for c in shop.plan(prune=True).changes if c.key.name == definition)

    assert lost() == "every object of its kind is deleted with it"
    shop.ask(Sync(shop.name, shop.plan(prune=True, resources=(shop_widget(group, namespace),)), "tester"))
    assert lost() == ""
    shop.ask(Sync(shop.name, shop.plan(prune=True), "tester"))


def shop_widget(group: str, namespace: str) -> ResourceKey:
    return ResourceKey(group, "Widget", namespace, "w")


@pytest.fixture
def group(control_plane: RealCluster) -> Iterator[str]:
    """A group of custom resources; its definition of widgets is deleted at the end."""
    name = f"g{secrets.token_hex(4)}.example.org"
    yield name
    control_plane.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{name}")


def test_a_definition_gains_a_version_and_an_object_of_it_in_one_go(enter: Enter, namespace: str, group: str) -> None:
    shop = enter({"app/definition.yaml": widgets(group)})
    shop.sync()
    newer = f"    - {{name: v2, served: true, storage: false, schema: {{openAPIV3Schema: {_LAX}}}}}\n"
    new: dict[str, str | None] = {
        "app/definition.yaml": widgets(group) + newer,
        "app/w.yaml": widget(group, namespace).replace("/v1", "/v2"),
    }
    commit(shop, "A second version", new)

    assert shop.plan().refusals == ()
    receipt = shop.sync()

    assert (receipt.phase, receipt.message) == (OperationPhase.SUCCEEDED, "1 created, 1 configured")
    # The watches of a kind end with its old definition, and are opened anew.
    shop.until(lambda status: status.sync is SyncCode.SYNCED)


def test_a_definition_gains_a_field_and_its_object_states_it_in_one_go(
    enter: Enter, namespace: str, group: str
) -> None:
    def fields(*names: str) -> str:
        rows = ", ".join(f"{name}: {{type: integer}}" for name in names)
        return f"{{type: object, properties: {{spec: {{type: object, properties: {{{rows}}}}}}}}}"

    old = {"app/definition.yaml": widgets(group).replace(_LAX, fields("size")), "app/w.yaml": widget(group, namespace)}
    shop = enter(old)
    shop.sync()
    new: dict[str, str | None] = {
        "app/definition.yaml": widgets(group).replace(_LAX, fields("size", "age")),
        "app/w.yaml": widget(group, namespace).replace("{size: 1}", "{size: 1, age: 2}"),
    }
    commit(shop, "A second field", new)

    assert shop.plan().refusals == ()
    receipt = shop.sync()

    assert (receipt.phase, receipt.message) == (OperationPhase.SUCCEEDED, "2 configured")
    # The watches of a kind end with its old definition, and are opened anew.
    shop.until(lambda status: status.sync is SyncCode.SYNCED)


def test_a_kind_that_nobody_serves_refuses_the_plan_by_name(enter: Enter, namespace: str) -> None:
    shop = enter({"app/w.yaml": widget("nowhere.example.org", namespace)})
    (refusal,) = shop.plan().refusals
    assert "nowhere.example.org/Widget" in refusal


def test_a_kind_that_comes_while_the_sync_runs_is_waited_for(
    enter: Enter, control_plane: RealCluster, namespace: str
) -> None:
    """An operator of an earlier wave brings it; here the hook that stands for it is a definition itself."""
    group = f"g{secrets.token_hex(4)}.example.org"
    hook = annotated(widgets(group), **{"argocd.argoproj.io/hook": "PreSync"})
    late = widget(group, namespace).replace(
        "metadata:\n", "metadata:\n  annotations: {argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}\n"
    )
    shop = enter({"app/operator.yaml": hook, "app/w.yaml": late})
    try:
        assert shop.plan().refusals == ()
        assert shop.sync().phase is OperationPhase.SUCCEEDED
    finally:
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}"
        control_plane.request("DELETE", path)


# hooks


def test_a_hook_with_a_generated_name_runs_anew_each_time(enter: Enter) -> None:
    hook = config_map("x", a="b").replace("name: x", "generateName: migrate-")
    hook = annotated(hook, **{"argocd.argoproj.io/hook": "PreSync"})
    shop = enter({"app/hook.yaml": hook, "app/a.yaml": config_map("a", b="c")})
    sha = shop.sync().revision

    (row,) = [row for row in shop.ask(Operations(shop.name))[0].resources if row.action is Action.HOOK]
    prefix = f"migrate-{sha[:7]}-presync-"
    assert row.key.name.startswith(prefix)
    assert row.key.name.removeprefix(prefix).isdecimal()
    assert shop.live("", "ConfigMap", row.key.name) is not None
    status = shop.status()
    assert (status.sync, status.drifted) == (SyncCode.SYNCED, 0), "what hooks leave behind is no drift"
    assert not any(change.action is Action.DELETE for change in shop.plan(prune=True).changes)


def test_a_hook_is_tried_before_anything_is_written_also_where_its_last_run_is_left(enter: Enter) -> None:
    def hook(image: str) -> str:
        pod = f"{{restartPolicy: Never, containers: [{{name: smoke, image: {image}}}]}}"
        stated = f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: smoke\nspec:\n  template:\n    spec: {pod}\n"
        return annotated(stated, **{"argocd.argoproj.io/hook": "PostSync"})

    shop = enter({"app/hook.yaml": hook("one"), "app/a.yaml": config_map("a", b="c")})
    shop.sync()
    assert shop.live("batch", "Job", "smoke") is not None

    commit(shop, "Another image, which a Job cannot take", {"app/hook.yaml": hook("two")})
    assert shop.ask(Sync(shop.name, shop.plan(), "tester", dry_run=True)).phase is OperationPhase.SUCCEEDED

    slip = hook("two").replace("restartPolicy", "restartPolcy")
    commit(shop, "A slip", {"app/hook.yaml": slip, "app/a.yaml": config_map("a", b="d")})
    receipt = shop.sync()
    assert receipt.phase is OperationPhase.FAILED
    assert "restartPolcy" in receipt.message
    assert shop.live("", "ConfigMap", "a")["data"] == {"b": "c"}  # type: ignore[index]


def test_a_hook_that_deleted_itself_is_no_drift_and_not_missing(enter: Enter) -> None:
    hook = annotated(
        config_map("migrate", a="b"),
        **{"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": "HookSucceeded"},
    )
    shop = enter({"app/hook.yaml": hook, "app/a.yaml": config_map("a", b="c")})
    shop.sync()
    assert shop.live("", "ConfigMap", "migrate") is None
    status = shop.status()
    assert (status.sync, status.health.code) == (SyncCode.SYNCED, HealthCode.HEALTHY)
    (row,) = [row for row in status.resources if row.key.name == "migrate"]
    assert (row.drift, row.health.code) == (DriftCode.IN_SYNC, HealthCode.NONE)


def test_chosen_resources_run_their_hooks_only_when_asked(enter: Enter) -> None:
    hook = annotated(config_map("migrate", a="b"), **{"argocd.argoproj.io/hook": "PreSync"})
    shop = enter({"app/hook.yaml": hook, "app/a.yaml": config_map("a", b="c"), "app/b.yaml": config_map("b", b="c")})
    chosen = (ResourceKey("", "ConfigMap", shop.namespace, "a"),)
    assert [change.key.name for change in shop.plan(resources=chosen).writes] == ["a"]
    plan = shop.plan(resources=chosen, hooks=True)
    assert [change.key.name for change in plan.writes] == ["migrate", "a"]
    assert shop.sync(resources=chosen, hooks=True).phase is OperationPhase.SUCCEEDED


# dry-run, inventory, warnings


def test_a_dry_run_tells_what_the_server_says_and_writes_nothing(enter: Enter) -> None:
    shop = enter({"app/a.yaml": config_map("a", b="c")})
    receipt = shop.ask(Sync(shop.name, shop.plan(), "tester", dry_run=True))
    assert (receipt.phase, receipt.dry_run, receipt.operation) == (OperationPhase.SUCCEEDED, True, "")
    assert [(row.result, row.message) for row in receipt.resources] == [(Result.CREATED, "dry-run")]
    assert shop.live("", "ConfigMap", "a") is None
    assert shop.ask(Operations(shop.name)) == ()


def test_a_dry_run_of_a_refused_plan_says_so(enter: Enter) -> None:
    shop = enter({"app/w.yaml": widget("nowhere.example.org", "default")})
    receipt = shop.ask(Sync(shop.name, shop.plan(), "tester", dry_run=True))
    assert receipt.phase is OperationPhase.FAILED
    assert [row.result for row in receipt.resources] == [Result.SKIPPED]
    assert "nowhere.example.org/Widget" in receipt.message


def test_what_the_inventory_names_and_is_gone_is_struck_by_the_next_sync(
    enter: Enter, control_plane: RealCluster
) -> None:
    shop = enter({"app/a.yaml": config_map("a", b="c"), "app/b.yaml": config_map("b", b="c")})
    shop.sync()
    control_plane.request("DELETE", f"/api/v1/namespaces/{shop.namespace}/configmaps/b")
    commit(shop, "No b any more", {"app/b.yaml": None})
    context = shop.clusters.get().context
    assert {key.name for key in shop.journal.inventory(shop.name, context)} == {"a", "b"}

    shop.sync()

    assert {key.name for key in shop.journal.inventory(shop.name, context)} == {"a"}


def test_warnings_of_the_api_server_stand_in_the_receipt(enter: Enter) -> None:
    endpoints = "apiVersion: v1\nkind: Endpoints\nmetadata:\n  name: old\n"
    shop = enter({"app/old.yaml": endpoints})
    shop.sync()
    (row,) = shop.ask(Operations(shop.name))[0].resources
    assert any("deprecated" in warning for warning in row.warnings)


def test_hooks_with_one_generated_name_all_run(enter: Enter) -> None:
    def hook(phase: str, value: str) -> str:
        stated = config_map("x", a=value).replace("name: x", "generateName: db-")
        return annotated(stated, **{"argocd.argoproj.io/hook": phase})

    shop = enter(
        {"app/a.yaml": hook("PreSync", "1"), "app/b.yaml": hook("PostSync", "2"), "app/c.yaml": hook("PreSync", "3")}
    )

    receipt = shop.sync()

    prefix = f"db-{receipt.revision[:7]}"
    named = [row.key.name.rpartition("-")[0].removeprefix(prefix) for row in receipt.resources]
    assert named == ["-3-presync", "-presync", "-2-postsync"]
    assert receipt.phase is OperationPhase.SUCCEEDED
