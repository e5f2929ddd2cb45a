"""What may be said to the verbs that go back. Imports nothing of the program, like the parser itself."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import datetime

MODES = ("pin", "revert", "branch")
_UNTIL = ("next-commit", "manual")

Duration = Callable[[str], float]
"""Seconds of what was typed; ArgumentTypeError for what is none."""

Verb = tuple[str, str, Callable[[argparse.ArgumentParser], None] | None]
"""Its name, what it is for, and what adds its options."""


def verbs(duration: Duration) -> tuple[Verb, ...]:
    """Return rollback, unpin and undo; each takes one application."""
    return (
        ("rollback", "go back to a commit, shown and approved first", lambda parser: _rollback(parser, duration)),
        ("unpin", "let an application follow its tracked revision again", None),
        (
            "undo",
            "take back what was done last: a sync, a rollback, a revert, a pause",
            lambda parser: _undo(parser, duration),
        ),
    )


def _rollback(rollback: argparse.ArgumentParser, duration: Duration) -> None:
    which = rollback.add_mutually_exclusive_group(required=True)
    which.add_argument("commit", nargs="?", metavar="REV", help="a commit, tag or branch; `history` lists the commits")
    which.add_argument(
        "--last-good", action="store_true", help="the last deployment before this one that ended with all healthy"
    )
    rollback.add_argument(
        "--mode",
        choices=MODES,
        default="pin",
        help="pin: deploy the commit and hold it there (default); revert: restore the application's path with a commit"
        " to the tracked branch; branch: with a commit to a branch of its own, for a pull request",
    )
    _approval(rollback)
    rollback.add_argument(
        "--until",
        type=lambda text: _until(text, duration),
        metavar="WHEN",
        help="when the pin lifts: next-commit (default: with one newer than those rolled away from), manual,"
        " 2h, or 2026-01-31T12:00",
    )
    rollback.add_argument("--timeout", type=duration, metavar="S", help="seconds (or 5m) to wait for health")


def _undo(undo: argparse.ArgumentParser, duration: Duration) -> None:
    _approval(undo)
    undo.add_argument("--timeout", type=duration, metavar="S", help="seconds (or 5m) to wait for health")


def _approval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--why", default="", metavar="TEXT", help="the reason, for the journal")


def _until(text: str, duration: Duration) -> str:
    """`next-commit`, `manual`, or the seconds since the epoch as text."""
    if text in _UNTIL:
        return text
    try:
        moment = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        moment = _span(text, duration)
    if moment <= time.time():
        raise argparse.ArgumentTypeError("must lie in the future")
    return f"{moment:.0f}"


def _span(text: str, duration: Duration) -> float:
    try:
        return time.time() + duration(text)
    except argparse.ArgumentTypeError as error:
        words = "must be next-commit, manual, a duration such as 2h, or a time such as 2026-01-31T12:00"
        raise argparse.ArgumentTypeError(words) from error
