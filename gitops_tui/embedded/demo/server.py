"""The demo's cluster as a process of its own, which ends some time after its last user.

`python -m gitops_tui.embedded.demo.server FOLDER`. One JSON line on standard output says when it is ready.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from gitops_tui.embedded.controllers import attach
from gitops_tui.embedded.demo.lease import FileLock
from gitops_tui.embedded.demo.places import Places
from gitops_tui.embedded.demo.seed import live_through
from gitops_tui.embedded.server import EmbeddedServer
from gitops_tui.private import write_private

IDLE_SECONDS = 120.0
_LOOKS = 10


def serve(places: Places, *, idle: float, speed: float) -> None:
    """Run until a signal, or until nobody has held the lease for `idle` seconds.

    Raises BlockingIOError when another process serves this folder.
    """
    lock = FileLock.try_take(places.server_lock)
    if lock is None:
        raise BlockingIOError("another process serves this folder")
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    with lock, _started(places) as server:
        detach = attach(server, speed=speed)
        record = {"pid": os.getpid(), "url": server.url, "kubeconfig": str(server.kubeconfig)}
        write_private(places.server_record, json.dumps(record) + "\n")
        _say(json.dumps(record))
        _wait(places, ended, idle)
        places.server_record.unlink(missing_ok=True)
        detach()


def _started(places: Places) -> EmbeddedServer:
    """The server, with its past; a past that was interrupted is lived through anew."""
    fresh = not places.seeded.exists()
    if fresh:
        shutil.rmtree(places.cluster / "store", ignore_errors=True)
    try:
        server = EmbeddedServer.start(places.cluster, port=_last_port(places))
    except BlockingIOError:
        raise
    except OSError:
        server = EmbeddedServer.start(places.cluster)
    if fresh:
        now = time.time()
        try:
            live_through(server.backend, now)
        except BaseException:
            server.stop()
            raise
        write_private(places.seeded, f"{now}\n")
    return server


def _last_port(places: Places) -> int:
    """The port of the last run, so that a kubeconfig in use stays valid."""
    try:
        config = json.loads(places.kubeconfig.read_text())
        return int(config["clusters"][0]["cluster"]["server"].rpartition(":")[2])
    except (OSError, ValueError, KeyError, IndexError):
        return 0


def _say(line: str) -> None:
    """Tell the parent, which then stops listening."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    os.close(silence)


def _wait(places: Places, ended: threading.Event, idle: float) -> None:
    unused_since: float | None = None
    while not ended.wait(idle / _LOOKS) and places.root.exists():
        lease = FileLock.try_take(places.lease)
        if lease is None:
            unused_since = None
            continue
        lease.release()
        now = time.monotonic()
        unused_since = now if unused_since is None else unused_since
        if now - unused_since >= idle:
            return


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m gitops_tui.embedded.demo.server", description=__doc__)
    parser.add_argument("folder", type=Path, help="the demo's folder")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without users before it ends")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast workloads come alive")
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(Places(options.folder), idle=options.idle, speed=options.speed)
    except OSError as error:
        sys.stderr.write(f"the demo's cluster cannot start: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
