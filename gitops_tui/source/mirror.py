"""One repository's local copy: fetched now and then, read at any time."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.revision import Revision
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, replace
from gitops_tui.source import history, listing, objects, refs
from gitops_tui.source.ahead import Ahead
from gitops_tui.source.checkout import Checkouts
from gitops_tui.source.holding import holding
from gitops_tui.source.memory import Known, Memory
from gitops_tui.source.refs import Listing, Refs
from gitops_tui.source.remote import Remote, Workshop
from gitops_tui.source.storage import Storage, make_private
from gitops_tui.source.told import damaged as damage
from gitops_tui.source.told import failed, told, unwritable
from gitops_tui.source.transport.address import parse, shown
from gitops_tui.source.transport.failures import DamagedError, GitFailedError, TimedOutError, is_damage, said_by_git
from gitops_tui.source.transport.runner import Runner
from gitops_tui.source.upkeep import Upkeep

if TYPE_CHECKING:
    from gitops_tui.source.files import CommitFiles

_LOCK_TIMEOUT: Final = 60.0
_REBUILD_PAUSE: Final = 600.0
_REMEMBERED: Final = 20_000
_FULL_LENGTHS: Final = (40, 64)
_SHA: Final = pattern(r"[0-9a-f]{7,64}")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Fetch:
    """changed: a branch, a tag or HEAD is not what it was when last seen. note: what a person has to know."""

    changed: bool
    note: str = ""


class Mirror:
    """Safe for several threads; `fetch` and `keep` also for several processes. Reading needs no network.

    Every method raises SourceError, with the repository as subject. A damaged copy is cloned anew, at once when
    reading meets the damage.
    """

    def __init__(self, repository: Repository, folder: Path, runner: Runner) -> None:
        self.repository = repository
        self._address = parse(repository.url)
        self._runner = runner
        self._private = folder / "mirrors"
        self._storage = Storage(self._private / self._address.key)
        self._checkouts = Checkouts(folder / "checkouts" / self._address.key, runner)
        self._fetching = threading.RLock()
        self._listing = threading.Lock()
        self._listed: tuple[str, CommitFiles | None] = ("", None)
        self._known = Known(self._private / f"{self._address.key}.known")
        self._said = Listing()
        self._meant: tuple[Refs | None, dict[str, Revision]] = (None, {})
        """What was resolved, and in which refs."""
        self._ahead: Ahead[Refs] | None = None
        self._upkeep = Upkeep(self._storage, runner)
        self._rebuilt_at: float | None = None
        self._pending_note = ""

    @property
    def subject(self) -> str:
        """The repository as messages name it."""
        return f"repository {shown(self.repository.url)}"

    @property
    def exists(self) -> bool:
        """Whether a local copy is there."""
        return self._storage.copy is not None

    # Fetching.

    def ask_ahead(self) -> None:
        """Begin to ask the remote now, for the next `fetch`. Returns at once."""
        with self._fetching:
            make_private(self._private)
            if self._ahead is None:
                self._ahead = Ahead(self._remote.refs, f"ahead {self._address.key}")

    def fetch(self) -> Fetch:
        """Look at the remote, and bring here what moved. The copy stays as it is when that fails."""
        with self._fetching, self._told():
            make_private(self._private)
            self._recall()
            ahead, self._ahead = self._ahead, None
            wanted = ahead.take() if ahead is not None else self._remote.refs()
            seen = self._memory.refs
            if wanted == seen and self._upkeep.is_examined:
                return Fetch(changed=False, note=self._taken_note())
            with self._storage.locked(_LOCK_TIMEOUT) as lock:
                copy = self._storage.copy
                note, now = self._upkeep.update(self._remote, wanted, lock, seen)
                self._forget_unless(copy)
                self._memory.refs = now
                self._known.note(self._copy())
            return Fetch(seen != now, "; ".join(filter(None, (self._taken_note(), note))))

    def _forget_unless(self, copy: Path | None) -> None:
        """What was read from another copy may not be in this one."""
        if self._storage.copy != copy:
            self._known.forget()

    @property
    def _memory(self) -> Memory:
        return self._known.memory

    def _recall(self) -> None:
        """Take over what the process before knew, if the copy is what it was then."""
        copy = None if self._known.is_asked else self._storage.copy
        if copy is not None and self._known.recall(copy):
            self._upkeep.trust(copy)

    def close(self) -> None:
        """Leave what was read to the next process."""
        self._known.write(self._storage.copy)

    def _taken_note(self) -> str:
        note, self._pending_note = self._pending_note, ""
        return note

    @property
    def _remote(self) -> Remote:
        return Remote(self.repository, self._address, self._private, self._runner, self._said)

    def keep(self, shas: Iterable[str]) -> None:
        """Guard exactly these commits, whatever the remote forgets: against git's clean-up and for checkouts."""
        wanted = frozenset(sha for sha in shas if _SHA.fullmatch(sha))
        self._checkouts.kept = wanted
        self._recall()
        copy = None if wanted == self._memory.kept else self._storage.copy
        if copy is None:
            return

        def guard(copy: Path) -> None:
            with self._storage.locked(_LOCK_TIMEOUT) as lock:
                is_current = self._known.is_current(copy)
                self._upkeep.keep(copy, wanted, lock)
                if is_current:
                    self._known.note(copy)

        with self._fetching:
            self._read(guard)
            self._memory.kept = wanted

    @contextmanager
    def changing(self) -> Iterator[Workshop]:
        """Hold the copy, so that objects can be added to it and pushed."""
        with self._fetching, self._storage.locked(_LOCK_TIMEOUT) as lock, self._told():
            yield Workshop(self._copy(), self._remote, lock)

    # Reading.

    def read(self, work: Callable[[Runner, Path], _T]) -> _T:
        """Return what `work` reads from the copy with git."""
        return self._read(lambda copy: work(self._runner, copy))

    def resolve(self, tracked: str) -> Revision:
        """Return the commit that a branch, tag, range of versions, sha, "" or HEAD means now, from the copy."""
        known = self._known_refs()
        of, meant = self._meant
        if of is not known:
            # Each look asks what its ref means, and hardly ever is it another commit.
            of, meant = self._meant = known, {}
        if tracked not in meant:
            found = refs.target(known, tracked, self.subject)
            meant[tracked] = replace(self.revision(found.id), ref=found.ref)
        return meant[tracked]

    def tip(self, ref: str) -> str:
        """Return the id that a ref has, by its full name; "" when there is none."""
        return self._known_refs().ids.get(ref, "")

    def revision(self, sha: str) -> Revision:
        """Return a commit by its sha or the first seven or more digits of it."""
        known = self._memory.revisions
        if sha in known:
            return known[sha]
        if not _SHA.fullmatch(sha):
            raise SourceError(self.subject, f"{one_line(sha)} is no commit", hint="give seven or more hex digits")
        found = self._read(lambda copy: self._revision(copy, sha))
        if len(known) >= _REMEMBERED:
            known.clear()
        # A tag object's id is as lasting as a commit's; the first digits of one are not.
        known |= {name: found for name in (found.sha, sha) if len(name) >= 40}
        return found

    def _revision(self, copy: Path, sha: str) -> Revision:
        if len(sha) in _FULL_LENGTHS:
            with suppress(GitFailedError):
                for found in history.commits(self._runner, copy, sha, limit=1):
                    return found
        full = objects.commit_id(self._runner, copy, sha)
        if full is None:
            raise SourceError(
                self.subject, f"there is no commit {sha}", hint="it may be ambiguous, or not be on any branch or tag"
            )
        return history.commits(self._runner, copy, full, limit=1)[0]

    def history(self, sha: str, path: str, *, limit: int = 50, offset: int = 0) -> tuple[Revision, ...]:
        """Return the commits up to `sha` that touch a folder, newest first, through moves of the folder."""
        full, clean = self.revision(sha).sha, self._clean(path)
        if self.tree_id(full, clean) is None:
            raise self._no_path(full, clean)
        return self._read(lambda copy: history.followed(self._runner, copy, full, clean, limit=limit, offset=offset))

    def holding(self, path: str, rows: Sequence[str], shas: Collection[str]) -> dict[str, str]:
        """Return which of `rows`, commits of the history of a folder, each of `shas` has the content of, if any."""
        clean = self._clean(path)
        return self._read(lambda copy: holding(self._runner, copy, clean, rows, shas))

    def blame(self, sha: str, path: str, lines: Iterable[tuple[int, int]]) -> dict[int, Revision]:
        """Return who last changed each line of these ranges (from, to; counted from 1) of a file, by line."""
        full, clean, ranges = self.revision(sha).sha, self._clean(path), tuple(lines)
        return self._read(lambda copy: history.blamed(self._runner, copy, full, clean, ranges))

    def checkout(self, sha: str) -> Path:
        """Return the read-only folder of a commit. Symbolic links in it may lead anywhere."""
        full = self.revision(sha).sha
        sha_listed, files = self._listed
        known = files.entries if files is not None and sha_listed == full else None
        return self._read(lambda copy: self._checkouts.get(copy, full, known))

    def files(self, sha: str) -> CommitFiles:
        """Return the files of a commit, to be read from Git's objects; the same as before for the same commit."""
        full = self.revision(sha).sha
        with self._listing:
            listed, files = self._listed
            if files is None or listed != full:
                from gitops_tui.source.files import CommitFiles  # noqa: PLC0415 - for a commit that is new

                files = CommitFiles(
                    self._read(lambda copy: listing.listed(self._runner, copy, full)),
                    lambda some: self._read(lambda copy: listing.contents(self._runner, copy, some)),
                    lambda: self.checkout(full),
                )
                # Both at once: a checkout looks here without the lock.
                self._listed = (full, files)
            return files

    def tree_id(self, sha: str, path: str) -> str | None:
        """Return an id that changes only with the content of a path; None when that commit has no such path."""
        return self.tree_ids(sha, [path])[path]

    def tree_ids(self, sha: str, paths: Iterable[str]) -> dict[str, str | None]:
        """Return `tree_id` of many paths, with one process."""
        full = self.revision(sha).sha
        clean = {path: self._clean(path) for path in paths}
        trees = self._memory.trees
        known = {path: trees[full, path] for path in clean.values() if (full, path) in trees}
        missing = sorted(set(clean.values()) - set(known))
        if missing:
            found = self._read(lambda copy: objects.ids(self._runner, copy, full, missing))
            if len(trees) >= _REMEMBERED:
                trees.clear()
            trees |= {(full, path): value for path, value in found.items()}
            known |= found
        return {path: known[name] for path, name in clean.items()}

    def folders(self, sha: str, pattern: str) -> tuple[str, ...]:
        """Return the folders of a commit that match a glob such as `apps/*`, sorted; "" is the root alone.

        `*` stays inside one part of a path, `**` crosses any number; a hidden folder only matches its dot.
        """
        full, clean = self.revision(sha).sha, self._clean(pattern)
        if not clean:
            return ("",)
        known = self._memory.folders
        if (full, clean) not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[full, clean] = self._read(lambda copy: objects.folders(self._runner, copy, full, clean))
        return known[full, clean]

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether the commit `newer` contains the commit `older`."""
        first, second = self.revision(older).sha, self.revision(newer).sha
        return first == second or self._read(lambda copy: objects.is_ancestor(self._runner, copy, first, second))

    def _known_refs(self) -> Refs:
        known = self._memory.refs
        if known is not None:
            # Each look asks for them: where the copy is need not be asked of the disk each time.
            return known
        self._recall()
        known = self._memory.refs
        if known is None:
            known = self._memory.refs = self._read(lambda copy: objects.held(self._runner, copy))
        return known

    def _copy(self) -> Path:
        copy = self._storage.copy
        if copy is None:
            raise SourceError(self.subject, "it has not been fetched yet", temporary=True)
        return copy

    def _read(self, work: Callable[[Path], _T]) -> _T:
        copy = self._copy()
        try:
            return self._attempt(work, copy)
        except DamagedError as error:
            self._rebuild(copy, error)
        with self._told():
            return self._attempt(work, self._copy())

    def _attempt(self, work: Callable[[Path], _T], copy: Path) -> _T:
        try:
            return work(copy)
        except GitFailedError as error:
            if is_damage(error.stderr) or not (copy / "HEAD").exists():
                raise DamagedError(said_by_git(error)) from error
            raise failed(self.subject, error) from error
        except TimedOutError as error:
            raise failed(self.subject, error) from error
        except OSError as error:
            raise unwritable(self.subject, error, self._private) from error

    def _rebuild(self, damaged: Path, cause: DamagedError) -> None:
        """Clone anew, unless another thread just has, or it did not help a short while ago."""
        with self._fetching:
            if self._storage.copy not in {damaged, None}:
                return
            now = time.monotonic()
            if self._rebuilt_at is not None and now - self._rebuilt_at < _REBUILD_PAUSE:
                raise damage(self.subject, cause) from cause
            try:
                wanted = self._remote.refs()
                with self._storage.locked(_LOCK_TIMEOUT) as lock, self._told():
                    self._pending_note = self._upkeep.clone(self._remote, wanted, lock)
                    self._forget_unless(damaged)
            except SourceError as error:
                raise SourceError(
                    self.subject,
                    f"the local copy is damaged, and cannot be cloned anew: {error.message}",
                    hint=error.hint,
                    temporary=error.temporary,
                ) from error
            self._rebuilt_at = now

    def _told(self) -> AbstractContextManager[None]:
        return told(self.subject, self._private)

    def _no_path(self, sha: str, path: str) -> SourceError:
        return SourceError(
            self.subject, f"commit {sha[:7]} has no path {one_line(path)}", hint="check the application's path"
        )

    def _clean(self, path: str) -> str:
        parts = [part for part in path.split("/") if part not in {"", "."}]
        if path.startswith("/") or ".." in parts or re.search(r"[\x00-\x1f\x7f]", path):
            raise SourceError(self.subject, f"{one_line(path)} is no path inside a repository")
        return "/".join(parts)
