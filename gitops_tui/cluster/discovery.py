"""Which kinds a cluster serves, at which versions and paths.

One aggregated answer for each of `/api` and `/apis` where the server gives it (Kubernetes 1.26 and newer), else
one request for each version of each group. A group that cannot be asked, such as that of an aggregated API whose
server is down, is unknown and not absent: the other groups stay usable.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from gitops_tui.cluster.objects import ApiResource
from gitops_tui.cluster.recall import Recall, Recalled
from gitops_tui.cluster.transport import JSON, Call, Transport
from gitops_tui.model.errors import ClusterError, NotServedError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field, replace

_AGGREGATED = ",".join(
    [*(f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")), JSON]
)
_FRESH = 600.0
"""Seconds after which what is known is asked again: preferred versions change with an upgrade."""

_UNHEARD = 15.0
"""The same while a group could not be asked."""

_PATIENCE = 1.0
"""Seconds between two looks for one missing kind: a CRD just applied is served soon."""


@dataclass(frozen=True, slots=True)
class Served:
    """What is served. failed: groups that could not be asked, and why. time: on the monotonic clock.

    recalled: by the process before, and not asked by this one yet.
    """

    resources: Mapping[tuple[str, str], ApiResource]
    failed: Mapping[str, ClusterError] = field(default_factory=dict)
    time: float = 0.0
    recalled: bool = False


class Discovery:
    """The kinds of one cluster, asked once and again when one is missing. Thread-safe.

    recall: what the process before has left; it is as good as if this one had asked then.
    """

    def __init__(self, transport: Transport, subject: str, recall: Recall) -> None:
        self._transport = transport
        self._recall = recall
        self._subject = subject
        self._lock = threading.Lock()
        self._served: Served | None = None
        self._missed: dict[tuple[str, str], float] = {}
        self._version: tuple[float, str] | None = None
        self._changed: list[Callable[[], None]] = []

    def find(self, group: str, kind: str, *, patience: float = _PATIENCE) -> ApiResource:
        """How a kind is served. patience: for how many seconds it is believed that it was not.

        NotServedError when it is not served; another ClusterError when that cannot be known now.
        """
        key = group, kind
        before = self._served
        served = self.served(_FRESH)
        looked = self._missed.get(key, float("-inf"))
        if (
            key not in served.resources
            and (served is before or served.recalled)
            and time.monotonic() - looked >= patience
        ):
            served = self.served(0.0)
        found = served.resources.get(key)
        if found is not None:
            return found
        self._missed[key] = max(served.time, looked)
        subject = one_line(f"{group}/{kind}" if group else kind)
        failure = served.failed.get(group)
        if failure is not None:
            text = f"its group cannot be asked: {failure.message}"
            raise ClusterError(subject, text, status=failure.status, hint=failure.hint, temporary=True) from failure
        raise NotServedError(
            subject, "the cluster serves no such kind", status=404, hint="is its CustomResourceDefinition installed?"
        )

    def served(self, age: float = _FRESH) -> Served:
        """Everything served, asked anew when what is known is older than `age` seconds."""
        current = self._served
        if current is not None and time.monotonic() - current.time < (min(age, _UNHEARD) if current.failed else age):
            return current
        with self._lock:
            before = self._served
            if before is not None and before is not current:
                return before  # another thread has asked meanwhile
            after = (self._recalled() if before is None and age > 0 else None) or self._ask(before)
            self._served = after
        if not after.recalled:
            self._keep()
        if before is None or before.resources != after.resources:
            for call in tuple(self._changed):
                call()
        return after

    @property
    def known(self) -> Mapping[tuple[str, str], ApiResource]:
        """What is served as far as that is news; nothing else. Makes no request."""
        current = self._served
        is_news = current is not None and time.monotonic() - current.time < _FRESH
        return current.resources if current is not None and is_news else {}

    def doubt(self) -> None:
        """Ask again as soon as somebody wants to know; returns at once."""
        current = self._served
        if current is not None:
            self._served = replace(current, time=float("-inf"))

    def on_change(self, call: Callable[[], None]) -> None:
        """Call `call` whenever other kinds are served than before."""
        self._changed.append(call)

    def version(self) -> str:
        """The API server's `gitVersion`."""
        known = self._version
        if known is None or time.monotonic() - known[0] > _FRESH:
            body = self._get("/version").body
            known = self._version = (time.monotonic(), one_line(str(body.get("gitVersion") or ""), limit=80))
            self._keep()
        return known[1]

    def _recalled(self) -> Served | None:
        found = self._recall.load(self._transport.identity, _FRESH)
        if found is None:
            return None
        then = time.monotonic() - found.age
        if found.version and self._version is None:
            self._version = (then, found.version)
        return Served({(each.group, each.kind): each for each in found.resources}, {}, then, recalled=True)

    def _keep(self) -> None:
        """Leave to the next process what this one was told itself, if it was told everything."""
        served, version = self._served, self._version
        if served is not None and not served.recalled and not served.failed:
            made = Recalled(
                tuple(served.resources.values()), version[1] if version else "", time.monotonic() - served.time
            )
            self._recall.store(self._transport.identity, made)

    def api_versions(self) -> tuple[str, ...]:
        """Every version, and every kind of every version, as helm names them."""
        names = {
            name
            for resource in self.served().resources.values()
            for version in resource.versions
            for name in _names(resource, version)
        }
        return tuple(sorted(names))

    def _ask(self, before: Served | None) -> Served:
        """Ask for everything. A group that fails keeps what was known of it."""
        found: dict[tuple[str, str], ApiResource] = {}
        failed: dict[str, ClusterError] = {}
        for root in ("/api", "/apis"):
            body = self._get(root, _AGGREGATED).body
            if body.get("kind") == "APIGroupDiscoveryList":
                _read_aggregated(body, found, failed)
            else:
                self._read_plain(root, body, found, failed)
        for key, resource in (before.resources if before else {}).items():
            if key[0] in failed:
                found.setdefault(key, resource)
        return Served(found, failed, time.monotonic())

    def _read_plain(
        self,
        root: str,
        body: Mapping[str, Any],
        found: dict[tuple[str, str], ApiResource],
        failed: dict[str, ClusterError],
    ) -> None:
        for group, versions in _groups(root, body):
            for version in versions:
                path = f"{root}/{quote(version)}" if not group else f"{root}/{quote(group)}/{quote(version)}"
                try:
                    listed = self._get(path).body
                except ClusterError as error:
                    if error.status in {0, 401}:
                        raise  # the cluster itself, not this group
                    failed[group] = error
                    continue
                for item in _items(listed, "resources"):
                    kind, plural, namespaced = (
                        str(item.get("kind") or ""),
                        str(item.get("name")),
                        item.get("namespaced"),
                    )
                    _note(
                        found, ApiResource(group, version, kind, plural, namespaced is True, _verbs(item), (version,))
                    )

    def _get(self, path: str, accept: str = JSON) -> Any:
        return self._transport.call(Call("GET", path, self._subject, accept=accept))


def _read_aggregated(
    body: Mapping[str, Any], found: dict[tuple[str, str], ApiResource], failed: dict[str, ClusterError]
) -> None:
    for item in _items(body, "items"):
        group = str((item.get("metadata") or {}).get("name") or "")
        for served in _items(item, "versions"):
            version = str(served.get("version"))
            if served.get("freshness") == "Stale":
                failed[group] = ClusterError(
                    one_line(group), "its API server does not answer", temporary=True, hint="kubectl get apiservices"
                )
            for entry in _items(served, "resources"):
                kind = str((entry.get("responseKind") or {}).get("kind") or "")
                plural, namespaced = str(entry.get("resource")), entry.get("scope") == "Namespaced"
                _note(found, ApiResource(group, version, kind, plural, namespaced, _verbs(entry), (version,)))


def _groups(root: str, body: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Groups with their versions, the preferred one first."""
    if root == "/api":
        yield "", [str(version) for version in body.get("versions") or ["v1"]]
        return
    for item in _items(body, "groups"):
        preferred = str((item.get("preferredVersion") or {}).get("version") or "")
        versions = [str(version.get("version")) for version in _items(item, "versions")]
        yield str(item.get("name")), sorted(versions, key=lambda version: version != preferred)


def _note(found: dict[tuple[str, str], ApiResource], resource: ApiResource) -> None:
    """Note a kind at a version; versions come best first, so that the first one is the one to talk to."""
    key = resource.group, resource.kind
    known = found.get(key)
    if not resource.kind or "/" in resource.plural:
        return
    if known is None:
        found[key] = resource
    elif resource.version not in known.versions:
        found[key] = replace(known, versions=(*known.versions, resource.version))


def _verbs(item: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(verb) for verb in item.get("verbs") or ())


def _names(resource: ApiResource, version: str) -> Iterable[str]:
    api_version = f"{resource.group}/{version}" if resource.group else version
    return (api_version, f"{api_version}/{resource.kind}")


def _items(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = body.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
