"""One cluster: reads, writes and a live cache behind one small interface of plain JSON bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gitops_tui.cluster.admission import Admission
from gitops_tui.cluster.answers import is_secret
from gitops_tui.cluster.connection import Access
from gitops_tui.cluster.discovery import Discovery
from gitops_tui.cluster.objects import ApiResource, Applied, Family, Live, Scope
from gitops_tui.cluster.pace import Pace, Timing
from gitops_tui.cluster.recall import Recall
from gitops_tui.cluster.transport import APPLY, JSON, Answer, Call, Transport
from gitops_tui.cluster.warnings import Warnings, events_in
from gitops_tui.cluster.watching import Arrival, Cache, Listener, Surroundings, Watches, live_of
from gitops_tui.model.errors import ClusterError, InvalidError, NotServedError
from gitops_tui.model.ownership import FIELD_MANAGER, owner_of
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Body, Manifest, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import replace

_CLOSING = 1.0
_ESCAPED = pattern("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NO_VERSION = "1"
"""A resourceVersion that no object has: an apply with it makes an object, and changes none."""
_PAGE = 500
_OUTLINES = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"


class Cluster:
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
        self._transport = Transport(access, pace, timing, give_way)
        self._warnings = Warnings(self._transport, timing.news)
        self._discovery = Discovery(self._transport, f"cluster {one_line(context)}", recall)
        self._admission = Admission(self._transport, self._discovery)
        self._cache = Cache()
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

    def resource(self, group: str, kind: str) -> ApiResource:
        """How a kind is served; NotServedError after one refresh of discovery.

        Another ClusterError when its group cannot be asked now: that is unknown, not absent.
        """
        return self._discovery.find(group, kind)

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

    def read(self, key: ResourceKey, *, api_version: str = "") -> Body | None:
        """The live object; None means that it does not exist (404), never that it could not be read.

        api_version: the version to read it at, such as that of a manifest; "" for the server's preferred one.
        """
        try:
            return self._ask(key, "GET", api_version=api_version).body
        except NotServedError:
            raise
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def predict(self, manifest: Manifest, *, force: bool = True, validate: bool = True, secret: bool = False) -> Body:
        """The object as a server-side apply would leave it; nothing is written."""
        return self.apply(manifest, force=force, dry_run=True, validate=validate, secret=secret).body

    def apply(
        self,
        manifest: Manifest,
        *,
        force: bool = False,
        dry_run: bool = False,
        validate: bool = True,
        secret: bool = False,
        anew: bool = False,
        resource_version: str = "",
    ) -> Applied:
        """Server-side apply as field manager `gitops-tui`; ConflictError when another manager owns a field.

        validate: an unknown field is an InvalidError; otherwise it is dropped, with a warning. secret: texts about it
        may quote hidden values, as they may with every Secret, and so are made of field names and reasons alone.
        anew: ConflictError when there is such an object already. resource_version: ConflictError when the live object
        has another one; "" for any.
        """
        query = {**_writing(dry_run=dry_run, validate=validate), "force": str(force).lower()}
        version = _NO_VERSION if anew else resource_version
        stated = _at_version(manifest.body, version) if version else manifest.body
        try:
            return self._applied(manifest.key, stated, query, secret=secret)
        except InvalidError as error:
            from gitops_tui.cluster.undeclared import without_undeclared  # noqa: PLC0415 - for a mistake alone

            body, dropped = (stated, ()) if validate else without_undeclared(stated, error)
            if not dropped:
                raise
        made = self._applied(manifest.key, body, query, secret=secret)
        told = tuple(f"unknown field {one_line(field)} is dropped" for field in dropped)
        return Applied(made.body, (*told, *made.warnings))

    def _applied(self, key: ResourceKey, body: Body, query: Mapping[str, str], *, secret: bool) -> Applied:
        answer = self._ask(
            key,
            "PATCH",
            api_version=str(body.get("apiVersion", "")),
            query=query,
            body=_encoded(key, body),
            content_type=APPLY,
            secret=secret,
        )
        return self._written(key, answer, dry_run="dryRun" in query)

    def replace(
        self,
        manifest: Manifest,
        *,
        uid: str,
        resource_version: str,
        dry_run: bool = False,
        validate: bool = True,
        secret: bool = False,
    ) -> Applied:
        """Put the object in place of the one that has `uid`, whole; ConflictError when that moved or is another."""
        body = _at_version(manifest.body, resource_version, uid=uid)
        answer = self._ask(
            manifest.key,
            "PUT",
            api_version=manifest.api_version,
            query=_writing(dry_run=dry_run, validate=validate),
            body=body,
            secret=secret,
        )
        return self._written(manifest.key, answer, dry_run=dry_run)

    def _written(self, key: ResourceKey, answer: Answer, *, dry_run: bool) -> Applied:
        """What a write was answered with; the cache knows it at once, as far as it holds objects of this form."""
        if not dry_run:
            self._watches.follow()
        if not dry_run and owner_of(answer.body) is not None:
            resource = self.resource(key.group, key.kind)
            if answer.body.get("apiVersion") == resource.api_version:
                self._cache.learn(live_of(Arrival(answer.body), resource))
        return Applied(answer.body, answer.warnings)

    def delete(
        self,
        key: ResourceKey,
        *,
        uid: str,
        resource_version: str = "",
        propagation: str = "foreground",
        dry_run: bool = False,
    ) -> None:
        """Delete the very object that has `uid`; already gone is no error, another uid is a ConflictError.

        propagation: foreground, background or orphan. resource_version: what it was decided upon; a newer one is
        a ConflictError too.
        """
        preconditions = {"uid": uid} | ({"resourceVersion": resource_version} if resource_version else {})
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": preconditions,
            "propagationPolicy": propagation.capitalize(),
        }
        if dry_run:
            options["dryRun"] = ["All"]
        try:
            self._ask(key, "DELETE", body=options)
        except NotServedError:
            raise
        except ClusterError as error:
            if error.status != 404:
                raise

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

    def _ask(
        self, key: ResourceKey, method: str, *, api_version: str = "", secret: bool = False, **more: Any
    ) -> Answer:
        """One request about one object. What is no longer served where it was is looked up anew, once."""
        subject = one_line(str(key))
        resource = self.resource(key.group, key.kind)
        if resource.namespaced and not key.namespace:
            raise InvalidError(subject, "has no namespace", hint="give it one, or set the application's namespace")
        version = api_version.rpartition("/")[2]
        call = Call(method, resource.path(key.namespace, key.name, version=version), subject, **more)
        call = replace(call, secret=secret or is_secret(key))
        try:
            return self._transport.call(call)
        except NotServedError:
            self._discovery.served(0.0)
            again = self.resource(key.group, key.kind)
            path = again.path(key.namespace, key.name, version=version)
            if path == call.path:
                raise
            return self._transport.call(replace(call, path=path))


def _writing(*, dry_run: bool, validate: bool) -> dict[str, str]:
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict" if validate else "Warn"}
    return {**query, "dryRun": "All"} if dry_run else query


def _at_version(body: Body, resource_version: str, **known: str) -> Body:
    """The object with the version that the live one has to have."""
    return {**body, "metadata": {**(body.get("metadata") or {}), **known, "resourceVersion": resource_version}}


def _encoded(key: ResourceKey, body: Body) -> bytes:
    try:
        text = json.dumps(body, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        # An apply is read as YAML, which knows no surrogate pairs and takes these for breaks or for forbidden.
        return _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode()
    except (TypeError, ValueError) as error:
        raise InvalidError(one_line(str(key)), "cannot be written as JSON") from error
