"""Which commit's content a later commit holds: most commits of a repository change nothing of an application."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from gitops_tui.model.patterns import pattern
from gitops_tui.source import objects
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import Runner

_SHA: Final = pattern(r"[0-9a-f]{40,64}")
_GRAPH: Final = Limits(output=256 << 20)


def holding(runner: Runner, copy: Path, path: str, rows: Sequence[str], shas: Collection[str]) -> dict[str, str]:
    """Return for each of `shas` the one of `rows` that it holds at a path: the newest that it contains and that has
    the same there.

    rows: commits that touch the path, newest first. What holds none of them is left out: it may be older than all of
    them, hold something else, or not be here any more. Two processes, however many there are.
    """
    found = {sha: sha for sha in rows if sha in shas}
    wanted = {sha for sha in set(shas) - set(rows) if _SHA.fullmatch(sha)}
    if not wanted or not rows:
        return found
    graph = _graph(runner, copy, wanted, rows[-1])
    wanted &= graph.keys()
    trees = objects.trees(runner, copy, [*rows, *wanted], path) if wanted else {}
    alike = {sha: trees[sha] for sha in rows if trees.get(sha) is not None}
    return found | dict(_swept(graph, alike, {sha: trees[sha] for sha in wanted if trees[sha] in alike.values()}))


def _graph(runner: Runner, copy: Path, tips: Iterable[str], oldest: str) -> Mapping[str, Sequence[str]]:
    """The parents of each commit below `tips` down to `oldest`, children before their parents."""
    arguments = ("rev-list", "--topo-order", "--parents", "--ignore-missing", "--stdin")
    with objects.lines([*sorted(tips), f"^{oldest}^@"]) as wanted:
        output = runner.run(copy, *arguments, stdin=wanted, limits=_GRAPH)
    rows = (line.split() for line in output.stdout.decode("ascii").splitlines())
    return {row[0]: row[1:] for row in rows}


def _swept(
    graph: Mapping[str, Sequence[str]], rows: Mapping[str, str | None], wanted: Mapping[str, str | None]
) -> Iterator[tuple[str, str]]:
    """Carry each commit that is wanted down to the first row with the same tree. rows, wanted: their trees."""
    carried: dict[str, set[str]] = {}
    done: set[str] = set()
    for sha, parents in graph.items():
        here = carried.pop(sha, set()) - done
        if sha in wanted:
            here.add(sha)
        if sha in rows:
            reached = {each for each in here if wanted[each] == rows[sha]}
            yield from ((each, sha) for each in reached)
            done |= reached
            here -= reached
        if here:
            for parent in parents:
                carried.setdefault(parent, set()).update(here)
