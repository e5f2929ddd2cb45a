"""How far a rollout may go at once, and how a change of the replicas is shared out in the middle of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitops_tui.embedded.controllers.workloads.pods import share
from gitops_tui.embedded.kinds.schema import Object


@dataclass(frozen=True, slots=True)
class Limits:
    """How many pods a rollout may have, and how few available ones."""

    replicas: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, deployment: Object) -> Limits:
        """The limits of a Deployment; as in the original, they never forbid every move."""
        spec = deployment["spec"]
        replicas, strategy = spec["replicas"], spec.get("strategy") or {}
        if strategy.get("type") == "Recreate":
            return cls(replicas, 0, replicas)
        rolling = strategy.get("rollingUpdate") or {}
        surge = share(rolling.get("maxSurge"), replicas, "25%", up=True)
        unavailable = share(rolling.get("maxUnavailable"), replicas, "25%", up=False)
        return cls(replicas, surge, max(unavailable, 0 if surge else 1))

    def growth(self, size: int, total: int) -> int:
        """How large the new ReplicaSet of `size` may be now, when all of them together ask for `total` pods."""
        return size + max(0, min(self.replicas + self.surge - total, self.replicas - size))

    @property
    def most(self) -> int:
        """The most pods at once; none are asked for where no replica is."""
        return self.replicas + self.surge if self.replicas else 0


def proportions(sets: Sequence[tuple[int, int]], limits: Limits) -> list[int]:
    """New sizes of running ReplicaSets, newest last, from (size, the most pods when it was sized).

    A single one takes all the replicas; of several each grows or shrinks in proportion, and the largest takes the
    rest that rounding leaves.
    """
    if len(sets) == 1:
        return [limits.replicas]
    missing = limits.most - sum(size for size, _ in sets)
    sizes = [size for size, _ in sets]
    order = sorted(range(len(sets)), key=lambda at: (sizes[at], at), reverse=True)
    left = missing
    for at in order:
        size, most = sets[at]
        step = round(size * limits.most / (most or limits.most or 1)) - size
        step = max(min(step, left), 0) if missing > 0 else min(max(step, left), 0)
        sizes[at] += step
        left -= step
    if order:
        sizes[order[0]] = max(0, sizes[order[0]] + left)
    return sizes
