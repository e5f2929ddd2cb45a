"""Reading a repository: what is in which commit, as its local copy has it."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.revision import Revision
from gitops_tui.model.text import one_line
from gitops_tui.model.values import replace
from gitops_tui.source import history, listing, objects, refs
from gitops_tui.source.checkout import Checkouts
from gitops_tui.source.copy import LocalCopy
from gitops_tui.source.holding import holding
from gitops_tui.source.refs import Refs
from gitops_tui.source.transport.failures import GitFailedError
from gitops_tui.source.transport.runner import Runner

if TYPE_CHECKING:
    from gitops_tui.source.files import CommitFiles

_REMEMBERED: Final = 20_000
_FULL_LENGTHS: Final = (40, 64)
_SHA: Final = pattern(r"[0-9a-f]{7,64}")


class Mirror(LocalCopy):
    """A local copy, and what it has of each commit: as safe for threads, and SourceError for whatever goes wrong.

    A commit is named by its sha, or the first seven or more digits of it; a path is relative to its root.
    """

    def __init__(self, repository: Repository, folder: Path, runner: Runner) -> None:
        super().__init__(repository, folder, runner)
        self._checkouts = Checkouts(folder / "checkouts" / self._address.key, runner)
        self._listing = threading.Lock()
        self._listed: tuple[str, CommitFiles | None] = ("", None)
        self._meant: tuple[Refs | None, dict[str, Revision]] = (None, {})
        """What was resolved, and in which refs."""

    def keep(self, shas: Iterable[str]) -> None:
        """Guard exactly these commits, whatever the remote forgets: against git's clean-up and for checkouts."""
        wanted = frozenset(sha for sha in shas if _SHA.fullmatch(sha))
        self._checkouts.kept = wanted
        self.guard(wanted)

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

    def _no_path(self, sha: str, path: str) -> SourceError:
        return SourceError(
            self.subject, f"commit {sha[:7]} has no path {one_line(path)}", hint="check the application's path"
        )

    def _clean(self, path: str) -> str:
        parts = [part for part in path.split("/") if part not in {"", "."}]
        if path.startswith("/") or ".." in parts or re.search(r"[\x00-\x1f\x7f]", path):
            raise SourceError(self.subject, f"{one_line(path)} is no path inside a repository")
        return "/".join(parts)
