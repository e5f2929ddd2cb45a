"""The registry of health rules, and the verdicts made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gitops_tui.health import batch, network, platform, pods, workloads
from gitops_tui.health.conditions import by_conditions
from gitops_tui.health.custom import by_configuration
from gitops_tui.health.view import View
from gitops_tui.model.fields import annotations_of, dig
from gitops_tui.model.resources import Body, Health, HealthCode

if TYPE_CHECKING:
    from gitops_tui.model.rules import KindRules

Rule = Callable[[View], Health]

_IGNORED: Final = "argocd.argoproj.io/ignore-healthcheck"
_HOOKS: Final = ("argocd.argoproj.io/hook", "helm.sh/hook")


def _none(_live: View) -> Health:
    return Health(HealthCode.NONE)


RULES: Final[Mapping[tuple[str, str], Rule]] = {
    ("", "ConfigMap"): _none,
    ("", "PersistentVolumeClaim"): platform.volume_claim,
    ("", "Pod"): pods.pod,
    ("", "Secret"): _none,
    ("", "Service"): network.service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): platform.resource_definition,
    ("apiregistration.k8s.io", "APIService"): platform.api_service,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): platform.autoscaler,
    ("batch", "CronJob"): batch.cron_job,
    ("batch", "Job"): batch.job,
    ("extensions", "Ingress"): network.ingress,
    ("networking.k8s.io", "Ingress"): network.ingress,
    ("networking.k8s.io", "NetworkPolicy"): _none,
    ("policy", "PodDisruptionBudget"): _none,
    ("rbac.authorization.k8s.io", "ClusterRole"): _none,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _none,
    ("rbac.authorization.k8s.io", "Role"): _none,
    ("rbac.authorization.k8s.io", "RoleBinding"): _none,
}


def assess(live: Body, now: float | None = None, rules: Sequence[KindRules] = ()) -> Health:
    """Return the health of a live object, whatever it looks like; never raises.

    now: seconds since the epoch, for rules about time; without it a pod that no node takes stays Progressing.
    rules: the user's, which come before our own.
    """
    view = View(live, now)
    if dig(live, "metadata", "deletionTimestamp"):
        return Health(HealthCode.PROGRESSING, "pending deletion", "deletion")
    configured = by_configuration(view, rules)
    if configured is not None:
        return configured
    rule = RULES.get((view.group, view.kind))
    verdict = rule(view) if rule is not None else by_conditions(view)
    return Health(verdict.code, verdict.message, view.kind if rule is not None else "conditions")


def counts(body: Body) -> bool:
    """Whether an object's health counts for its application: hooks and those told to be ignored do not."""
    notes = annotations_of(body)
    return not any(name in notes for name in _HOOKS) and notes.get(_IGNORED) != "true"
