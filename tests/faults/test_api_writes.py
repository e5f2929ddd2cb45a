"""Writes that are foretold wrongly, refused half-way, or never end: told, bounded, and made good by the next run."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.faults import Fault
from gitops_tui.engine.requests import Sync, Terminate
from gitops_tui.engine.schedule.lanes import ThreadLanes
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.operations import Action, OperationPhase, Receipt, Result
from gitops_tui.model.resources import DriftCode, ResourceKey, ResourceStatus
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import FILES, SHOP, Enter
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, outcome, undisturbed
from tests.support.stage import Stage

MAPS = "/api/v1/namespaces/default/configmaps"
AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)
TWO_COLOURS: dict[str, str | None] = {**FILES, "app/settings.yaml": config_map("settings", colour="blue", other="red")}


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.problems


def missing(status: ApplicationStatus) -> set[str]:
    return {each.key.name for each in status.resources if each.drift is DriftCode.MISSING}


def settings_of(status: ApplicationStatus) -> ResourceStatus:
    return next(each for each in status.resources if each.key.name == "settings")


def commit(shop: Stage, **data: str) -> None:
    shop.repository.commit("Other settings", {"app/settings.yaml": config_map("settings", **data)})
    shop.clock.now += 10
    shop.refresh()


# webhooks


def test_where_no_dry_run_is_possible_drift_is_approximate_and_a_sync_is_tried(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter() as shop:
        shop.sync()
        server.faults.refuse_dry_run(path="/configmaps/settings")
        ApiClient(server.kubeconfig).patch(f"{MAPS}/settings", {"data": {"colour": "red"}}).ok()

        status = shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

        assert settings_of(status).approximate
        assert "does not support dry run" in settings_of(status).message
        diary = Diary(server, SHOP)
        receipt = shop.sync()
        assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
        assert diary() == {"MODIFIED configmaps/settings": 1}
        shop.until(is_synced)
        assert outcome(server, shop) == undisturbed(tmp_path, shop)


@pytest.mark.parametrize("code", ["no dry-run", "failing"])
def test_what_git_no_longer_states_of_an_object_is_never_silently_in_sync(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, code: str
) -> None:
    with enter(TWO_COLOURS) as shop:
        shop.sync()
        refuse = server.faults.refuse_dry_run if code == "no dry-run" else server.faults.break_webhook
        refuse(path="/configmaps/settings")
        commit(shop, colour="blue")

        status = shop.status()

        assert status.sync is SyncCode.OUT_OF_SYNC
        assert settings_of(status).approximate
        assert "stated anew" in settings_of(status).message
        if code == "failing":
            server.faults.clear()
        assert shop.sync().phase is OperationPhase.SUCCEEDED
        assert held(server, SHOP)["configmaps/settings"]["data"] == {"colour": "blue"}
        assert shop.status().sync is SyncCode.SYNCED
        server.faults.clear()
        assert outcome(server, shop) == undisturbed(tmp_path, shop)


def test_a_webhook_that_fails_refuses_the_sync_before_a_single_write(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter() as shop:
        shop.sync()
        diary = Diary(server, SHOP)
        server.faults.break_webhook(path="/configmaps/settings")
        shop.repository.commit("No prices", {"app/prices.yaml": None})
        commit(shop, colour="green")

        status = shop.status()
        receipt = shop.sync(prune=True)

        assert settings_of(status).approximate
        assert "failed calling webhook" in settings_of(status).message
        assert receipt.phase is OperationPhase.FAILED
        assert "nothing was written" in receipt.message
        assert diary() == {}
        server.faults.clear()
        assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
        assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


# what is applied does not stay


def painted_red(server: EmbeddedServer) -> Fault:
    """Have each apply of `settings` make it red, which no dry-run foretells; what counts these applies."""
    applies = server.faults.delay(0.0, method="PATCH", path=r"/configmaps/settings\?(?!.*dryRun)")

    def paint(obj: dict[str, Any]) -> None:
        if obj["metadata"]["name"] == "settings":
            obj["data"] = {**obj["data"], "colour": "red"}

    server.faults.mutate(paint, foretold=False)
    return applies


def test_an_apply_that_does_what_no_dry_run_foretold_is_left_alone_after_three_times(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    applies = painted_red(server)
    with enter(policy=AUTO) as shop:
        diary = Diary(server, SHOP)
        status = shop.until(lambda status: "backs off" in status.waiting and "applied" in status.waiting)
        assert "settings was applied 3 times in ten minutes and does not stay as applied" in status.waiting
        for _ in range(100):
            shop.clock.now += 1
            shop.worker.step()

        assert applies.hits == 3
        assert diary()["ADDED configmaps/settings"] == 1
        assert diary()["ADDED configmaps/prices"] == 1
        server.faults.clear()
        shop.clock.now += 600
        shop.until(is_synced)
        assert held(server, SHOP)["configmaps/settings"]["data"] == {"colour": "blue"}


def test_a_commit_about_something_else_is_no_reason_to_apply_it_a_fourth_time(
    enter: Enter, server: EmbeddedServer
) -> None:
    applies = painted_red(server)
    with enter(policy=AUTO) as shop:
        shop.until(lambda status: "backs off" in status.waiting and "applied" in status.waiting)
        sha = shop.repository.commit("Elsewhere", {"other/readme.md": "nothing"})
        shop.until(lambda status: status.revision is not None and status.revision.sha == sha)
        status = shop.until(lambda status: "does not stay as applied" in status.waiting)
        assert applies.hits == 3
        shop.repository.commit("What it is about", {"app/settings.yaml": config_map("settings", colour="green")})
        shop.until(lambda _: applies.hits > 3)
        assert status.sync is SyncCode.OUT_OF_SYNC


def test_a_version_that_moves_at_every_write_is_no_drift(enter: Enter, server: EmbeddedServer) -> None:
    numbers = itertools.count()

    def touch(obj: dict[str, Any]) -> None:
        annotations = obj["metadata"].get("annotations") or {}
        obj["metadata"]["annotations"] = {**annotations, "example.org/touched": str(next(numbers))}

    server.faults.mutate(touch)
    with enter(policy=AUTO) as shop:
        diary = Diary(server, SHOP)
        shop.until(is_synced)
        for _ in range(50):
            shop.clock.now += 10
            shop.worker.step()
        assert is_synced(shop.status())
        assert diary() == {"ADDED configmaps/settings": 1, "ADDED configmaps/prices": 1}
        assert len(shop.journal.receipts(shop.name, limit=5)) == 1


# an apply fails at object k

ORDER = ("first", "second", "third", "fourth")


def waved(colour: str) -> dict[str, str | None]:
    """Four objects, each in a wave of its own."""
    note = "metadata:\n  annotations: {{argocd.argoproj.io/sync-wave: '{}'}}"
    return {
        f"app/{name}.yaml": config_map(name, colour=colour).replace("metadata:", note.format(wave))
        for wave, name in enumerate(ORDER)
    }


@pytest.mark.parametrize("failing", range(len(ORDER)))
@pytest.mark.parametrize("code", [403, 422, 500])
def test_an_apply_that_fails_stops_later_waves_and_the_prune_and_the_next_run_converges(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, failing: int, code: int
) -> None:
    with enter({**waved("blue"), "app/old.yaml": config_map("old")}, policy=SyncPolicy(max_prune=1.0)) as shop:
        shop.sync()
        shop.repository.commit("Green, nothing old", {**waved("green"), "app/old.yaml": None})
        shop.clock.now += 10
        shop.refresh()
        diary = Diary(server, SHOP)
        path = rf"/configmaps/{ORDER[failing]}\?(?!.*dryRun)"
        server.faults.answer(code, method="PATCH", path=path, times=-1)

        receipt = shop.sync(prune=True)

        assert receipt.phase is OperationPhase.FAILED
        assert results(receipt) == {
            **dict.fromkeys(ORDER[:failing], Result.CONFIGURED),
            ORDER[failing]: Result.FAILED,
            **dict.fromkeys(ORDER[failing + 1 :], Result.SKIPPED),
            "old": Result.PRUNE_SKIPPED,
        }
        assert shop.journal.receipts(shop.name, limit=1)[0] == receipt
        assert diary() == {f"MODIFIED configmaps/{name}": 1 for name in ORDER[:failing]}
        server.faults.clear()
        again = shop.sync(prune=True)
        assert again.phase is OperationPhase.SUCCEEDED
        written = {row.key.name for row in again.resources if row.action is not Action.SKIP}
        assert written == {*ORDER[failing:], "old"}
        assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


def results(receipt: Receipt) -> dict[str, Result]:
    return {row.key.name: row.result for row in receipt.resources}


# etcd restored to an older state


def test_a_cluster_that_is_restored_to_an_older_state_is_brought_up_to_date(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        backup = server.faults.checkpoint()
        shop.repository.commit(
            "More", {"app/settings.yaml": config_map("settings", colour="green"), "app/new.yaml": config_map("new")}
        )
        shop.until(lambda status: is_synced(status) and "configmaps/new" in held(server, SHOP))
        for number in range(20):
            ApiClient(server.kubeconfig).patch(f"{MAPS}/prices", {"data": {"other": str(number)}}).ok()
        diary = Diary(server, SHOP)

        server.faults.restore(backup)

        assert "configmaps/new" not in held(server, SHOP)
        shop.until(lambda status: is_synced(status) and "configmaps/new" in held(server, SHOP))
        written = {change: times for change, times in diary().items() if "prices" not in change}
        assert written == {
            "DELETED configmaps/new": 1,
            "ADDED configmaps/new": 1,
            "MODIFIED configmaps/settings": 2,
        }, "each once by the restore, and once by us"
        assert outcome(server, shop) == undisturbed(tmp_path, shop)


def test_what_a_restore_brings_back_after_its_prune_is_shown_and_left_to_a_person(
    enter: Enter, server: EmbeddedServer
) -> None:
    with enter(policy=AUTO) as shop:
        shop.until(is_synced)
        backup = server.faults.checkpoint()
        shop.repository.commit("No prices", {"app/prices.yaml": None})
        shop.until(lambda status: is_synced(status) and "configmaps/prices" not in held(server, SHOP))

        server.faults.restore(backup)

        status = shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)
        (prices,) = (each for each in status.resources if each.key.name == "prices")
        assert prices.drift is DriftCode.EXTRA
        for _ in range(20):
            shop.clock.now += 5
            shop.worker.step()
        assert "configmaps/prices" in held(server, SHOP), "a label alone never decides"
        (kept,) = (change for change in shop.plan(prune=True).changes if change.key.name == "prices")
        assert "the journal does not hold that this application applied it" in kept.why


# what never ends

HELD = "  finalizers: [example.org/hold]\n"


def release(server: EmbeddedServer, name: str) -> None:
    ApiClient(server.kubeconfig).patch(f"{MAPS}/{name}", {"metadata": {"finalizers": None}}).ok()


def with_finalizer(shop: Stage, server: EmbeddedServer) -> None:
    """Git drops an object whose deletion somebody holds up."""
    shop.refresh()
    shop.sync()
    patch = {"metadata": {"finalizers": ["example.org/hold"]}}
    ApiClient(server.kubeconfig).patch(f"{MAPS}/prices", patch).ok()
    shop.repository.commit("No prices", {"app/prices.yaml": None})
    shop.clock.now += 10
    shop.refresh()


def test_a_finalizer_that_hangs_is_waited_for_so_long_and_named(
    enter: Enter, server: EmbeddedServer, tmp_path: Path
) -> None:
    with enter(policy=SyncPolicy(max_prune=1.0)) as shop:
        with_finalizer(shop, server)
        deletions = server.faults.delay(0.0, method="DELETE")

        receipt = shop.sync(prune=True)

        assert receipt.phase is OperationPhase.FAILED
        assert "prices: is still there after 3 s, held by example.org/hold" in receipt.message
        context = shop.clusters.current
        assert ResourceKey("", "ConfigMap", SHOP, "prices") in shop.journal.inventory(shop.name, context)
        assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED, "it is being deleted already"
        assert deletions.hits == 2, "a dry-run and the real one"
        release(server, "prices")
        shop.until(is_synced)
        assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
        assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


def test_the_wait_for_a_finalizer_can_be_stopped(enter: Enter, server: EmbeddedServer, tmp_path: Path) -> None:
    with enter(policy=SyncPolicy(max_prune=1.0), lanes=ThreadLanes()) as shop:
        with_finalizer(shop, server)
        running = shop.worker.submit(Sync(shop.name, shop.plan(prune=True), "tester", timeout=600.0))
        shop.until(lambda status: status.running is not None and "waits for the deletion of" in status.running.current)

        assert shop.ask(Terminate(shop.name, "ada"))

        shop.until(lambda _: running.done())
        receipt = running.result()
        assert receipt.phase is OperationPhase.TERMINATED
        assert "ada" in receipt.message
        assert results(receipt)["prices"] is Result.PRUNE_SKIPPED
        release(server, "prices")
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
        assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


def test_a_namespace_that_is_being_deleted_is_told_with_what_holds_it(enter: Enter, server: EmbeddedServer) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: annex}\n"
    inside = config_map("guest").replace("metadata:\n", "metadata:\n  namespace: annex\n")
    files = {**FILES, "app/annex.yaml": namespace, "app/guest.yaml": inside}
    client = ApiClient(server.kubeconfig)
    with enter(files) as shop:
        shop.sync()
        client.create(
            "/api/v1/namespaces/annex/configmaps",
            {"metadata": {"name": "stubborn", "finalizers": ["example.org/hold"]}},
        ).ok()
        client.delete("/api/v1/namespaces/annex").ok()
        shop.until(lambda status: status.sync is SyncCode.OUT_OF_SYNC)

        receipt = shop.ask(Sync(shop.name, shop.plan(), "tester", timeout=1.0, dry_run=True))

        assert receipt.phase is OperationPhase.FAILED
        assert "annex because it is being terminated" in receipt.message
        assert held(server, "annex").keys() == {"configmaps/stubborn"}
        client.patch("/api/v1/namespaces/annex/configmaps/stubborn", {"metadata": {"finalizers": None}}).ok()
        shop.until(lambda status: missing(status) >= {"annex", "guest"})
        assert shop.sync().phase is OperationPhase.SUCCEEDED
        assert held(server, "annex").keys() == {"configmaps/guest"}


def test_the_prune_of_a_namespace_that_hangs_says_what_is_left_in_it(enter: Enter, server: EmbeddedServer) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: annex}\n"
    client = ApiClient(server.kubeconfig)
    with enter({**FILES, "app/annex.yaml": namespace}, policy=SyncPolicy(max_prune=1.0)) as shop:
        shop.sync()
        client.create(
            "/api/v1/namespaces/annex/configmaps",
            {"metadata": {"name": "stubborn", "finalizers": ["example.org/hold"]}},
        ).ok()
        shop.repository.commit("No annex", {"app/annex.yaml": None})
        shop.clock.now += 10
        shop.refresh()

        receipt = shop.sync(prune=True)

        assert receipt.phase is OperationPhase.FAILED
        assert "Namespace annex: is still there after 3 s" in receipt.message
        assert "finalizers remaining: example.org/hold in 1 resource instances" in receipt.message
        client.patch("/api/v1/namespaces/annex/configmaps/stubborn", {"metadata": {"finalizers": None}}).ok()
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        assert server.backend.namespace("annex") is None
