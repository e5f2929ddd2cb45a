"""The command line: verbs, options, and what is said about a wrong one.

Imports nothing else of the program, so that `--version` and a mistyped verb are answered at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from gitops_tui.cli.rollback import arguments

_EPILOG = """\
Without a verb the terminal application starts. It needs no file: --repo names a repository, --demo brings one with
a cluster. Exit codes: 0 done or in sync, 1 differences found, 2 error.
"""
_FORMATS = ("table", "json", "yaml")
_CHOICE = r"argument (?P<what>[^:]+): invalid choice: '(?P<word>.*)' \(choose from (?P<known>.*)\)"

_NEEDS = dict.fromkeys(("revision", "path", "namespace", "context"), "repo") | {"reset": "demo"}
_ALONE = (("repo", "config", "demo"),)
_YEAR = 366 * 86400.0

Subparsers = Any  # argparse's own type is private
Fill = Callable[[argparse.ArgumentParser], object]
"""Adds what may be said to a verb."""


class _Formatter(argparse.HelpFormatter):
    """Writes a help as wide as the terminal is. argparse makes one for each option, to try it out."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """The width of the terminal, as `shutil` has it, which takes longer to import than all options to add."""
    told = os.environ.get("COLUMNS", "")
    try:
        return int(told) if told.isdecimal() and int(told) else os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):
        return 80


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the nearest right word."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False, formatter_class=_Formatter)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {_plainly(message)}\nhint: `{self.prog} --help` lists what can be said\n")


class _Root(_Parser):
    """Refuses what cannot be combined: an option that is passed over could send a change to the wrong place."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, unknown = super().parse_known_args(args, namespace)
        for option, needed in _NEEDS.items():
            if getattr(options, option, None) and not getattr(options, needed, None):
                self.error(f"--{option} goes with --{needed} only")
        for group in _ALONE:
            given = [f"--{option}" for option in group if getattr(options, option, None)]
            if len(given) > 1:
                self.error(f"{' and '.join(given)} cannot be combined")
        if options.headless and options.verb:
            self.error(f"--headless runs without a verb such as `{options.verb}`")
        return options, unknown


def _plainly(message: str) -> str:
    safe = "".join(char if char.isprintable() else "\ufffd" for char in message)
    found = re.fullmatch(_CHOICE, safe, re.S)
    if found is None:
        return safe
    known = [word.strip(" '") for word in found["known"].split(",")]
    import difflib  # noqa: PLC0415 - for a mistake alone

    near = difflib.get_close_matches(found["word"], known, n=1)
    asked = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
    return f"unknown {found['what'].lower()} `{found['word']}`, {asked}"


def build_parser(version: str) -> argparse.ArgumentParser:
    """The parser. `verb` is None for the terminal application; shared options may stand before and after the verb."""
    parser = _Root(
        prog="gitops-tui",
        description="A GitOps cockpit for the terminal, with its own reconciliation engine.",
        epilog=_EPILOG,
        parents=[_shared()],
    )
    parser.add_argument("--version", action="version", version=f"gitops-tui {version}")
    faces = parser.add_argument_group("without a terminal")
    faces.add_argument("--headless", action="store_true", help="reconcile without a screen, as a daemon")
    faces.add_argument("--once", action="store_true", help="with --headless: one pass over everything, then exit")
    faces.add_argument("--listen", metavar="HOST:PORT", help="where --headless answers /healthz and /readyz")
    # Where argparse has to find out the program's name by itself, it writes its usage first.
    _add_verbs(parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_Later, title="verbs", prog=parser.prog))
    return parser


def _shared(*, again: bool = False) -> argparse.ArgumentParser:
    """Options of every face. again: after a verb, where what is not given must not undo what stood before it."""
    parser = _Parser(add_help=False, argument_default=argparse.SUPPRESS if again else None)
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
    return parser


def _add_verbs(verbs: Subparsers) -> None:
    _verb(verbs, "status", "how the applications are", _status)
    _verb(verbs, "diff", "desired against live, or one commit against another", _diff, one=True)
    _verb(verbs, "render", "the manifests, as a YAML stream", _render, one=True)
    _verb(verbs, "plan", "what a sync would do, in order", _plan, one=True)
    _verb(verbs, "sync", "bring the cluster to what Git says", _sync)
    _verb(verbs, "history", "the commits that touch an application", lambda parser: _count(parser, 20), one=True)
    for name, about, fill in arguments.verbs(_duration):
        _verb(verbs, name, about, fill, one=True)
    _verb(verbs, "pause", "hold an application's automation", _pause, one=True)
    _verb(verbs, "resume", "let an application's automation go on", one=True)
    _verb(verbs, "stop", "stop an application's running operation after the write it is in", one=True)
    _verb(verbs, "delete", "stop tracking an application, and leave or delete its objects", _delete, one=True)
    _verb(verbs, "journal", "what was done, by whom, and what came of it", _journal)
    _group(verbs, "config", "write, check or describe a configuration", _add_config)
    _group(verbs, "demo", "the embedded cluster", _add_demo)


def _status(status: argparse.ArgumentParser) -> None:
    status.add_argument("applications", nargs="*", metavar="APP", help="default: all")
    status.add_argument("--orphans", action="store_true", help="also what is extra, another's, or nobody's")


def _diff(diff: argparse.ArgumentParser) -> None:
    _revision(diff)
    side = "live, deployed (what was deployed last), or a commit, tag or branch"
    diff.add_argument("--from", dest="start", metavar="SIDE", help=f"{side}; default: live")
    diff.add_argument("--to", metavar="SIDE", help="as --from; default: what Git says now")
    diff.add_argument("--ignored", action="store_true", help="what each ignore rule hides now, instead")
    diff.add_argument(
        "-o",
        "--output",
        choices=(*_FORMATS, "markdown"),
        default=argparse.SUPPRESS,
        help="markdown: a comment for a pull request; default: table",
    )


def _render(render: argparse.ArgumentParser) -> None:
    _revision(render)
    render.add_argument("--show-secrets", action="store_true", help="do not mask the values of Secrets")


def _plan(plan: argparse.ArgumentParser) -> None:
    _revision(plan)
    plan.add_argument("--prune", action="store_true", default=None, help="also delete what Git no longer names")


def _sync(sync: argparse.ArgumentParser) -> None:
    sync.add_argument("applications", nargs="*", metavar="APP")
    sync.add_argument("--all", action="store_true", help="every application")
    _revision(sync)
    sync.add_argument("--prune", action="store_true", default=None, help="also delete what Git no longer names")
    sync.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    sync.add_argument(
        "--resource",
        action="append",
        default=[],
        dest="resources",
        metavar="GROUP/KIND/NS/NAME",
        help="only this one (again for more), such as apps/Deployment/shop/web or /ConfigMap/shop/web",
    )
    sync.add_argument("--hooks", action="store_true", default=None, help="with --resource: run the hooks too")
    sync.add_argument("--timeout", type=_duration, metavar="S", help="seconds (or 5m) to wait for health")
    sync.add_argument("-y", "--yes", action="store_true", help="approve what a guard holds for a person")


def _pause(pause: argparse.ArgumentParser) -> None:
    pause.add_argument("--why", default="", metavar="TEXT", help="the reason, for the journal")
    pause.add_argument(
        "--for", type=_duration, dest="span", metavar="S", help="seconds (or 2h); default: until resumed"
    )


def _delete(delete: argparse.ArgumentParser) -> None:
    delete.add_argument("--cascade", action="store_true", help="delete its objects; default: leave them as they are")
    delete.add_argument(
        "--no-hooks", action="store_true", help="run no PreDelete and PostDelete hooks; asks nothing of Git"
    )
    delete.add_argument("--timeout", type=_duration, metavar="S", help="seconds (or 5m) to wait for each deletion")
    delete.add_argument("-y", "--yes", metavar="APP", help="its name once more, instead of typing it when asked")


def _journal(journal: argparse.ArgumentParser) -> None:
    journal.add_argument("application", nargs="?", metavar="APP", help="default: all")
    journal.add_argument("--app", metavar="APP", help="the same")
    journal.add_argument("--since", type=_since, metavar="WHEN", help="a time ago (2h, 7d) or a date (2026-03-01)")
    _count(journal, 20, "20, with --since all")


def _add_config(config: Subparsers) -> None:
    _verb(config, "init", "write a commented one", _file("default: ./gitops-tui.yaml"))
    _verb(config, "validate", "check one and tell all its mistakes", _validate)
    _verb(config, "schema", "print its JSON Schema")


def _file(told: str) -> Fill:
    return lambda parser: parser.add_argument("file", nargs="?", metavar="FILE", help=told)


def _validate(validate: argparse.ArgumentParser) -> None:
    _file("default: the one that would be used")(validate)
    validate.add_argument(
        "--against", metavar="FILE", help="judge the health of the objects in a YAML file by its rules"
    )


def _add_demo(demo: Subparsers) -> None:
    _verb(demo, "info", "where its kubeconfig and repository are")
    _verb(demo, "stop", "stop it; its state stays")
    _verb(demo, "reset", "stop it and forget its state")


class _Later:
    """Stands for the parser of a verb, and is it as soon as somebody says the verb: a start knows one of them.

    make: the parser. fill: adds what may be said to it. What argparse asks of a parser, it asks of that one.
    """

    def __init__(self, *, make: Callable[..., argparse.ArgumentParser], fill: Fill, **options: Any) -> None:
        self._make = make
        self._fill = fill
        self._options = options
        self._made: argparse.ArgumentParser | None = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make(**self._options)
            self._fill(self._made)
        return getattr(self._made, name)


def _group(verbs: Subparsers, name: str, about: str, add: Callable[[Subparsers], None]) -> None:
    def fill(parser: argparse.ArgumentParser) -> None:
        add(parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Later, title="actions"))

    verbs.add_parser(name, help=about, description=_sentence(about), make=_Parser, fill=fill)


def _verb(verbs: Subparsers, name: str, about: str, fill: Fill | None = None, *, one: bool = False) -> None:
    def filled(parser: argparse.ArgumentParser) -> None:
        if one:
            parser.add_argument("application", metavar="APP")
        if fill is not None:
            fill(parser)

    verbs.add_parser(name, help=about, description=_sentence(about), make=_verb_parser, fill=filled)


def _verb_parser(**options: Any) -> argparse.ArgumentParser:
    return _Parser(**options, parents=[_shared(again=True)], conflict_handler="resolve")


def _revision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--revision", dest="at", metavar="REV", help="at this commit, tag or branch instead")


def _count(parser: argparse.ArgumentParser, default: int, told: str = "") -> None:
    given = None if told else default
    parser.add_argument(
        "-n", dest="count", type=_positive, default=given, metavar="N", help=f"default: {told or default}"
    )


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."


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
