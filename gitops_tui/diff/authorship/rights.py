"""Fields that another manager owns by right: autoscalers, certificate injectors, aggregating controllers.

That such a field differs from Git is how it should be; what is wrong is that Git states it at all. So it is named,
and an ignore rule is offered that leaves it to its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gitops_tui.model.fields import annotations_of, dig, mapping, text
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.resources import Authorship, Body, FieldChange, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import replace

_INJECTED: Final = frozenset(
    {"APIService", "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
)
_INJECTORS: Final = (
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
    "service.beta.openshift.io/inject-cabundle",
)
_FILLERS: Final = ("cert-manager", "external-secrets", "sealed-secrets", "vault-secrets", "kube-controller-manager")
_PEOPLE: Final = ("kubectl", "k9s", "Mozilla", "lens", "helm", FIELD_MANAGER)
"""Managers behind which a person stands: what they write is no controller's by right."""


class Rights:
    """Knows whose fields are whose. bodies: objects, live or desired, that may say so, such as autoscalers."""

    def __init__(self, bodies: Iterable[Body] = ()) -> None:
        self._scalers = dict(scaler for body in bodies for scaler in _scaled(body))

    def noted(self, key: ResourceKey, live: Body, change: FieldChange) -> FieldChange:
        """Return the change with its rightful owner and the rule to suggest; as it is when it has none."""
        note = self._owner(key, live, change)
        if not note:
            return change
        rule = IgnoreRule(group=key.group, kind=key.kind, namespace=key.namespace, name=key.name, paths=(change.path,))
        return replace(change, note=note, suggested=rule)

    def _owner(self, key: ResourceKey, live: Body, change: FieldChange) -> str:
        writer = change.live_by
        if change.path == "spec.replicas":
            return self._autoscaler(key, writer)
        if change.path.rpartition(".")[2] == "caBundle" and key.kind in _INJECTED:
            return _injector(live, writer)
        if key.kind == "ClusterRole" and change.path.startswith("rules") and live.get("aggregationRule"):
            return "the rules are put together from other ClusterRoles (aggregationRule)"
        if key.kind == "Secret" and change.path.startswith("data") and _is_one_of(writer, _FILLERS):
            return f"{writer.name if writer else ''} fills this Secret"
        return ""

    def _autoscaler(self, key: ResourceKey, writer: Authorship | None) -> str:
        scaler = self._scalers.get((key.kind, key.namespace, key.name))
        if scaler:
            return f"{scaler} sets the number of replicas"
        if writer and writer.detail.endswith("/scale") and not _is_one_of(writer, _PEOPLE):
            return f"an autoscaler sets the number of replicas ({writer.name} through /scale)"
        return ""


def _injector(live: Body, writer: Authorship | None) -> str:
    asked = next((name for name in _INJECTORS if name in annotations_of(live)), "")
    if writer and not _is_one_of(writer, _PEOPLE):
        return f"{writer.name} injects the certificate authority"
    return f"the certificate authority is injected ({asked})" if asked else ""


def _is_one_of(writer: Authorship | None, names: Iterable[str]) -> bool:
    return writer is not None and any(writer.name.startswith(name) for name in names)


_Scaled = tuple[tuple[str, str, str], str]


def _scaled(body: Body) -> Iterable[_Scaled]:
    """What an autoscaler scales: (kind, namespace, name), and how the autoscaler is called."""
    kind, group = text(body.get("kind")), text(body.get("apiVersion")).rpartition("/")[0]
    if (group, kind) not in {("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")}:
        return
    target: Mapping[str, object] = mapping(dig(body, "spec", "scaleTargetRef"))
    name = text(target.get("name"))
    if name:
        namespace = text(dig(body, "metadata", "namespace"))
        scaler = one_line(f"{kind} {text(dig(body, 'metadata', 'name'))}")
        yield (text(target.get("kind")) or "Deployment", namespace, name), scaler
