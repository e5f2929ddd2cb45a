"""What names, labels and metadata may look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.problems import FieldError, invalid, required, too_long

_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_KEY_NAME = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
_CONFIG_KEY = re.compile(r"^[-._a-zA-Z0-9]+$")

LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_KEY_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_CONFIG_KEY_MESSAGE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)

_MOST_ANNOTATIONS = 256 << 10
_STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}
_LABEL_KINDS = {"namespaces", "services"}
_PATH_KINDS = {"roles", "rolebindings", "clusterroles", "clusterrolebindings"}


def name_problem(plural: str, name: str) -> str:
    """Why an object of a kind may not have a name; "" when it may."""
    if plural in _PATH_KINDS:
        if name in {".", ".."}:
            return f"may not be '{name}'"
        return "may not contain '/'" if "/" in name else "may not contain '%'" if "%" in name else ""
    if plural in _LABEL_KINDS:
        return label_problem(name)
    return subdomain_problem(name)


def label_problem(name: str) -> str:
    """Why text is no DNS label; "" when it is."""
    if "." in name:
        return "must not contain dots"
    return "must be no more than 63 characters" if len(name) > 63 else _unless(_LABEL, name, LABEL_MESSAGE)


def subdomain_problem(name: str) -> str:
    """Why text is no DNS subdomain; "" when it is."""
    return "must be no more than 253 characters" if len(name) > 253 else _unless(_SUBDOMAIN, name, SUBDOMAIN_MESSAGE)


def _unless(pattern: re.Pattern[str], text: str, message: str) -> str:
    return "" if pattern.fullmatch(text) else message


def metadata_errors(plural: str, body: Object, *, strict_finalizers: bool) -> Iterator[FieldError]:
    """What is wrong with an object's metadata. Definitions and custom resources may use any qualified finalizer."""
    metadata = body["metadata"]
    name = metadata.get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif problem := name_problem(plural, name):
        yield invalid("metadata.name", name, problem)
    yield from label_errors("metadata.labels", metadata.get("labels") or {})
    yield from annotation_errors("metadata.annotations", metadata.get("annotations") or {})
    for at, finalizer in enumerate(metadata.get("finalizers") or ()):
        yield from _key_errors("metadata.finalizers", finalizer)
        if strict_finalizers and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"metadata.finalizers[{at}]", finalizer, words)
    for owner in metadata.get("ownerReferences") or ():
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                words = "version must not be empty" if key == "apiVersion" else "must not be empty"
                yield invalid(f"metadata.ownerReferences.{key}", owner.get(key, ""), words)


def label_errors(path: str, labels: dict[str, Any]) -> Iterator[FieldError]:
    """What is wrong with labels."""
    for key, value in labels.items():
        yield from _key_errors(path, key)
        if len(value) > 63:
            yield invalid(path, value, "must be no more than 63 bytes")
        elif not _VALUE.fullmatch(value):
            yield invalid(path, value, _VALUE_MESSAGE)


def annotation_errors(path: str, annotations: dict[str, Any]) -> Iterator[FieldError]:
    """What is wrong with annotations."""
    for key in annotations:
        yield from _key_errors(path, key.lower())
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MOST_ANNOTATIONS:
        yield too_long(path, _MOST_ANNOTATIONS)


def config_key_problem(key: str) -> str:
    """Why a key of a ConfigMap or Secret is not allowed; "" when it is."""
    if len(key) > 253:
        return "must be no more than 253 characters"
    return _unless(_CONFIG_KEY, key, _CONFIG_KEY_MESSAGE)


def _key_errors(path: str, key: str) -> Iterator[FieldError]:
    prefix, slash, name = key.rpartition("/")
    if slash and not prefix:
        yield invalid(path, key, "prefix part must be non-empty")
    elif prefix and (problem := subdomain_problem(prefix)):
        yield invalid(path, key, f"prefix part {problem}")
    if not name:
        yield invalid(path, key, "name part must be non-empty")
    elif len(name) > 63:
        yield invalid(path, key, "name part must be no more than 63 bytes")
    elif not _KEY_NAME.fullmatch(name):
        yield invalid(path, key, _KEY_MESSAGE)
