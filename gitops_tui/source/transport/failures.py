"""What git says when it fails, as errors that a user understands."""

from __future__ import annotations

import re
import signal
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.source.transport.address import shown


class GitFailedError(Exception):
    """git ended with an unexpected status. stderr: what it said, without secrets."""

    def __init__(self, command: str, status: int, stderr: str) -> None:
        super().__init__(command, status, stderr)
        self.command = command
        self.status = status
        self.stderr = stderr

    @property
    def was_stopped(self) -> bool:
        """Whether a signal ended it; a shell in between reports one as a status above 128."""
        return self.status < 0 or self.status in {128 + signal.SIGTERM, 128 + signal.SIGKILL}


class TimedOutError(Exception):
    """git did not end in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class DamagedError(Exception):
    """The local mirror cannot be read: a truncated pack, a broken ref, a missing object."""


@dataclass(frozen=True, slots=True)
class _Reading:
    pattern: str
    message: str
    hint: str
    temporary: bool = False


def _reading(pattern: str, message: str, hint: str = "", *, temporary: bool = False) -> _Reading:
    return _Reading(pattern, message, hint, temporary)


NO_ROOM: Final = "no room is left on the disk"

_READINGS: Final = (
    _reading(
        r"no space left|disk quota exceeded|file too large|signal 25|invalid index-pack output|unable to write"
        r"|write error|sha1 file .* write|unable to create temporary",
        NO_ROOM,
        "make room for the mirror",
        temporary=True,
    ),
    _reading(
        r"dubious ownership",
        "the folder belongs to another user, and git refuses to read it",
        "if you trust it: git config --global --add safe.directory PATH",
    ),
    _reading(
        r"host key verification failed",
        "the host's SSH key is unknown or has changed",
        "connect once with `ssh` and check the key",
    ),
    _reading(
        r"certificate (problem|verif)|verification failed|issuer certificate|certificate has expired|not match target",
        "the server's TLS certificate is not trusted",
        "check the certificate, or name its authority in GIT_SSL_CAINFO",
        temporary=True,
    ),
    _reading(
        r"authentication failed|could not read (username|password)|terminal prompts disabled|permission denied \("
        r"|error: 40[13]|invalid credentials|access denied|permission denied, please try",
        "access was refused",
        "check `credentials` of this repository, and what they may read",
    ),
    _reading(
        r"could not resolve host|name or service not known|temporary failure in name resolution",
        "its host name cannot be resolved",
        "check the URL and the network",
        temporary=True,
    ),
    _reading(
        r"repository .*not found|does not appear to be a git repository|no such file or directory|does not exist"
        r"|not a git repository|error: 404|repository not found",
        "there is no such repository, or it may not be seen",
        "check the URL and the rights of the credentials",
        temporary=True,
    ),
    _reading(
        r"connection (refused|timed out|reset|closed)|network is unreachable|no route to host|operation timed out"
        r"|failed to connect|gnutls|openssl|ssl_|tls|early eof|hung up|rpc failed"
        r"|operation too slow|error: (429|5\d\d)|broken pipe",
        "it cannot be reached",
        temporary=True,
    ),
    _reading(r"fsck|malformed|badtree|hasdot", "the server sent a malformed object, which is refused"),
)

_DAMAGE: Final = (
    r"corrupt|truncated|unable to read|could not read|bad object|missing (blob|tree|commit|object)|inflate"
    r"|does not match|not a git repository|broken|invalid object|unable to map|cannot be mapped|too short|too small"
    r"|bad signature|bad (tree|pack|header|index)|loose object|failed to traverse|could not parse|packfile|pack entry"
    r"|bad config|unable to resolve reference|not a (valid|tree) object|unable to find|non-zero|unpack|is empty"
)


def is_damage(text: str) -> bool:
    """Whether git complains about the files of its own object store."""
    # A hint may quote a commit's subject, which may say anything.
    return any(re.search(_DAMAGE, line, re.IGNORECASE) for line in text.splitlines() if not line.startswith("hint:"))


def explained(url: str, error: GitFailedError | TimedOutError) -> SourceError:
    """Return the SourceError for a failed exchange with a remote."""
    subject = f"repository {shown(url)}"
    if isinstance(error, TimedOutError):
        message = f"no answer within {error.seconds:.0f} s"
        return SourceError(subject, message, hint="check the network", temporary=True)
    said = said_by_git(error)
    for reading in _READINGS:
        if re.search(reading.pattern, error.stderr, re.IGNORECASE):
            message = f"{reading.message}: {said}" if said else reading.message
            return SourceError(subject, message, hint=reading.hint, temporary=reading.temporary)
    message = said or f"git {error.command} ended with status {error.status}"
    return SourceError(subject, message, temporary=error.was_stopped)


def needs_room(error: GitFailedError) -> bool:
    """Whether git could not write its own files, because the disk is full."""
    too_large = {-signal.SIGXFSZ, 128 + signal.SIGXFSZ}
    return error.status in too_large or re.search(_READINGS[0].pattern, error.stderr, re.IGNORECASE) is not None


def said_by_git(error: GitFailedError) -> str:
    """Return the line that tells most, harmless and short."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", error.stderr) if line.strip()]
    telling = [line for line in lines if re.match(r"(fatal|error|ERROR|remote|ssh|Permission|Host key)\b", line)]
    return shown(one_line(next(iter(telling or lines[-1:]), "").removeprefix("fatal: "), limit=240))
