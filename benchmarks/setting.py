"""What every measurement is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.control_plane import ControlPlane


@dataclass(frozen=True, slots=True)
class Setting:
    """folder: empty, its own. assets: the binaries of the control plane. repeats: runs of each, in turn.

    objects: beside kubectl. applications: in the fleets.
    """

    folder: Path
    assets: Path
    repeats: int = 3
    objects: int = 500
    applications: int = 1000

    @contextmanager
    def control_plane(self) -> Iterator[ControlPlane]:
        """An API server of its own: what others have left on one would slow it down."""
        with ControlPlane.start(self.assets) as plane:
            yield plane
