"""Reading a mirror's commits and trees, and guarding commits in use."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from gitops_tui.model.patterns import pattern
from gitops_tui.source.refs import KEEP, Refs, from_mirror
from gitops_tui.source.transport.failures import DamagedError, GitFailedError, is_damage
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Runner

_LISTING: Final = Limits(output=128 << 20)
_FITS_A_PIPE: Final = 4096
"""Bytes that every system takes at once into a pipe that nobody reads yet."""
_MODULE: Final = b"160000 "
_OBJECT: Final = pattern(rb"([0-9a-f]{40,64}) (?:blob|tree|commit)")


def held(runner: Runner, copy: Path) -> Refs:
    """Return the refs of a mirror; DamagedError when one is broken."""
    try:
        output = runner.run(copy, "for-each-ref", "--format=%(objectname) %(HEAD)%(refname)")
    except GitFailedError as error:
        raise DamagedError(error.stderr) from error
    # git leaves a broken ref out, tells so, and still ends with status 0.
    if output.stderr.strip():
        raise DamagedError(output.stderr)
    return from_mirror(output.stdout.decode(errors="surrogateescape"))


def is_readable(runner: Runner, copy: Path) -> bool:
    """Whether the refs, the commits they name, and the tree of the default branch can be read."""
    try:
        refs = held(runner, copy)
        tips = sorted(set(refs.ids.values()))
        arguments = ("log", "--no-walk=unsorted", "--stdin", "--format=%T")
        if tips:
            with lines(tips) as wanted:
                runner.run(copy, *arguments, stdin=wanted)
        tip = refs.ids.get(refs.default) or refs.head
        if tip:
            runner.run(copy, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tip, limits=_LISTING)
    except (GitFailedError, DamagedError):
        return False
    return True


def commit_id(runner: Runner, copy: Path, prefix: str) -> str | None:
    """Return the full id of a commit, or of the commit that a tag object names; None when it is not here.

    DamagedError when that cannot be told.
    """
    output = runner.run(copy, "rev-parse", "--verify", "--end-of-options", f"{prefix}^{{commit}}", accept=(0, 128))
    if output.status == 0:
        return output.stdout.decode().strip()
    # An object in a lost pack is as unknown to git as one that never was.
    if is_damage(output.stderr) or not is_readable(runner, copy):
        raise DamagedError(output.stderr)
    return None


def is_ancestor(runner: Runner, copy: Path, older: str, newer: str) -> bool:
    """Whether `newer` contains `older`."""
    return runner.run(copy, "merge-base", "--is-ancestor", older, newer, accept=(0, 1)).status == 0


def ids(runner: Runner, copy: Path, sha: str, paths: Sequence[str]) -> dict[str, str | None]:
    """Return the ids of what a commit has at these paths, "" being its root; None where it has nothing.

    DamagedError when that cannot be told.
    """
    found = dict(zip(paths, _named(runner, copy, [f"{sha}:{path}" for path in paths]), strict=True))
    absent = [path for path, value in found.items() if value is None]
    if absent:
        _confirm_absence(runner, copy, sha, absent)
    return found


def trees(runner: Runner, copy: Path, shas: Sequence[str], path: str) -> dict[str, str | None]:
    """Return the ids of what each commit has at one path; None where that has nothing, or cannot be read."""
    return dict(zip(shas, _named(runner, copy, [f"{sha}:{path}" for sha in shas]), strict=True))


def _named(runner: Runner, copy: Path, names: Sequence[str]) -> list[str | None]:
    """The ids of objects by their names, with one process; None for what is not here."""
    with lines(names) as wanted:
        output = runner.run(
            copy, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=wanted, limits=_LISTING
        )
    rows = output.stdout.split(b"\n")[:-1]
    if output.stderr.strip() or len(rows) != len(names):
        raise DamagedError(output.stderr)
    return [match[1].decode() if (match := _OBJECT.fullmatch(row)) else None for row in rows]


def _confirm_absence(runner: Runner, copy: Path, sha: str, paths: Sequence[str]) -> None:
    """`cat-file` calls a path missing, too, when a folder above it cannot be read; `ls-tree` fails then.

    It lists what is there and cannot be read. A submodule is nowhere in this repository.
    """
    for start in range(0, len(paths), 500):
        some = paths[start : start + 500]
        output = runner.run(copy, "ls-tree", "-z", "--full-tree", "--end-of-options", sha, "--", *some)
        found = [row for row in output.stdout.split(b"\0")[:-1] if not row.startswith(_MODULE)]
        if found or "" in some:
            raise DamagedError(f"the tree of commit {sha[:7]} cannot be read")


def folders(runner: Runner, copy: Path, sha: str, pattern: str) -> tuple[str, ...]:
    """Return the folders of a commit that match a glob, sorted."""
    output = runner.run(
        copy, "ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree", "--end-of-options", sha, limits=_LISTING
    )
    wanted = pattern.split("/")
    found = (os.fsdecode(name) for name in output.stdout.split(b"\0")[:-1])
    return tuple(sorted(path for path in found if _matches(path.split("/"), wanted)))


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not parts or not pattern:
        return not parts and not pattern
    first, rest = pattern[0], pattern[1:]
    hidden = parts[0].startswith(".") and not first.startswith(".")
    if first == "**":
        inside = not hidden and (_matches(parts[1:], pattern) or _matches(parts[1:], rest))
        return inside or _matches(parts, rest)
    return not hidden and fnmatch.fnmatchcase(parts[0], first) and _matches(parts[1:], rest)


def keep(runner: Runner, copy: Path, shas: Iterable[str], lock: int) -> None:
    """Let own refs name exactly these commits, as far as they are here."""
    wanted = {sha for sha in shas if commit_id(runner, copy, sha) == sha}
    output = runner.run(copy, "for-each-ref", "--format=%(refname)", KEEP)
    held = {name.removeprefix(KEEP) for name in output.stdout.decode().split()}
    commands = [f"update {KEEP}{sha} {sha}" for sha in sorted(wanted - held)]
    commands += [f"delete {KEEP}{sha}" for sha in sorted(held - wanted)]
    if commands:
        with lines(commands) as script:
            runner.run(copy, "update-ref", "--stdin", stdin=script, inherit=(lock,))


@contextmanager
def lines(texts: Iterable[str]) -> Iterator[BinaryIO]:
    """Lines for the standard input of git. A few need no room on a disk, so that what is here is read without."""
    data = b"".join(os.fsencode(text) + b"\n" for text in texts)
    if len(data) <= _FITS_A_PIPE:
        near, far = os.pipe()
        with os.fdopen(near, "rb", buffering=0) as pipe:
            with os.fdopen(far, "wb", buffering=0) as end:
                end.write(data)
            yield cast(BinaryIO, pipe)
        return
    import tempfile  # noqa: PLC0415 - for who asks for many

    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield cast(BinaryIO, file)
