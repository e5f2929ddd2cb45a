"""Whatever fails, and whenever: all is reported, nothing foreign is touched, and the next sync ends where all do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.model.application import Application, Source
from gitops_tui.model.errors import ClusterError, ForbiddenError, JournalError, UnreachableError
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import ResourceKey
from gitops_tui.sync.ports import Outcome
from tests.sync.world import SHOP, Scene, body

OTHER = Application("billing", Source("https://git.example/billing"))

LIVE = [
    body("ConfigMap", "same", data={"a": "1"}),
    body("ConfigMap", "changed", data={"a": "old"}),
    body("ConfigMap", "gone", data={"a": "1"}),
    body("Secret", "gone", data={"a": "MQ=="}),
]
DESIRED = [
    body("Namespace", "extra"),
    body("ConfigMap", "inside", namespace="extra", data={"a": "1"}),
    body("ConfigMap", "same", data={"a": "1"}),
    body("ConfigMap", "changed", data={"a": "new"}),
    body("ConfigMap", "new", data={"a": "1"}),
    body("Service", "early", notes={"argocd.argoproj.io/sync-wave": "-1"}),
]
FOREIGN = [body("ConfigMap", "theirs", data={"a": "1"})]
NOBODYS = [body("ConfigMap", "nobodys", data={"a": "1"})]

FAULTS: dict[str, Callable[[], Exception]] = {
    "refused": lambda: ForbiddenError("it", "forbidden", status=403),
    "broken": lambda: ClusterError("it", "internal error", status=500, temporary=True),
    "unreachable": lambda: UnreachableError("cluster", "connection refused", temporary=True),
}


def scene() -> Scene:
    made = Scene()
    made.world.put(*LIVE, application=SHOP)
    made.world.put(*FOREIGN, application=OTHER)
    made.world.put(*NOBODYS)
    return made


def state(made: Scene) -> dict[str, Any]:
    """What the cluster holds, without the server's own bookkeeping."""
    found = {}
    for key, live in made.world.objects.items():
        metadata = {name: value for name, value in live["metadata"].items() if name in {"labels", "annotations"}}
        found[key.path] = {**live, "metadata": metadata}
    return copy.deepcopy(found)


def failing(made: Scene, method: str, at: int, fault: Callable[[], Exception]) -> Callable[[], None]:
    """The nth call of a method of the cluster or the recorder fails; returns how to mend that."""
    target = made.recorder if method in {"intend", "applied", "strike", "result"} else made.world
    original = getattr(target, method)
    calls = []

    def wrapped(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            raise fault()
        return original(*args, **options)

    setattr(target, method, wrapped)
    return lambda: setattr(target, method, original)


def run(made: Scene) -> Outcome:
    return made.sync(*DESIRED, prune=True, timeout=5)


def check(made: Scene, outcome: Outcome) -> None:
    """What holds whatever happened."""
    planned = [body["metadata"]["name"] for body in DESIRED]
    assert sorted(row.key.name for row in outcome.resources) == sorted([*planned, "gone", "gone"])
    foreign = ResourceKey("", "ConfigMap", "shop", "theirs")
    assert owner_of(made.world.objects[foreign]) == "billing"
    assert ResourceKey("", "ConfigMap", "shop", "nobodys") in made.world.objects
    assert not any("theirs" in line or "nobodys" in line for line in made.world.diary)
    ours = {key for key, live in made.world.objects.items() if owner_of(live) == "shop"}
    assert ours <= made.recorder.inventory
    writes = made.writes
    applies_failed = any(row.result.value in {"Failed", "Skipped"} for row in outcome.resources)
    if applies_failed and outcome.phase is not OperationPhase.SUCCEEDED:
        first_delete = next((index for index, line in enumerate(writes) if line.startswith("delete")), len(writes))
        assert not any(line.startswith("apply") for line in writes[first_delete:])


def converged() -> dict[str, Any]:
    made = scene()
    assert run(made).phase is OperationPhase.SUCCEEDED
    return state(made)


@given(st.sampled_from(["read", "apply", "delete"]), st.integers(1, 30), st.sampled_from(sorted(FAULTS)))
def test_after_any_failed_request_the_next_sync_ends_where_all_do(method: str, at: int, fault: str) -> None:
    made = scene()
    mend = failing(made, method, at, FAULTS[fault])

    outcome = run(made)
    check(made, outcome)
    mend()

    again = run_until_settled(made)
    assert again.phase is OperationPhase.SUCCEEDED
    assert state(made) == converged()


@given(st.sampled_from(["intend", "applied", "strike", "result"]), st.integers(1, 12))
def test_after_any_failure_of_the_journal_the_next_sync_ends_where_all_do(method: str, at: int) -> None:
    made = scene()
    mend = failing(made, method, at, lambda: JournalError("journal", "disk full"))

    outcome = run(made)
    assert outcome.phase in {OperationPhase.ERROR, OperationPhase.SUCCEEDED}
    mend()

    assert run_until_settled(made).phase is OperationPhase.SUCCEEDED
    assert state(made) == converged()


@given(st.integers(1, 12))
def test_stopped_at_any_write_the_next_sync_ends_where_all_do(at: int) -> None:
    made = scene()
    calls = []

    def count(_key: ResourceKey, _live: Any) -> None:
        calls.append(1)
        if len(calls) == at:
            made.stop.set()

    made.world.on_apply = count

    outcome = run(made)
    check(made, outcome)
    assert (outcome.phase is OperationPhase.TERMINATED) == (len(calls) >= at)
    made.stop.clear()
    made.world.on_apply = lambda _key, _live: None

    assert run_until_settled(made).phase is OperationPhase.SUCCEEDED
    assert state(made) == converged()


def run_until_settled(made: Scene) -> Outcome:
    """Sync as the engine would: what was deleted but not struck yet is known from the inventory."""
    made.world.diary.clear()
    outcome = run(made)
    assert len(made.writes) == len(set(made.writes)), "nothing is written twice"
    return outcome
