"""What a start shows before it has looked at anything: what was seen last, as such."""

from __future__ import annotations

from pathlib import Path

from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import ApplicationStatus, Snapshot, SyncCode
from tests.support.manifests import config_map
from tests.support.real_cluster import RealCluster
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

FILES: dict[str, str | None] = {"app/a.yaml": config_map("a", b="c")}


def first_sight(shop: Stage) -> ApplicationStatus:
    """The application in the first picture of all that is tracked."""
    seen: list[Snapshot] = []
    shop.store.subscribe(seen.append)
    shop.worker.step()
    return next(each.applications[shop.name] for each in seen if shop.name in each.applications)


def test_the_first_screen_shows_what_was_seen_last_as_old_and_the_first_look_renews_it(
    tmp_path: Path, control_plane: RealCluster, namespace: str
) -> None:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as before:
        assert first_sight(before).revision is None
        before.sync()
        revision = before.status().revision
        repository = before.repository

    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES, repository=repository) as after:
        shown = first_sight(after)
        assert (shown.sync, shown.stale, shown.health.code) == (SyncCode.UNKNOWN, True, HealthCode.HEALTHY)
        assert "not looked at yet; was Synced at 2" in shown.summary
        assert revision is not None
        assert shown.revision is not None
        assert (shown.revision.sha, shown.revision.subject, shown.total) == (revision.sha, "First release", 1)

        renewed = after.status()
        assert (renewed.sync, renewed.stale, renewed.summary) == (SyncCode.SYNCED, False, "")


def test_it_is_kept_while_the_process_runs_too(tmp_path: Path, control_plane: RealCluster, namespace: str) -> None:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as shop:
        shop.sync()
        assert dict(shop.journal.statuses()) == {}
        shop.clock.now += 100
        shop.worker.step()
        assert set(shop.journal.statuses()) == {shop.name}


def test_another_application_of_the_same_name_is_not_taken_for_it(
    tmp_path: Path, control_plane: RealCluster, namespace: str
) -> None:
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES) as before:
        before.sync()

    other = WorkTree(tmp_path / "other")
    other.commit("Another one", FILES)
    with stage(tmp_path, control_plane.kubeconfig, namespace, FILES, repository=other) as after:
        assert first_sight(after).stale is False
