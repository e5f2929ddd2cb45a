"""`python -m gitops_tui.embedded`: the embedded cluster as a process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gitops_tui.embedded.controllers import attach
from gitops_tui.embedded.process import serve


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m gitops_tui.embedded", description=__doc__)
    parser.add_argument("--state-dir", type=Path, help="folder that keeps everything; without it nothing is kept")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 is the last one used, or any")
    parser.add_argument(
        "--bare", action="store_true", help="no controllers: what is applied is stored, and that is all"
    )
    options = parser.parse_args()
    try:
        serve(options.state_dir, options.port, attach=None if options.bare else attach)
    except OSError as error:
        sys.stderr.write(f"the embedded cluster cannot start: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
