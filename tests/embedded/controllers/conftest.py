"""What every test of the controllers may ask for."""

from __future__ import annotations

import pytest

from tests.embedded.controllers.cluster import Cluster


@pytest.fixture
def cluster() -> Cluster:
    """An empty cluster with two nodes."""
    return Cluster()
