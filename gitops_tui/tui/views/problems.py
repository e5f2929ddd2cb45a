"""Failures as something calm to look at."""

from __future__ import annotations

import asyncio

from gitops_tui.model.errors import GitopsError, Stage
from gitops_tui.model.status import Problem
from gitops_tui.tui.look.spans import Line, Span, Tone, line, outside


def problem_of(error: BaseException) -> Problem:
    """Turn a failed answer into something to show."""
    if isinstance(error, GitopsError):
        return Problem(error.stage, error.subject, error.message, error.hint)
    if isinstance(error, asyncio.CancelledError):
        return Problem(Stage.INTERNAL, "the engine", "stopped before it answered", "start gitops-tui again")
    return Problem(Stage.INTERNAL, "gitops-tui", f"{type(error).__name__}: {error}", "this is a bug, please report it")


def problem_lines(problem: Problem, *, again: bool = True) -> tuple[Line, ...]:
    """What to show in place of what could not be had."""
    lines = [
        line(Span("✗ ", Tone.BAD), outside(problem.subject, bold=True)),
        line(outside(problem.message, limit=2000)),
    ]
    if problem.hint:
        lines += [(), line(outside(problem.hint, Tone.MUTED))]
    if again:
        lines += [(), line(Span("r", Tone.ACCENT, True), Span(" tries again", Tone.MUTED))]
    return tuple(lines)
