"""The six invariants of pruning and applying, each with the tests that fail without it.

Each line of code that holds one was taken out by hand, and these tests were seen to fail:

| invariant | code | guarded by |
|---|---|---|
| 1 the inventory decides, never a label | `options.kept_from_prune` | `test_a_label_alone_never_decides` |
|   a lost journal waits for a person | `guards._reasons` | `test_with_the_journal_lost_a_prune_waits_for_a_person` |
|   and is written down anew | `Operations.run` | `test_with_the_journal_lost_the_next_sync_…` |
|   written down before the apply | `execute._performed` | `test_what_was_applied_unheard_is_known_and_pruned_later` |
|   struck after a confirmed deletion | `prune._confirm` | `test_api_writes.test_a_finalizer_that_hangs_…` |
| 2 no prune after a failure | `plan._why_kept`, `Plans.plan`, `Pairing.incomplete` | `test_nothing_is_pruned_while_…` |
|   nor for an unsigned commit | `Reconciler.demand_signature` | `test_git_signatures` |
|   nor after a failed apply | `apply.apply_step` | `test_api_writes.test_an_apply_that_fails_…` |
| 3 what a person decides | `guards`, `Operations._approved` | `test_automation_never_prunes_what_needs_a_person` |
|   nor is it deleted as a hook | `guards.hooks_held` | `test_automation_never_deletes_a_namespace_that_is_a_hook` |
| 4 read again before each delete | `prune.ask_to_delete` | `test_what_another_has_meanwhile_is_left_alone` |
|   uid and resourceVersion | `Cluster.delete` | `cluster/test_faults.test_what_a_delete_sends` |
| 5 of an immutable commit | `Renderings.get`, `Plans.again` | `test_what_was_approved_is_applied_whatever_moves` |
| 6 force by policy, and journaled | `plan.refusals`, `apply.applied`, `apply._taken` | `test_api_conflicts` |
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Key
from gitops_tui.engine.requests import Delete, PlanDeletion, Refresh, Sync
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.errors import RenderError
from gitops_tui.model.operations import Action, Deletion, OperationPhase, Result
from gitops_tui.model.ownership import APPLICATION_LABEL, TRACKING_ANNOTATION
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import SyncCode
from tests.faults.conftest import FILES, HASTY, SHOP, Enter
from tests.faults.test_api_kinds import GROUP, WIDGET, define
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import held
from tests.support.stage import Stage, stage

MAPS = "/api/v1/namespaces/default/configmaps"
LOOSE = SyncPolicy(max_prune=1.0)
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)


def commit(shop: Stage, files: dict[str, str | None]) -> None:
    shop.repository.commit("Something else", files)
    shop.clock.now += 10
    shop.refresh()


def why_kept(shop: Stage, name: str) -> str:
    """What a plan says of an object that it does not prune; "" when it does."""
    (change,) = (change for change in shop.plan(prune=True).changes if change.key.name == name)
    return "" if change.action is Action.DELETE else change.why


# 1. The inventory

NEW = ResourceKey("", "ConfigMap", SHOP, "new")
SETTINGS = ResourceKey("", "ConfigMap", SHOP, "settings")


def test_a_label_alone_never_decides(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=LOOSE) as shop:
        shop.sync()
        marks = {
            "name": "planted",
            "labels": {APPLICATION_LABEL: shop.name},
            "annotations": {TRACKING_ANNOTATION: f"{shop.name}:/ConfigMap:default/planted"},
        }
        ApiClient(server.kubeconfig).create(MAPS, {"metadata": marks}).ok()
        shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

        assert "the journal does not hold that this application applied it" in why_kept(shop, "planted")
        shop.sync(prune=True)

        assert "configmaps/planted" in held(server, SHOP)


def test_with_the_journal_lost_a_prune_waits_for_a_person(enter: Enter, server: EmbeddedServer, tmp_path: Path) -> None:
    with enter() as shop:
        shop.sync()
        shop.repository.commit("No prices", {"app/prices.yaml": None})
    options: dict[str, Any] = {"repository": shop.repository, "state": "lost", "timing": HASTY, "policy": AUTO}
    with stage(tmp_path, server.kubeconfig, SHOP, {}, **options) as anew:
        status = anew.until(lambda status: bool(status.waiting))
        assert "held for a person" in status.waiting
        assert "the journal holds no inventory" in status.waiting
        assert "configmaps/prices" in held(server, SHOP)

        assert anew.sync(prune=True).phase is OperationPhase.SUCCEEDED
        assert "configmaps/prices" not in held(server, SHOP)


@pytest.mark.parametrize("resources", [None, (SETTINGS,)], ids=["whole", "chosen"])
def test_with_the_journal_lost_the_next_sync_writes_down_all_that_is_there(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, resources: tuple[ResourceKey, ...] | None
) -> None:
    with enter() as shop:
        shop.sync()
        shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
    options: dict[str, Any] = {"repository": shop.repository, "state": "lost", "timing": HASTY, "policy": LOOSE}
    with stage(tmp_path, server.kubeconfig, SHOP, {}, **options) as anew:
        assert [row.key.name for row in anew.sync(resources=resources).resources if row.result is Result.CONFIGURED]
        commit(anew, {"app/prices.yaml": None})

        assert why_kept(anew, "prices") == ""
        anew.sync(prune=True)
        assert "configmaps/prices" not in held(server, SHOP)


@pytest.mark.parametrize("hooks", [True, False])
def test_with_the_journal_lost_an_application_is_still_deleted_and_a_person_is_told_how(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, hooks: bool
) -> None:
    with enter() as shop:
        shop.sync()
    options: dict[str, Any] = {"repository": shop.repository, "state": "lost", "timing": HASTY}
    with stage(tmp_path, server.kubeconfig, SHOP, {}, **options) as anew:
        anew.refresh()
        plan = anew.ask(PlanDeletion(anew.name, Deletion.CASCADE, hooks=hooks))

        assert plan.held == ("the journal holds no inventory: what is deleted is known by labels only",)
        assert anew.ask(Delete(anew.name, plan, "tester", timeout=3.0)).phase is OperationPhase.SUCCEEDED
        assert not [name for name in held(server, SHOP) if name in {"configmaps/settings", "configmaps/prices"}]


def test_with_the_journal_lost_nothing_is_deleted_by_labels_that_cannot_be_listed(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter() as shop:
        shop.sync()
    server.faults.answer(403, method="GET", path=r"/configmaps\?", times=-1)
    options: dict[str, Any] = {"repository": shop.repository, "state": "lost", "timing": HASTY}
    with stage(tmp_path, server.kubeconfig, SHOP, {}, **options) as anew:
        (refusal,) = anew.ask(PlanDeletion(anew.name, Deletion.CASCADE)).refusals
        assert "ConfigMap could not be listed" in refusal


def test_what_was_applied_unheard_is_known_and_pruned_later(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=LOOSE) as shop:
        shop.sync()
        server.faults.cut(method="PATCH", path=r"/configmaps/new\?(?!.*dryRun)", times=-1, done=True)
        commit(shop, {"app/new.yaml": config_map("new")})
        assert shop.sync().phase is OperationPhase.FAILED
        assert "configmaps/new" in held(server, SHOP), "it was applied, and nobody heard of it"
        assert NEW in shop.journal.inventory(shop.name, shop.clusters.current)
        server.faults.clear()

        commit(shop, {"app/new.yaml": None})
        shop.until(lambda status: any(each.key.name == "new" for each in status.resources))
        receipt = shop.sync(prune=True)

        assert receipt.phase is OperationPhase.SUCCEEDED
        assert "configmaps/new" not in held(server, SHOP)


# 2. Nothing is pruned after a failure


def no_repository(shop: Stage, server: EmbeddedServer) -> Callable[[], object]:
    del server
    path = shop.repository.path
    aside = path.with_name("aside")
    path.rename(aside)
    return lambda: aside.rename(path)


def no_list(shop: Stage, server: EmbeddedServer) -> Callable[[], object]:
    del shop
    server.faults.answer(403, method="GET", path=r"/configmaps\?", times=-1)
    server.faults.drop_watches()
    return server.faults.clear


def no_kind(shop: Stage, server: EmbeddedServer) -> Callable[[], object]:
    del shop
    server.faults.lose_group(GROUP)
    server.faults.drop_watches()
    return server.faults.clear


FAILURES = {"fetch": no_repository, "list": no_list, "discovery": no_kind}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_nothing_is_pruned_while_something_cannot_be_read(
    enter: Enter, server: EmbeddedServer, failure: Callable[[Stage, EmbeddedServer], Callable[[], object]]
) -> None:
    define(server, "v1")
    with enter({**FILES, "app/widget.yaml": WIDGET}, policy=LOOSE) as shop:
        shop.sync()
        commit(shop, {"app/prices.yaml": None})
        assert why_kept(shop, "prices") == ""
        mend = failure(shop, server)
        shop.until(lambda _: "nothing may be pruned now" in why_kept(shop, "prices"))

        receipt = shop.sync(prune=True, resources=None) if not shop.plan(prune=True).refusals else None

        assert receipt is None or all(row.result is not Result.PRUNED for row in receipt.resources)
        assert "configmaps/prices" in held(server, SHOP)
        mend()
        shop.until(lambda _: why_kept(shop, "prices") == "")
        assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
        assert "configmaps/prices" not in held(server, SHOP)


def test_nothing_is_pruned_while_nothing_can_be_rendered(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        commit(shop, {"app/prices.yaml": None, "app/broken.yaml": "{"})
        for _ in range(20):
            shop.clock.now += 5
            shop.worker.step()
        with pytest.raises(RenderError):
            shop.plan(prune=True)
        assert "configmaps/prices" in held(server, SHOP)


# 3. What needs a person

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: precious}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: precious}\n"
PRECIOUS = ResourceKey("", "Namespace", "", "precious")
MANY: dict[str, str | None] = {f"app/many-{number}.yaml": config_map(f"many-{number}") for number in range(8)}
PRUNES: dict[str, tuple[dict[str, str | None], list[str], str]] = {
    "all": ({}, list(FILES), "Git states no resource at all"),
    "many": (MANY, [*MANY][:6], "prunes 6 of 10 resources, more than"),
    "a claim": ({"app/precious.yaml": CLAIM}, ["app/precious.yaml"], "PersistentVolumeClaim default/precious"),
    "a namespace": ({"app/precious.yaml": NAMESPACE}, ["app/precious.yaml"], "prunes Namespace precious"),
}


@pytest.mark.parametrize(("more", "dropped", "why"), PRUNES.values(), ids=PRUNES)
def test_automation_never_prunes_what_needs_a_person(
    enter: Enter, server: EmbeddedServer, more: dict[str, str | None], dropped: list[str], why: str
) -> None:
    policy = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, health_timeout=1.0)
    with enter({**FILES, **more, "app/README.md": "kept"}, policy=policy) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        before = held(server, SHOP).keys()

        commit(shop, dict.fromkeys(dropped))
        status = shop.until(lambda status: bool(status.waiting))
        for _ in range(20):
            shop.clock.now += 400
            shop.worker.step()

        assert "held for a person" in status.waiting
        assert why in status.waiting
        assert held(server, SHOP).keys() == before
        assert server.backend.namespace("precious") is not None or "Namespace" not in why
        receipt = shop.sync(prune=True)
        assert {row.result for row in receipt.resources if row.action is Action.DELETE} == {Result.PRUNED}


@pytest.mark.parametrize("hook", ["helm.sh/hook: pre-install", "argocd.argoproj.io/hook: PreSync"])
def test_automation_never_deletes_a_namespace_that_is_a_hook(enter: Enter, server: EmbeddedServer, hook: str) -> None:
    namespace = NAMESPACE.replace("{name: precious}", f"{{name: precious, annotations: {{{hook}}}}}")
    policy = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, health_timeout=1.0)
    with enter({**FILES, "app/precious.yaml": namespace}, policy=policy) as shop:
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        before = shop.clusters.get().read(PRECIOUS)

        commit(shop, {"app/settings.yaml": config_map("settings", colour="green")})
        status = shop.until(lambda status: bool(status.waiting))

        assert "may delete Namespace precious, as a hook" in status.waiting
        assert before is not None
        assert shop.clusters.get().read(PRECIOUS) == before


# 4. Read again before each delete

PRICES = Key("configmaps", SHOP, "prices")


def another_uid(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "metadata": {**body["metadata"], "uid": "of-another"}}


def another_application(body: dict[str, Any]) -> dict[str, Any]:
    marks = {**body["metadata"]["annotations"], TRACKING_ANNOTATION: "billing:/ConfigMap:default/prices"}
    return {**body, "metadata": {**body["metadata"], "annotations": marks}}


@pytest.mark.parametrize("changed", [another_uid, another_application])
def test_what_another_has_meanwhile_is_left_alone(
    enter: Enter, server: EmbeddedServer, changed: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    with enter(policy=LOOSE) as shop:
        shop.sync()
        commit(shop, {"app/prices.yaml": None, "app/settings.yaml": config_map("settings", colour="green")})

        def swap(obj: dict[str, Any]) -> None:
            """When the other object is written, long after the plan and its checks."""
            if obj["metadata"]["name"] == "settings":
                item = server.store.get(PRICES)
                assert item is not None
                server.store.put(PRICES, changed(item.body), expected=item.revision)

        server.faults.mutate(swap, foretold=False)

        receipt = shop.sync(prune=True)

        (row,) = (row for row in receipt.resources if row.key.name == "prices")
        assert row.result is Result.PRUNE_SKIPPED
        assert "configmaps/prices" in held(server, SHOP)


# 5. An immutable commit


def test_what_was_approved_is_applied_whatever_moves(enter: Enter, server: EmbeddedServer) -> None:
    with enter(policy=LOOSE) as shop:
        shop.sync()
        commit(shop, {"app/settings.yaml": config_map("settings", colour="green")})
        approved = shop.plan()
        commit(shop, {"app/settings.yaml": config_map("settings", colour="red"), "app/prices.yaml": None})
        (shop.repository.path / "app" / "settings.yaml").write_text(config_map("settings", colour="dirty"))
        shop.ask(Refresh(hard=True))

        receipt = shop.ask(Sync(shop.name, approved, "tester", timeout=3.0))

        assert receipt.phase is OperationPhase.SUCCEEDED
        assert receipt.revision == approved.revision
        assert held(server, SHOP)["configmaps/settings"]["data"] == {"colour": "green"}
        assert "configmaps/prices" in held(server, SHOP)
