"""A cluster that can be told to misbehave, and a user whose program is not patient with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from gitops_tui.cluster import Timing
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.values import replace
from tests.support.manifests import config_map
from tests.support.oracle import nothing_left
from tests.support.stage import Stage, stage

SHOP = "default"
HASTY = Timing(
    connect=2.0,
    read=4.0,
    total=9.0,
    silence=1.0,
    first_pause=0.02,
    longest_pause=0.1,
    forbidden_pause=0.1,
    recovery=0.1,
)
FILES: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="blue"),
    "app/prices.yaml": config_map("prices", tea="3"),
}


class Enter(Protocol):
    def __call__(self, files: dict[str, str | None] | None = None, **more: Any) -> AbstractContextManager[Stage]: ...


@pytest.fixture(autouse=True)
def _at_base_line() -> Iterator[None]:
    with nothing_left():
        yield


@pytest.fixture
def server(_at_base_line: None) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(bookmark_seconds=0.3) as started:
        yield started


@pytest.fixture
def unmarked(_at_base_line: None) -> Iterator[EmbeddedServer]:
    """A server that sends no bookmark, which would say of an event that was lost that it was told."""
    with EmbeddedServer.start(bookmark_seconds=3600.0) as started:
        yield started


PATIENT = replace(HASTY, silence=60.0)
"""With such a server, which is silent when all is well."""


@pytest.fixture
def enter(tmp_path: Path, server: EmbeddedServer) -> Enter:
    """Makes a stage on the server."""

    def made(files: dict[str, str | None] | None = None, **more: Any) -> AbstractContextManager[Stage]:
        return stage(tmp_path, server.kubeconfig, SHOP, FILES if files is None else files, timing=HASTY, **more)

    return made
