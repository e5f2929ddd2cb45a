"""The local copy of a repository is damaged while the engine runs: it is made anew, and nobody is the wiser."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Refresh
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.faults.conftest import SHOP, Enter
from tests.support.manifests import config_map
from tests.support.oracle import Diary, held, mirrored, undisturbed

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, self_heal=True, max_prune=1.0)


def halve_the_pack(copy: Path) -> None:
    for pack in (copy / "objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        os.truncate(pack, pack.stat().st_size // 2)
    for loose in (copy / "objects").glob("??/*"):
        loose.chmod(0o600)
        os.truncate(loose, loose.stat().st_size // 2)


def empty_the_ref(copy: Path) -> None:
    (copy / "packed-refs").unlink(missing_ok=True)
    (copy / "refs/heads").mkdir(exist_ok=True, parents=True)
    (copy / "refs/heads/main").write_bytes(b"")


def leave_locks(copy: Path) -> None:
    for name in ("HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "config.lock"):
        (copy / name).parent.mkdir(exist_ok=True, parents=True)
        (copy / name).write_bytes(b"")
    (copy / "objects/pack/tmp_pack_dead").write_bytes(b"PACK")


def lose_the_copy(copy: Path) -> None:
    copy.rename(copy.with_name("elsewhere"))


def is_at(sha: str) -> Callable[[ApplicationStatus], bool]:
    def wanted(status: ApplicationStatus) -> bool:
        is_synced = status.sync is SyncCode.SYNCED and not status.stale
        return is_synced and status.revision is not None and status.revision.sha == sha

    return wanted


@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("damage", [halve_the_pack, empty_the_ref, leave_locks, lose_the_copy])
def test_a_damaged_copy_is_mended_on_the_way(
    enter: Enter, server: EmbeddedServer, tmp_path: Path, *, damage: Callable[[Path], None], restarts: bool
) -> None:
    with enter(policy=AUTO) as shop:
        repository = shop.repository
        first = repository.git("rev-parse", "HEAD")
        shop.until(is_at(first))
        diary = Diary(server, SHOP)
        (current,) = (tmp_path / "state" / "mirrors").glob("*/current")
        damage(current.resolve())
        if not restarts:
            shop.ask(Refresh((SHOP,), hard=True))
            assert not shop.store.current.applications[SHOP].problems
            second = repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
            shop.until(is_at(second))
    if restarts:
        second = repository.commit("Green", {"app/settings.yaml": config_map("settings", colour="green")})
    with enter(policy=AUTO, repository=repository) as again:
        again.until(is_at(second))
        for _ in range(5):
            again.clock.now += 1
            again.worker.step()

        assert diary() == {"MODIFIED configmaps/settings": 1}
        assert undisturbed(tmp_path, again)["cluster"] == held(server, SHOP)
        kept = mirrored(tmp_path / "state")
        assert (kept["copies"], kept["left over"], kept["complaints"]) == (1, [], [])
