"""One repository's local copy: fetched now and then, cloned anew when it is damaged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.model.values import dataclass
from gitops_tui.source import objects
from gitops_tui.source.ahead import Ahead
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

_LOCK_TIMEOUT: Final = 60.0
_REBUILD_PAUSE: Final = 600.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Fetch:
    """changed: a branch, a tag or HEAD is not what it was when last seen. note: what a person has to know."""

    changed: bool
    note: str = ""


class LocalCopy:
    """Safe for several threads; `fetch` and `guard` also for several processes. Reading needs no network.

    Every method raises SourceError, with the repository as subject. A damaged copy is cloned anew, at once when
    reading meets the damage.
    """

    def __init__(self, repository: Repository, folder: Path, runner: Runner) -> None:
        self.repository = repository
        self._address = parse(repository.url)
        self._runner = runner
        self._private = folder / "mirrors"
        self._storage = Storage(self._private / self._address.key)
        self._fetching = threading.RLock()
        self._known = Known(self._private / f"{self._address.key}.known")
        self._said = Listing()
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

    def guard(self, wanted: frozenset[str]) -> None:
        """Guard exactly these commits against git's clean-up, whatever the remote forgets."""
        self._recall()
        copy = None if wanted == self._memory.kept else self._storage.copy
        if copy is None:
            return

        def keep(copy: Path) -> None:
            with self._storage.locked(_LOCK_TIMEOUT) as lock:
                is_current = self._known.is_current(copy)
                self._upkeep.keep(copy, wanted, lock)
                if is_current:
                    self._known.note(copy)

        with self._fetching:
            self._read(keep)
            self._memory.kept = wanted

    @contextmanager
    def changing(self) -> Iterator[Workshop]:
        """Hold the copy, so that objects can be added to it and pushed."""
        with self._fetching, self._storage.locked(_LOCK_TIMEOUT) as lock, self._told():
            yield Workshop(self._copy(), self._remote, lock)

    def read(self, work: Callable[[Runner, Path], _T]) -> _T:
        """Return what `work` reads from the copy with git."""
        return self._read(lambda copy: work(self._runner, copy))

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
