"""What was deployed from the sample repository before the user came: when, by whom, which objects."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from gitops_tui.embedded.demo.configuration import ROWS, Row
from gitops_tui.embedded.demo.history import Commit, Tree, trees
from gitops_tui.model.errors import SourceError
from gitops_tui.model.operations import OperationKind, OperationPhase, Receipt, ResourceResult, Result
from gitops_tui.model.ownership import APPLICATION_LABEL, DIGEST_ANNOTATION, TRACKING_ANNOTATION, tracking_id
from gitops_tui.model.resources import Body, Manifest, ResourceKey
from gitops_tui.yamlio import load_all

NEVER_DEPLOYED = frozenset({"notifications"})
NEWEST_NOT_DEPLOYED = frozenset({"checkout", "reports"})
RENDERED = frozenset({"checkout", "payments"})
"""Applications that need Kustomize or Helm: what these make of each commit is part of the package."""

_CLUSTER_SCOPED = frozenset({"Namespace", "ClusterRole", "ClusterRoleBinding"})
_DELAY = 90.0
_DURATION = 8.0
_HEALTH_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of the past. ago: seconds before now; bodies: what was applied, marked as ours."""

    row: Row
    commit: Commit
    ago: float
    bodies: tuple[Body, ...]


def deployments() -> tuple[Deployment, ...]:
    """Every deployment of the past, oldest first."""
    return tuple(sorted(_all(), key=lambda each: -each.ago))


def _all() -> Iterator[Deployment]:
    for row in ROWS:
        if row.name in NEVER_DEPLOYED:
            continue
        commits = list(history_of(row.name))
        if row.name in NEWEST_NOT_DEPLOYED:
            commits.pop()
        for turn, (commit, tree) in enumerate(commits, 1):
            bodies = tuple(stamped(row, body) for body in _bodies(row.name, turn, tree))
            yield Deployment(row, commit, commit.ago - _DELAY, bodies)


def history_of(application: str) -> Iterator[tuple[Commit, Tree]]:
    """The commits that touch an application's folder, oldest first, each with the tree after it."""
    prefix = f"apps/{application}/"
    before: dict[str, str] = {}
    for commit, tree in trees():
        mine = {path: text for path, text in tree.items() if path.startswith(prefix)}
        if mine != before:
            before = mine
            yield commit, tree


def _bodies(application: str, turn: int, tree: Tree) -> tuple[Body, ...]:
    if application in RENDERED:
        path = files("gitops_tui.embedded.demo") / "rendered" / application / f"{turn}.yaml"
        texts = {str(path): path.read_text("utf-8")}
    else:
        texts = {path: text for path, text in tree.items() if path.startswith(f"apps/{application}/")}
    return tuple(document.value for path, text in texts.items() for document in load_all(text.encode(), name=path))


def stamped(row: Row, body: Body) -> Body:
    """A body as a sync of an application applies it: placed in its namespace, and marked as the application's."""
    metadata = dict(body["metadata"])
    if body["kind"] not in _CLUSTER_SCOPED:
        metadata.setdefault("namespace", row.namespace)
    manifest = Manifest.of({**body, "metadata": metadata})
    marks = {TRACKING_ANNOTATION: tracking_id(row.name, manifest.key), DIGEST_ANNOTATION: manifest.digest}
    metadata["labels"] = {**(metadata.get("labels") or {}), APPLICATION_LABEL: row.name}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
    return {**body, "metadata": metadata}


def receipts(repository: Path) -> tuple[Receipt, ...]:
    """The past as a journal would have told it, oldest first; without what a rewritten history no longer holds.

    Raises SourceError when the repository cannot be read.
    """
    commits = _commits(repository)
    seen: dict[ResourceKey, Body] = {}
    told: list[Receipt] = []
    for each in deployments():
        found = commits.get(each.commit.message.partition("\n")[0])
        if found is None:
            continue
        sha, time = found
        started = time + _DELAY
        crashed = "crash" in each.commit.message
        told.append(
            Receipt(
                operation=f"{datetime.fromtimestamp(started, UTC):%Y%m%d-%H%M%S}-{sha[:6]}",
                application=each.row.name,
                revision=sha,
                kind=OperationKind.SYNC,
                actor="auto-sync" if each.row.mode == "auto" else each.commit.author[1].partition("@")[0],
                phase=OperationPhase.FAILED if crashed else OperationPhase.SUCCEEDED,
                started=started,
                finished=started + (_HEALTH_TIMEOUT if crashed else _DURATION),
                resources=tuple(_result(body, seen) for body in each.bodies),
                message=f"applied, but not healthy after {_HEALTH_TIMEOUT:.0f} s" if crashed else "",
                verified=not crashed,
            )
        )
    return tuple(told)


def _result(body: Body, seen: dict[ResourceKey, Body]) -> ResourceResult:
    key = ResourceKey.of(body)
    before = seen.get(key)
    seen[key] = body
    result = Result.CREATED if before is None else Result.UNCHANGED if before == body else Result.CONFIGURED
    return ResourceResult(key, result, duration=0.02)


def _commits(repository: Path) -> dict[str, tuple[str, float]]:
    """Sha and time of each commit by its subject; of several with one subject the oldest."""
    command = ["git", "-C", str(repository), "log", "--first-parent", "--format=%H %ct %s", "main", "--"]
    try:
        answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        raise SourceError(f"sample repository {repository}", "cannot be read") from error
    rows = (line.split(" ", 2) for line in answer.stdout.splitlines())
    return {subject: (sha, float(time)) for sha, time, subject in rows}
