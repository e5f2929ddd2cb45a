"""The API without HTTP, for controllers in the same process: same defaults, checks and records of managers."""

from __future__ import annotations

from gitops_tui.embedded.api import errors, read, remove, write
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Call, DeleteOptions
from gitops_tui.embedded.kinds import conversion
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource


class Client:
    """Reads and writes as one field manager. Answers are stored bodies: never change them in place.

    Kinds are named by `api_version` and `kind`, as in a body. Everything raises ApiError as the server answers it:
    `error.code`, `error.reason`.
    """

    def __init__(self, backend: Backend, manager: str) -> None:
        self._backend = backend
        self._manager = manager

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """One object; None when it is not there."""
        call = self._call(api_version, kind, namespace, name)
        item = self._backend.store.get(self._backend.key(call))
        return conversion.to_version(call.resource, item.body) if item else None

    def list(
        self, api_version: str, kind: str, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> list[Object]:
        """Objects of a kind; namespace "" is all of them."""
        call = self._call(api_version, kind, namespace, "")
        page = read.list_page(self._backend, call, read.ListOptions(labels, fields))
        return [conversion.to_version(call.resource, item.body) for item in page.items]

    def create(self, body: Object) -> Object:
        """Create an object; the stored one."""
        return write.create(self._backend, self._call_of(body), body).body

    def update(self, body: Object) -> Object:
        """Replace an object; 409 when its resourceVersion is not the current one."""
        return write.replace(self._backend, self._call_of(body), body).body

    def update_status(self, body: Object) -> Object:
        """Replace an object's status; the rest of the body does not count."""
        call = self._call_of(body)
        call.subresource = "status"
        return write.replace(self._backend, call, body).body

    def patch(
        self, api_version: str, kind: str, namespace: str, name: str, change: Object, *, subresource: str = ""
    ) -> Object:
        """Change an object by a JSON merge patch."""
        call = self._call(api_version, kind, namespace, name)
        call.subresource = subresource
        return write.patch(self._backend, call, write.MERGE_PATCH, change).body

    def delete(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        grace_seconds: int | None = None,
        uid: str = "",
    ) -> None:
        """Delete an object; nothing happens when it is not there."""
        try:
            options = DeleteOptions(propagation, uid, "", grace_seconds)
            remove.delete(self._backend, self._call(api_version, kind, namespace, name), options)
        except errors.ApiError as error:
            if error.code != 404:
                raise

    def set_log(self, namespace: str, pod: str, container: str, text: str) -> None:
        """What `kubectl logs` shows of a container."""
        self._backend.logs[namespace, pod, container] = text

    def _call_of(self, body: Object) -> Call:
        metadata = body.get("metadata") or {}
        return self._call(body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata.get("name", ""))

    def _call(self, api_version: str, kind: str, namespace: str, name: str) -> Call:
        resource: Resource | None = self._backend.registry.of_kind(api_version, kind)
        if resource is None:
            raise errors.no_such_path()
        return Call(resource, namespace if resource.namespaced else "", name, manager=self._manager)
