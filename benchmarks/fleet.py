"""Many applications of one repository, and the daemon that keeps them, watched by its log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.setting import Setting
from tests.support.control_plane import ControlPlane
from tests.support.manifests import config_map, deployment
from tests.support.program import Daemon, Program
from tests.support.work_tree import WorkTree

Files = Mapping[str, str]
_ROOM = "--service-cluster-ip-range=10.0.0.0/16"
"""A thousand Services have no room in the range that an API server gives out by default."""


def load(name: str, generation: int) -> Files:
    """One application of the Flux project's benchmark: a Deployment scaled to zero and three objects around it."""
    release = f"  annotations: {{release: '{generation}'}}\n"
    account = f"apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: app\n{release}"
    service = (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: app\n{release}"
        "spec:\n  selector: {app: app}\n  ports: [{name: http, port: 80, targetPort: 8080}]\n"
    )
    ingress = (
        f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app\n{release}"
        f"spec:\n  rules:\n    - host: {name}.example.org\n      http:\n        paths:\n          - path: /\n"
        "            pathType: Prefix\n            backend: {service: {name: app, port: {name: http}}}\n"
    )
    web = deployment("app", f"example.org/app:{generation}", replicas=0)
    return {"app.yaml": "---\n".join((web, account, service, ingress))}


def settings(name: str, generation: int, count: int = 10) -> Files:
    """One application of so many ConfigMaps, which are well as soon as they are there."""
    made = (config_map(f"s-{number}", owner=name, version=str(generation)) for number in range(count))
    return {f"s-{number}.yaml": text for number, text in enumerate(made)}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Applications, each from the folder of its name and in a namespace of its own.

    Nothing waits for health: no controller runs, so nothing would become healthy.
    """

    names: Sequence[str]
    make: Callable[[str, int], Files]
    repository: WorkTree
    config: Path
    plane: ControlPlane

    @classmethod
    @contextmanager
    def of(
        cls, setting: Setting, count: int, make: Callable[[str, int], Files], *, mode: str = "auto"
    ) -> Iterator[Self]:
        """A fleet with an API server of its own."""
        with ControlPlane.start(setting.assets, apiserver_flags=(_ROOM,)) as plane:
            repository = WorkTree(setting.folder / "repository")
            config = setting.folder / "gitops-tui.yaml"
            names = [f"app-{number:04}" for number in range(count)]
            fleet = cls(names, make, repository, config, plane)
            fleet.configure(setting.folder / "state", mode)
            yield fleet

    def configure(self, state: Path, mode: str) -> None:
        """Write the configuration."""
        self.config.write_text(f"""\
folders:
  - source: {{repository: {self.repository.path}, path: "apps/*"}}
    sync: {{mode: {mode}, selfHeal: true, healthTimeout: 0s}}
settings: {{stateDir: {state}, kubeconfig: {self.plane.kubeconfig}, interval: 1s, parallel: 8, parallelSyncs: 16}}
""")

    def commit(self, generation: int, names: Sequence[str] | None = None) -> str:
        """Commit a generation of all applications, or of some; the sha."""
        chosen = self.names if names is None else names
        files = {f"apps/{name}/{path}": text for name in chosen for path, text in self.make(name, generation).items()}
        return self.repository.commit(f"Generation {generation}", dict(files))

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """The daemon that keeps them."""
        with Program(("--config", str(self.config))).daemon() as running:
            yield running

    def until_compared(self, daemon: Daemon, sha: str, sync: str) -> float:
        """Seconds until every application was seen at a commit and in a state."""
        start, missing = time.perf_counter(), set(self.names)

        def is_last(event: dict[str, Any]) -> bool:
            if event["event"] == "status" and event["revision"] == sha and event["sync"] == sync:
                missing.discard(event["application"])
            return not missing

        daemon.until(is_last)
        return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: CPU in seconds, and memory in MiB: now, and at most so far."""

    cpu: float
    memory: float
    peak: float
    threads: int
    handles: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Read it from the system."""
        place = Path("/proc") / str(pid)
        fields = (place / "stat").read_text().rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        told = dict(line.partition(":")[::2] for line in (place / "status").read_text().splitlines())
        return cls(
            (int(fields[11]) + int(fields[12])) / ticks,
            int(told["VmRSS"].split()[0]) / 1024,
            int(told["VmHWM"].split()[0]) / 1024,
            int(told["Threads"]),
            len(list((place / "fd").iterdir())),
        )
