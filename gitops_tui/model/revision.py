"""Commits: those that are there, and the one that a revert would make."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum

from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit. time: seconds since the epoch; ref: the full ref it was resolved from, "" for a bare sha."""

    sha: str
    author: str = ""
    email: str = ""
    time: float = 0.0
    subject: str = ""
    message: str = ""
    ref: str = ""

    @property
    def short(self) -> str:
        """The first seven digits of the sha."""
        return self.sha[:7]


class RollbackMode(StrEnum):
    """How an application goes back: held at a commit, or by a new commit on its branch or on one of its own."""

    PIN = "pin"
    REVERT = "revert"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit of ours is by."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that a commit would change. added and removed count lines, None in a file that is not text.

    old and new: ids of its content, "" where it is not there. path is as git has it, for showing only.
    """

    path: str
    added: int | None
    removed: int | None
    old: str = ""
    new: str = ""

    @property
    def letter(self) -> str:
        """A for a file that comes back, D for one that goes, M for one whose content changes."""
        return "A" if not self.old else "M" if self.new else "D"


@dataclass(frozen=True, slots=True)
class Restoration:
    """The plan of a commit that restores one path as it was at another commit, and leaves all others alone.

    branch: the tracked one, target: the one that is pushed to (short names). tip: the commit on top of which it
    is made; replaced: the newest one up to it that touched the path. author: who it will be by. url: where a pull
    request may be opened, a guess. note: something to know before it is approved.
    """

    application: str
    path: str
    mode: RollbackMode
    branch: str
    target: str
    tip: Revision
    replaced: Revision
    revision: Revision
    files: tuple[FileChange, ...] = ()
    author: str = ""
    signed: bool = False
    url: str = ""
    note: str = ""

    @property
    def hash(self) -> str:
        """16 hex digits over what will be written where. The tip is left out: others may push other paths."""
        files = [[each.path, each.old, each.new] for each in self.files]
        head = [self.application, self.path, self.mode, self.branch, self.target, self.revision.sha]
        text = json.dumps([head, files], separators=(",", ":"))
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()
