"""One cluster: reads, writes and a live cache behind one small interface of plain JSON bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitops_tui.cluster.objects import ApiResource, Applied, Live, Scope
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.resources import Body, Manifest, ResourceKey

Listener = Callable[[Live, bool], None]
"""Called with an object and whether it is gone."""


class Cluster:
    """A cluster as the engine sees it. Every method is thread-safe and raises only the `ClusterError` family."""

    context: str
    server: str

    def version(self) -> str:
        """The API server's version (`v1.34.1`)."""
        raise NotImplementedError

    def api_versions(self) -> tuple[str, ...]:
        """What is served, as helm names it: `apps/v1`, `apps/v1/Deployment`, ..."""
        raise NotImplementedError

    def resource(self, group: str, kind: str) -> ApiResource:
        """How a kind is served; NotServedError after one refresh of discovery."""
        raise NotImplementedError

    def read(self, key: ResourceKey) -> Body | None:
        """The live object; None means that it does not exist (404), never that it could not be read."""
        raise NotImplementedError

    def predict(self, manifest: Manifest, *, force: bool = True) -> Body:
        """The object as a server-side apply would leave it; nothing is written."""
        raise NotImplementedError

    def apply(self, manifest: Manifest, *, force: bool = False, dry_run: bool = False) -> Applied:
        """Server-side apply as field manager `gitops-tui`; ConflictError when another manager owns a field."""
        raise NotImplementedError

    def delete(
        self,
        key: ResourceKey,
        *,
        uid: str,
        resource_version: str = "",
        propagation: str = "foreground",
        dry_run: bool = False,
    ) -> None:
        """Delete the very object that has `uid`; already gone is no error, another uid is a ConflictError."""
        raise NotImplementedError

    def watch(self, scopes: Iterable[Scope]) -> None:
        """Make `scopes` the complete set that is listed and watched; returns at once."""
        raise NotImplementedError

    def problems(self) -> Mapping[Scope, ClusterError]:
        """The scopes that cannot be listed now, and why."""
        raise NotImplementedError

    def ready(self, scopes: Iterable[Scope]) -> bool:
        """Whether each of `scopes` was listed at least once or has a problem."""
        raise NotImplementedError

    def wait_ready(self, scopes: Iterable[Scope], timeout: float) -> bool:
        """Wait at most `timeout` seconds for `ready`."""
        raise NotImplementedError

    def live(self, key: ResourceKey) -> Live | None:
        """The object in the cache; None when it is not there."""
        raise NotImplementedError

    def owned(self, application: str) -> tuple[Live, ...]:
        """The cached objects of an application."""
        raise NotImplementedError

    def children(self, uid: str) -> tuple[Live, ...]:
        """The cached objects that have an owner reference to `uid`."""
        raise NotImplementedError

    def covers(self, key: ResourceKey) -> bool:
        """Whether a synced scope without a problem would hold `key`, if it is an object of ours."""
        raise NotImplementedError

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on each change of the cache, from a watch thread; returns how to stop that."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop every watch and close the connections."""
        raise NotImplementedError
