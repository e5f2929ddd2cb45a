"""Reviews of oneself: `kubectl auth can-i`, `kubectl auth whoami`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gitops_tui.embedded.api.call import User
from gitops_tui.embedded.kinds.schema import Object

_READING = {"get", "list", "watch"}
_ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def review(method: str, path: str, user: User, body: Callable[[], Any]) -> Object | None:
    """The answer to a review; None when the path is not one."""
    if method != "POST" or path not in {_ACCESS, _RULES, _SELF}:
        return None
    asked = body()
    asked = asked if isinstance(asked, dict) else {}
    if path == _ACCESS:
        return {**asked, "metadata": {}, "status": _access(user, asked.get("spec") or {})}
    if path == _RULES:
        return {**asked, "metadata": {}, "status": _rules(user)}
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": {"userInfo": {"username": user.name, "groups": list(user.groups)}},
    }


def _access(user: User, spec: Object) -> Object:
    attributes = spec.get("resourceAttributes") or {}
    if not user.viewer or (attributes.get("verb") in _READING and attributes.get("resource") != "secrets"):
        return {"allowed": True}
    return {"allowed": False, "reason": "viewers read everything but Secrets"}


def _rules(user: User) -> Object:
    verbs = sorted(_READING) if user.viewer else ["*"]
    return {
        "resourceRules": [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["*"]}],
        "incomplete": user.viewer,
    }
