"""What the tests of a sync may ask for."""

from __future__ import annotations

import pytest

from tests.sync.world import Scene


@pytest.fixture
def scene() -> Scene:
    """An application, an almost empty cluster, and a clock of its own."""
    return Scene()
