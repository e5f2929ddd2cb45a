"""The folder of one commit, and how far anything may reach in it.

Everything in a checkout was written by others. Paths are resolved here component by component, so that neither
`..` nor a symbolic link can name a file outside of it; the operating system is never asked to follow a link.
Messages name the link, never its target: a target may tell about the machine.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gitops_tui.model.errors import RenderError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

_MOST_LINKS = 40
_LEAVES = "leaves the checkout"


def shown(path: str) -> str:
    """A path as errors show it; the root of the repository is called that."""
    return one_line(path) if path else "the repository's root"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A read-only folder that holds the files of one commit. Paths are relative to it, with `/`, "" for the root."""

    root: Path

    def resolve(self, path: str, *, base: str = "", subject: str = "") -> str:
        """Return the path, relative to the checkout and without links, of what `path` names, seen from `base`.

        Raises RenderError about `subject` (default: the path) when that would be outside of the checkout, when links
        run in a circle, or when it is not there.
        """
        subject = subject or shown(path)
        if PurePosixPath(path).is_absolute():
            raise RenderError(subject, f"the path is absolute and {_LEAVES}")
        return _Walk(self.root, subject, base).to(path)

    def kind(self, path: str) -> int:
        """The file type bits of a resolved path (`stat.S_IFREG`, ...), 0 when it is not there."""
        try:
            return stat.S_IFMT(os.lstat(self.root / path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def has_file(self, path: str) -> bool:
        """Whether a regular file is there, through links that stay inside."""
        try:
            return self.kind(self.resolve(path)) == stat.S_IFREG
        except RenderError:
            return False

    def read(self, path: str, limit: int) -> bytes:
        """The content of a regular file, at most `limit` bytes. Raises RenderError."""
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as e:
            raise RenderError(shown(path), f"cannot be read: {e.strerror}") from e
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RenderError(shown(path), "is no regular file")
            if status.st_size > limit:
                raise RenderError(shown(path), f"{status.st_size} bytes is more than the limit of {limit}")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(descriptor)

    def entries(self, folder: str) -> Iterator[tuple[str, str, int]]:
        """Each entry of a resolved folder, sorted: its path as written, its resolved path, its file type bits.

        Raises RenderError for a link that leaves the checkout and for what is neither file, folder nor link.
        """
        with os.scandir(self.root / folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            path = resolved = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                resolved = self._follow(path)
                kind = self.kind(resolved)
            else:
                kind = stat.S_IFDIR if entry.is_dir() else stat.S_IFREG if entry.is_file() else 0
            if kind not in {stat.S_IFREG, stat.S_IFDIR}:
                raise RenderError(shown(path), "is neither a file nor a folder")
            yield path, resolved, kind

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


@dataclass(slots=True)
class _Walk:
    """One resolution: the components walked so far, and the links followed."""

    root: Path
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
        here = self.root.joinpath(*self.done, part)
        try:
            mode = os.lstat(here).st_mode
        except (OSError, ValueError):
            raise RenderError(self.subject, "is not in this commit") from None
        if not stat.S_ISLNK(mode):
            self.done.append(part)
            return []
        self.links += 1
        if self.links > _MOST_LINKS:
            raise RenderError(self.subject, "links run in a circle")
        target = str(here.readlink())
        if target.startswith("/"):
            raise RenderError(self.subject, _LEAVES)
        return target.split("/")[::-1]
