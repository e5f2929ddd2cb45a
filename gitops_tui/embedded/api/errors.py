"""Refusals as the API states them: `Status` objects with reason, details and the server's own wording."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.kinds.table import Resource
from gitops_tui.embedded.merge.managed import ManagerId
from gitops_tui.embedded.rules.problems import FieldError
from gitops_tui.embedded.store.items import Key


class ApiError(Exception):
    """An answer that is not a success. `status` is its body, `code` its HTTP code, `headers` go with it."""

    def __init__(
        self, code: int, reason: str, message: str, details: Object | None = None, *, metadata: Object | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.metadata = metadata or {}
        self.headers: dict[str, str] = {}

    @property
    def status(self) -> Object:
        """The `Status` object."""
        body: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": str(self),
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def unreadable_body(kind: str, why: str) -> ApiError:
    """400 for a body that is no JSON object."""
    told = f"couldn't get version/kind; json parse error: {why}"
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {told}")


def unauthorized() -> ApiError:
    """401."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: Resource, name: str, message: str) -> ApiError:
    """403; the message goes after the subject."""
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {message}", _details(resource, name))


def not_found(resource: Resource, name: str) -> ApiError:
    """404 for an object."""
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name))


def no_such_path() -> ApiError:
    """404 for a path that nothing is served at."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed() -> ApiError:
    """405."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def already_exists(resource: Resource, name: str) -> ApiError:
    """409 on create."""
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> ApiError:
    """409 on a lost race or a failed precondition."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def failed_precondition(resource: Resource, name: str, field: tuple[str, str, str], why: str) -> ApiError:
    """409 on a delete whose object is not, or no longer, the one meant. `field`: label, asked, recorded."""
    label, asked, recorded = field
    subject = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    told = f"the {label} in the precondition ({asked}) does not match the {label} in record ({recorded})"
    message = f'Operation cannot be fulfilled on {subject} "{name}": {told}. The object might have been {why}'
    return ApiError(409, "Conflict", message, {**_details(resource, name), "kind": resource.kind})


def other_object(resource: Resource, key: Key, given: str, current: str) -> ApiError:
    """409 on a replace whose body has another uid, in the words of the storage beneath."""
    place = "/".join(filter(None, ("/registry", resource.plural, key.namespace, key.name)))
    told = f"Precondition failed: UID in precondition: {given}, UID in object meta: {current}"
    why = f"StorageError: invalid object, Code: 4, Key: {place}, ResourceVersion: 0, AdditionalErrorMsg: {told}"
    return conflict(resource, key.name, why)


def modified(resource: Resource, name: str) -> ApiError:
    """409: the given resourceVersion is not the current one."""
    return conflict(
        resource, name, "the object has been modified; please apply your changes to the latest version and try again"
    )


def managers_conflict(conflicts: Sequence[tuple[ManagerId, str]]) -> ApiError:
    """409: an apply would change what others manage."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_manager(name)}", "field": path}
        for name, path in conflicts
    ]
    if len(conflicts) == 1:
        name, path = conflicts[0]
        message = f"Apply failed with 1 conflict: conflict with {_manager(name)}: {path}"
    else:
        lines: list[str] = []
        for name in dict.fromkeys(name for name, _ in conflicts):
            lines.append(f"conflicts with {_manager(name)}:")
            lines += [f"- {path}" for owner, path in conflicts if owner == name]
        message = f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", message, {"causes": causes})


def _manager(name: ManagerId) -> str:
    text = f'"{name.name}"'
    if name.subresource:
        text += f' with subresource "{name.subresource}"'
    return f"{text} using {name.api_version}" if name.operation == "Update" else text


def expired(message: str, *, again: str = "") -> ApiError:
    """410: a version or a continue token that is too old. `again` is a token to go on with."""
    return ApiError(410, "Expired", message, metadata={"continue": again} if again else None)


def too_large(limit: int) -> ApiError:
    """413."""
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def unsupported_media_type(accepted: Sequence[str], got: str) -> ApiError:
    """415."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
        if got
        else "the body of the request was in an unknown format"
    )
    return ApiError(415, "UnsupportedMediaType", message)


def unprocessable() -> ApiError:
    """422 for a patch that does not fit the object."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def unsupported_patch() -> ApiError:
    """415 for a kind of patch that is not taken."""
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def invalid_object(group: str, kind: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """422 with every invalid field."""
    unique = list(dict.fromkeys(errors))
    texts = [str(error) for error in unique]
    told = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    subject = f"{kind}.{group}" if group else kind
    details: Object = {"name": name, "group": group, "kind": kind}
    details = {key: value for key, value in details.items() if value}
    details["causes"] = [{"reason": row.reason, "message": row.message, "field": row.field} for row in unique]
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {told}', details)


def internal(message: str) -> ApiError:
    """500."""
    return ApiError(500, "InternalError", message)


def _details(resource: Resource, name: str) -> Object:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}
