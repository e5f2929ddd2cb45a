"""From what the API answers to bytes: objects, lists, tables, errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops_tui.embedded.api.call import Answer, Call
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.api.read import Page
from gitops_tui.embedded.http import tables
from gitops_tui.embedded.http.messages import Request, Response
from gitops_tui.embedded.kinds import conversion
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.store.items import Item, encode


def form(request: Request) -> str:
    """What the client wants to read: `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList` or ""."""
    for offer in request.headers.get("accept", "").split(","):
        for part in offer.split(";"):
            name, _, value = part.strip().partition("=")
            if name == "as" and value in {"Table", "PartialObjectMetadata", "PartialObjectMetadataList"}:
                return value
        if offer.split(";")[0].strip() in {"application/json", "*/*"}:
            return ""
    return ""


def of_error(error: ApiError) -> Response:
    """A refusal."""
    return Response(encode(error.status), error.code, headers=dict(error.headers))


def of_object(request: Request, call: Call, answer: Answer) -> Response:
    """One object, in the form the client wants."""
    body = encoded(call.resource, answer, form(request), request.query.get("includeObject", "Metadata"))
    return Response(body, answer.code, warnings=call.warnings)


def encoded(resource: Resource, answer: Answer, wanted: str, include: str = "Metadata") -> bytes:
    """One object as bytes."""
    if answer.body.get("kind") == "Status" or not wanted:
        if answer.item is not None and not conversion.differs(resource):
            return answer.item.encoded(resource.api_version)
        return encode(conversion.to_version(resource, answer.body))
    if wanted == "Table":
        metadata = {"resourceVersion": answer.body["metadata"].get("resourceVersion", "")}
        return encode(tables.table(resource, [answer.body], metadata, include=include))
    return encode(tables.partial(answer.body))


def of_page(request: Request, call: Call, page: Page) -> Response:
    """A list, in the form the client wants."""
    resource, wanted = call.resource, form(request)
    if wanted == "Table":
        bodies = (item.body for item in page.items)
        include = request.query.get("includeObject", "Metadata")
        return Response(encode(tables.table(resource, bodies, page.metadata, include=include)))
    if wanted:
        rows = [tables.partial(item.body) for item in page.items]
        listed: Object = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return Response(encode({**listed, "metadata": page.metadata, "items": rows}))
    return Response(list_bytes(resource, page.items, page.metadata))


def list_bytes(resource: Resource, items: Sequence[Item], metadata: Object) -> bytes:
    """A list. Items of built-in kinds stand without kind and apiVersion, as a real server lists them."""
    if resource.custom:
        metadata = {"continue": "", **metadata}
    head = encode({"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": metadata})
    return head[:-1] + b',"items":[' + b",".join(_list_items(resource, items)) + b"]}"


def _list_items(resource: Resource, items: Iterable[Item]) -> Iterable[bytes]:
    if resource.custom:
        return (item.encoded(resource.api_version) for item in items)
    if conversion.differs(resource):
        return (encode(conversion.to_version(resource, item.body)) for item in items)
    return (item.bare for item in items)
