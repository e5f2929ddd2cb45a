"""Where the demo keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Everything is below one private folder, `<state folder>/demo`."""

    root: Path

    @classmethod
    def below(cls, state_dir: Path) -> Places:
        """The places below a state folder."""
        return cls(state_dir.absolute() / "demo")

    @property
    def repository(self) -> Path:
        """The sample repository's work tree."""
        return self.root / "repository"

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.root / "gitops-tui.yaml"

    @property
    def state(self) -> Path:
        """State folder of the engine in the demo, apart from the one for real clusters."""
        return self.root / "state"

    @property
    def cluster(self) -> Path:
        """The cluster's own folder."""
        return self.root / "cluster"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig, which the server writes."""
        return self.cluster / "kubeconfig"

    @property
    def seeded(self) -> Path:
        """Is there once the cluster's past is complete; holds the time of the first start."""
        return self.root / "seeded"

    @property
    def server_lock(self) -> Path:
        """Held by the server as long as it lives."""
        return self.root / "server.lock"

    @property
    def server_record(self) -> Path:
        """Which process the server is (JSON), once it answers."""
        return self.root / "server.json"

    @property
    def server_log(self) -> Path:
        """What the server has to say."""
        return self.root / "server.log"

    @property
    def lease(self) -> Path:
        """Held, together, by all who use the cluster."""
        return self.root / "lease"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.root / "start.lock"
