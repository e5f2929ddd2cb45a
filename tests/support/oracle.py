"""What must be equal after a fault to what is there without it, and what must be left of nothing."""

from __future__ import annotations

import gc
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Event
from gitops_tui.journal import Journal
from gitops_tui.model.operations import OperationPhase
from tests.support.stage import Stage, stage
from tests.support.work_tree import WorkTree

_DEADLINE = 120.0
_HALVES = ("*.lock", "tmp_*", ".tmp-*", "next-*")
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


def held(server: EmbeddedServer, namespace: str) -> dict[str, Any]:
    """The objects of a namespace without what differs from one run to the next."""
    found = {}
    for item in server.store.everything():
        if item.key.namespace == namespace and item.key.storage != "events":
            metadata = {name: value for name, value in item.body["metadata"].items() if name not in _VOLATILE}
            found[f"{item.key.storage}/{item.key.name}"] = {**item.body, "metadata": metadata}
    return found


def told(journal: Journal, application: str, context: str) -> dict[str, Any]:
    """What the journal has come to say: the last operation's end, what is deployed, the inventory."""
    last = journal.receipts(application, limit=1)[0]
    return {
        "phase": last.phase,
        "revision": last.revision,
        "deployed": [each.revision for each in journal.deployments(application, 1)],
        "inventory": sorted(key.path for key in journal.inventory(application, context)),
        "intact": journal.notes,
    }


def outcome(server: EmbeddedServer, shop: Stage) -> dict[str, Any]:
    """What an application has come to: its objects, its journal, its commit."""
    return {
        "cluster": held(server, shop.namespace),
        "journal": told(shop.journal, shop.name, shop.clusters.current),
        "git": shop.repository.git("rev-parse", "HEAD"),
    }


def undisturbed(folder: Path, shop: Stage, **options: Any) -> dict[str, Any]:
    """The same outcome where each commit of the shop was synced, one after another, without a fault.

    options: of each sync.
    """
    calm = WorkTree(folder / "calm")
    calm.git("fetch", "--quiet", str(shop.repository.path), "main")
    application = shop.config.applications[0]
    with (
        EmbeddedServer.start() as server,
        stage(
            folder,
            server.kubeconfig,
            shop.namespace,
            {},
            repository=calm,
            state="calm-state",
            policy=application.policy,
            automate=False,
            ignore=application.ignore,
        ) as other,
    ):
        for commit in calm.git("rev-list", "--reverse", "FETCH_HEAD").split():
            calm.git("reset", "--quiet", "--hard", commit)
            other.clock.now += 10
            other.refresh()
            receipt = other.sync(**options)
            assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
        return outcome(server, other)


def mirrored(state: Path) -> dict[str, Any]:
    """What the one mirror of a state folder holds: its refs, its HEAD, and what nobody needs."""
    (current,) = (state / "mirrors").glob("*/current")
    copy = current.resolve()

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=copy, check=True, capture_output=True, text=True).stdout

    return {
        "refs": git("for-each-ref", "--format=%(refname) %(objectname)").splitlines(),
        "head": git("symbolic-ref", "HEAD").strip(),
        "copies": len(list(current.parent.glob("copy-*"))),
        "left over": sorted(path.name for pattern in _HALVES for path in current.parent.rglob(pattern)),
        "complaints": git("fsck", "--full", "--no-dangling", "--no-progress").splitlines(),
    }


class Diary:
    """How often each object of a namespace was changed."""

    def __init__(self, server: EmbeddedServer, namespace: str) -> None:
        self._namespace = namespace
        self._lock = threading.Lock()
        self._changes: Counter[str] = Counter()
        self.stop = server.store.watch(self._note)

    def _note(self, event: Event) -> None:
        if event.item.key.namespace == self._namespace and event.item.key.storage != "events":
            with self._lock:
                self._changes[f"{event.type} {event.item.key.storage}/{event.item.key.name}"] += 1

    def __call__(self) -> dict[str, int]:
        """Changes by sort and object."""
        with self._lock:
            return dict(self._changes)


@contextmanager
def nothing_left() -> Iterator[None]:
    """Threads, open files and child processes are as they were, a moment after the block."""
    before = _held_open()
    yield
    deadline = time.monotonic() + _DEADLINE
    while (left := _more(_held_open(), before)) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
        gc.collect()
    assert not left, left


def _held_open() -> dict[str, Counter[str]]:
    tasks = Path("/proc/self/task")
    children = [child for task in tasks.iterdir() for child in _born_of(task)]
    return {
        "threads": Counter(thread.name for thread in threading.enumerate()),
        "children": Counter(children),
        "files": Counter(filter(None, map(_target, Path("/proc/self/fd").iterdir()))),
    }


def _born_of(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except FileNotFoundError:  # the thread ended meanwhile
        return []


def _target(handle: Path) -> str:
    try:
        target = str(handle.readlink())
    except FileNotFoundError:
        return ""
    # Sockets and pipes have numbers of their own; how many there are counts.
    return target.partition(":")[0] if ":[" in target else target


def _more(now: dict[str, Counter[str]], before: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    found = {sort: now[sort] - before[sort] for sort in now}
    return {sort: more for sort, more in found.items() if more}
