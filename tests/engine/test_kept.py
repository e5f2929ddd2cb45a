"""What was rendered once is not rendered again by the next process, unless it is not what it was."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Clusters
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Refresh
from gitops_tui.model.resources import Manifest
from gitops_tui.model.status import SyncCode
from gitops_tui.render import render
from tests.support.manifests import config_map, secret
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {generateName: run-, annotations: {argocd.argoproj.io/hook: Sync}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}
"""


@dataclass
class Shop:
    """A repository and a namespace that one process after the other looks at."""

    folder: Path
    server: EmbeddedServer
    namespace: str
    repository: WorkTree

    def start(self, **more: Any) -> AbstractContextManager[Stage]:
        """A new process."""
        return stage(self.folder, self.server.kubeconfig, self.namespace, {}, repository=self.repository, **more)

    def look(self, **more: Any) -> tuple[SyncCode, int, str]:
        """What a new process sees."""
        with self.start(**more) as made:
            status = made.status()
            return status.sync, status.total, "; ".join(problem.message for problem in status.problems)

    def sync(self) -> None:
        """Sync in a new process."""
        with self.start() as made:
            made.sync()

    @property
    def kept(self) -> list[Path]:
        """The files of renderings."""
        place = self.folder / "state" / "renderings"
        return sorted(place.iterdir()) if place.is_dir() else []


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer) -> Shop:
    name = f"shop-{secrets.token_hex(3)}"
    clusters = Clusters(server.kubeconfig)
    clusters.get().apply(Manifest.of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    clusters.close()
    role = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules: []\n"
    repository = WorkTree(tmp_path / "repository")
    files = {"app/settings.yaml": config_map("settings", colour="blue"), "app/role.yaml": role}
    repository.commit("First release", {**files})
    return Shop(tmp_path, server, name, repository)


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def counted(folder: Path, application: Any, **more: Any) -> Any:
        names.append(application.name)
        return render(folder, application, **more)

    monkeypatch.setattr("gitops_tui.engine.views.desired.render", counted)
    return names


def test_the_next_process_renders_nothing(shop: Shop, renderings: list[str]) -> None:
    shop.sync()
    renderings.clear()
    assert shop.look() == (SyncCode.SYNCED, 2, "")
    shop.repository.commit("Elsewhere", {"other/readme.yaml": config_map("other")})
    assert shop.look() == (SyncCode.SYNCED, 2, "")
    assert renderings == []


def test_another_commit_of_its_path_is_rendered(shop: Shop, renderings: list[str]) -> None:
    shop.look()
    shop.repository.commit("More", {"app/more.yaml": config_map("more")})
    assert shop.look()[1] == 3
    shop.repository.commit("All gone", dict.fromkeys(f"app/{name}.yaml" for name in ("settings", "role", "more")))
    assert "not in commit" in shop.look()[2]
    assert len(renderings) == 2


def test_what_is_kept_is_private(shop: Shop) -> None:
    shop.look()
    (file,) = shop.kept
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_no_secret_is_kept(shop: Shop, renderings: list[str]) -> None:
    shop.repository.commit("A secret", {"app/secret.yaml": secret("token", token="hunter2")})
    for _ in range(2):
        assert shop.look()[1] == 3
    assert shop.kept == []
    assert len(renderings) == 2


def test_no_secret_inside_another_object_is_kept(shop: Shop) -> None:
    template = config_map("template") + "template:\n  apiVersion: v1\n  kind: Secret\n  stringData: {token: hunter2}\n"
    shop.repository.commit("A template", {"app/template.yaml": template})
    assert shop.look()[1] == 3
    assert shop.kept == []


def test_nothing_is_kept_where_a_path_is_masked(shop: Shop) -> None:
    shop.look(masked_paths=("data.colour",))
    assert shop.kept == []


def test_what_was_kept_before_a_path_was_masked_is_kept_no_longer(shop: Shop) -> None:
    shop.look()
    assert len(shop.kept) == 1
    shop.look(masked_paths=("data.colour",))
    assert shop.kept == []


@pytest.mark.parametrize(("cut", "old", "new"), [(0, b"", b""), (-9, b"", b""), (None, b"blue", b"grey")])
def test_a_damaged_file_is_no_rendering(
    shop: Shop, renderings: list[str], cut: int | None, old: bytes, new: bytes
) -> None:
    shop.sync()
    (file,) = shop.kept
    file.write_bytes(file.read_bytes()[:cut].replace(old, new) if old else file.read_bytes()[:cut])
    assert shop.look()[0] is SyncCode.SYNCED
    assert len(renderings) == 2
    assert shop.look()[0] is SyncCode.SYNCED
    assert len(renderings) == 2


def test_a_hard_refresh_renders_anew(shop: Shop, renderings: list[str]) -> None:
    shop.look()
    with shop.start() as made:
        made.status()
        assert len(renderings) == 1
        made.ask(Refresh((made.name,), hard=True))
        assert len(renderings) == 2


def test_a_name_made_of_a_commit_is_made_of_the_right_one(shop: Shop) -> None:
    for number in range(2):
        sha = shop.repository.commit("Run", {"app/job.yaml": JOB, "other/readme.yaml": config_map(f"other-{number}")})
        with shop.start() as made:
            names = [each.key.name for each in made.status().resources if each.key.kind == "Job"]
        assert names == [f"run-{sha[:7]}"]
