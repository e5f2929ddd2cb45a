"""A pass in which nothing has moved works out nothing anew."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Key
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.status import SyncCode
from tests.support.git_commands import git_commands
from tests.support.manifests import config_map, deployment
from tests.support.stage import stage

NAMESPACE = "default"
FILES: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="blue"),
    "app/web.yaml": deployment("web"),
}
WELL = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
WORKED_OUT = {
    "gitops_tui.source.transport.address.parse",
    "gitops_tui.source.refs.from_listing",
    "gitops_tui.source.refs.target",
    "gitops_tui.journal.inventories.paths",
    "gitops_tui.engine.views.watches.scopes_for",
    "gitops_tui.engine.views.assessing.found",
    "gitops_tui.engine.views.statuses.status_of",
}
"""What an address, a listing, a ref, an inventory, kinds, a live object and a look mean."""


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


def worked_out(work: Callable[[], object]) -> dict[str, int]:
    """How often each of `WORKED_OUT` is called, in this thread."""
    found: dict[str, int] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            name = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
            if name in WORKED_OUT:
                found[name] = found.get(name, 0) + 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def test_a_pass_in_which_nothing_has_moved_works_out_nothing_anew(
    tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(tmp_path, server.kubeconfig, NAMESPACE, FILES) as shop:
        assert worked_out(shop.refresh).keys() == WORKED_OUT
        shop.sync()
        web = server.store.get(Key("deployments.apps", NAMESPACE, "web"))
        assert web is not None
        server.store.put(web.key, {**web.body, "status": WELL}, expected=web.revision)
        shop.until(lambda status: status.health.code is HealthCode.HEALTHY)
        before = shop.status()
        assert before.sync is SyncCode.SYNCED
        commands = git_commands(monkeypatch)
        assert worked_out(shop.refresh) == {}
        assert commands == ["ls-remote"]
        after = shop.store.current.applications[shop.name]
        assert (before.compared_at or 0.0) < (after.compared_at or 0.0), "it is told that it was looked at"
        assert all(one is other for one, other in zip(before.resources, after.resources, strict=True))


def test_what_git_says_since_is_worked_out_anew(tmp_path: Path, server: EmbeddedServer) -> None:
    with stage(tmp_path, server.kubeconfig, NAMESPACE, {"app/settings.yaml": config_map("settings")}) as shop:
        shop.refresh()
        pushed = shop.repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
        found = worked_out(shop.refresh)
        assert found["gitops_tui.source.refs.from_listing"] == 1
        assert found["gitops_tui.source.refs.target"] == 1
        revision = shop.store.current.applications[shop.name].revision
        assert revision is not None
        assert revision.sha == pushed
