"""One application's input is huge or hostile: it alone says so, and the others go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.status import ApplicationStatus, SyncCode
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map
from tests.support.oracle import held
from tests.support.stage import fleet

AUTO = SyncPolicy(mode=SyncMode.AUTO, prune=True, max_prune=1.0)
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
HUGE = {
    "nested too deep": ("[" * 50_000, "nest"),
    "aliases that explode": (config_map("settings") + BOMB, "alias"),
    "too large a file": (config_map("settings", text="x" * (40 << 20)), "bytes is more than the limit of"),
    "too many objects": (
        "---\n".join(config_map(f"c{number}") for number in range(60_000)),
        "more than 10000 documents",
    ),
}


@pytest.mark.parametrize("sort", HUGE)
def test_only_the_application_that_is_hit_stands_still(tmp_path: Path, server: EmbeddedServer, sort: str) -> None:
    text, word = HUGE[sort]
    for name in ("huge", "fine"):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        ApiClient(server.kubeconfig).create("/api/v1/namespaces", body).ok()
    files: dict[str, str | None] = {"settings.yaml": config_map("settings", colour="blue")}
    with fleet(tmp_path, server.kubeconfig, ("huge", "fine"), files, AUTO) as shop:

        def fine(status: ApplicationStatus) -> bool:
            del status
            other = shop.store.current.applications["fine"]
            return other.sync is SyncCode.SYNCED and other.deployed == shop.repository.git("rev-parse", "HEAD")

        shop.until(lambda status: status.sync is SyncCode.SYNCED and fine(status))
        before = held(server, "huge")
        green = config_map("settings", colour="green")
        shop.repository.commit("Huge", {"huge/settings.yaml": text, "fine/settings.yaml": green})

        status = shop.until(lambda status: bool(status.problems) and fine(status))

        assert status.name == "huge"
        assert status.sync is not SyncCode.SYNCED
        assert word in " ".join(f"{problem.message} {problem.hint}" for problem in status.problems)
        assert len(status.problems[0].message) < 1000
        assert held(server, "huge") == before
        assert "green" in str(held(server, "fine"))
        again = shop.repository.commit("Mended", {"huge/settings.yaml": green})
        shop.until(lambda status: status.sync is SyncCode.SYNCED and status.deployed == again)
        assert "green" in str(held(server, "huge"))
