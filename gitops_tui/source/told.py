"""What goes wrong with a local copy, as errors of its repository."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.source.transport.failures import (
    NO_ROOM,
    DamagedError,
    GitFailedError,
    TimedOutError,
    needs_room,
    said_by_git,
)

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def told(subject: str, folder: Path) -> Iterator[None]:
    """Raise SourceError about `subject` for whatever goes wrong inside. folder: where room is needed."""
    try:
        yield
    except DamagedError as error:
        raise damaged(subject, error) from error
    except (GitFailedError, TimedOutError) as error:
        raise failed(subject, error) from error
    except OSError as error:
        raise unwritable(subject, error, folder) from error


def damaged(subject: str, error: DamagedError) -> SourceError:
    """The error for a copy that cannot be read."""
    return SourceError(subject, f"the local copy is damaged: {one_line(str(error))}")


def failed(subject: str, error: GitFailedError | TimedOutError) -> SourceError:
    """The error for a git that failed on the copy."""
    if isinstance(error, TimedOutError):
        return SourceError(subject, f"git did not end within {error.seconds:.0f} s", temporary=True)
    if needs_room(error):
        return SourceError(subject, NO_ROOM, hint="make room for the mirror", temporary=True)
    message = "git was stopped" if error.was_stopped else said_by_git(error) or f"git {error.command} failed"
    return SourceError(subject, message, temporary=error.was_stopped)


def unwritable(subject: str, error: OSError, folder: Path) -> SourceError:
    """The error for files that cannot be written, most often because the disk is full."""
    if error.errno in _FULL:
        return SourceError(subject, NO_ROOM, hint=f"make room below {folder}", temporary=True)
    return SourceError(subject, f"it cannot be written: {error.strerror}", temporary=True)
