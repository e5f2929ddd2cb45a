"""Which kinds are watched, for all applications of a cluster together."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from gitops_tui.cluster import Cluster, Scope
from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ownership import APPLICATION_LABEL
from gitops_tui.model.resources import Body, HealthCode, Manifest, ResourceKey
from gitops_tui.sync import Pair, judge

_WORKLOADS: Final = frozenset(
    {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"), ("batch", "CronJob")}
)
"""Kinds whose objects have live children that explain their health."""

_WARNED: Final = _WORKLOADS | {("", "Pod"), ("", "PersistentVolumeClaim")}
"""Kinds whose trouble may be told by nothing but an event."""


class Watches:
    """The union of what each application needs, kept for each cluster. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[str, dict[str, frozenset[Scope]]] = {}
        self._clusters: dict[str, Cluster] = {}

    def want(
        self,
        application: Application,
        cluster: Cluster,
        manifests: Iterable[Manifest],
        inventory: Iterable[ResourceKey],
    ) -> frozenset[Scope]:
        """Watch what this application needs and return those scopes. Returns at once."""
        keys = [manifest.key for manifest in manifests]
        scopes = scopes_for([*keys, *inventory], cluster)
        with self._lock:
            self._clusters[cluster.context] = cluster
            wanted = self._wanted.setdefault(cluster.context, {})
            if wanted.get(application.name) == scopes:
                return scopes
            wanted[application.name] = scopes
            cluster.watch(frozenset[Scope]().union(*wanted.values()))
        return scopes

    def list_again(self, application: str) -> None:
        """List anew all that an application needs: a person doubts what is shown."""
        with self._lock:
            chosen = [(self._clusters[context], wanted.get(application)) for context, wanted in self._wanted.items()]
        for cluster, scopes in chosen:
            if scopes:
                cluster.list_again(scopes)

    def drop(self, application: str) -> None:
        """The application is tracked no longer: stop watching what only it needed."""
        with self._lock:
            for context, wanted in self._wanted.items():
                if wanted.pop(application, None) is not None:
                    self._clusters[context].watch(frozenset[Scope]().union(*wanted.values()))


def warnings_near(pairs: Iterable[Pair], application: Application, cluster: Cluster) -> tuple[Body, ...]:
    """Recent warnings in the namespaces of workloads that are not well; no request where all are."""
    namespaces = {
        pair.key.namespace: None
        for pair in pairs
        if (pair.key.group, pair.key.kind) in _WARNED
        and pair.live is not None
        and judge(pair.live, application).code in {HealthCode.PROGRESSING, HealthCode.DEGRADED}
    }
    return tuple(event for namespace in namespaces for event in cluster.warnings(namespace))


def scopes_for(keys: Iterable[ResourceKey], cluster: Cluster) -> frozenset[Scope]:
    """Scopes that show every object of these kinds that is ours, and the live children of workloads."""
    scopes: set[Scope] = set()
    for key in keys:
        kind = (key.group, key.kind)
        try:
            resource = cluster.resource(*kind)
        except ClusterError:
            # The look reports it where the object is read; a scope that nobody serves cannot be watched.
            continue
        if "watch" not in resource.verbs and resource.verbs:
            continue
        scopes.add(Scope(*kind, selector=APPLICATION_LABEL))
        if kind in _WORKLOADS:
            scopes.add(Scope("", "Pod", key.namespace))
            if key.kind == "Deployment":
                scopes.add(Scope("apps", "ReplicaSet", key.namespace))
            if key.kind == "CronJob":
                scopes.add(Scope("batch", "Job", key.namespace))
    return frozenset(scopes)
