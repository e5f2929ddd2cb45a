from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_tui.model.application import Repository
from gitops_tui.source import Mirror, Mirrors
from tests.support.git_origin import Origin


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def mirrors(state: Path) -> Mirrors:
    return Mirrors(state)


@pytest.fixture
def mirror(mirrors: Mirrors, origin: Origin) -> Mirror:
    return mirrors.mirror(Repository(str(origin.path)))


@pytest.fixture
def copy_of(state: Path) -> Callable[[], Path]:
    """The bare repository of the only mirror."""

    def find() -> Path:
        (current,) = (state / "mirrors").glob("*/current")
        return current.resolve()

    return find
