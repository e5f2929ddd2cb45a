"""Talking to a remote: what it has, and bringing it here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.source import objects
from gitops_tui.source.refs import HEAD, HEADS, KEEP, TAGS, Refs, from_listing, from_mirror
from gitops_tui.source.transport.address import Address
from gitops_tui.source.transport.credentials import access_for
from gitops_tui.source.transport.failures import DamagedError, GitFailedError, TimedOutError, explained, is_damage
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Access, Runner

_ASK: Final = Limits(timeout=60.0, output=256 << 20)
_FETCH: Final = Limits(timeout=1800.0)
_TIDY: Final = Limits(timeout=600.0)
_NOTED: Final = 3
_EXAMINED: Final = 50


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository as seen from here. folder: private, for the askpass program."""

    repository: Repository
    address: Address
    folder: Path
    runner: Runner

    def refs(self) -> Refs:
        """Ask what the remote has; SourceError when it cannot be reached or refuses."""
        arguments = ("ls-remote", "--symref", "--quiet", "--end-of-options", self.address.url)
        try:
            output = self.runner.run(None, *arguments, access=self._access(), limits=_ASK)
        except (GitFailedError, TimedOutError) as error:
            raise explained(self.repository.url, error) from error
        return from_listing(output.stdout.decode(errors="surrogateescape"))

    def clone(self, copy: Path, wanted: Refs, lock: int) -> None:
        """Make a bare repository at `copy` that holds what the remote has."""
        sha256 = any(len(value) == 64 for value in wanted.ids.values())
        options = ["--shared=0600", *(["--object-format=sha256"] if sha256 else [])]
        self.runner.run(None, "init", "--quiet", "--bare", "--template=", *options, "--end-of-options", str(copy))
        self.fetch(copy, wanted, lock)

    def fetch(self, copy: Path, wanted: Refs, lock: int) -> None:
        """Bring branches and tags here. SourceError for the remote's failures, DamagedError for the copy's."""
        arguments = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"]
        arguments += ["--no-recurse-submodules", "--refmap=", "--end-of-options", self.address.url]
        specs = [f"+{HEADS}*:{HEADS}*", f"+{TAGS}*:{TAGS}*"]
        if wanted.head:
            specs.append(f"+HEAD:{HEAD}")
        try:
            self.runner.run(copy, *arguments, *specs, access=self._access(), limits=_FETCH, inherit=(lock,))
        except (GitFailedError, TimedOutError) as error:
            if isinstance(error, GitFailedError) and is_damage(error.stderr) and not is_readable(self.runner, copy):
                raise DamagedError(error.stderr) from error
            raise explained(self.repository.url, error) from error
        if wanted.default:
            self.runner.run(copy, "symbolic-ref", "HEAD", wanted.default, inherit=(lock,))

    def _access(self) -> Access:
        if self.address.protocol == "file" and not Path(self.address.url).exists():
            raise SourceError(
                f"repository {one_line(self.repository.url)}",
                "there is no such folder",
                hint="check the path, or whether its disk is mounted",
                temporary=True,
            )
        return access_for(self.repository, self.address, self.folder, self.runner)


def held(runner: Runner, copy: Path) -> Refs:
    """Return the refs of a mirror; DamagedError when one is broken."""
    try:
        default = runner.run(copy, "symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
        output = runner.run(copy, "for-each-ref", "--format=%(objectname) %(refname)")
    except GitFailedError as error:
        raise DamagedError(error.stderr) from error
    # git leaves a broken ref out, tells so, and still ends with status 0.
    if output.stderr.strip():
        raise DamagedError(output.stderr)
    name = default.stdout.decode(errors="surrogateescape").strip()
    return from_mirror(output.stdout.decode(errors="surrogateescape"), name)


def is_readable(runner: Runner, copy: Path) -> bool:
    """Whether the refs, the commits they name, and the tree of the default branch can be read."""
    try:
        refs = held(runner, copy)
        tips = sorted(set(refs.ids.values()))
        arguments = ("log", "--no-walk=unsorted", "--stdin", "--format=%T")
        if tips:
            with objects.lines(tips) as wanted:
                runner.run(copy, *arguments, stdin=wanted)
        tip = refs.ids.get(refs.default) or refs.head
        if tip:
            runner.run(copy, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tip, limits=_ASK)
    except (GitFailedError, DamagedError):
        return False
    return True


def save_kept(runner: Runner, source: Path, copy: Path, lock: int) -> None:
    """Bring revisions in use over from a damaged copy, as far as they can still be read."""
    access = Access(("protocol.file.allow=always",))
    try:
        for line in runner.run(source, "for-each-ref", "--format=%(refname)", KEEP).stdout.decode().splitlines():
            specs = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", str(source))
            runner.run(copy, *specs, f"+{line}:{line}", access=access, inherit=(lock,), accept=range(256))
    except (GitFailedError, TimedOutError):
        # They are a convenience for a rollback; their checkouts are still there.
        return


def tidy(runner: Runner, copy: Path, lock: int) -> None:
    """Let git pack what has gathered, when it is time."""
    access = Access(("gc.auto=6700", "gc.autoDetach=false", "gc.autoPackLimit=50"))
    try:
        runner.run(copy, "gc", "--auto", "--quiet", access=access, limits=_TIDY, inherit=(lock,))
    except (GitFailedError, TimedOutError):
        # A mirror that is not packed is slower, never wrong; the next fetch tries again.
        return


def movements(runner: Runner, copy: Path, before: Refs, after: Refs) -> str:
    """Tell what a person has to know: a branch rewritten or deleted, a tag moved; "" for plain progress."""
    notes: list[str] = []
    for name, old in list(before.ids.items()):
        new = after.ids.get(name)
        short = one_line(name.removeprefix(HEADS).removeprefix(TAGS), limit=80)
        if new is None:
            notes.append(f"{'branch' if name.startswith(HEADS) else 'tag'} {short} was deleted")
        elif new != old and name.startswith(TAGS):
            notes.append(f"tag {short} moved from {old[:7]} to {new[:7]}")
        elif new != old and len(notes) < _EXAMINED and not _contains(runner, copy, old, new):
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
