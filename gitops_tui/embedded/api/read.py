"""Reading objects: get, list with selectors and pages."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Call
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import ExpiredError, Item
from gitops_tui.embedded.store.selectors import Predicate, SelectorError, field_selector, label_selector

_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What to list. `resource_version` and `match` ("", `Exact`, `NotOlderThan`) say as of when."""

    labels: str = ""
    fields: str = ""
    limit: int = 0
    token: str = ""
    resource_version: str = ""
    match: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, the revision it is as of, the token for the rest ("" when there is none) and its size."""

    items: Sequence[Item]
    revision: int
    token: str = ""
    remaining: int | None = None

    @property
    def metadata(self) -> Object:
        """The list's metadata."""
        metadata: Object = {"resourceVersion": str(self.revision)}
        if self.token:
            metadata["continue"] = self.token
            if self.remaining is not None:
                metadata["remainingItemCount"] = self.remaining
        return metadata


def predicate(call: Call, labels: str, fields: str) -> Predicate | None:
    """Both selectors as one predicate over stored objects; BadRequest when one cannot be read."""
    try:
        by_label = label_selector(labels)
    except SelectorError as error:
        raise errors.bad_request(f"unable to parse requirement: {error}") from None
    try:
        by_field = field_selector(fields, call.resource.storage)
    except SelectorError as error:
        raise errors.bad_request(str(error)) from None
    if by_label and by_field:
        return lambda body: by_label(body) and by_field(body)
    return by_label or by_field


def list_page(backend: Backend, call: Call, options: ListOptions) -> Page:
    """One page of a list; 410 when its token is older than what is kept."""
    wanted = predicate(call, options.labels, options.fields)
    if options.token:
        if options.resource_version:
            raise errors.bad_request("specifying resource version is not allowed when using continue")
        items, revision, start = _continued(backend, call, options.token)
    else:
        items, revision = _as_of(backend, call, options)
        start = None
    if wanted is not None:
        items = tuple(item for item in items if wanted(item.body))
    if start:
        items = tuple(item for item in items if _place(item) > start)
    if not options.limit or len(items) <= options.limit or _is_unlimited(options):
        return Page(items, revision)
    page = items[: options.limit]
    remaining = None if wanted is not None else len(items) - len(page)
    return Page(page, revision, _token(revision, _place(page[-1])), remaining)


def _is_unlimited(options: ListOptions) -> bool:
    """resourceVersion=0 asks for whatever the cache has, and the cache ignores limits."""
    return options.resource_version == "0" and options.match != "Exact"


def _as_of(backend: Backend, call: Call, options: ListOptions) -> tuple[tuple[Item, ...], int]:
    """The items as of the version that is asked for, and that version."""
    storage, asked = call.resource.storage, options.resource_version
    items, revision = backend.store.list(storage, call.namespace)
    if not asked or asked == "0":
        return items, revision
    if parsed_version(asked) > revision:
        words = f"Too large resource version: {asked}, current: {revision}"
        error = errors.ApiError(504, "Timeout", f"Timeout: {words}")
        causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
        error.details = {"causes": causes, "retryAfterSeconds": 1}
        raise error
    if options.match != "Exact":
        return items, revision
    try:
        return backend.store.list_at(storage, call.namespace, int(asked)), int(asked)
    except ExpiredError:
        raise errors.expired(f"The resourceVersion for the provided list is too old: {asked}") from None


def parsed_version(text: str) -> int:
    """A resource version as a number; BadRequest otherwise."""
    if not text.isdecimal():
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise errors.bad_request(f'invalid resource version: resourceVersion: Invalid value: "{text}": {why}')
    return int(text)


def _place(item: Item) -> tuple[str, str]:
    return item.key.namespace, item.key.name


def _token(revision: int, start: tuple[str, str]) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _continued(backend: Backend, call: Call, token: str) -> tuple[tuple[Item, ...], int, tuple[str, str]]:
    try:
        fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = fields["start"]
        revision, start = int(fields["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {token[:40]}") from None
    storage = call.resource.storage
    if revision < 0:
        items, revision = backend.store.list(storage, call.namespace)
        return items, revision, start
    try:
        return backend.store.list_at(storage, call.namespace, revision), revision, start
    except ExpiredError:
        raise errors.expired(_EXPIRED, again=_token(-1, start)) from None
