"""The command line: verbs, and what is said about a wrong word.

Imports nothing else of the program, so that `--version` and a mistyped verb are answered at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from gitops_tui.cli.options import OF_VERB, Fill, shared

_EPILOG = """\
Without a verb the terminal application starts. It needs no file: --repo names a repository, --demo brings one with
a cluster. Exit codes: 0 done or in sync, 1 differences found, 2 error.
"""
_CHOICE = r"argument (?P<what>[^:]+): invalid choice: '(?P<word>.*)' \(choose from (?P<known>.*)\)"

_NEEDS = dict.fromkeys(("revision", "path", "namespace", "context"), "repo") | {"reset": "demo"}
_ALONE = (("repo", "config", "demo"),)

Subparsers = Any  # argparse's own type is private


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


def _add_verbs(verbs: Subparsers) -> None:
    _verb(verbs, "status", "how the applications are")
    _verb(verbs, "diff", "desired against live, or one commit against another", one=True)
    _verb(verbs, "render", "the manifests, as a YAML stream", one=True)
    _verb(verbs, "plan", "what a sync would do, in order", one=True)
    _verb(verbs, "sync", "bring the cluster to what Git says")
    _verb(verbs, "history", "the commits that touch an application", one=True)
    _verb(verbs, "rollback", "go back to a commit, shown and approved first", one=True)
    _verb(verbs, "unpin", "let an application follow its tracked revision again", one=True)
    _verb(verbs, "undo", "take back what was done last: a sync, a rollback, a revert, a pause", one=True)
    _verb(verbs, "pause", "hold an application's automation", one=True)
    _verb(verbs, "resume", "let an application's automation go on", one=True)
    _verb(verbs, "stop", "stop an application's running operation after the write it is in", one=True)
    _verb(verbs, "delete", "stop tracking an application, and leave or delete its objects", one=True)
    _verb(verbs, "journal", "what was done, by whom, and what came of it")
    _group(verbs, "config", "write, check or describe a configuration", _add_config)
    _group(verbs, "demo", "the embedded cluster", _add_demo)


def _add_config(config: Subparsers) -> None:
    _verb(config, "init", "write a commented one")
    _verb(config, "validate", "check one and tell all its mistakes")
    _verb(config, "schema", "print its JSON Schema")


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


def _verb(verbs: Subparsers, name: str, about: str, *, one: bool = False) -> None:
    """Add a verb. one: it takes one application."""

    def fill(parser: argparse.ArgumentParser) -> None:
        if one:
            parser.add_argument("application", metavar="APP")
        if add := OF_VERB.get(name):
            add(parser)

    verbs.add_parser(name, help=about, description=_sentence(about), make=_verb_parser, fill=fill)


def _shared(*, again: bool = False) -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, argument_default=argparse.SUPPRESS if again else None)
    shared(parser, again=again)
    return parser


def _verb_parser(**options: Any) -> argparse.ArgumentParser:
    return _Parser(**options, parents=[_shared(again=True)], conflict_handler="resolve")


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."
