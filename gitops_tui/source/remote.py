"""Talking to a remote: what it has, and bringing it here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.source import objects
from gitops_tui.source.refs import HEAD, HEADS, NO_BRANCH, TAGS, Listing, Refs
from gitops_tui.source.transport.address import Address, shown
from gitops_tui.source.transport.credentials import access_for
from gitops_tui.source.transport.failures import DamagedError, GitFailedError, TimedOutError, explained, is_damage
from gitops_tui.source.transport.process import STANDARD, Limits
from gitops_tui.source.transport.runner import LOCAL, Access, Output, Runner

_ASK: Final = Limits(timeout=60.0, output=256 << 20)
_NOTHING: Final = Refs()
_FETCH: Final = Limits(timeout=1800.0)


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository as seen from here. folder: private, for the askpass program. listing: what it said last."""

    repository: Repository
    address: Address
    folder: Path
    runner: Runner
    listing: Listing

    def refs(self) -> Refs:
        """Ask what the remote has; SourceError when it cannot be reached or refuses."""
        arguments = ("ls-remote", "--symref", "--quiet", "--end-of-options", self.address.url)
        try:
            output = self.runner.run(None, *arguments, access=self._access(), limits=_ASK)
        except (GitFailedError, TimedOutError) as error:
            raise explained(self.repository.url, error) from error
        return self.listing.refs(output.stdout)

    def clone(self, copy: Path, wanted: Refs, lock: int) -> None:
        """Make a bare repository at `copy` that holds what the remote has."""
        _ask_library(self.address.url)
        sha256 = any(len(value) == 64 for value in wanted.ids.values())
        options = ["--shared=0600", *(["--object-format=sha256"] if sha256 else [])]
        self.runner.run(None, "init", "--quiet", "--bare", "--template=", *options, "--end-of-options", str(copy))
        self.fetch(copy, wanted, lock)

    def fetch(self, copy: Path, wanted: Refs, lock: int, held: Refs = _NOTHING) -> None:
        """Bring branches and tags here. held: what the copy has.

        SourceError for the remote's failures, DamagedError for the copy's.
        """
        arguments = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"]
        arguments += ["--no-recurse-submodules", "--refmap=", "--end-of-options", self.address.url]
        specs = [f"+{HEADS}*:{HEADS}*", f"+{TAGS}*:{TAGS}*"]
        if wanted.head:
            specs.append(f"+HEAD:{HEAD}")
        try:
            self.runner.run(copy, *arguments, *specs, access=self._access(), limits=_FETCH, inherit=(lock,))
        except (GitFailedError, TimedOutError) as error:
            if (
                isinstance(error, GitFailedError)
                and is_damage(error.stderr)
                and not objects.is_readable(self.runner, copy)
            ):
                raise DamagedError(error.stderr) from error
            raise explained(self.repository.url, error) from error
        # Where the remote's HEAD is detached or names nothing, ours names a branch that never is.
        if not wanted.default or wanted.default != held.default:
            self.runner.run(copy, "symbolic-ref", "HEAD", wanted.default or NO_BRANCH, inherit=(lock,))
        if not wanted.head and held.head:
            self.runner.run(copy, "update-ref", "-d", HEAD, inherit=(lock,))

    def send(self, copy: Path, *options: str, spec: str, limits: Limits) -> Output:
        """Run `git push` with these options; a ref that is refused is in the Output, with status 1."""
        command = ("push", *options, "--end-of-options", self.address.url, spec)
        return self.runner.run(copy, *command, access=self._access(), limits=limits, accept=(0, 1))

    def _access(self) -> Access:
        if self.address.protocol == "file" and not Path(self.address.url).exists():
            raise SourceError(
                f"repository {one_line(self.repository.url)}",
                "there is no such folder",
                hint="check the path, or whether its disk is mounted",
                temporary=True,
            )
        return access_for(self.repository, self.address, self.folder, self.runner)


def _ask_library(url: str) -> None:
    """Refuse an address that GitPython's list of dangerous protocols names: a second opinion on ours, once a copy."""
    # Without a git binary, importing GitPython would fail; this way the first call of git does, with a message of ours.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git.cmd import Git  # noqa: PLC0415 - 0.2 s to import, which no later start has to pay
    from git.exc import UnsafeProtocolError  # noqa: PLC0415

    try:
        Git.check_unsafe_protocols(url)
    except UnsafeProtocolError as error:
        raise SourceError(f"repository {shown(url)}", "its protocol is not allowed") from error


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a commit of ours is made with. lock: a descriptor for git's processes to inherit."""

    copy: Path
    remote: Remote
    lock: int

    def run(
        self, *arguments: str, access: Access = LOCAL, limits: Limits = STANDARD, stdin: BinaryIO | None = None
    ) -> str:
        """Run git on the copy; return what it prints on one line."""
        runner = self.remote.runner
        output = runner.run(self.copy, *arguments, access=access, limits=limits, stdin=stdin, inherit=(self.lock,))
        return output.stdout.decode().strip()
