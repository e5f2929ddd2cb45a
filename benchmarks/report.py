"""docs/benchmarks.md: what was measured, for a reader who doubts it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.plot import svg
from benchmarks.results import Result
from benchmarks.series import Row
from gitops_tui import __version__

_HEAD = ("what", "gitops-tui", "peer", "value", "goal: at most", "reached")
_VERSION = re.compile(r"v?\d+(\.\d+)+[\w.-]*")


def write(folder: Path, results: Sequence[Result], left_out: Iterable[str], assets: Path) -> None:
    """Write the report and its plots into a folder.

    left_out: names of measurements that were not made yet. assets: the binaries of the control plane.
    """
    pictures = folder / "benchmarks"
    pictures.mkdir(exist_ok=True)
    wanted = {f"{curve.name}.svg": svg(curve) for result in results for curve in result.curves}
    for old in pictures.glob("*.svg"):
        if old.name not in wanted:
            old.unlink()
    for name, picture in wanted.items():
        (pictures / name).write_text(picture)
    (folder / "benchmarks.md").write_text("\n".join(_document(results, left_out, assets)) + "\n")


def cells(row: Row) -> tuple[str, ...]:
    """A row as the cells of its line."""
    figure, peer = row.figure, row.peer
    unit = row.ours.unit
    value = f"{row.value:.2f}" if peer else unit.shown(row.value)
    most = (f"{row.most:g}" if peer else unit.shown(row.most)) if row.has_goal else "-"
    reached = ("yes" if row.reached else "**no**") if row.has_goal else "-"
    return row.what, row.ours.told(figure), peer.told(figure) if peer else "-", value, most, reached


def _document(results: Sequence[Result], left_out: Iterable[str], assets: Path) -> Iterator[str]:
    rows = [row for result in results for row in result.rows]
    goals = [row for row in rows if row.has_goal]
    yield "# Benchmarks"
    yield ""
    yield "Written by `make bench`; do not edit. The goals were set before anything was measured."
    yield f"**{sum(row.reached for row in goals)} of {len(goals)} are reached.**"
    yield ""
    yield "Figures are medians with the fastest and the slowest run, unless they say p95 or max. What is compared with"
    yield "a peer runs in turn with it, on the same API server, each in processes of its own from their start to their"
    yield "end. There the value is the ratio, and the ratio is what counts: absolute times are this machine's."
    yield ""
    yield from _table([_HEAD, *(cells(row) for row in rows)])
    failures = [result for result in results if result.failure]
    if failures:
        yield ""
        yield "These measurements did not come to their end:"
        yield ""
        yield from (f"- `{result.name}`: {result.failure.splitlines()[0][:300]}" for result in failures)
    if names := ", ".join(f"`{name}`" for name in left_out):
        yield from ("", f"Not measured here yet: {names}.")
    yield from _missed(rows)
    yield from _explained(results)
    yield from _plots(results)
    yield from _surroundings(assets)


def _table(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(lines[0])} |"
    yield f"|{' --- |' * len(lines[0])}"
    yield from (f"| {' | '.join(each.replace('|', '&#124;') for each in line)} |" for line in lines[1:])


def _missed(rows: Iterable[Row]) -> Iterator[str]:
    missed = [row for row in rows if row.has_goal and not row.reached]
    if missed:
        yield from ("", "## What is missed, and what holds it", "")
        yield from (f"- **{row.what}**: {row.held or 'not looked into yet'}" for row in missed)


def _explained(results: Iterable[Result]) -> Iterator[str]:
    yield from ("", "## How each is measured", "")
    for result in results:
        spent = f"{datetime.fromtimestamp(result.measured, UTC):%Y-%m-%d %H:%M} UTC, at commit {result.commit}"
        loads = "load average {:.1f} before, {:.1f} after".format(*result.loads)
        yield f"`{result.name}` ({spent}, in {result.seconds:.0f} s, {loads}):"
        yield ""
        yield from (f"- {row.what}" + (f": {row.note}" if row.note else "") for row in result.rows)
        yield ""


def _plots(results: Iterable[Result]) -> Iterator[str]:
    curves = [curve for result in results for curve in result.curves]
    if curves:
        yield "## Curves"
        for curve in curves:
            yield from ("", f"![{curve.title}](benchmarks/{curve.name}.svg)")
        yield ""


def _surroundings(assets: Path) -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield "## Surroundings"
    yield ""
    yield f"- machine: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()}"
    yield f"  {platform.release()}; the API server and etcd run on the same cores, and so does whatever else"
    yield "  the machine has to do (the load averages above tell how much that was)"
    yield f"- gitops-tui {__version__} on Python {platform.python_version()}"
    yield f"- kube-apiserver {_version(str(assets / 'kube-apiserver'), '--version')}, etcd"
    yield f"  {_version(str(assets / 'etcd'), '--version')}; no controllers run, and Deployments have no replicas"
    yield f"- kubectl {_version('kubectl', 'version', '--client')}, helm {_version('helm', 'version', '--short')}, git"
    yield f"  {_version('git', '--version')}"
    yield ""
    yield "## To repeat it"
    yield ""
    yield "`make bench` builds what is needed, measures everything in about half an hour, and writes this file, the"
    yield "plots, and every single value as `docs/benchmarks/values.json`. Let the machine do nothing else meanwhile."
    yield "Some rows again, without the others: `.venv/bin/python -m benchmarks --only NAME` (the names stand before"
    yield "the lists above; a part of one will do); `--dry` leaves the files alone. What runs is in `benchmarks/`."


def _processor() -> str:
    cpu = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.*)$", cpu.read_text(), re.MULTILINE) if cpu.exists() else None
    return found[1].strip() if found else platform.machine()


def _version(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "(none)"
    found = _VERSION.search(done.stdout)
    return found[0] if found else "(unknown)"
