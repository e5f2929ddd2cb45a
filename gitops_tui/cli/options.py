"""What may be said on the command line: the options of every face, and those of each verb.

Imports nothing else of the program, like the parser itself.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

Fill = Callable[[argparse.ArgumentParser], object]
"""Adds what may be said to a verb."""

_FORMATS = ("table", "json", "yaml")
_MODES = ("pin", "revert", "branch")
_UNTIL = ("next-commit", "manual")
_YEAR = 366 * 86400.0


def shared(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """Options of every face. again: after a verb, where what is not given must not undo what stood before it."""
    off = argparse.SUPPRESS if again else False
    what = parser.add_argument_group("what to look at")
    what.add_argument(
        "--config", metavar="FILE", help="the configuration; default: $GITOPS_TUI_CONFIG, ./gitops-tui.yaml"
    )
    what.add_argument("--repo", metavar="URL", help="a repository's URL or path, instead of a configuration")
    what.add_argument("--revision", metavar="REF", help="with --repo: branch, tag, semver range or commit to track")
    what.add_argument("--path", metavar="GLOB", help="with --repo: the folders that are applications, such as 'apps/*'")
    what.add_argument("--namespace", metavar="NS", help="with --repo: the namespace of objects that name none")
    what.add_argument("--context", metavar="CTX", help="with --repo: the kubeconfig context; default: its current one")
    what.add_argument("--demo", action="store_true", default=off, help="an embedded cluster with a sample repository")
    what.add_argument("--reset", action="store_true", default=off, help="with --demo: start over")
    how = parser.add_argument_group("how")
    how.add_argument("--kubeconfig", metavar="FILE", help="default: $KUBECONFIG, else ~/.kube/config")
    how.add_argument(
        "--state-dir", metavar="DIR", help="mirrors and journal; default: gitops-tui in the XDG state folder"
    )
    output = argparse.SUPPRESS if again else "table"
    how.add_argument("-o", "--output", choices=_FORMATS, default=output, help="how a verb prints; default: table")
    how.add_argument("--read-only", action="store_true", default=off, help="write nothing, whatever is asked")


def _status(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("applications", nargs="*", metavar="APP", help="default: all")
    verb.add_argument("--orphans", action="store_true", help="also what is extra, another's, or nobody's")


def _diff(verb: argparse.ArgumentParser) -> None:
    _revision(verb)
    side = "live, deployed (what was deployed last), or a commit, tag or branch"
    verb.add_argument("--from", dest="start", metavar="SIDE", help=f"{side}; default: live")
    verb.add_argument("--to", metavar="SIDE", help="as --from; default: what Git says now")
    verb.add_argument("--ignored", action="store_true", help="what each ignore rule hides now, instead")
    verb.add_argument(
        "-o",
        "--output",
        choices=(*_FORMATS, "markdown"),
        default=argparse.SUPPRESS,
        help="markdown: a comment for a pull request; default: table",
    )


def _render(verb: argparse.ArgumentParser) -> None:
    _revision(verb)
    verb.add_argument("--show-secrets", action="store_true", help="do not mask the values of Secrets")


def _plan(verb: argparse.ArgumentParser) -> None:
    _revision(verb)
    verb.add_argument("--prune", action="store_true", default=None, help="also delete what Git no longer names")


def _sync(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("applications", nargs="*", metavar="APP")
    verb.add_argument("--all", action="store_true", help="every application")
    _revision(verb)
    verb.add_argument("--prune", action="store_true", default=None, help="also delete what Git no longer names")
    verb.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    verb.add_argument(
        "--resource",
        action="append",
        default=[],
        dest="resources",
        metavar="GROUP/KIND/NS/NAME",
        help="only this one (again for more), such as apps/Deployment/shop/web or /ConfigMap/shop/web",
    )
    verb.add_argument("--hooks", action="store_true", default=None, help="with --resource: run the hooks too")
    _timeout(verb, "health")
    verb.add_argument("-y", "--yes", action="store_true", help="approve what a guard holds for a person")


def _pause(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--why", default="", metavar="TEXT", help="the reason, for the journal")
    verb.add_argument("--for", type=_duration, dest="span", metavar="S", help="seconds (or 2h); default: until resumed")


def _delete(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--cascade", action="store_true", help="delete its objects; default: leave them as they are")
    verb.add_argument(
        "--no-hooks", action="store_true", help="run no PreDelete and PostDelete hooks; asks nothing of Git"
    )
    _timeout(verb, "each deletion")
    verb.add_argument("-y", "--yes", metavar="APP", help="its name once more, instead of typing it when asked")


def _journal(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("application", nargs="?", metavar="APP", help="default: all")
    verb.add_argument("--app", metavar="APP", help="the same")
    verb.add_argument("--since", type=_since, metavar="WHEN", help="a time ago (2h, 7d) or a date (2026-03-01)")
    _count(verb, 20, "20, with --since all")


def _rollback(verb: argparse.ArgumentParser) -> None:
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument("commit", nargs="?", metavar="REV", help="a commit, tag or branch; `history` lists the commits")
    which.add_argument(
        "--last-good", action="store_true", help="the last deployment before this one that ended with all healthy"
    )
    verb.add_argument(
        "--mode",
        choices=_MODES,
        default="pin",
        help="pin: deploy the commit and hold it there (default); revert: restore the application's path with a commit"
        " to the tracked branch; branch: with a commit to a branch of its own, for a pull request",
    )
    _approval(verb)
    verb.add_argument(
        "--until",
        type=_until,
        metavar="WHEN",
        help="when the pin lifts: next-commit (default: with one newer than those rolled away from), manual,"
        " 2h, or 2026-01-31T12:00",
    )
    _timeout(verb, "health")


def _undo(verb: argparse.ArgumentParser) -> None:
    _approval(verb)
    _timeout(verb, "health")


def _file(told: str) -> Fill:
    return lambda parser: parser.add_argument("file", nargs="?", metavar="FILE", help=told)


def _validate(verb: argparse.ArgumentParser) -> None:
    _file("default: the one that would be used")(verb)
    verb.add_argument("--against", metavar="FILE", help="judge the health of the objects in a YAML file by its rules")


def _history(verb: argparse.ArgumentParser) -> None:
    _count(verb, 20)


def _approval(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("-y", "--yes", action="store_true", help="do not ask")
    verb.add_argument("--why", default="", metavar="TEXT", help="the reason, for the journal")


def _timeout(verb: argparse.ArgumentParser, what: str) -> None:
    verb.add_argument("--timeout", type=_duration, metavar="S", help=f"seconds (or 5m) to wait for {what}")


def _revision(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--revision", dest="at", metavar="REV", help="at this commit, tag or branch instead")


def _count(verb: argparse.ArgumentParser, default: int, told: str = "") -> None:
    given = None if told else default
    verb.add_argument(
        "-n", dest="count", type=_positive, default=given, metavar="N", help=f"default: {told or default}"
    )


def _positive(text: str) -> int:
    if re.fullmatch("[1-9][0-9]{0,5}", text) is None:
        raise argparse.ArgumentTypeError("must be a positive whole number")
    return int(text)


def _since(text: str) -> float:
    """Seconds since the epoch. A date or time without a zone is local."""
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return time.time() - _duration(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError("must be a time ago such as 2h, or a date such as 2026-03-01") from None


def _duration(text: str) -> float:
    from gitops_tui.config import seconds  # noqa: PLC0415 - only where one is given

    try:
        span = seconds(float(text) if re.fullmatch(r"[0-9.]+", text) else text)
    except ValueError:
        span = -1.0
    if not 0 <= span <= _YEAR:
        raise argparse.ArgumentTypeError("must be a number of seconds, or a duration such as 5m")
    return span


def _until(text: str) -> str:
    """`next-commit`, `manual`, or the seconds since the epoch as text."""
    if text in _UNTIL:
        return text
    try:
        moment = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        moment = _span(text)
    if moment <= time.time():
        raise argparse.ArgumentTypeError("must lie in the future")
    return f"{moment:.0f}"


def _span(text: str) -> float:
    try:
        return time.time() + _duration(text)
    except argparse.ArgumentTypeError as error:
        words = "must be next-commit, manual, a duration such as 2h, or a time such as 2026-01-31T12:00"
        raise argparse.ArgumentTypeError(words) from error


OF_VERB: Final[Mapping[str, Fill]] = {
    "status": _status,
    "diff": _diff,
    "render": _render,
    "plan": _plan,
    "sync": _sync,
    "history": _history,
    "rollback": _rollback,
    "undo": _undo,
    "pause": _pause,
    "delete": _delete,
    "journal": _journal,
    "init": _file("default: ./gitops-tui.yaml"),
    "validate": _validate,
}
"""What adds the options of a verb that has some of its own."""
