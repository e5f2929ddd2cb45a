"""What stands between a write and the store: webhooks and policies that may change an object, or refuse it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gitops_tui.cluster.discovery import Discovery
from gitops_tui.cluster.objects import ApiResource
from gitops_tui.cluster.transport import Call, Transport
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.fields import dig, mappings
from gitops_tui.model.resources import Body

_GROUP: Final = "admissionregistration.k8s.io"
_WEBHOOKS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_POLICIES: Final = ("MutatingAdmissionPolicy", "ValidatingAdmissionPolicy")
_KNOWN: Final = 30.0
"""Seconds for which an answer is good enough: what is told by it is asked of the server before anything is written."""
_REFUSED: Final = 300.0
"""The same where one may not read them."""
_DISTRIBUTIONS: Final = ("openshift.io",)
"""Whose API servers have plugins of their own that change workloads, and that no object tells of."""

_Rule = Mapping[str, Any]


class Admission:
    """Knows whether anything but the API server itself has a say in updates of a kind. Thread-safe."""

    def __init__(self, transport: Transport, discovery: Discovery) -> None:
        self._transport = transport
        self._discovery = discovery
        self._lock = threading.Lock()
        self._known: tuple[float, tuple[_Rule, ...] | None] = (float("-inf"), None)

    def is_known(self) -> bool:
        """Whether `leaves_alone` needs no request now."""
        return time.monotonic() < self._known[0]

    def leaves_alone(self, group: str, plural: str) -> bool:
        """Whether no webhook and no policy is told of updates of these objects. False where that cannot be known.

        Selectors and conditions are not looked into: a rule that may match counts.
        """
        with self._lock:
            if not self.is_known():
                self._known = self._asked()
            rules = self._known[1]
        return rules is not None and not any(_matches(rule, group, plural) for rule in rules)

    def _asked(self) -> tuple[float, tuple[_Rule, ...] | None]:
        try:
            rules = self._rules()
        except ClusterError as error:
            return time.monotonic() + (_REFUSED if error.status == 403 else _KNOWN), None
        return time.monotonic() + _KNOWN, rules

    def _rules(self) -> tuple[_Rule, ...] | None:
        served = self._discovery.served()
        kinds = {kind: served.resources.get((_GROUP, kind)) for kind in (*_WEBHOOKS, *_POLICIES)}
        if _GROUP in served.failed or not all(kinds[kind] for kind in _WEBHOOKS):
            return None
        if any(group.endswith(_DISTRIBUTIONS) for group, _ in served.resources):
            return None
        # Policies came later than webhooks: a server may not have them.
        found = ((kind, body) for kind, each in kinds.items() if each for body in self._all(each))
        return tuple(rule for kind, body in found for rule in _rules_of(kind, body))

    def _all(self, resource: ApiResource) -> Iterator[Body]:
        query = {"limit": "500"}
        while True:
            body = self._transport.call(Call("GET", resource.path(), resource.plural, query)).body
            yield from mappings(body.get("items"))
            token = dig(body, "metadata", "continue")
            if not token:
                return
            query = {**query, "continue": str(token)}


def _rules_of(kind: str, body: Body) -> Iterable[_Rule]:
    """The rules of a configuration of webhooks, or of a policy, which is about everything if it has none."""
    if kind in _WEBHOOKS:
        return [rule for webhook in mappings(body.get("webhooks")) for rule in mappings(webhook.get("rules"))]
    return mappings(dig(body, "spec", "matchConstraints", "resourceRules")) or ({},)


def _matches(rule: _Rule, group: str, plural: str) -> bool:
    """Whether a rule may be about updates of these objects. Of versions, and of names a kind had, any will do."""
    named = (
        ("operations", {"*", "UPDATE"}),
        ("apiGroups", {"*", group, "extensions"}),
        ("resources", {"*", plural}),
    )
    return all(_meets(rule.get(name), wanted) for name, wanted in named)


def _meets(found: object, wanted: set[str]) -> bool:
    if not isinstance(found, list):
        return True
    return any(str(each).partition("/")[0] in wanted for each in found)
