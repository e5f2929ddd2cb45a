"""Pushing one commit to one branch, as a fast-forward of what we saw there or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.source.refs import HEADS
from gitops_tui.source.remote import Remote
from gitops_tui.source.transport.address import shown
from gitops_tui.source.transport.failures import GitFailedError, TimedOutError, explained
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Output

_PUSH: Final = Limits(timeout=300.0)
_REJECTED: Final = pattern(r"^!\t[^\t]*\t(?P<why>.*)$", re.MULTILINE)
_RACE: Final = pattern(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to (update|lock)|incorrect old value"
    r"|already exists|ref updated since",
    re.IGNORECASE,
)


class LostRaceError(Exception):
    """The branch is no longer where it was seen."""


def push(remote: Remote, copy: Path, sha: str, branch: str, expected: str) -> str:
    """Push a commit and return what the server said.

    expected: where the branch was seen, "" when it must not be there yet. The commit is a child of it, and git's
    lease makes the push a compare-and-swap, so nothing is ever overwritten: a branch that was set back meanwhile is
    not brought forward again either. Where the answer is lost, the branch is looked at: the server may have taken it.
    LostRaceError when it moved; SourceError when the server refuses.
    """
    ref = f"{HEADS}{branch}"
    options = ("--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
    lease = f"--force-with-lease={ref}:{expected}"
    try:
        output = remote.send(copy, *options, lease, spec=f"{sha}:{ref}", limits=_PUSH)
    except (GitFailedError, TimedOutError) as error:
        unsent = _unsent(remote, error)
        if unsent.temporary and _is_at(remote, ref, sha):
            return ""
        raise unsent from error
    if output.status == 0:
        return output.stderr
    raise _refused(remote, branch, output)


def _is_at(remote: Remote, ref: str, sha: str) -> bool:
    """Whether a branch is seen to be at a commit; nobody knows where the remote does not answer."""
    try:
        return remote.refs().ids.get(ref) == sha
    except SourceError:
        return False


def _unsent(remote: Remote, error: GitFailedError | TimedOutError) -> SourceError:
    found = explained(remote.repository.url, error)
    if found.hint.startswith("check `credentials`"):
        return SourceError(found.subject, found.message, hint="check whether its `credentials` may write")
    return found


def _refused(remote: Remote, branch: str, output: Output) -> Exception:
    match = _REJECTED.search(output.stdout.decode(errors="replace"))
    why = one_line(match["why"] if match else output.stderr, limit=200)
    subject = f"repository {shown(remote.repository.url)}"
    if "currently checked out" in why:
        return SourceError(
            subject,
            f"branch {branch} is checked out there in a working tree, and Git does not change it under one",
            hint=f"allow it with `git -C {shown(remote.address.url)} config receive.denyCurrentBranch updateInstead`,"
            " or use --mode branch",
        )
    if re.search(r"(unstaged|staged|uncommitted) changes|untracked", why):
        return SourceError(
            subject,
            f"the working tree there has changes that are not committed: {why}",
            hint="commit them or put them aside there, or use --mode branch",
        )
    if _RACE.search(why):
        return LostRaceError(why)
    said = _said(output.stderr)
    return SourceError(
        subject,
        f"it refuses the push to {branch}: {why}{f'; {said}' if said else ''}",
        hint="a protected branch takes pull requests: use --mode branch",
    )


def _said(text: str) -> str:
    """What the server's own hook said, on one line."""
    lines = [line.removeprefix("remote:").strip() for line in text.splitlines() if line.startswith("remote:")]
    return shown(one_line(" ".join(filter(None, lines)), limit=300))
