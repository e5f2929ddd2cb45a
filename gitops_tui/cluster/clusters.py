"""The clusters of a kubeconfig."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gitops_tui.cluster import connection
from gitops_tui.cluster.cluster import Cluster
from gitops_tui.cluster.connection import Access, Kubeconfig, Target
from gitops_tui.cluster.pace import Timing
from gitops_tui.cluster.recall import Recall
from gitops_tui.model.errors import ClusterError

_MOMENT: Final = 0.05
"""Seconds for which the current context is taken to be what it was. Each look at an application asks for it a few
times, and a system call in a thread of many costs far more than itself: the interpreter has to be got back."""


class Clusters:
    """The clusters that a kubeconfig names, by context. Makes no request by itself. Thread-safe.

    The current context is what it was when it was first asked for: whoever makes another one current later, in another
    terminal, moves no application to another cluster.

    kubeconfig: a file; None for `$KUBECONFIG`, else `~/.kube/config`, else the pod's service account. folder: where
    what a cluster serves is left to the next process, if anywhere; private. give_way: called in whatever thread before
    an answer or an event is decoded, so that somebody else may go first.
    """

    def __init__(
        self,
        kubeconfig: Path | None = None,
        *,
        timing: Timing | None = None,
        folder: Path | None = None,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._timing = timing or Timing()
        self._recall = Recall(folder)
        self._give_way = give_way
        self._lock = threading.Lock()
        self._clusters: dict[str, Cluster] = {}
        self._read: tuple[object, Kubeconfig] | None = None
        self._current = ""
        self._due = float("-inf")
        """Monotonic seconds at which it is to be seen whether the files have changed."""

    def get(self, context: str = "") -> Cluster:
        """The cluster of a context, "" for the current one; ClusterError when there is no such context."""
        with self._lock:
            context = context or self._current
            known = self._clusters.get(context) if context else None
            if known is not None:
                return known
            target = self._lately().target(context)
            if not context:
                self._current = target.name
            known = self._clusters.get(target.name)
            if known is None:
                access = Access(target.name, lambda: self._target(target.name), self._stamp)
                known = self._clusters[target.name] = Cluster(
                    target.name, target.server, access, self._timing, self._recall, give_way=self._give_way
                )
            return known

    def contexts(self) -> tuple[str, ...]:
        """The names of all contexts; ClusterError when no kubeconfig can be read."""
        return tuple(self._load().targets)

    @property
    def current(self) -> str:
        """The name of the current context, "" when none is set; ClusterError when no kubeconfig can be read."""
        if not self._current:
            self._current = self._lately().current
        return self._current

    def close(self) -> None:
        """Close every cluster."""
        with self._lock:
            clusters, self._clusters = tuple(self._clusters.values()), {}
        for cluster in clusters:
            cluster.close()

    def _lately(self) -> Kubeconfig:
        """The kubeconfig as it was a moment ago."""
        now, read = time.monotonic(), self._read
        if read is not None and now < self._due:
            return read[1]
        loaded = self._load()
        self._due = now + _MOMENT
        return loaded

    def _load(self) -> Kubeconfig:
        """The kubeconfig as it is now; its files are read again only when they have changed."""
        stamp, read = self._stamp(), self._read
        if read is not None and stamp is not None and read[0] == stamp:
            return read[1]
        loaded = connection.load(self._kubeconfig, os.environ)
        self._read = (stamp, loaded)
        return loaded

    def _target(self, context: str) -> Target:
        return self._load().target(context)

    def _stamp(self) -> object:
        """Changes when a kubeconfig file does."""
        try:
            stats = [(path, path.stat()) for path in connection.locate(self._kubeconfig, os.environ)]
        except (OSError, ClusterError):
            return None
        return tuple((path, stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in stats)
