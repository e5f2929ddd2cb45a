"""What a look rests on, so that another one need not judge again what has not moved since."""

from __future__ import annotations

import operator

from gitops_tui.cluster import Cluster, Live, Scope
from gitops_tui.engine.views.kept import Settled
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Basis:
    """While each of these is the very same object, another look finds what this one found.

    seen: what the watches had of everything desired, owned, and below that, before the look began.
    """

    settled: Settled
    scopes: frozenset[Scope]
    seen: tuple[Live | None, ...]

    @classmethod
    def of(cls, cluster: Cluster, application: str, settled: Settled, scopes: frozenset[Scope]) -> Basis:
        """What a look that begins now rests on."""
        return cls(settled, scopes, _seen(cluster, application, settled))

    @property
    def is_whole(self) -> bool:
        """Whether the watches had everything that is desired."""
        return None not in self.seen

    def holds(self, cluster: Cluster, application: str, settled: Settled) -> bool:
        """Whether nothing has moved since."""
        if settled is not self.settled or cluster.problems() or not cluster.ready(self.scopes):
            return False
        now = _seen(cluster, application, settled)
        return len(now) == len(self.seen) and all(map(operator.is_, now, self.seen))


def _seen(cluster: Cluster, application: str, settled: Settled) -> tuple[Live | None, ...]:
    found: list[Live | None] = [cluster.live(manifest.key) for manifest in settled.manifests]
    found += cluster.owned(application)
    known: set[str] = set()
    front = [live.uid for live in found if live is not None]
    while front:
        known.update(front)
        below = [child for uid in dict.fromkeys(front) for child in cluster.children(uid) if child.uid not in known]
        found += below
        front = [child.uid for child in below]
    return tuple(found)
