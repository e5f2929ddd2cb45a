"""Label and field selectors: text to predicate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gitops_tui.embedded.kinds.schema import Object

Predicate = Callable[[Object], bool]


class SelectorError(ValueError):
    """A selector that cannot be read, or names a field that cannot be selected by."""


_SET = re.compile(r"^\s*(!?[^\s!=(),]+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_EQUAL = re.compile(r"^\s*([^\s!=(),]+)\s*(==|=|!=|>|<)\s*([^\s!=(),]*)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([^\s!=(),]+)\s*$")
_PARTS = re.compile(r",(?![^(]*\))")


def label_selector(text: str) -> Predicate | None:
    """Predicate over objects; None selects everything."""
    checks = [_label_check(part) for part in _PARTS.split(text)] if text.strip() else []
    if not checks:
        return None
    return lambda body: _all(checks, (body.get("metadata") or {}).get("labels") or {})


def _all(checks: list[Callable[[Mapping[str, str]], bool]], labels: Mapping[str, str]) -> bool:
    return all(check(labels) for check in checks)


def _label_check(part: str) -> Callable[[Mapping[str, str]], bool]:
    if found := _SET.match(part):
        key, values = found[1], {value.strip() for value in found[3].split(",")}
        if found[2] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUAL.match(part):
        key, operator, value = found[1], found[2], found[3]
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        if operator in "><":
            return lambda labels: _number_compared(labels.get(key), operator, value)
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.match(part):
        key, absent = found[2], bool(found[1])
        return lambda labels: (key in labels) is not absent
    words = part.split()
    found_word = words[1] if len(words) > 1 else part.strip()
    raise SelectorError(f"found '{found_word}', expected: in, notin, =, ==, !=, gt, lt")


def _number_compared(text: str | None, operator: str, value: str) -> bool:
    try:
        number, bound = int(text or ""), int(value)
    except ValueError:
        return False
    return number > bound if operator == ">" else number < bound


def matches_labels(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector value (matchLabels, matchExpressions) selects labels; an empty one selects all."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression_holds(row, labels) for row in selector.get("matchExpressions") or ())


def _expression_holds(row: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(row["key"]), row.get("values") or ()
    match row["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


_ALWAYS = frozenset({"metadata.name", "metadata.namespace"})
_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
FIELDS: Mapping[str, frozenset[str]] = {
    "pods": frozenset(
        [
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ]
    ),
    "events": frozenset(f"{parent}.{name}" for parent in ("involvedObject", "regarding") for name in _INVOLVED)
    | {"reason", "type", "reportingComponent", "source", "reportingController"},
    "secrets": frozenset({"type"}),
    "namespaces": frozenset({"status.phase"}),
    "nodes": frozenset({"spec.unschedulable"}),
    "services": frozenset({"spec.clusterIP", "spec.type"}),
    "jobs.batch": frozenset({"status.successful"}),
    "replicasets.apps": frozenset({"status.replicas"}),
    "replicationcontrollers": frozenset({"status.replicas"}),
}


def field_selector(text: str, storage: str) -> Predicate | None:
    """Predicate over stored objects of a kind; None selects everything."""
    checks: list[tuple[str, bool, str]] = []
    for part in filter(None, text.split(",")):
        path, negated, value = _field_requirement(part)
        if path not in _ALWAYS and path not in FIELDS.get(storage, ()):
            raise SelectorError(_unknown_field(path, storage))
        checks.append((path.replace("regarding.", "involvedObject."), negated, value))
    if not checks:
        return None
    return lambda body: all((field_text(body, path) == value) is not negated for path, negated, value in checks)


def _unknown_field(path: str, storage: str) -> str:
    if storage in FIELDS:
        return f"field label not supported: {path}"
    return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _field_requirement(part: str) -> tuple[str, bool, str]:
    for operator in ("!=", "==", "="):
        path, found, value = part.partition(operator)
        if found:
            return path.strip(), operator == "!=", value.strip()
    raise SelectorError(f"invalid selector: '{part}'; can't understand '{part}'")


def field_text(body: Object, path: str) -> str:
    """The value at a dotted path as text; "" when it is absent."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return str(value.get("component") or "")
    return "" if value is None else str(value)
