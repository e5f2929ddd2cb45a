"""What is compared of an object: everything but what the server, its controllers and we ourselves keep on it."""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Mapping
from typing import Any, Final

from gitops_tui.model.fields import is_mapping, mapping
from gitops_tui.model.ownership import APPLICATION_LABEL, DIGEST_ANNOTATION, TRACKING_ANNOTATION
from gitops_tui.model.resources import Body

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_SERVER_METADATA: Final = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
_KEPT_ANNOTATIONS: Final = frozenset(
    {
        LAST_APPLIED,
        TRACKING_ANNOTATION,
        DIGEST_ANNOTATION,
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
    }
)
_KEPT_LABELS: Final = frozenset({APPLICATION_LABEL})


def normalise(body: Body) -> dict[str, Any]:
    """Return the comparable part of an object.

    Without status, the server's metadata, what kubectl, controllers and we keep in annotations and labels, and
    without nulls, which an apply treats as absent. A Secret's `stringData` is folded into `data`, as the server
    does on writing.
    """
    made = {name: _without_nulls(value) for name, value in body.items() if name != "status" and value is not None}
    metadata = mapping(made.get("metadata"))
    if metadata:
        made["metadata"] = _metadata(metadata)
    if isinstance(made.get("binaryData"), Mapping) and made.get("kind") == "ConfigMap":
        made["binaryData"] = _unbroken(made["binaryData"])
    return _folded(made) if is_secret(made) else made


def essence(body: Body) -> dict[str, Any]:
    """Return the object without status and the server's metadata, as cheaply as can be: the rest is shared."""
    made = dict(body)
    made.pop("status", None)
    made.pop("apiVersion", None)
    if is_mapping(made.get("metadata")):
        made["metadata"] = _metadata(made["metadata"])
    return made


def is_secret(body: Mapping[str, Any]) -> bool:
    """Whether an object is a core Secret, told by itself (a missing group counts as the core group)."""
    version = body.get("apiVersion")
    return body.get("kind") == "Secret" and not (isinstance(version, str) and "/" in version)


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in metadata.items() if name not in _SERVER_METADATA}
    for field, kept in (("annotations", _KEPT_ANNOTATIONS), ("labels", _KEPT_LABELS)):
        if is_mapping(made.get(field)):
            rest = {name: value for name, value in made[field].items() if name not in kept}
            made.pop(field)
            if rest:
                made[field] = rest
    return made


def _without_nulls(value: Any) -> Any:
    """The value without nulls in its maps; the very same one where it holds none, which is known at a glance."""
    if is_mapping(value):
        made = {name: _without_nulls(item) for name, item in value.items() if item is not None}
        is_whole = len(made) == len(value) and all(map(operator.is_, made.values(), value.values()))
        return value if is_whole else made
    if isinstance(value, list):
        items = [_without_nulls(item) for item in value]
        return value if all(map(operator.is_, items, value)) else items
    return value


def _folded(secret: dict[str, Any]) -> dict[str, Any]:
    stated = secret.get("stringData") or {}
    data = secret.get("data", {})
    if not is_mapping(stated) or not is_mapping(data):
        return secret
    encoded = {name: _encoded(value) for name, value in stated.items()}
    folded = {name: value for name, value in secret.items() if name != "stringData"}
    return folded | {"data": {**_unbroken(data), **encoded}} if data or encoded else folded


def _unbroken(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same data without line breaks in its base64, which a server reads over."""
    return {name: re.sub("[\r\n]", "", value) if isinstance(value, str) else value for name, value in data.items()}


def _encoded(value: Any) -> Any:
    return encoded(value) if isinstance(value, str) else value


def encoded(value: str) -> str:
    """Return a text as a Secret's `data` holds it."""
    return base64.b64encode(value.encode(errors="surrogatepass")).decode("ascii")


def decoded(value: object) -> str:
    """Return the text in a Secret's `data`, "" when it is none."""
    try:
        return base64.b64decode(value, validate=True).decode() if isinstance(value, str) else ""
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def legible(body: Body) -> dict[str, Any]:
    """Return an object with a Secret's data as the text that they encode, where they encode one."""
    data = body.get("data")
    if not is_secret(body) or not is_mapping(data):
        return dict(body)
    return {**body, "data": {name: decoded(value) or value for name, value in data.items()}}
