"""Measures beside the peers, in turn, on a real API server, and writes docs/benchmarks.md.

A measurement that fails is told, and the others go on; what was measured is kept after each one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks import (
    against_kubectl,
    alone,
    at_scale,
    cockpit,
    growth,
    history,
    hour,
    mending,
    renders,
    report,
    results,
    storm,
)
from benchmarks.series import Curve, Measure, Row
from benchmarks.setting import Setting

_ROOT = Path(__file__).resolve().parents[1]
_DOCS = _ROOT / "docs"
_VALUES = _DOCS / "benchmarks" / "values.json"


def _against_kubectl(setting: Setting) -> Iterator[Row]:
    with setting.control_plane() as plane:
        yield from against_kubectl.rows(plane, setting.folder, setting.objects, setting.repeats)


MEASURES: Final[Mapping[str, Measure]] = {
    "start": alone.start_up,
    "kubectl": _against_kubectl,
    "quiet": alone.quiet,
    "fleet-quiet": at_scale.quiet,
    "fleet-deploy": at_scale.deploy,
    "fleet-compare": at_scale.compare,
    "mending": mending.rows,
    "storm": storm.rows,
    "growth": growth.rows,
    "hour": hour.rows,
    "render-kustomize": renders.kustomize,
    "render-helm": renders.helm,
    "render-unrelated": renders.unrelated,
    "history": history.rows,
    "first-paint": cockpit.first_paint,
    "keys": cockpit.keys,
}
"""By the names for `--only`, in the order of the report."""


def main() -> int:
    """Run them all, or the chosen ones; 1 when one could not be measured."""
    options = _options()
    # What is installed has its byte code; a shell that forbids to write it would have each start compile it all again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    assets = Path(os.environ.get("KUBEBUILDER_ASSETS") or _ROOT / ".cache" / "controlplane")
    chosen = [name for name in MEASURES if not options.only or any(part in name for part in options.only)]
    if not chosen:
        sys.stderr.write(f"nothing is called so; there are: {', '.join(MEASURES)}\n")
        return 2
    # What is not chosen stays in the report as it was measured last.
    kept = results.load(_VALUES)
    failed = False
    for name in chosen:
        _say(f"# {name}")
        with tempfile.TemporaryDirectory(prefix="gitops-tui-benchmarks-") as folder:
            setting = Setting(Path(folder), assets, options.repeats, options.objects, options.applications)
            result = results.measured(name, MEASURES[name](setting), _tell)
        _say(f"# {name} took {result.seconds:.0f} s")
        failed = failed or bool(result.failure)
        kept[name] = result
        if not options.dry:
            ordered = [kept[each] for each in MEASURES if each in kept]
            results.save(_VALUES, ordered)
            report.write(_DOCS, ordered, [each for each in MEASURES if each not in kept], assets)
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help=f"of: {', '.join(MEASURES)}; or a part of one")
    parser.add_argument("--objects", type=int, default=500, help="objects beside kubectl (default 500)")
    parser.add_argument(
        "--applications", type=int, default=1000, help="applications of the largest fleet (default 1000)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turn (default 3)")
    parser.add_argument("--dry", action="store_true", help="print the figures only")
    return parser.parse_args()


def _tell(found: Row | Curve | str) -> None:
    if isinstance(found, Row):
        _say(" | ".join(report.cells(found)))
    elif isinstance(found, Curve):
        for line in found.lines:
            _say(f"{found.title}: {line.name}: {line.points}")
    else:
        _say(f"FAILED: {found}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
