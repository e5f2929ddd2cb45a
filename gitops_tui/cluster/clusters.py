"""The clusters of a kubeconfig."""

from __future__ import annotations

from pathlib import Path

from gitops_tui.cluster.cluster import Cluster


class Clusters:
    """The clusters that a kubeconfig names, by context. Makes no request by itself.

    kubeconfig: a file; None for `$KUBECONFIG`, else `~/.kube/config`, else the pod's service account.
    """

    def __init__(self, kubeconfig: Path | None = None) -> None:
        self._kubeconfig = kubeconfig

    def get(self, context: str = "") -> Cluster:
        """The cluster of a context, "" for the current one; ClusterError when there is no such context."""
        raise NotImplementedError

    def contexts(self) -> tuple[str, ...]:
        """The names of all contexts; ClusterError when no kubeconfig can be read."""
        raise NotImplementedError

    @property
    def current(self) -> str:
        """The name of the current context."""
        raise NotImplementedError

    def close(self) -> None:
        """Close every cluster."""
        raise NotImplementedError
