"""Which kinds are watched, for all applications of a cluster together."""

from __future__ import annotations

import operator
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from gitops_tui.cluster import Cluster, Scope
from gitops_tui.engine.views.findings import WORKLOADS
from gitops_tui.model.application import Application
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ownership import APPLICATION_LABEL
from gitops_tui.model.resources import Manifest, ResourceKey

_NAMESPACES: Final = 8
"""In so many namespaces a kind is watched one by one; in more of them everywhere, with one list and one stream."""


Reasons = tuple[tuple[Manifest, ...], frozenset[ResourceKey], object]
"""What is desired, the inventory, and what the cluster serves."""


class _Shown(NamedTuple):
    """Which scopes show what an application needs, and what that rests on. watched: all that was watched then."""

    reasons: Reasons
    watched: frozenset[Scope]
    scopes: frozenset[Scope]


class Watches:
    """The union of what each application needs, kept for each cluster. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._needs: dict[str, _Needs] = {}

    def want(
        self,
        application: Application,
        cluster: Cluster,
        manifests: tuple[Manifest, ...],
        inventory: frozenset[ResourceKey],
    ) -> frozenset[Scope]:
        """Watch what this application needs and return the scopes that show it. Returns at once."""
        reasons = (manifests, inventory, cluster.kinds)
        with self._lock:
            needs = self._needs.setdefault(cluster.context, _Needs(cluster))
            if (shown := needs.shown_for(application.name, reasons)) is not None:
                return shown
        keys = [manifest.key for manifest in manifests]
        scopes = scopes_for([*keys, *inventory], cluster)
        with self._lock:
            needs.take(application.name, scopes)
            return needs.shown(application.name, reasons)

    def list_again(self, application: str) -> None:
        """List anew all that an application needs: a person doubts what is shown."""
        with self._lock:
            chosen = [(needs.cluster, needs.shown(application)) for needs in self._needs.values()]
        for cluster, scopes in chosen:
            if scopes:
                cluster.list_again(scopes)

    def drop(self, application: str) -> None:
        """The application is tracked no longer: stop watching what only it needed."""
        with self._lock:
            for needs in self._needs.values():
                needs.take(application, frozenset())


class _Needs:
    """What the applications of one cluster need, and what is watched for that."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._wanted: dict[str, frozenset[Scope]] = {}
        self._users: defaultdict[Scope, Counter[str]] = defaultdict(Counter)
        """How many applications need a scope, by the scope without its namespace, then by namespace."""
        self._watched: frozenset[Scope] = frozenset()
        self._shown: dict[str, _Shown] = {}

    def take(self, application: str, scopes: frozenset[Scope]) -> None:
        """Note what an application needs now, and watch it."""
        self._shown.pop(application, None)
        before = self._wanted.get(application, frozenset())
        if scopes == before:
            return
        if scopes:
            self._wanted[application] = scopes
        else:
            del self._wanted[application]
        for scope in scopes - before:
            self._users[scope._replace(namespace="")][scope.namespace] += 1
        for scope in before - scopes:
            users = self._users[scope._replace(namespace="")]
            users[scope.namespace] -= 1
            if not users[scope.namespace]:
                del users[scope.namespace]
        watched = frozenset(self._widened(wide._replace(namespace=place)) for wide, place in self._places())
        if watched != self._watched:
            self._watched = watched
            self.cluster.watch(watched)

    def shown(self, application: str, reasons: Reasons | None = None) -> frozenset[Scope]:
        """The scopes that show what an application needs. reasons: what that was worked out from, just now."""
        found = frozenset(map(self._widened, self._wanted.get(application, ())))
        if reasons is not None:
            self._shown[application] = _Shown(reasons, self._watched, found)
        return found

    def shown_for(self, application: str, reasons: Reasons) -> frozenset[Scope] | None:
        """What was shown for the very same reasons, and is still; None where it has to be worked out."""
        known = self._shown.get(application)
        if known is None or known.watched is not self._watched or not all(map(operator.is_, known.reasons, reasons)):
            return None
        return known.scopes

    def _places(self) -> Iterator[tuple[Scope, str]]:
        return ((wide, place) for wide, users in self._users.items() for place in islice(users, _NAMESPACES + 1))

    def _widened(self, scope: Scope) -> Scope:
        wide = scope._replace(namespace="")
        return wide if len(self._users[wide]) > _NAMESPACES else scope


def scopes_for(keys: Iterable[ResourceKey], cluster: Cluster) -> frozenset[Scope]:
    """Scopes that show every object of these kinds that is ours, and the live children of workloads."""
    scopes: set[Scope] = set()
    # Of hundreds of objects most are of a few kinds in one namespace.
    for group, name, namespace in {(key.group, key.kind, key.namespace) for key in keys}:
        kind = (group, name)
        try:
            resource = cluster.resource(*kind)
        except ClusterError:
            # The look reports it where the object is read; a scope that nobody serves cannot be watched.
            continue
        if "watch" not in resource.verbs and resource.verbs:
            continue
        scopes.add(Scope(*kind, selector=APPLICATION_LABEL))
        if kind in WORKLOADS:
            scopes.add(Scope("", "Pod", namespace))
            if name == "Deployment":
                scopes.add(Scope("apps", "ReplicaSet", namespace))
            if name == "CronJob":
                scopes.add(Scope("batch", "Job", namespace))
    return frozenset(scopes)
