"""Comparing and syncing, beside kubectl doing the same on the same server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import Kubectl, Ours, objects
from benchmarks.series import WITHOUT_GOAL, Row, Series, in_turn, timed
from tests.support.control_plane import ControlPlane

_CONCURRENCIES = (1, 4, 8, 16)
_CHANGED = 5
_IN_SYNC_HELD = (
    "our own processor time, which has one core: two fifths for the interpreter and the standard library, a fifth for "
    "importing the program, a sixth for TLS and reading the lists, a tenth for reading what is desired and what was "
    "found before; what is asked of the server and of git comes back meanwhile"
)
_ALL_NEW_HELD = (
    "the interpreter: a third is its start, a third fetching and rendering a commit that nobody has seen, the rest "
    "comparing; the server is asked for two lists and the webhooks"
)


def rows(plane: ControlPlane, folder: Path, count: int, repeats: int) -> Iterator[Row]:
    """First sync, comparing what is in sync, comparing what differs, syncing a little."""
    firsts = [Ours.make(plane, folder, f"ours-{number}", objects(count, 0)) for number in range(repeats)]
    theirs = [Kubectl.make(plane, folder, f"theirs-{number}", objects(count, 0)) for number in range(repeats)]
    # What both pay once for a fresh machine (page cache, byte code, kubectl's discovery cache) counts for neither.
    timed(firsts[0]("--version"), folder)
    timed(firsts[0]("status"), folder, (0, 1))
    timed(theirs[0].diff(1), folder, (0, 1))

    ours, peer = in_turn(
        repeats,
        lambda number: timed(firsts[number]("sync", firsts[number].name, "--timeout", "0"), folder),
        lambda number: timed(theirs[number].apply(), folder),
    )
    yield Row(f"first sync of {count} objects", ours, peer, 0.8, "`kubectl apply --server-side`")

    us, them = firsts[0], theirs[0]
    # What was only there to be synced first would be listed with the others, and is none of the objects of this row.
    for first in firsts[1:]:
        first.take_away(plane)
    best = min(_CONCURRENCIES, key=lambda width: timed(them.diff(width), folder))
    note = f"`kubectl diff --server-side --concurrency={best}`"
    # What a process finds in the state folder is what the sync, or the look before, has left there.
    ours, peer = in_turn(repeats, lambda _: timed(us("status"), folder), lambda _: timed(them.diff(best), folder))
    what = f"cold start to compared, {count} objects in sync"
    left = (
        "; the cluster holds these alone of ours; ours lists all of them, and takes over what the process before has "
        "proven of those that are the very same"
    )
    yield Row(what, ours, peer, 0.1, note + left, _IN_SYNC_HELD)
    yield _all_judged(us, what, folder, repeats)

    yield _small_sync(us, them, folder, count, repeats)

    yield _all_new(us, them, folder, count, repeats, best=best)


def _all_judged(us: Ours, what: str, folder: Path, repeats: int) -> Row:
    """Nobody has left what was found before."""

    def judged(_: int) -> float:
        shutil.rmtree(us.state / "findings")
        return timed(us("status"), folder)

    seconds = Series(tuple(judged(number) for number in range(repeats)))
    note = "what the process before had proven is thrown away before each run, so that all is proven again"
    return Row(f"{what}, all judged anew", seconds, None, WITHOUT_GOAL, note)


def _all_new(us: Ours, them: Kubectl, folder: Path, count: int, repeats: int, *, best: int) -> Row:
    """Each run sees its commit for the first time: what one run has fetched and rendered helps none of the others."""

    def ours(number: int) -> float:
        us.commit("All new", objects(count, 100 + number))
        return timed(us("status"), folder, (1,))

    def peer(number: int) -> float:
        them.write(objects(count, 100 + number))
        return timed(them.diff(best), folder, (1,))

    made, beside = in_turn(repeats, ours, peer)
    note = f"`kubectl diff --server-side --concurrency={best}`; ours also fetches the commit"
    return Row(f"cold start to compared, all {count} changed in Git", made, beside, 0.4, note, _ALL_NEW_HELD)


def _small_sync(us: Ours, them: Kubectl, folder: Path, count: int, repeats: int) -> Row:
    def ours(number: int) -> float:
        us.commit("A few", objects(count, number + 1, _CHANGED))
        return timed(us("sync", us.name, "--timeout", "0"), folder)

    def peer(number: int) -> float:
        them.write(objects(count, number + 1, _CHANGED))
        return timed(them.apply(), folder)

    made, beside = in_turn(repeats, ours, peer)
    what = f"sync of {count} objects of which {_CHANGED} changed"
    return Row(what, made, beside, 0.1, "`kubectl apply --server-side` of all")
