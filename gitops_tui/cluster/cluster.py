"""One cluster: reads, writes and a live cache behind one small interface of plain JSON bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitops_tui.cluster.admission import Admission
from gitops_tui.cluster.connection import Access
from gitops_tui.cluster.discovery import Discovery
from gitops_tui.cluster.objects import ApiResource, Family, Live, Scope
from gitops_tui.cluster.pace import Pace, Timing
from gitops_tui.cluster.recall import Recall
from gitops_tui.cluster.requests import Requests
from gitops_tui.cluster.transport import JSON, Call, Transport
from gitops_tui.cluster.warnings import Warnings, events_in
from gitops_tui.cluster.watching import Arrival, Cache, Listener, Surroundings, Watches, live_of
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ownership import owner_of
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.text import one_line

if TYPE_CHECKING:
    from gitops_tui.cluster.logs import Dated
    from gitops_tui.model.logs import LogSource

_CLOSING = 1.0
_PAGE = 500
_OUTLINES = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"


class Cluster(Requests):
    """A cluster as the engine sees it. Every method is thread-safe and raises only the `ClusterError` family.

    context: its name in the kubeconfig. server: the API server's URL, "" when only the pod knows it. give_way: called
    before each piece of work in a thread.
    """

    def __init__(
        self,
        context: str,
        server: str,
        access: Access,
        timing: Timing,
        recall: Recall,
        *,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self.context = context
        self.server = server
        self._recall = recall
        self._named = (context, server)
        self._wanted: frozenset[Scope] = frozenset()
        pace = Pace(timing)
        transport = Transport(access, pace, timing, give_way)
        discovery = Discovery(transport, f"cluster {one_line(context)}", recall)
        self._cache = Cache()
        super().__init__(transport, discovery, self._learn, self._cache.lose)
        self._warnings = Warnings(self._transport, timing.news)
        self._admission = Admission(self._transport, self._discovery)
        self._watches = Watches(Surroundings(self._transport, self._discovery, self._cache, timing))
        self._discovery.on_change(self._watches.wake)
        pace.on_recovery(self._watches.wake)

    def version(self) -> str:
        """The API server's version (`v1.34.1`)."""
        return self._discovery.version()

    @property
    def admission(self) -> Admission:
        """What has a say in writes besides the API server itself."""
        return self._admission

    def api_versions(self) -> tuple[str, ...]:
        """What is served, as helm names it: `apps/v1`, `apps/v1/Deployment`, ..."""
        return self._discovery.api_versions()

    @property
    def kinds(self) -> Mapping[tuple[str, str], ApiResource]:
        """What is known to be served, by group and kind: the very same mapping until that is to be asked anew."""
        return self._discovery.known

    def resources(self) -> tuple[ApiResource, ...]:
        """Every kind that is served, as far as its group can be asked."""
        return tuple(self._discovery.served().resources.values())

    def unknown_groups(self) -> Mapping[str, str]:
        """The API groups that cannot be asked what they serve, and why."""
        return {group: error.message for group, error in self._discovery.served().failed.items()}

    def outlines(self, resource: ApiResource, namespace: str) -> Iterator[Body]:
        """All objects of a kind in a namespace, with their metadata only: values of Secrets do not travel."""
        subject = one_line(f"{resource.kind} in {namespace}")
        query = {"limit": str(_PAGE)}
        while True:
            answer = self._transport.call(
                Call(
                    "GET", resource.path(namespace), subject, query, accept=_OUTLINES, secret=resource.kind == "Secret"
                )
            )
            for item in answer.body.get("items") or ():
                yield {
                    "apiVersion": resource.api_version,
                    "kind": resource.kind,
                    "metadata": item.get("metadata") or {},
                }
            token = (answer.body.get("metadata") or {}).get("continue")
            if not token:
                return
            query = {"limit": str(_PAGE), "continue": str(token)}

    def watch(self, scopes: Iterable[Scope]) -> None:
        """Make `scopes` the complete set that is listed and watched; returns at once."""
        self._wanted = frozenset(scopes)
        self._watches.want(self._wanted)

    def watch_ahead(self) -> None:
        """Begin to list what the process before had watched, for one that is soon gone. Returns at once."""
        self._watches.want_ahead(self._recall.scopes(self._named))

    def problems(self) -> Mapping[Scope, ClusterError]:
        """The scopes that cannot be listed now, and why."""
        return self._cache.problems()

    def problem(self, key: ResourceKey) -> ClusterError | None:
        """Why what is cached of a key's kind may be old; None where it is not, or the kind is not watched."""
        return self._cache.problem(key)

    def on_trouble(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` whenever a scope begins or ends to have a problem; returns how to stop that.

        It is called from a watch thread, and must be quick.
        """
        return self._cache.on_trouble(watcher)

    def list_again(self, scopes: Iterable[Scope]) -> None:
        """List these scopes anew, which `ready` then waits for, and ask anew what is served; returns at once."""
        self._discovery.doubt()
        self._watches.list_again(scopes)

    def ready(self, scopes: Iterable[Scope]) -> bool:
        """Whether each of `scopes` was listed at least once or has a problem."""
        return self._cache.ready(scopes)

    def wait_ready(self, scopes: Iterable[Scope], timeout: float) -> bool:
        """Wait at most `timeout` seconds for `ready`."""
        return self._cache.wait_ready(scopes, timeout)

    def live(self, key: ResourceKey) -> Live | None:
        """The object in the cache; None when it is not there."""
        return self._cache.live(key)

    def owned(self, application: str) -> tuple[Live, ...]:
        """The cached objects of an application."""
        return self._cache.owned(application)

    def below(self, uids: Iterable[str]) -> Mapping[str, tuple[Live, ...]]:
        """The cached objects below those of these uids, at any depth, by the uid of their owner."""
        return self._cache.below(uids)

    def family(self, application: str, keys: Iterable[ResourceKey]) -> Family:
        """What the cache has of an application at this instant. keys: of the objects that it shall have."""
        return self._cache.family(application, keys)

    def is_sound(self, scopes: Iterable[Scope]) -> bool:
        """Whether each of `scopes` was listed, and what is cached of no scope at all may be old."""
        return self._cache.is_sound(scopes)

    def covers(self, key: ResourceKey) -> bool:
        """Whether a synced scope without a problem would hold `key`, if it is an object of ours."""
        return self._cache.covers(key)

    def warnings(self, namespace: str) -> tuple[Body, ...]:
        """The warnings in a namespace that were heard of last, as core `Event` objects. Makes no request."""
        return self._warnings.known(namespace)

    def await_warnings(self, namespace: str) -> None:
        """Ask for the warnings in a namespace, if nobody ever has."""
        if self._warnings.is_unheard(namespace) and self._warnings.take_turn(namespace):
            self._warnings.ask(namespace)

    def is_to_ask_for_warnings(self, namespace: str) -> bool:
        """Whether it is the caller's turn to ask: what is known is no news any more. Nobody else has a turn then."""
        return self._warnings.take_turn(namespace)

    def ask_for_warnings(self, namespace: str) -> bool:
        """Ask for the warnings in a namespace; whether they are others than before. None when they cannot be read."""
        return self._warnings.ask(namespace)

    def events(self, namespace: str) -> tuple[tuple[Body, ...], bool]:
        """Every event in a namespace, as core `Event` objects, and whether these are all: a person asks for them."""
        return events_in(self._transport, namespace)

    def written_by(self, source: LogSource, since: int | None = None, *, previous: bool = False) -> tuple[Dated, ...]:
        """What a container has written, see `logs.written_by`."""
        from gitops_tui.cluster import logs  # noqa: PLC0415 - only for a person who asks

        return logs.written_by(self._transport, source, since, previous=previous)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on each change of the cache, from a watch thread; returns how to stop that."""
        return self._cache.subscribe(listener)

    def retry(self) -> None:
        """Try again now whatever waits for its next try: a person says that something was mended."""
        self._transport.retry()
        self._watches.wake()

    def close(self) -> None:
        """Stop every watch and close the connections; leave to the next process what was watched."""
        self._recall.keep_scopes(self._named, self._wanted)
        self._transport.close()
        self._watches.close(_CLOSING)

    def _learn(self, key: ResourceKey, body: Body) -> None:
        """Have the cache know what was written at once, as far as it holds objects of this form."""
        self._watches.follow()
        if owner_of(body) is not None:
            resource = self.resource(key.group, key.kind)
            if body.get("apiVersion") == resource.api_version:
                self._cache.learn(live_of(Arrival(body), resource))
