"""What a look asks of its cluster: many things at once, within bounds, and with as few requests as will do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from gitops_tui.cluster import Cluster, Live
from gitops_tui.engine.future import CancelledError, Future
from gitops_tui.model.errors import ClusterError, GitopsError, UnreachableError
from gitops_tui.model.resources import Body, ResourceKey

_WORTH_A_LIST = 8
_LISTED_FOR_ONE = 20
_UNAUTHORIZED = 401

WIDTH = 8
"""Threads a cluster: more of them do not get more answers a second out of an API server."""

Submit = Callable[[str, int, Callable[[], Any]], Future[Any]]
"""Runs a job in a lane of so many threads."""

A = TypeVar("A")
B = TypeVar("B")


class Asking:
    """All looks at one cluster share its few threads."""

    def __init__(self, submit: Submit, context: str) -> None:
        self._submit = submit
        self._lane = f"ask {context}"

    def each(self, work: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """The answers in the order of the items. The first failure, in that order, ends it and is raised."""
        if len(items) < 2:
            return [work(item) for item in items]
        futures = [self._submit(self._lane, WIDTH, _bound(work, item)) for item in items]
        try:
            return [future.result() for future in futures]
        except CancelledError:
            raise GitopsError("the worker", "is stopping") from None
        finally:
            for future in futures:
                future.cancel()


def _bound(work: Callable[[A], B], item: A) -> Callable[[], B]:
    return lambda: work(item)


class Sightings:
    """What is live. The cache holds what is ours; what it lacks may still be there, and be somebody else's.

    seen: what was taken from the cache before.
    """

    def __init__(self, cluster: Cluster, seen: Mapping[ResourceKey, Live]) -> None:
        self._cluster = cluster
        self._seen = seen
        self._absent: frozenset[ResourceKey] = frozenset()
        self._missing_namespaces: frozenset[str] = frozenset()

    def survey(self, keys: Iterable[ResourceKey]) -> None:
        """Find out with one question which of many objects are certainly not there: nothing is in no namespace.

        Where a list is refused, or is longer than it is worth, they are read one by one as if this had not been
        called. Raises UnreachableError.
        """
        places: defaultdict[tuple[str, str, str], set[ResourceKey]] = defaultdict(set)
        for key in keys:
            if key not in self._seen and self._cluster.live(key) is None:
                places[key.group, key.kind, key.namespace].add(key)
        absent: set[ResourceKey] = set()
        unseen = Counter(namespace for (_, _, namespace), wanted in places.items() for _ in wanted if namespace)
        self._missing_namespaces = frozenset(
            namespace for namespace, count in unseen.items() if count > 1 and self._is_missing(namespace)
        )
        for (group, kind, namespace), wanted in places.items():
            if namespace in self._missing_namespaces:
                absent |= wanted
            elif len(wanted) >= _WORTH_A_LIST:
                absent |= self._not_listed(group, kind, namespace, wanted)
        self._absent = frozenset(absent)

    def _is_missing(self, namespace: str) -> bool:
        try:
            return self._cluster.read(ResourceKey("", "Namespace", "", namespace)) is None
        except UnreachableError:
            raise
        except ClusterError:
            # Who may not read it asks for each object.
            return False

    def _not_listed(
        self, group: str, kind: str, namespace: str, wanted: Collection[ResourceKey]
    ) -> frozenset[ResourceKey]:
        most = len(wanted) * _LISTED_FOR_ONE
        found: set[str] = set()
        try:
            resource = self._cluster.resource(group, kind)
            if resource.namespaced and not namespace:
                return frozenset()
            for outline in self._cluster.outlines(resource, namespace):
                found.add(str(outline["metadata"].get("name")))
                if len(found) > most:
                    return frozenset()
        except UnreachableError:
            raise
        except ClusterError:
            return frozenset()
        return frozenset(key for key in wanted if key.name not in found)

    def is_absent(self, key: ResourceKey) -> bool:
        """Whether the survey found that it is not there."""
        return key in self._absent

    def lacks(self, namespace: str) -> bool:
        """Whether the survey found that a namespace is not there."""
        return namespace in self._missing_namespaces

    def cached(self, key: ResourceKey) -> Body | None:
        """The object as the watches have it; None where only the server can tell."""
        known = self._seen.get(key) or self._cluster.live(key)
        return known.body() if known is not None and self._cluster.problem(key) is None else None

    def live(self, key: ResourceKey) -> Body | None:
        """The live object; None means that it does not exist. Raises ClusterError."""
        if key in self._absent:
            return None
        problem = self._cluster.problem(key)
        if problem is not None and (problem.temporary or problem.status == _UNAUTHORIZED):
            # What could not be listed a moment ago is not worth a request for each object.
            raise problem
        return self.cached(key) or self._cluster.read(key)
