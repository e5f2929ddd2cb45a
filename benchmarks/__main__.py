"""Measures beside the peers, in turn, on a real API server, and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import against_kubectl, alone
from benchmarks.series import Row
from gitops_tui import __version__
from tests.support.control_plane import ControlPlane

_ROOT = Path(__file__).resolve().parents[1]
_IDLE = 0.5
_HEAD = ("what", "gitops-tui", "peer", "value", "at most", "reached", "peer or how")


def main() -> int:
    """Run them all."""
    options = _options()
    assets = Path(os.environ.get("KUBEBUILDER_ASSETS") or _ROOT / ".cache" / "controlplane")
    before = alone.load()
    shared = "" if os.getloadavg()[0] < _IDLE else " (other work shared the cores)"
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="gitops-tui-benchmarks-") as name,
        ControlPlane.start(assets) as plane,
    ):
        folder = Path(name)
        server = str(plane.request("GET", "/version")[1]["gitVersion"])
        for row in _measured(plane, folder, options):
            rows.append(row)
            sys.stdout.write(" | ".join(row.cells()) + "\n")
            sys.stdout.flush()
    if not options.dry:
        document = _document(rows, server, f"{before} before, {alone.load()} after{shared}", options)
        (_ROOT / "docs" / "benchmarks.md").write_text(document)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--objects", type=int, default=500, help="objects in the application (default 500)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turn (default 3)")
    parser.add_argument("--dry", action="store_true", help="print the figures only")
    return parser.parse_args()


def _measured(plane: ControlPlane, folder: Path, options: argparse.Namespace) -> Iterable[Row]:
    yield alone.start_up(folder, options.repeats)
    yield from against_kubectl.rows(plane, folder, options.objects, options.repeats)
    yield alone.quiet(plane, folder, 10, options.repeats)
    yield from alone.renders(folder, options.repeats)


def _document(rows: Iterable[Row], server: str, load: str, options: argparse.Namespace) -> str:
    table = [_HEAD, tuple("---" for _ in _HEAD), *(row.cells() for row in rows)]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"""\
# Benchmarks

Written by `make bench`; do not edit. Each figure is the median of {options.repeats} runs, with the fastest and the
slowest. What is compared runs in turn on the same API server, in processes of its own from their start to their
end: ratios count, absolute times are this machine's. A value is a ratio where there is a peer.

{lines}

- measured: {datetime.now(UTC):%Y-%m-%d}, gitops-tui {__version__}
- machine: {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}; the API server and
  etcd run on the same cores; load average {load}
- versions: Python {platform.python_version()}, kube-apiserver {server}, {_version("kubectl", "version", "--client")},
  {_version("git", "--version")}
- objects: half Deployments with no replicas, half ConfigMaps; no controllers run
- not measured yet: the other rows of the goals (drift to screen, commit to applied, 1,000 applications, growth,
  storms, first paint, key to frame, an hour of headless)

To repeat it: `make controlplane`, then `make bench`, on a machine that does nothing else.
"""


def _version(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else command[0]


if __name__ == "__main__":
    sys.exit(main())
