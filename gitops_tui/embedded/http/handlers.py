"""Requests answered: who asks, what is meant, which operation of the API it is."""

from __future__ import annotations

import hmac
import json
from typing import Any

from gitops_tui.embedded.api import errors, read, remove, scale, write
from gitops_tui.embedded.api.backend import Backend
from gitops_tui.embedded.api.call import Answer, Call, DeleteOptions, User
from gitops_tui.embedded.http import answers, reviews
from gitops_tui.embedded.http.documents import Documents
from gitops_tui.embedded.http.messages import Request, Response
from gitops_tui.embedded.http.router import Target, resource_target
from gitops_tui.embedded.rules.conform import object_of_pairs
from gitops_tui.embedded.rules.problems import FieldError, forbidden_field, unsupported
from gitops_tui.embedded.store.items import encode
from gitops_tui.model.errors import InputError
from gitops_tui.yamlio import load_all

_HEALTH = {"/healthz", "/livez", "/readyz"}
_JSON = {"", "application/json"}
_YAML = "application/yaml"
_ACCEPTED = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
MAX_MANAGER = 128
_READING = {"get", "list", "watch"}
_DEPRECATED = {"endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}


class Handlers:
    """The answers of one server. `tokens` maps a bearer token to its user."""

    def __init__(self, backend: Backend, documents: Documents, tokens: dict[str, User]) -> None:
        self._backend = backend
        self._documents = documents
        self._tokens = tokens

    def answer(self, request: Request) -> Response | Call:
        """The answer to a request, or the Call of a watch that is to be started. Raises ApiError."""
        if request.path.rstrip("/") in _HEALTH or request.path.startswith(("/livez/", "/readyz/", "/healthz/")):
            return Response(b"ok", content_type="text/plain; charset=utf-8")
        user = self._user(request)
        if (document := self._documents.find(request)) is not None:
            return document
        if (review := reviews.review(request.method, request.path, user, lambda: _body(request))) is not None:
            return Response(encode(review), 201)
        target = resource_target(self._backend.registry, request.path)
        if target is None:
            return self._nothing(request)
        call = _call(target, request, user)
        if target.resource.storage in _DEPRECATED:
            call.warnings.append(_DEPRECATED[target.resource.storage])
        verb = _verb(target, request)
        _authorize(call, verb)
        if verb == "watch":
            return call
        return self._resource(verb, target, call, request)

    def _nothing(self, request: Request) -> Response:
        parts = [part for part in request.path.split("/") if part]
        served = parts[:2] == ["api", "v1"] or (parts[:1] == ["apis"] and self._backend.registry.serves(parts[1:3]))
        if served:
            raise errors.no_such_path()
        return Response(b"404 page not found\n", 404, "text/plain; charset=utf-8")

    def _user(self, request: Request) -> User:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            for token, user in self._tokens.items():
                if hmac.compare_digest(token.encode(), given.strip().encode()):
                    return user
        raise errors.unauthorized()

    def _resource(self, verb: str, target: Target, call: Call, request: Request) -> Response:
        if verb == "list":
            return answers.of_page(request, call, read.list_page(self._backend, call, _list_options(request)))
        if verb == "deletecollection":
            return self._delete_collection(call, request)
        if target.subresource and target.subresource != "status":
            return self._subresource(verb, target.subresource, call, request)
        if target.subresource == "status" and not call.resource.has_status:
            raise errors.no_such_path()
        return answers.of_object(request, call, self._object(verb, call, request))

    def _object(self, verb: str, call: Call, request: Request) -> Answer:
        backend = self._backend
        match verb:
            case "get":
                item = backend.require(call)
                return Answer(item.body, 200, item)
            case "create":
                return write.create(backend, call, _body(request))
            case "update":
                return write.replace(backend, call, _body(request))
            case "patch":
                return write.patch(backend, call, _media_type(request), _patch(request))
            case _:
                return remove.delete(backend, call, _delete_options(request, call))

    def _subresource(self, verb: str, name: str, call: Call, request: Request) -> Response:
        if name == "scale" and "scale" in call.resource.subresources:
            return answers.of_object(request, call, self._scale(verb, call, request))
        if name == "log" and verb == "get" and call.resource.storage == "pods":
            return self._log(call, request)
        if name == "eviction" and verb == "create" and call.resource.storage == "pods":
            body = _body(request)
            options = DeleteOptions.read(body.get("deleteOptions")) if isinstance(body, dict) else DeleteOptions()
            remove.delete(self._backend, call, options)
            done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
            return Response(encode(done), 201)
        if name == "finalize" and verb == "update" and call.resource.storage == "namespaces":
            return answers.of_object(request, call, write.finalize(self._backend, call, _body(request)))
        raise errors.no_such_path()

    def _scale(self, verb: str, call: Call, request: Request) -> Answer:
        match verb:
            case "get":
                return scale.read_scale(self._backend, call)
            case "update":
                return scale.replace_scale(self._backend, call, _body(request))
            case "patch":
                return scale.patch_scale(self._backend, call, _media_type(request), _patch(request))
            case _:
                raise errors.method_not_allowed()

    def _log(self, call: Call, request: Request) -> Response:
        text = self._backend.logs.read(self._backend.require(call).body, request.query)
        return Response(b"", 204, "") if text is None else Response(text.encode(), content_type="text/plain")

    def _delete_collection(self, call: Call, request: Request) -> Response:
        options = _delete_options(request, call)
        page = read.list_page(self._backend, call, _list_options(request))
        for item in page.items:
            one = Call(call.resource, item.key.namespace, item.key.name, user=call.user, dry_run=call.dry_run)
            remove.delete(self._backend, one, options)
        return Response(answers.list_bytes(call.resource, page.items, page.metadata))


def _verb(target: Target, request: Request) -> str:
    watching = target.watch or request.query.get("watch", "").lower() in {"1", "true"}
    match request.method:
        case "GET" | "HEAD":
            if watching and not target.subresource:
                return "watch"
            return "get" if target.name else "list"
        case "POST" if not target.name or target.subresource:
            return "create"
        case "PUT" if target.name:
            return "update"
        case "PATCH" if target.name:
            return "patch"
        case "DELETE":
            return "delete" if target.name else "deletecollection"
        case _:
            raise errors.method_not_allowed()


def _call(target: Target, request: Request, user: User) -> Call:
    query = request.query
    call = Call(target.resource, target.namespace, target.name, target.subresource, user)
    if not target.resource.namespaced:
        call.namespace = ""
    _check_write_options(request)
    call.dry_run = query.get("dryRun") == "All"
    call.force = query.get("force", "").lower() in {"true", "1"}
    call.validation = query.get("fieldValidation") or "Warn"  # type: ignore[assignment]
    call.manager = query.get("fieldManager", "")
    if not call.manager and _media_type(request) != write.APPLY_PATCH:
        call.manager = request.headers.get("user-agent", "").partition("/")[0][:MAX_MANAGER] or "unknown"
    return call


def _check_write_options(request: Request) -> None:
    query, wrong = request.query, []
    dry_run, validation = query.get("dryRun", ""), query.get("fieldValidation", "")
    if dry_run not in {"", "All"}:
        wrong.append(unsupported("dryRun", [dry_run], ("All",)))
    if validation not in _VALIDATIONS:
        wrong.append(unsupported("fieldValidation", validation, _VALIDATIONS))
    if len(query.get("fieldManager", "")) > MAX_MANAGER:
        words = f"Too long: may not be more than {MAX_MANAGER} bytes"
        wrong.append(FieldError("FieldValueTooLong", "fieldManager", words))
    if wrong:
        raise errors.invalid_object("meta.k8s.io", _OPTIONS.get(request.method, "GetOptions"), "", wrong)


def _authorize(call: Call, verb: str) -> None:
    """A viewer reads everything but Secrets."""
    secrets = call.resource.storage == "secrets"
    if not call.user.viewer or (verb in _READING and not secrets):
        return
    where = f'in the namespace "{call.namespace}"' if call.namespace else "at the cluster scope"
    resource = call.resource
    plural = f"{resource.plural}/{call.subresource}" if call.subresource else resource.plural
    why = f'User "{call.user.name}" cannot {verb} resource "{plural}" in API group "{resource.group}" {where}'
    raise errors.forbidden(resource, call.name, why)


def _list_options(request: Request) -> read.ListOptions:
    query = request.query
    limit = query.get("limit", "")
    if limit and not limit.isdecimal():
        raise errors.bad_request(f'strconv.ParseInt: parsing "{limit}": invalid syntax')
    wrong = []
    if "sendInitialEvents" in query:
        wrong.append(forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if query.get("resourceVersionMatch") and not query.get("resourceVersion"):
        words = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        wrong.append(forbidden_field("resourceVersionMatch", words))
    if wrong:
        raise errors.invalid_object("meta.k8s.io", "ListOptions", "", wrong)
    return read.ListOptions(
        query.get("labelSelector", ""),
        query.get("fieldSelector", ""),
        int(limit or 0),
        query.get("continue", ""),
        query.get("resourceVersion", ""),
        query.get("resourceVersionMatch", ""),
    )


def _delete_options(request: Request, call: Call) -> DeleteOptions:
    body = _body(request) if request.body else {}
    query = request.query
    if isinstance(body, dict):
        if body.get("dryRun"):
            call.dry_run = True
        if "propagationPolicy" in query:
            body = {**body, "propagationPolicy": query["propagationPolicy"]}
        if query.get("gracePeriodSeconds", "").isdecimal():
            body = {**body, "gracePeriodSeconds": int(query["gracePeriodSeconds"])}
    return DeleteOptions.read(body)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _body(request: Request) -> Any:
    """A request's body as data; JSON, or YAML where the request says so."""
    media_type = _media_type(request)
    if media_type == _YAML:
        return _yaml(request.body)
    if media_type not in _JSON:
        raise errors.unsupported_media_type(_ACCEPTED, media_type)
    return _json(request.body)


def _patch(request: Request) -> Any:
    if _media_type(request) == write.APPLY_PATCH and request.body[:1] != b"{":
        return _yaml(request.body)
    return _json(request.body)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data, object_pairs_hook=object_of_pairs)
    except (ValueError, RecursionError) as error:
        raise errors.unreadable_body("object", str(error)) from None


def _yaml(data: bytes) -> Any:
    try:
        documents = load_all(data, name="body")
    except InputError as error:
        raise errors.bad_request(f"error decoding YAML: {error}") from None
    return documents[0].value if documents else None
