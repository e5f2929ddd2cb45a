"""What one process found of a resource the next one does not work out again, as long as nothing at all has moved."""

from __future__ import annotations

import json
import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.cluster import Clusters, Live
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Key
from gitops_tui.engine.requests import Refresh
from gitops_tui.engine.views import assessing, recalled
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.ownership import DIGEST_ANNOTATION, TRACKING_ANNOTATION
from gitops_tui.model.resources import DriftCode, HealthCode, Manifest, ResourceStatus
from gitops_tui.model.rules import Expression, HealthRule, KindRules, Template
from gitops_tui.model.status import ApplicationStatus
from tests.support.manifests import config_map, deployment, secret
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

WELL = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
FILES: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="blue"),
    "app/limits.yaml": config_map("limits", size="10"),
    "app/web.yaml": deployment("web"),
}
ALL = ["limits", "settings", "web", "web-1"]
Body = dict[str, Any]


@dataclass
class Look:
    """What a process sees, and what it had to judge for that."""

    status: ApplicationStatus
    judged: list[str]

    def of(self, name: str) -> ResourceStatus:
        return next(each for each in self.status.resources if each.key.name == name)


@dataclass
class Shop:
    """A repository and a namespace that one process after the other looks at."""

    folder: Path
    server: EmbeddedServer
    namespace: str
    repository: WorkTree
    judged: list[str] = field(default_factory=list)

    def process(self, **more: Any) -> AbstractContextManager[Stage]:
        """One that looks, and is gone."""
        more = {"automate": False, **more}
        return stage(self.folder, self.server.kubeconfig, self.namespace, {}, repository=self.repository, **more)

    def look(self, **more: Any) -> Look:
        """What a new process sees."""
        self.judged.clear()
        with self.process(**more) as made:
            status = made.status()
        return Look(status, sorted(set(self.judged)))

    def afresh(self, **more: Any) -> ApplicationStatus:
        """What a process sees for which nobody has left anything."""
        with self.process(state=f"fresh-{secrets.token_hex(4)}", **more) as made:
            status: ApplicationStatus = made.status()
        return status

    @property
    def files(self) -> list[Path]:
        place = self.folder / "state" / "findings"
        return sorted(place.iterdir()) if place.is_dir() else []

    def key(self, storage: str, name: str) -> Key:
        return Key(storage, self.namespace, name)

    def change(self, storage: str, name: str, change: Callable[[Body], Body]) -> None:
        known = self.server.store.get(self.key(storage, name))
        assert known is not None
        self.server.store.put(known.key, change(dict(known.body)), expected=known.revision)

    def add_pod(self, name: str) -> None:
        web = self.server.store.get(self.key("deployments.apps", "web"))
        assert web is not None
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": web.body["metadata"]["uid"]}
        body: Body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": self.namespace, "uid": name, "ownerReferences": [owner]},
            "spec": {},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }
        self.server.store.put(self.key("pods", name), body, expected=0)

    def commit(self, path: str, text: str | None) -> None:
        self.repository.commit(f"Change {path}", {f"app/{path}": text})


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Everything is in sync and well, and one process has seen that."""
    name = f"shop-{secrets.token_hex(3)}"
    clusters = Clusters(server.kubeconfig)
    clusters.get().apply(Manifest.of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    clusters.close()
    repository = WorkTree(tmp_path / "repository")
    repository.commit("First release", {**FILES})
    made = Shop(tmp_path, server, name, repository)
    with made.process() as first:
        first.sync()
    made.change("deployments.apps", "web", lambda body: {**body, "status": WELL})
    made.add_pod("web-1")
    found, found_below = assessing.found, assessing.found_below

    def judged(pair: Any, *given: Any) -> Any:
        made.judged.append(pair.key.name)
        return found(pair, *given)

    def judged_below(child: Live, *given: Any) -> Any:
        made.judged.append(child.key.name)
        return found_below(child, *given)

    monkeypatch.setattr(assessing, "found", judged)
    monkeypatch.setattr(assessing, "found_below", judged_below)
    assert made.look().judged == ["web", "web-1"], "the rest is left by the sync, and has not moved since"
    return made


def shown(status: ApplicationStatus) -> list[Any]:
    """What a status says, but for when."""
    return [status.sync, status.health, status.summary, status.total, status.drifted, *status.resources]


def test_the_next_process_judges_nothing_and_sees_the_same(shop: Shop) -> None:
    look = shop.look()
    assert look.judged == []
    assert shown(look.status) == shown(shop.afresh())
    assert look.of("web").health.code is HealthCode.HEALTHY
    assert look.of("web-1").parent == look.of("web").key
    (file,) = shop.files
    before = file.stat().st_mtime_ns
    assert shop.look().judged == []
    assert file.stat().st_mtime_ns == before


def edited(shop: Shop) -> None:
    shop.change("configmaps", "settings", lambda body: {**body, "data": {"colour": "red"}})


def touched(shop: Shop) -> None:
    """Something that Git does not state, and that is no drift."""
    shop.change("configmaps", "settings", lambda body: {**body, **_noted(body, {"seen": "yes"})})


def _noted(body: Body, notes: Body) -> Body:
    metadata = body["metadata"]
    return {"metadata": {**metadata, "annotations": {**metadata["annotations"], **notes}}}


def deleted(shop: Shop) -> None:
    known = shop.server.store.get(shop.key("configmaps", "settings"))
    assert known is not None
    shop.server.store.remove(known.key, expected=known.revision)


def taken_by_another(shop: Shop) -> None:
    tracking = f"other:/ConfigMap:{shop.namespace}/settings"
    shop.change("configmaps", "settings", lambda body: {**body, **_noted(body, {TRACKING_ANNOTATION: tracking})})


def stated_otherwise(shop: Shop) -> None:
    shop.commit("settings.yaml", config_map("settings", colour="green"))


def crashed(shop: Shop) -> None:
    waits = {"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    status = {"phase": "Running", "containerStatuses": [waits]}
    shop.change("deployments.apps", "web", lambda body: {**body, "status": {**WELL, "availableReplicas": 0}})
    shop.change("pods", "web-1", lambda body: {**body, "status": status})


def another_pod(shop: Shop) -> None:
    shop.add_pod("web-2")


def no_pod(shop: Shop) -> None:
    known = shop.server.store.get(shop.key("pods", "web-1"))
    assert known is not None
    shop.server.store.remove(known.key, expected=known.revision)


@pytest.mark.parametrize(
    ("moves", "judged"),
    [
        (edited, ["settings"]),
        (touched, ["settings"]),
        (deleted, ["settings"]),
        (taken_by_another, ["settings"]),
        (stated_otherwise, ["settings"]),
        (crashed, ["web", "web-1"]),
        (another_pod, ["web", "web-2"]),
        (no_pod, ["web"]),
    ],
)
def test_what_has_moved_is_judged_anew_and_nothing_else(
    shop: Shop, moves: Callable[[Shop], None], judged: list[str]
) -> None:
    moves(shop)
    look = shop.look()
    assert look.judged == judged
    assert shown(look.status) == shown(shop.afresh())


@pytest.mark.parametrize(
    "more",
    [
        {"ignore": (IgnoreRule(kind="ConfigMap", pointers=("/data/colour",)),)},
        {"policy": SyncPolicy(options=("Replace=true",))},
        {
            "health": (
                KindRules(
                    "",
                    "ConfigMap",
                    (HealthRule(Expression.parse('data.size == "10"'), HealthCode.DEGRADED, Template.parse("small")),),
                ),
            )
        },
        {"project": "another"},
    ],
)
def test_an_application_that_is_configured_otherwise_is_judged_anew(shop: Shop, more: dict[str, Any]) -> None:
    look = shop.look(**more)
    assert look.judged == ALL
    assert shown(look.status) == shown(shop.afresh(**more))


def test_a_restored_backup_is_judged_though_the_versions_are_the_same(shop: Shop) -> None:
    backup = shop.server.store.checkpoint()
    touched(shop)
    first = shop.look().of("settings")
    version = shop.server.store.get(shop.key("configmaps", "settings"))
    assert shop.look().judged == []
    shop.server.store.restore(backup)
    edited(shop)
    again = shop.server.store.get(shop.key("configmaps", "settings"))
    assert version is not None and again is not None
    same = [each.body["metadata"] for each in (version, again)]
    assert [each["uid"] for each in same] == [same[0]["uid"]] * 2
    assert [each["resourceVersion"] for each in same] == [same[0]["resourceVersion"]] * 2

    look = shop.look()

    assert (first.drift, look.of("settings").drift) == (DriftCode.IN_SYNC, DriftCode.CHANGED)


def test_an_object_made_anew_with_the_same_content_is_judged(shop: Shop) -> None:
    known = shop.server.store.get(shop.key("configmaps", "settings"))
    assert known is not None
    shop.server.store.remove(known.key, expected=known.revision)
    anew = {**known.body, "metadata": {**known.body["metadata"], "uid": "another"}}
    shop.server.store.put(known.key, anew, expected=0)
    assert shop.look().judged == ["settings"]


def unlisted(_: Path) -> Any:
    raise OSError("an archive has no folders")


@pytest.mark.parametrize(
    ("what", "other"), [("__version__", "0.0.9"), ("_sources", lambda _: [("a.py", 1, 1)]), ("_sources", unlisted)]
)
def test_another_program_judges_for_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch, what: str, other: Any) -> None:
    monkeypatch.setattr(recalled, what, other)
    monkeypatch.setattr(recalled, "_program", recalled._program.__wrapped__)
    assert shop.look().judged == ALL


def test_a_program_that_was_changed_in_place_is_another_one(tmp_path: Path) -> None:
    for folder in recalled._JUDGES:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    file = tmp_path / "diff" / "compare.py"
    file.write_text("one")
    states = [recalled._sources(tmp_path)]
    os.utime(file, ns=(1, 1))
    states.append(recalled._sources(tmp_path))
    file.write_text("three")
    os.utime(file, ns=(1, 1))
    states.append(recalled._sources(tmp_path))
    (tmp_path / "health" / "more.py").touch()
    states.append(recalled._sources(tmp_path))
    assert len({tuple(each) for each in states}) == 4


def test_all_that_judges_is_part_of_what_tells_programs_apart() -> None:
    top = Path(recalled.__file__).parents[2]
    folders = {(top / folder).resolve() for folder in recalled._JUDGES}
    code = "import sys, gitops_tui.engine.views.assessing, gitops_tui.engine.views.pairing"
    code += "; print(*[m.__file__ for n, m in sys.modules.items() if n.startswith('gitops_tui.') and m.__file__])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    judges = [Path(each) for each in done.stdout.split()]
    others = {str(each.parent.relative_to(top)) for each in judges if each.parent not in folders}
    # These carry requests and answers, and say nothing about an object.
    assert others <= {".", "cluster", "cluster/connection", "engine", "yamlio"}


def test_what_the_server_had_to_be_asked_for_is_not_left(shop: Shop) -> None:
    """That a dry-run would change nothing now says nothing about another day: a webhook may say otherwise."""

    def unmarked(body: Body) -> Body:
        notes = {name: each for name, each in body["metadata"]["annotations"].items() if name != DIGEST_ANNOTATION}
        return {**body, "metadata": {**body["metadata"], "annotations": notes}}

    shop.change("configmaps", "settings", unmarked)
    for _ in range(2):
        look = shop.look()
        assert look.judged == ["settings"]
        assert look.of("settings").drift is DriftCode.IN_SYNC


def test_what_time_alone_changes_is_not_left(shop: Shop) -> None:
    nowhere = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}
    waits = {"phase": "Pending", "conditions": [{**nowhere, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
    shop.change("deployments.apps", "web", lambda body: {**body, "status": {**WELL, "availableReplicas": 0}})
    shop.change("pods", "web-1", lambda body: {**body, "status": waits})
    for _ in range(2):
        look = shop.look()
        assert look.judged == ["web", "web-1"]
        assert look.of("web").health.message == "1 of 1 pods cannot be scheduled: no node"


def test_a_warning_that_came_since_is_told(shop: Shop) -> None:
    shop.change("deployments.apps", "web", lambda body: {**body, "status": {**WELL, "availableReplicas": 0}})
    shop.look()
    assert shop.look().judged == []
    web = shop.server.store.get(shop.key("deployments.apps", "web"))
    assert web is not None
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "event-1", "namespace": shop.namespace, "uid": "event-1"},
        "type": "Warning",
        "reason": "FailedCreate",
        "message": "quota exceeded",
        "involvedObject": {"kind": "Deployment", "name": "web", "uid": web.body["metadata"]["uid"]},
        "lastTimestamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    shop.server.store.put(shop.key("events", "event-1"), event, expected=0)
    for _ in range(2):
        look = shop.look()
        assert look.judged == ["web"]
        assert "quota exceeded" in look.of("web").health.message


def test_what_may_hold_secret_values_leaves_nothing(shop: Shop) -> None:
    """Not even a digest: somebody who knows all the rest could try out values."""
    shop.commit("token.yaml", secret("token", token="hunter2"))
    with shop.process() as made:
        made.sync()
    for _ in range(2):
        assert shop.look().judged == ["token"]
    (file,) = shop.files
    kept = json.loads(file.read_bytes().partition(b"\n")[2])
    assert [len(kept[1]), len(kept[2])] == [3, 1]
    assert shop.look(masked_paths=("data.colour",)).judged == sorted([*ALL, "token"])
    assert shop.files == []


def test_what_was_left_before_a_path_was_masked_is_gone_before_the_look(shop: Shop) -> None:
    with shop.process(masked_paths=("data.colour",)) as made:
        assert shop.files
        made.status()
        assert shop.files == []


@pytest.mark.parametrize("place", [0, 20, 40, 60, 80, 99])
def test_a_damaged_file_tells_nothing(shop: Shop, place: int) -> None:
    (file,) = shop.files
    data = bytearray(file.read_bytes())
    where = len(data) * place // 100
    data[where] ^= 1
    file.write_bytes(data)
    assert shop.look().judged == ALL
    file.write_bytes(file.read_bytes()[:where])
    assert shop.look().judged == ALL
    assert shop.look().judged == []


def test_what_is_left_is_for_nobody_else(shop: Shop) -> None:
    (file,) = shop.files
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_hard_refresh_judges_anew(shop: Shop) -> None:
    with shop.process() as made:
        made.status()
        assert shop.judged == ["web", "web-1"]
        made.ask(Refresh((made.name,), hard=True))
        assert sorted(set(shop.judged)) == ALL


def test_a_list_that_may_be_old_is_no_ground(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_tui.cluster.watching.cache.Cache.is_sound", lambda *_: False)
    assert shop.look().judged == ALL


def test_a_process_that_stays_leaves_nothing_and_takes_what_is_there(shop: Shop) -> None:
    edited(shop)
    with shop.process(automate=True) as made:
        made.refresh()
        assert "limits" not in shop.judged
        before = shop.files[0].read_bytes()
    assert shop.files[0].read_bytes() == before


def test_a_full_disk_is_no_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    edited(shop)
    monkeypatch.setattr(recalled, "write_private", full)
    for _ in range(2):
        assert shop.look().judged == ["settings"]


def test_two_applications_of_one_name_do_not_take_each_others(shop: Shop) -> None:
    other = {"app/settings.yaml": config_map("settings", colour="blue")}
    repository = WorkTree(shop.folder / "other")
    repository.commit("First", {**other})
    with stage(shop.folder, shop.server.kubeconfig, shop.namespace, {}, repository=repository, automate=False) as made:
        drifts = {each.key.name: each.drift for each in made.status().resources}
    assert drifts["limits"] is DriftCode.EXTRA
