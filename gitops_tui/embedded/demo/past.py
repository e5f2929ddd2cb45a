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
    """One deployment of the past. number: which commit of the history, counted from 0; ago: seconds before now.

    bodies: what was applied, with the marks of ownership.
    """

    row: Row
    commit: Commit
    number: int
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
        for turn, (number, commit, tree) in enumerate(commits, 1):
            bodies = tuple(stamped(row, body) for body in _bodies(row.name, turn, tree))
            yield Deployment(row, commit, number, commit.ago - _DELAY, bodies)


def history_of(application: str) -> Iterator[tuple[int, Commit, Tree]]:
    """The commits that touch an application's folder, oldest first: their numbers, and the tree after each."""
    prefix = f"apps/{application}/"
    before: dict[str, str] = {}
    for number, (commit, tree) in enumerate(trees()):
        mine = {path: text for path, text in tree.items() if path.startswith(prefix)}
        if mine != before:
            before = mine
            yield number, commit, tree


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
    """The past as the journal would have told it, oldest first. Raises SourceError when the repository is not ours."""
    commits = _commits(repository)
    seen: dict[ResourceKey, Body] = {}
    told: list[Receipt] = []
    for each in deployments():
        if each.number >= len(commits):
            raise SourceError(f"sample repository {repository}", "lacks commits that it was made with")
        sha, time = commits[each.number]
        started = time + _DELAY
        crashed = "crash" in each.commit.message
        told.append(
            Receipt(
                operation=f"{datetime.fromtimestamp(started, UTC):%Y%m%d-%H%M%S}-{sha[:6]}",
                application=each.row.name,
                revision=sha,
                kind=OperationKind.SYNC,
                actor="auto-sync" if each.row.mode == "auto" else each.commit.author[1].partition("@")[0],
                phase=OperationPhase.SUCCEEDED,
                started=started,
                finished=started + (_HEALTH_TIMEOUT if crashed else _DURATION),
                resources=tuple(_result(body, seen) for body in each.bodies),
                message=f"not healthy within {_HEALTH_TIMEOUT:.0f} s" if crashed else "",
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


def _commits(repository: Path) -> list[tuple[str, float]]:
    """Sha and time of each commit, oldest first."""
    command = ["git", "-C", str(repository), "log", "--reverse", "--first-parent", "--format=%H %ct", "main", "--"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        raise SourceError(f"sample repository {repository}", "cannot be read") from error
    return [(sha, float(time)) for sha, time in (line.split() for line in answer.stdout.splitlines())]
