"""Runs a verb: its answer on stdout, everything else on stderr, and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Final

from gitops_tui.cli.diagnostics import INTERRUPTED, Diagnostics, fail
from gitops_tui.cli.output import Output
from gitops_tui.cli.session import Call, Session
from gitops_tui.model.errors import GitopsError

if TYPE_CHECKING:
    from argparse import Namespace

PIPE_CLOSED = 141
"""What a shell reports of a program whose reader has gone."""


_VERBS: Final = {
    "status": ("status", "status"),
    "diff": ("differences.verb", "diff"),
    "render": ("look", "render"),
    "history": ("look", "history"),
    "journal": ("look", "journal"),
    "plan": ("change", "plan"),
    "sync": ("change", "sync"),
    "rollback": ("rollback.verbs", "rollback"),
    "unpin": ("rollback.verbs", "unpin"),
    "undo": ("rollback.verbs", "undo"),
    "delete": ("deletion", "delete"),
    "pause": ("change", "pause"),
    "stop": ("change", "stop"),
    "resume": ("change", "resume"),
}
"""Where each verb is: no verb pays for the modules of the others."""


def run(arguments: Namespace, session: Session) -> int:
    """Run a verb that asks the engine."""
    place, name = _VERBS[arguments.verb]
    verb: Callable[[Call], int] = getattr(import_module(f"gitops_tui.cli.{place}"), name)
    return _guarded(arguments, lambda output, said: verb(Call(arguments, session, output, said)))


def run_config(arguments: Namespace) -> int:
    """Run one of `config init`, `config validate` and `config schema`."""
    from gitops_tui.cli import configure  # noqa: PLC0415 - the other verbs do without it

    actions = {"init": configure.init, "validate": configure.validate, "schema": configure.schema}
    action = actions[arguments.action]
    return _guarded(arguments, lambda output, said: action(arguments, output, said))


def _guarded(arguments: Namespace, verb: Callable[[Output, Diagnostics], int]) -> int:
    output, diagnostics = Output(sys.stdout, arguments.output), Diagnostics(sys.stderr, sys.stdin)
    try:
        code = verb(output, diagnostics)
        output.flush()
    except GitopsError as error:
        with suppress(OSError):
            sys.stdout.flush()
        return fail(error)
    except KeyboardInterrupt:
        diagnostics.note("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return code
