"""A state folder whose demo cluster never outlives the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.embedded import demo


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """An empty state folder."""
    folder = tmp_path / "state"
    folder.mkdir()
    yield folder
    demo.stop(folder)
