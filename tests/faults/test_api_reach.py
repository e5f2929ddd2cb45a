"""The API server's name is not found, or its certificate is not the one that was trusted, or has expired."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.access import Access
from gitops_tui.embedded.tls import self_signed
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.private import write_private
from tests.faults.conftest import FILES, HASTY, SHOP, Enter
from tests.support.oracle import Diary
from tests.support.stage import stage


def is_synced(status: ApplicationStatus) -> bool:
    return status.sync is SyncCode.SYNCED and not status.stale


def nowhere(kubeconfig: Path) -> None:
    """Name a server that no DNS knows."""
    config = json.loads(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://nowhere.invalid:6443"
    write_private(kubeconfig, json.dumps(config))


def mistrusted(kubeconfig: Path) -> None:
    """Trust another certificate than that of the server."""
    config = json.loads(kubeconfig.read_text())
    url = config["clusters"][0]["cluster"]["server"]
    other = Access(kubeconfig.parent, "", "", self_signed().certificate)
    other.write_kubeconfig(kubeconfig, url, config["users"][0]["user"]["token"])


@pytest.mark.parametrize(
    ("broken", "words"),
    [(nowhere, "name is not found"), (mistrusted, "no TLS connection")],
    ids=["DNS", "TLS"],
)
def test_a_server_that_cannot_be_reached_is_unknown_and_old_until_it_can(
    enter: Enter, server: EmbeddedServer, broken: Callable[[Path], None], words: str
) -> None:
    good = server.kubeconfig.read_text()
    with enter() as shop:
        shop.sync()
        before = shop.until(is_synced)
        diary = Diary(server, SHOP)
        broken(server.kubeconfig)

        def is_told(status: ApplicationStatus) -> bool:
            # A file that has just changed is left alone for a moment, in which a watch may still come back.
            server.faults.drop_watches()
            return status.stale and words in status.problems[0].message

        status = shop.until(is_told)

        assert status.sync is SyncCode.UNKNOWN
        assert [each.key for each in status.resources] == [each.key for each in before.resources]
        write_private(server.kubeconfig, good)
        shop.until(is_synced)
        assert diary() == {}


def test_a_certificate_that_has_expired_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    folder.mkdir(mode=0o700)
    expired = self_signed(days=0)
    access = {"token": "t" * 40, "viewer_token": "v" * 40, "certificate": expired.certificate}
    write_private(folder / "access.json", json.dumps(access))
    write_private(folder / "server.pem", expired.certificate + expired.key)
    end = time.time() + 1.0
    with EmbeddedServer.start(folder) as server, stage(tmp_path, server.kubeconfig, SHOP, FILES, timing=HASTY) as shop:
        status = shop.until(lambda status: bool(status.problems) and time.time() > end and "expired" in str(status))
        assert status.sync is SyncCode.UNKNOWN
        assert "expired" in status.problems[0].message
