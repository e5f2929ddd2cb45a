"""Embedded servers for single tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.embedded import EmbeddedServer
from tests.support.api_client import ApiClient


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kubectl keeps what a server serves by its address, which another test's server may have had before."""
    monkeypatch.setenv("KUBECACHEDIR", str(tmp_path / "kubectl"))


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A server that keeps nothing."""
    with EmbeddedServer.start(bookmark_seconds=0.2) as started:
        yield started


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[ApiClient]:
    """A client that may do everything."""
    found = ApiClient(server.kubeconfig)
    yield found
    found.close()
