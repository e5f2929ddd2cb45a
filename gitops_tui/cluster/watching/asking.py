"""What one scope asks of the API server: its list in pages, and its watch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from gitops_tui.chance import between
from gitops_tui.cluster.answers import error_of
from gitops_tui.cluster.discovery import Discovery
from gitops_tui.cluster.objects import ApiResource, Live, Scope
from gitops_tui.cluster.pace import Timing
from gitops_tui.cluster.transport import Call, Events, Transport
from gitops_tui.cluster.watching.arrivals import Arrival, Page, event_of, page_of
from gitops_tui.cluster.watching.cache import Cache
from gitops_tui.cluster.watching.shelf import live_of
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

_PAGE = 250
_PAGE_AHEAD = 1000
_PAGE_BYTES = 256 << 20


class ExpiredError(Exception):
    """The server no longer (or, restored from a backup, not yet) knows the resourceVersion to go on from."""


@dataclass(slots=True)
class Surroundings:
    """What all scopes of one cluster share.

    streams: whether the server takes streaming lists, as far as known. turn: held by the one that lists ahead.
    """

    transport: Transport
    discovery: Discovery
    cache: Cache
    timing: Timing
    streams: bool = True
    turn: threading.Lock = field(default_factory=threading.Lock)


Event = tuple[Any, Arrival]
"""Its type, and its object."""


class Asking:
    """The requests of one scope. Each raises ExpiredError for a 410, and a ClusterError for what else fails."""

    def __init__(self, scope: Scope, around: Surroundings) -> None:
        self.subject = one_line(str(scope))
        self._scope = scope
        self._around = around
        self._secret = (scope.group, scope.kind) == ("", "Secret")

    def resource(self) -> ApiResource:
        """How the kind is served; NotServedError when it is not, which is believed for a while."""
        patience = self._around.timing.longest_pause / 3
        return self._around.discovery.find(self._scope.group, self._scope.kind, patience=patience)

    def revision(self, resource: ApiResource) -> str:
        """The newest resourceVersion."""
        return revision_of(self._page(resource, {"limit": "1"}).rest)

    def everything(
        self, resource: ApiResource, go_on: Callable[[], None], *, ahead: bool = False
    ) -> tuple[str, list[Live]]:
        """The list, page by page, with its resourceVersion; `go_on` is called after each page and may raise.

        ahead: for a process that does nothing else meanwhile: in large pages, each object kept as it came, too, for the
        first who wants it.

        Without a resourceVersion: 0 would ignore the limit, and one huge answer stalls every thread.
        """
        found: list[Live] = []
        query = size = {"limit": str(_PAGE_AHEAD if ahead else _PAGE)}
        while True:
            page = self._page(resource, query)
            go_on()
            found += [live_of(arrival, resource, decoded=ahead) for arrival in page.arrivals]
            token = mapping(page.rest.get("metadata")).get("continue")
            if not token:
                return revision_of(page.rest), found
            query = {**size, "continue": str(token)}

    def watch(self, resource: ApiResource, start: Mapping[str, str]) -> Events[Event]:
        """Open a watch that begins where `start` says."""
        seconds = max(int(self._around.timing.watch * between(0.9, 1.1)), 1)
        query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds), **start}
        try:
            return self._around.transport.open(self._call(resource, query), event_of)
        except ClusterError as error:
            raise self._sorted(error) from error

    def refusal(self, status: Mapping[str, Any]) -> Exception:
        """The error inside a 200 answer; 504 is what a resourceVersion of the future gets."""
        code = status.get("code")
        if code in {410, 504} or status.get("reason") in {"Expired", "Gone"}:
            return ExpiredError()
        number = code if isinstance(code, int) and code >= 400 else 500
        return error_of(self.subject, number, status, secret=self._secret)

    def _page(self, resource: ApiResource, query: Mapping[str, str]) -> Page:
        try:
            return self._around.transport.read(self._call(resource, query), page_of)
        except ClusterError as error:
            raise self._sorted(error) from error

    def _sorted(self, error: ClusterError) -> Exception:
        return ExpiredError() if error.status == 410 else error

    def _call(self, resource: ApiResource, query: Mapping[str, str]) -> Call:
        selector = {"labelSelector": self._scope.selector} if self._scope.selector else {}
        path = resource.path(self._scope.namespace)
        return Call("GET", path, self.subject, {**query, **selector}, secret=self._secret, limit=_PAGE_BYTES)


def revision_of(body: Mapping[str, Any]) -> str:
    """The resourceVersion of an object or a list, "" when it has none."""
    return str(mapping(body.get("metadata")).get("resourceVersion") or "")


def mapping(value: object) -> Mapping[str, Any]:
    """`value` where it is a mapping, as it should be; an empty one otherwise."""
    return value if isinstance(value, dict) else {}
