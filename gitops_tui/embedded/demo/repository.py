"""The sample repository, made with git: a work tree that the user edits and commits in."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitops_tui.embedded.demo.history import Commit, Tree, trees
from gitops_tui.model.errors import SourceError

BRANCH = "main"


def create_repository(folder: Path, now: float) -> None:
    """Make the sample repository at `folder` unless there is one; its newest commit is some minutes before `now`.

    It appears as a whole or not at all. Raises SourceError.
    """
    if (folder / ".git").exists():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".repository-", dir=folder.parent))
    try:
        _git(scratch, "init", "--quiet", "--template=")
        _git(scratch, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
        _git(scratch, "fast-import", "--quiet", text=b"".join(_stream(now)))
        _git(scratch, "reset", "--quiet", "--hard", BRANCH)
        _give_identity(scratch)
        # A revert pushes to the branch that is checked out here; the work tree follows.
        _git(scratch, "config", "receive.denyCurrentBranch", "updateInstead")
        scratch.rename(folder)
    except OSError as error:
        raise SourceError(f"sample repository {folder}", error.strerror or str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _stream(now: float) -> Iterator[bytes]:
    """The history in git's fast-import format."""
    before: Tree = {}
    for commit, tree in trees():
        yield _header(commit, int(now - commit.ago))
        for path, text in tree.items():
            if before.get(path) != text:
                yield f"M 100644 inline {path}\n".encode() + _data(text)
        before = tree


def _header(commit: Commit, time: int) -> bytes:
    name, email = commit.author
    who = f"{name} <{email}> {time} +0000\n"
    return f"commit refs/heads/{BRANCH}\nauthor {who}committer {who}".encode() + _data(f"{commit.message}\n")


def _data(text: str) -> bytes:
    data = text.encode()
    return b"data %d\n%b\n" % (len(data), data)


def _give_identity(folder: Path) -> None:
    """Let `git commit` work there for a user who has not told git a name yet."""
    asked = ["git", "-C", str(folder), "config", "--get", "user.email"]
    if subprocess.run(asked, capture_output=True, check=False, env=_environment(personal=True)).returncode:
        _git(folder, "config", "user.name", "You")
        _git(folder, "config", "user.email", "you@example.com")


def _git(folder: Path, *arguments: str, text: bytes = b"") -> None:
    command = ["git", "-C", str(folder), *arguments]
    subject = f"sample repository: git {arguments[0]}"
    try:
        subprocess.run(
            command, input=text, capture_output=True, check=True, timeout=60, env=_environment(personal=False)
        )
    except FileNotFoundError as error:
        raise SourceError(subject, "git is not installed", hint="install git") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise SourceError(subject, lines[-1] if lines else f"exit code {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(subject, "no answer within 60 seconds") from error


def _environment(*, personal: bool) -> dict[str, str]:
    """The user's environment without what would point git elsewhere; without their settings unless `personal`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if not personal:
        own |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return own | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
