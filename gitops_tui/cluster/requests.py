"""What is asked of a cluster about one object: to read it, and each way to write it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gitops_tui.cluster.answers import is_secret
from gitops_tui.cluster.discovery import Discovery
from gitops_tui.cluster.objects import ApiResource, Applied
from gitops_tui.cluster.transport import APPLY, Answer, Call, Transport
from gitops_tui.model.errors import ClusterError, InvalidError, NotServedError
from gitops_tui.model.fields import dig
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Body, Manifest, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import replace

_ESCAPED = pattern("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NO_VERSION = "1"
"""A resourceVersion that no object has: an apply with it makes an object, and changes none."""


class Requests:
    """Requests about single objects of one cluster. Thread-safe; each raises only the `ClusterError` family.

    on_write: called with each object that was written, as the server has it now. on_gone: called with the key and the
    uid of each that was deleted, once it is read to be gone.
    """

    def __init__(
        self,
        transport: Transport,
        discovery: Discovery,
        on_write: Callable[[ResourceKey, Body], None],
        on_gone: Callable[[ResourceKey, str], None],
    ) -> None:
        self._transport = transport
        self._discovery = discovery
        self._on_write = on_write
        self._on_gone = on_gone
        self._deleted: dict[ResourceKey, str] = {}

    def resource(self, group: str, kind: str) -> ApiResource:
        """How a kind is served; NotServedError after one refresh of discovery.

        Another ClusterError when its group cannot be asked now: that is unknown, not absent.
        """
        return self._discovery.find(group, kind)

    def read(self, key: ResourceKey, *, api_version: str = "") -> Body | None:
        """The live object; None means that it does not exist (404), never that it could not be read.

        api_version: the version to read it at, such as that of a manifest; "" for the server's preferred one.
        """
        body: Body | None = None
        try:
            body = self._ask(key, "GET", api_version=api_version).body
        except NotServedError:
            raise
        except ClusterError as error:
            if error.status != 404:
                raise
        uid = self._deleted.get(key)
        if uid is not None and dig(body, "metadata", "uid") != uid:
            self._deleted.pop(key, None)
            self._on_gone(key, uid)
        return body

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
        if not dry_run:
            self._on_write(key, answer.body)
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
        if not dry_run:
            self._deleted[key] = uid

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
