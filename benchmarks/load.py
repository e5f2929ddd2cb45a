"""What is measured with: objects, repositories and the program's own processes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.control_plane import ControlPlane
from tests.support.manifests import config_map, deployment
from tests.support.work_tree import WorkTree


def objects(count: int, generation: int, changed: int | None = None) -> dict[str, str | None]:
    """Files of `count` objects, half Deployments without replicas, half ConfigMaps; the first `changed` are new."""
    files: dict[str, str | None] = {}
    for number in range(count):
        version = generation if changed is None or number < changed else 0
        name = f"o-{number:04}"
        if number % 2:
            files[f"{name}.yaml"] = deployment(name, f"example.org/shop:{version}", replicas=0)
        else:
            files[f"{name}.yaml"] = config_map(name, version=str(version), colour="blue", size="10")
    return files


@dataclass(frozen=True, slots=True)
class Ours:
    """One application in a repository of its own, as the command line sees it; the application is its namespace."""

    name: str
    repository: WorkTree
    command: tuple[str, ...]

    @classmethod
    def make(cls, plane: ControlPlane, folder: Path, name: str, files: dict[str, str | None]) -> Ours:
        """A namespace, and a repository with one commit."""
        namespace(plane, name)
        repository = WorkTree(folder / name / "repository")
        made = cls(
            name,
            repository,
            (
                *(sys.executable, "-m", "gitops_tui"),
                *("--repo", str(repository.path), "--path", "apps/*"),
                *("--kubeconfig", str(plane.kubeconfig), "--state-dir", str(folder / name / "state")),
            ),
        )
        made.commit("First", files)
        return made

    def commit(self, message: str, files: dict[str, str | None]) -> None:
        """Commit files of the application's folder."""
        self.repository.commit(message, {f"apps/{self.name}/{path}": text for path, text in files.items()})

    def take_away(self, plane: ControlPlane) -> None:
        """Delete the objects, as nobody does who tracks them."""
        for path in ("/apis/apps/v1/namespaces/{}/deployments", "/api/v1/namespaces/{}/configmaps"):
            status, answer = plane.request("DELETE", path.format(self.name))
            if status != 200:
                raise RuntimeError(f"the objects of {self.name} were not deleted: {answer}")

    @property
    def files(self) -> Path:
        """The application's folder in the work tree."""
        return self.repository.path / "apps" / self.name

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.repository.path.parent / "state"

    def __call__(self, *arguments: str) -> Sequence[str]:
        """A command line of the program."""
        return (*self.command, *arguments)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The peer: kubectl on a folder of files and a namespace."""

    plane: ControlPlane
    name: str
    files: Path

    @classmethod
    def make(cls, plane: ControlPlane, folder: Path, name: str, files: dict[str, str | None]) -> Kubectl:
        """A namespace, and a folder with the files."""
        namespace(plane, name)
        made = cls(plane, name, folder / name)
        made.files.mkdir(parents=True)
        made.write(files)
        return made

    def write(self, files: dict[str, str | None]) -> None:
        """Change files."""
        for path, text in files.items():
            (self.files / path).write_text(text or "")

    def apply(self) -> Sequence[str]:
        """The command line that applies all of them."""
        return self._command("apply", "--server-side")

    def diff(self, concurrency: int) -> Sequence[str]:
        """The command line that compares all of them."""
        return self._command("diff", "--server-side", f"--concurrency={concurrency}")

    def _command(self, verb: str, *options: str) -> Sequence[str]:
        place = ("--kubeconfig", str(self.plane.kubeconfig), "-n", self.name)
        return ("kubectl", verb, *options, *place, "-f", str(self.files))


def namespace(plane: ControlPlane, name: str) -> None:
    """Make a namespace. RuntimeError when the server does not."""
    status, answer = plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    if status != 201:
        raise RuntimeError(f"namespace {name}: {answer}")
