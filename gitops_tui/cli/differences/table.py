"""A difference for a person: coloured lines, dim authors behind them."""

from __future__ import annotations

import json
import time
from typing import Final

from gitops_tui.cli import tables
from gitops_tui.cli.differences.sides import Sides
from gitops_tui.cli.output import Cell, Colour, Output
from gitops_tui.diff.authorship import byline, rule_data, signatures
from gitops_tui.diff.lines import LineKind, unified
from gitops_tui.model.differences import RuleEffect
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import Authorship

COLOURS: Final = {
    LineKind.SAME: Colour.PLAIN,
    LineKind.ADDED: Colour.GOOD,
    LineKind.REMOVED: Colour.BAD,
    LineKind.CHANGED: Colour.WARN,
    LineKind.HUNK: Colour.BUSY,
}
PREFIXES: Final = {LineKind.ADDED: "+", LineKind.REMOVED: "-", LineKind.HUNK: ""}
APPROXIMATE: Final = "approximate: the server could not predict it, so only fields that Git states are compared"
IGNORED_HEADS: Final = ("RULE", "RESOURCE", "FIELD", "HIDDEN NOW")

_UNITS: Final = ((86400.0 * 2, 86400.0, "days"), (7200.0, 3600.0, "hours"), (120.0, 60.0, "min"))


def show(output: Output, comparison: ResourceComparison, sides: Sides, *, now: float | None = None) -> None:
    """Print one resource. now: seconds since the epoch, for ages."""
    start, end = sides.names
    output.line(f"=== {comparison.key}{sides.standing(comparison)}", Colour.BOLD)
    if comparison.approximate:
        output.line(APPROXIMATE)
    if comparison.note:
        output.line(comparison.note, Colour.WARN)
    output.line(f"--- {start}", Colour.BAD)
    output.line(f"+++ {end}", Colour.GOOD)
    lines = unified(comparison)
    authors = signatures(comparison, lines)
    for line in lines:
        note = signed(authors[line], time.time() if now is None else now) if line in authors else ""
        output.code(f"{PREFIXES.get(line.kind, ' ')}{line.text}", COLOURS[line.kind], note=note)
    for change in comparison.changes:
        if change.note:
            output.line(f"note: {change.path}: {change.note}", Colour.WARN)
        if change.suggested:
            output.line(f"hint: to leave it alone, add under `ignore`: - {rule_words(change.suggested)}", Colour.FAINT)


def signed(author: Authorship, now: float) -> str:
    """`Ada 1f0c2d3, 3 days ago`."""
    age = f", {ago(now - author.time)}" if author.time else ""
    return f"{byline(author)}{age}"


def ago(seconds: float) -> str:
    """`4 min ago`, `3 days ago`; `just now` below two minutes, whatever the clocks did."""
    for least, unit, name in _UNITS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name} ago"
    return "just now"


def rule_words(rule: IgnoreRule) -> str:
    """A rule on one line, as YAML that can be pasted."""
    return json.dumps(rule_data(rule), ensure_ascii=False)


def ignored_rows(effects: tuple[RuleEffect, ...]) -> list[tables.Row]:
    """Each rule with the fields that it hides now; what hides nothing says so."""
    rows: list[tables.Row] = []
    for effect in effects:
        words = rule_words(effect.rule)
        if not effect.hidden:
            counted = "no object" if not effect.objects else f"{effect.objects} objects, nothing to hide"
            rows.append((Cell(words), Cell("-"), Cell("-"), Cell(counted, Colour.FAINT)))
        for at, field in enumerate(effect.hidden):
            values = f"{tables.value(field.change.live)} → {tables.value(field.change.desired)}"
            rows.append((Cell("" if at else words), Cell(str(field.key)), Cell(field.change.path), Cell(values)))
    return rows
