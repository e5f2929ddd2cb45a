"""Keeping the local copy of a repository whole and up to date."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.source import objects
from gitops_tui.source.refs import HEADS, KEEP, TAGS, Refs
from gitops_tui.source.remote import Remote
from gitops_tui.source.storage import Storage
from gitops_tui.source.transport.address import shown
from gitops_tui.source.transport.failures import DamagedError, GitFailedError, TimedOutError
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Access, Runner

_LOOSE: Final = 6700
_PACKS: Final = 50
"""Loose objects and packs above which git packs them."""
_TIDY: Final = Limits(timeout=600.0)
_INDEX: Final = (
    *("commit-graph", "write", "--reachable", "--changed-paths", "--split", "--no-progress"),
    "--max-new-filters=50000",
)
_INDEXED: Final = 86_400.0
_NOTED: Final = 3
_COMPARED: Final = 50


class Upkeep:
    """Changes the copy of one mirror. Every call is made under the lock, whose descriptor is passed on."""

    def __init__(self, storage: Storage, runner: Runner) -> None:
        self._storage = storage
        self._runner = runner
        self._examined: Path | None = None

    @property
    def is_examined(self) -> bool:
        """Whether the copy in use was found readable by this process, or made by it."""
        return self._examined is not None and self._examined == self._storage.copy

    def trust(self, copy: Path) -> None:
        """Take a copy for readable that the process before found so, and that is as it was then."""
        self._examined = copy

    def update(self, remote: Remote, wanted: Refs, lock: int, seen: Refs | None = None) -> tuple[str, Refs]:
        """Bring the copy to what the remote has; return what a person has to know, or "", and what the copy has now.

        seen: what the person knows of; what the copy held until now, where that is not known. Another process may
        have brought the copy further meanwhile.

        A copy that is not there or cannot be read is cloned anew. SourceError for the remote's failures, which
        leave the copy as it was and nothing half-written beside it.
        """
        with self._swept():
            return self._update(remote, wanted, lock, seen)

    def _update(self, remote: Remote, wanted: Refs, lock: int, seen: Refs | None) -> tuple[str, Refs]:
        copy = self._storage.copy
        if copy is None or not self.is_examined:
            self._storage.sweep()
            if copy is None or not objects.is_readable(self._runner, copy):
                return self._cloned(remote, wanted, lock)
            self._examined = copy
        try:
            before = objects.held(self._runner, copy)
            if before == wanted:
                return _movements(self._runner, copy, seen or before, before), before
            if before.ids or before.head:
                _refuse_nothing(remote, wanted)
            remote.fetch(copy, wanted, lock, before)
            after = objects.held(self._runner, copy)
        except DamagedError:
            return self._cloned(remote, wanted, lock)
        _tidy(self._runner, copy, lock)
        _index(self._runner, copy, lock)
        return _movements(self._runner, copy, seen or before, after), after

    def _cloned(self, remote: Remote, wanted: Refs, lock: int) -> tuple[str, Refs]:
        note = self.clone(remote, wanted, lock)
        copy = self._storage.copy
        return note, objects.held(self._runner, copy) if copy is not None else Refs()

    def clone(self, remote: Remote, wanted: Refs, lock: int) -> str:
        """Make a new copy beside the one in use and put it in its place."""
        with self._swept():
            damaged = self._storage.copy
            if damaged is not None:
                _refuse_nothing(remote, wanted)
            copy = self._storage.fresh()
            remote.clone(copy, wanted, lock)
            if damaged is not None:
                _save_kept(self._runner, damaged, copy, lock)
            _index(self._runner, copy, lock)
            self._storage.promote(copy)
            self._examined = copy
        self._storage.sweep()
        return "the local copy was damaged and was cloned anew" if damaged is not None else ""

    def keep(self, copy: Path, shas: Iterable[str], lock: int) -> None:
        """Let own refs name exactly these commits, as far as they are here."""
        with self._swept():
            objects.keep(self._runner, copy, shas, lock)

    @contextmanager
    def _swept(self) -> Iterator[None]:
        """A git that dies leaves its locks behind, which every later one would stop at."""
        try:
            yield
        except Exception:
            self._storage.sweep()
            raise


def _refuse_nothing(remote: Remote, wanted: Refs) -> None:
    """What was known is not given up for an empty list.

    To git, a page of one line that a proxy answers with, status 200, is a repository that holds nothing.
    """
    if not wanted.ids and not wanted.head:
        raise SourceError(
            f"repository {shown(remote.repository.url)}",
            "it shows no branch and no tag any more",
            hint="what was known is kept; see whether it is the repository that answers there",
            temporary=True,
        )


def _save_kept(runner: Runner, source: Path, copy: Path, lock: int) -> None:
    """Bring revisions in use over from a damaged copy, as far as they can still be read."""
    access = Access(("protocol.file.allow=always",))
    try:
        for line in runner.run(source, "for-each-ref", "--format=%(refname)", KEEP).stdout.decode().splitlines():
            specs = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", str(source))
            runner.run(copy, *specs, f"+{line}:{line}", access=access, inherit=(lock,), accept=range(256))
    except (GitFailedError, TimedOutError):
        # They are a convenience for a rollback; their checkouts are still there.
        return


def _tidy(runner: Runner, copy: Path, lock: int) -> None:
    """Let git pack what has gathered, when it is time."""
    if not _has_gathered(copy):
        return
    access = Access((f"gc.auto={_LOOSE}", "gc.autoDetach=false", f"gc.autoPackLimit={_PACKS}"))
    try:
        runner.run(copy, "gc", "--auto", "--quiet", access=access, limits=_TIDY, inherit=(lock,))
    except (GitFailedError, TimedOutError):
        # A mirror that is not packed is slower, never wrong; the next fetch tries again.
        return


def _has_gathered(copy: Path) -> bool:
    """Whether git may find it time: it guesses at loose objects, too, by what one of 256 folders holds."""
    packs = sum(1 for _ in (copy / "objects" / "pack").glob("*.pack"))
    loose = sum(1 for _ in (copy / "objects" / "17").glob("*"))
    return packs > _PACKS or loose > _LOOSE // 256


def _index(runner: Runner, copy: Path, lock: int) -> None:
    """Let git write down which paths each commit touches (git-commit-graph), at most once a day.

    The history of a path is found three times as fast then, and commits since are found without it.
    """
    graph = copy / "objects" / "info" / "commit-graphs" / "commit-graph-chain"
    try:
        if graph.exists() and time.time() - graph.stat().st_mtime < _INDEXED:
            return
        runner.run(copy, *_INDEX, limits=_TIDY, inherit=(lock,))
    except (GitFailedError, TimedOutError, OSError):
        # As above: it is slower without.
        return


def _movements(runner: Runner, copy: Path, before: Refs, after: Refs) -> str:
    """Tell what a person has to know: a branch rewritten or deleted, a tag moved; "" for plain progress."""
    notes: list[str] = []
    for name, old in list(before.ids.items()):
        new = after.ids.get(name)
        short = one_line(name.removeprefix(HEADS).removeprefix(TAGS), limit=80)
        if new is None:
            notes.append(f"{'branch' if name.startswith(HEADS) else 'tag'} {short} was deleted")
        elif new != old and name.startswith(TAGS):
            notes.append(f"tag {short} moved from {old[:7]} to {new[:7]}")
        elif new != old and len(notes) < _COMPARED and not _contains(runner, copy, old, new):
            notes.append(f"{short} moved from {old[:7]} to {new[:7]}, which does not contain it")
    if before.default and after.default and before.default != after.default:
        notes.append(f"the default branch is {one_line(after.default.removeprefix(HEADS))} now")
    return _listed(notes)


def _contains(runner: Runner, copy: Path, old: str, new: str) -> bool:
    try:
        return objects.is_ancestor(runner, copy, old, new)
    except GitFailedError:
        return False


def _listed(notes: Sequence[str]) -> str:
    more = len(notes) - _NOTED
    return "; ".join(notes[:_NOTED]) + (f"; and {more} more" if more > 0 else "")
