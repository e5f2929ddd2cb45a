"""The folder of one commit, and how far anything may reach in it.

Everything in a checkout was written by others. Paths are resolved here component by component, so that neither
`..` nor a symbolic link can name a file outside of it; the operating system is never asked to follow a link.
Messages name the link, never its target: a target may tell about the machine.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from gitops_tui.model.errors import RenderError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

_MOST_LINKS = 40
_LONGEST_TARGET = 4000
_LEAVES = "leaves the checkout"


def shown(path: str) -> str:
    """A path as errors show it; the root of the repository is called that."""
    return one_line(path) if path else "the repository's root"


class Tree(ABC):
    """The files of one commit. Paths are relative to it, with `/`, "" for the root."""

    __slots__ = ()

    @property
    @abstractmethod
    def root(self) -> Path:
        """The read-only folder that holds the files, for programs that read them."""

    @abstractmethod
    def mode(self, path: str) -> int:
        """The file type bits of what is at a path (`stat.S_IFLNK`, ...), no link followed; 0 when nothing is."""

    @abstractmethod
    def target(self, path: str) -> str:
        """What a link names. Raises RenderError."""

    @abstractmethod
    def names(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted."""

    @abstractmethod
    def contents(self, paths: Iterable[str], limit: int) -> Iterator[bytes]:
        """What is in these regular files, at most `limit` bytes each. Raises RenderError."""

    def resolve(self, path: str, *, base: str = "", subject: str = "") -> str:
        """Return the path, relative to the commit and without links, of what `path` names, seen from `base`.

        Raises RenderError about `subject` (default: the path) when that would be outside of the commit, when links
        run in a circle, or when it is not there.
        """
        subject = subject or shown(path)
        if PurePosixPath(path).is_absolute():
            raise RenderError(subject, f"the path is absolute and {_LEAVES}")
        return _Walk(self, subject, base).to(path)

    def kind(self, path: str) -> int:
        """The file type bits of a resolved path (`stat.S_IFREG`, ...), 0 when it is not there."""
        return self.mode(path)

    def has_file(self, path: str) -> bool:
        """Whether a regular file is there, through links that stay inside."""
        try:
            return self.kind(self.resolve(path)) == stat.S_IFREG
        except RenderError:
            return False

    def read(self, path: str, limit: int) -> bytes:
        """The content of a regular file, at most `limit` bytes. Raises RenderError."""
        return next(self.contents((path,), limit))

    def entries(self, folder: str) -> Iterator[tuple[str, str, int]]:
        """Each entry of a resolved folder, sorted: its path as written, its resolved path, its file type bits.

        Raises RenderError for a link that leaves the checkout and for what is neither file, folder nor link.
        """
        for name in self.names(folder):
            path = resolved = f"{folder}/{name}" if folder else name
            kind = self.mode(path)
            if kind == stat.S_IFLNK:
                resolved = self._follow(path)
                kind = self.kind(resolved)
            if kind not in {stat.S_IFREG, stat.S_IFDIR}:
                raise RenderError(shown(path), "is neither a file nor a folder")
            yield path, resolved, kind

    def has_link(self, folder: str) -> bool:
        """Whether a link is anywhere below a folder."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            for name in self.names(here):
                path = f"{here}/{name}" if here else name
                kind = self.mode(path)
                if kind == stat.S_IFLNK:
                    return True
                if kind == stat.S_IFDIR:
                    waiting.append(path)
        return False

    def _follow(self, path: str) -> str:
        try:
            return self.resolve(path, subject=f"symbolic link {shown(path)}")
        except RenderError as e:
            raise RenderError(e.subject, e.message, hint="remove the link, or let it point inside") from None

    def guard(self, folder: str) -> None:
        """Make sure that a program which follows links from a resolved folder on stays inside the checkout.

        Raises RenderError for the first link that leaves it, and for files that are no regular ones.
        """
        seen, waiting = {folder}, [folder]
        while waiting:
            for _, resolved, kind in self.entries(waiting.pop()):
                if kind == stat.S_IFDIR and resolved not in seen:
                    seen.add(resolved)
                    waiting.append(resolved)


@dataclass(frozen=True, slots=True)
class Checkout(Tree):
    """A commit in a folder."""

    root: Path

    def mode(self, path: str) -> int:
        """As in `Tree`."""
        try:
            return stat.S_IFMT(os.lstat(self.root / path).st_mode)
        except (OSError, ValueError):
            return 0

    def target(self, path: str) -> str:
        """As in `Tree`."""
        return str((self.root / path).readlink())

    def names(self, folder: str) -> Sequence[str]:
        """As in `Tree`."""
        return sorted(os.listdir(self.root / folder))  # noqa: PTH208 - its names are wanted

    def contents(self, paths: Iterable[str], limit: int) -> Iterator[bytes]:
        """As in `Tree`."""
        for path in paths:
            yield self._content(path, limit)

    def _content(self, path: str, limit: int) -> bytes:
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as e:
            raise RenderError(shown(path), f"cannot be read: {e.strerror}") from e
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RenderError(shown(path), "is no regular file")
            if status.st_size > limit:
                raise too_large(path, status.st_size, limit)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(descriptor)


def too_large(path: str, size: int, limit: int) -> RenderError:
    """The error about a file over its limit, in bytes."""
    return RenderError(shown(path), f"{size} bytes is more than the limit of {limit}")


class Files(Protocol):
    """The files of a commit, read from Git's objects: as `Tree` has them, the paths without links in them."""

    folder: Callable[[], Path]

    def mode(self, path: str) -> int:
        """The file type bits, 0 when nothing is there."""
        ...

    def size(self, path: str) -> int:
        """Bytes in a file."""
        ...

    def names(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted."""
        ...

    def contents(self, paths: Iterable[str]) -> Iterator[bytes]:
        """What is in these files. Raises SourceError."""
        ...


@dataclass(frozen=True, slots=True)
class Commit(Tree):
    """A commit in Git's objects, of which no folder is made unless a program needs one."""

    files: Files

    @property
    def root(self) -> Path:
        """As in `Tree`."""
        return self.files.folder()

    def mode(self, path: str) -> int:
        """As in `Tree`."""
        return self.files.mode(path)

    def target(self, path: str) -> str:
        """As in `Tree`."""
        written = next(self.files.contents((path,))) if self.files.size(path) <= _LONGEST_TARGET else b""
        if not written or b"\0" in written:
            raise RenderError(shown(path), "has no valid target")
        return os.fsdecode(written)

    def names(self, folder: str) -> Sequence[str]:
        """As in `Tree`."""
        return self.files.names(folder)

    def contents(self, paths: Iterable[str], limit: int) -> Iterator[bytes]:
        """As in `Tree`."""
        wanted = tuple(paths)
        for path in wanted:
            if self.files.mode(path) != stat.S_IFREG:
                raise RenderError(shown(path), "is no regular file")
            if self.files.size(path) > limit:
                raise too_large(path, self.files.size(path), limit)
        return self.files.contents(wanted)


@dataclass(slots=True)
class _Walk:
    """One resolution: the components walked so far, and the links followed."""

    tree: Tree
    subject: str
    base: str
    done: list[str] = field(default_factory=list)
    links: int = 0

    def to(self, path: str) -> str:
        self.done = [part for part in self.base.split("/") if part]
        waiting = path.split("/")[::-1]
        while waiting:
            part = waiting.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                if not self.done:
                    raise RenderError(self.subject, _LEAVES)
                self.done.pop()
                continue
            waiting.extend(self._enter(part))
        return "/".join(self.done)

    def _enter(self, part: str) -> list[str]:
        """Step into a component; return the components of its target, last first, when it is a link."""
        here = "/".join((*self.done, part))
        mode = self.tree.mode(here)
        if not mode:
            raise RenderError(self.subject, "is not in this commit")
        if mode != stat.S_IFLNK:
            self.done.append(part)
            return []
        self.links += 1
        if self.links > _MOST_LINKS:
            raise RenderError(self.subject, "links run in a circle")
        target = self.tree.target(here)
        if target.startswith("/"):
            raise RenderError(self.subject, _LEAVES)
        return target.split("/")[::-1]
