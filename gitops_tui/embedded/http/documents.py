"""The documents beside the resources: version, discovery, OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Container

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.http.messages import Request, Response
from gitops_tui.embedded.kinds import discovery, openapi
from gitops_tui.embedded.kinds.registry import Registry
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import encode

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Documents:
    """What is read by GET and is no resource. lost: which API groups cannot be asked now."""

    def __init__(
        self, registry: Registry, git_version: str, address: str, lost: Callable[[], Container[str]] = tuple
    ) -> None:
        self._lost = lost
        self._registry = registry
        self._git_version = git_version
        self._address = address

    def find(self, request: Request) -> Response | None:
        """The document at a path; None when the path is not one. Raises ApiError for one that is not there."""
        parts = [part for part in request.path.split("/") if part]
        if request.method not in {"GET", "HEAD"} or not parts:
            return None
        match parts:
            case ["version"]:
                return _response(discovery.version(self._git_version))
            case ["api"] | ["apis"]:
                return self._groups(request, core=parts[0] == "api")
            case ["api", version]:
                return _response(discovery.resource_list(self._registry, "", version))
            case ["apis", group]:
                return _response(discovery.group(self._registry, group))
            case ["apis", group, version]:
                return _response(discovery.resource_list(self._registry, group, version))
            case ["openapi", *rest]:
                return self._openapi(request, rest)
        return None

    def _openapi(self, request: Request, parts: list[str]) -> Response:
        match parts:
            case ["v2"]:
                return _swagger(request)
            case ["v3"]:
                return _response(openapi.root(self._registry))
            case ["v3", "api", version]:
                return _response(openapi.document(self._registry, "", version))
            case ["v3", "apis", group, version]:
                return _response(openapi.document(self._registry, group, version))
        raise errors.no_such_path()

    def _groups(self, request: Request, *, core: bool) -> Response:
        accept = request.headers.get("accept", "").replace(" ", "")
        if _AGGREGATED in accept:
            response = _response(discovery.aggregated(self._registry, core=core, lost=self._lost()))
            response.content_type = _AGGREGATED
            return response
        if core:
            return _response(discovery.core_versions(self._address))
        return _response(discovery.group_list(self._registry))


def _response(document: Object | None) -> Response:
    if document is None:
        raise errors.no_such_path()
    return Response(encode(document))


def _swagger(request: Request) -> Response:
    """The version 2 document is served as JSON without definitions; kubectl goes on with what it knows itself."""
    if "json" not in request.headers.get("accept", "json"):
        raise errors.ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json")
    return _response(
        {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "unversioned"}, "paths": {}, "definitions": {}}
    )
