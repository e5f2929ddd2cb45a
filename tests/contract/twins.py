"""Making the answers of two servers comparable: what is chosen at random or by the clock is left out."""

from __future__ import annotations

import re
from typing import Any

from tests.contract.conftest import Api

_CHOSEN = {
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "time",
    "clusterIP",
    "clusterIPs",
    "nodePort",
    "lastTransitionTime",
    "lastPhaseTransitionTime",
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "deletionTimestamp",
}
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def alike(value: Any, api: Api) -> Any:
    """The value with everything that may differ replaced by a mark that says whether it is there."""
    if isinstance(value, dict):
        return {key: _mark(child) if key in _CHOSEN else alike(child, api) for key, child in value.items()}
    if isinstance(value, list):
        return [alike(child, api) for child in value]
    if isinstance(value, str):
        return _UID.sub("<uid>", value.replace(api.namespace, "<namespace>"))
    return value


def _mark(value: Any) -> str:
    return "None" if value == "None" else "<absent>" if value in (None, "") else "<set>"
