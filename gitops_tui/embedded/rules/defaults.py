"""Defaults that depend on other fields. The plain ones stand in the `.types` files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from gitops_tui.embedded.kinds.schema import Object


def fill(storage: str, body: Object) -> None:
    """Fill an object that has just been conformed, in place."""
    rule = _RULES.get(storage)
    if rule is not None:
        rule(body)


def _pod_spec(spec: Object) -> None:
    if spec.get("serviceAccountName") or spec.get("serviceAccount"):
        name = spec.get("serviceAccountName") or spec["serviceAccount"]
        spec["serviceAccountName"] = spec["serviceAccount"] = name
    for containers in _CONTAINERS:
        for container in spec.get(containers) or ():
            _container(container)
    for volume in spec.get("volumes") or ():
        if len(volume) == 1:
            volume["emptyDir"] = {}


def _container(container: Object) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    latest = "@" not in image and tag in {"", "latest"}
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        grpc = container.get(probe, {}).get("grpc")
        if grpc is not None:
            grpc.setdefault("service", "")


_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def _template(body: Object) -> None:
    _pod_spec(body["spec"]["template"].setdefault("spec", {}))


def _deployment(body: Object) -> None:
    _template(body)
    strategy = body["spec"]["strategy"]
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")


def _stateful_set(body: Object) -> None:
    _template(body)
    strategy = body["spec"]["updateStrategy"]
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    for claim in body["spec"].get("volumeClaimTemplates") or ():
        claim["kind"], claim["apiVersion"] = "PersistentVolumeClaim", "v1"


TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def _daemon_set(body: Object) -> None:
    _template(body)
    body["metadata"].setdefault("annotations", {}).setdefault(TEMPLATE_GENERATION, "0")
    strategy = body["spec"]["updateStrategy"]
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)


def _replication_controller(body: Object) -> None:
    _template(body)
    labels = (body["spec"]["template"].get("metadata") or {}).get("labels")
    if labels:
        body["spec"].setdefault("selector", dict(labels))
        body["metadata"].setdefault("labels", dict(labels))


def _job_spec(spec: Object) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    per_index = "backoffLimitPerIndex" in spec
    spec.setdefault("backoffLimit", 2**31 - 1 if per_index else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    spec.setdefault("manualSelector", False)


def _job(body: Object) -> None:
    """Labels taken over from the template are one map with it: what is added to one is added to both."""
    _template(body)
    labels = (body["spec"]["template"].get("metadata") or {}).get("labels")
    if labels and not body["metadata"].get("labels"):
        body["metadata"]["labels"] = labels
    _job_spec(body["spec"])


def _cron_job(body: Object) -> None:
    _template(body["spec"]["jobTemplate"])


def _pod(body: Object) -> None:
    spec = body["spec"]
    _pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    status = body.get("status") or {}
    if status.get("podIP") and not status.get("podIPs"):
        status["podIPs"] = [{"ip": status["podIP"]}]
    for containers in _CONTAINERS:
        for container in spec.get(containers) or ():
            for port in container.get("ports") or () if spec.get("hostNetwork") else ():
                port.setdefault("hostPort", port["containerPort"])
            requirements = container.get("resources") or {}
            if limits := requirements.get("limits"):
                requirements["requests"] = {**limits, **(requirements.get("requests") or {})}


def _service(body: Object) -> None:
    spec = body["spec"]
    external = spec["type"] in {"NodePort", "LoadBalancer"}
    for port in spec.get("ports") or ():
        port.setdefault("targetPort", port["port"])
    if spec["type"] == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if external:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["sessionAffinity"] == "ClientIP":
        client = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        client.setdefault("timeoutSeconds", 10800)


def _secret(body: Object) -> None:
    stated = body.pop("stringData", None)
    if stated:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in stated.items()}
        body["data"] = {**(body.get("data") or {}), **encoded}


def _namespace(body: Object) -> None:
    body["metadata"]["labels"] = {
        **(body["metadata"].get("labels") or {}),
        "kubernetes.io/metadata.name": body["metadata"].get("name", ""),
    }


def _network_policy(body: Object) -> None:
    spec = body["spec"]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress"] + (["Egress"] if spec.get("egress") else [])


_UTILIZATION = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}


def _autoscaler(body: Object) -> None:
    spec = body["spec"]
    if not spec.get("metrics"):
        spec["metrics"] = [_UTILIZATION]
    behavior = spec.get("behavior")
    if behavior is not None:
        up, down = behavior.setdefault("scaleUp", {}), behavior.setdefault("scaleDown", {})
        up.setdefault("stabilizationWindowSeconds", 0)
        percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
        up.setdefault("policies", [{"type": "Pods", "value": 4, "periodSeconds": 15}, percent])
        down.setdefault("policies", [percent])
        for rules in (up, down):
            rules.setdefault("selectPolicy", "Max")


def _bindings(body: Object) -> None:
    for subject in body.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _definition(body: Object) -> None:
    names = body["spec"]["names"]
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")


def _limit_range(body: Object) -> None:
    for row in body["spec"].get("limits") or ():
        if row.get("type") == "Container":
            default = {**(row.get("max") or {}), **(row.get("default") or {})}
            request = {**(row.get("min") or {}), **default, **(row.get("defaultRequest") or {})}
            row.update({key: value for key, value in (("default", default), ("defaultRequest", request)) if value})


_RULES: dict[str, Callable[[Object], Any]] = {
    "pods": _pod,
    "podtemplates": lambda body: _pod_spec(body["template"].setdefault("spec", {})) if "template" in body else None,
    "services": _service,
    "secrets": _secret,
    "namespaces": _namespace,
    "limitranges": _limit_range,
    "replicationcontrollers": _replication_controller,
    "deployments.apps": _deployment,
    "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set,
    "replicasets.apps": _template,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "networkpolicies.networking.k8s.io": _network_policy,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "rolebindings.rbac.authorization.k8s.io": _bindings,
    "clusterrolebindings.rbac.authorization.k8s.io": _bindings,
    "customresourcedefinitions.apiextensions.k8s.io": _definition,
}
