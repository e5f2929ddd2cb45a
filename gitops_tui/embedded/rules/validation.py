"""Whether an object of a built-in kind makes sense: the common mistakes, in the server's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules import data, names
from gitops_tui.embedded.rules.problems import (
    FieldError,
    duplicate,
    forbidden_field,
    invalid,
    not_found,
    required,
    unsupported,
)
from gitops_tui.embedded.rules.quantity import parse
from gitops_tui.embedded.store.selectors import matches_labels

Errors = Iterator[FieldError]
_PORT_RANGE = "must be between 1 and 65535, inclusive"
_PULL = ("Always", "IfNotPresent", "Never")
_RESTART = ("Always", "OnFailure", "Never")
_PORT_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")


def object_errors(storage: str, body: Object) -> Errors:
    """What is wrong with a complete object, its metadata apart."""
    rule = _RULES.get(storage)
    return rule(body) if rule is not None else iter(())


def _non_negative(path: str, value: Any) -> Errors:
    if isinstance(value, int) and value < 0:
        yield invalid(path, value, "must be greater than or equal to 0")


def pod_errors(path: str, spec: Object, *, restart: tuple[str, ...] = _RESTART) -> Errors:
    """What is wrong with a pod spec at a path."""
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    yield from _volume_errors(f"{path}.volumes", spec)
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    seen: set[str] = set()
    for group in ("containers", "initContainers"):
        for at, container in enumerate(spec.get(group) or ()):
            where = f"{path}.{group}[{at}]"
            yield from _container_errors(where, container, volumes)
            if container.get("name") in seen:
                yield duplicate(f"{where}.name", container["name"])
            seen.add(container.get("name", ""))
    policy = spec.get("restartPolicy")
    if policy not in _RESTART:
        yield unsupported(f"{path}.restartPolicy", policy, _RESTART)
    if policy not in restart:
        yield _wrong_restart(f"{path}.restartPolicy", policy, restart)


def _wrong_restart(path: str, policy: Any, allowed: tuple[str, ...]) -> FieldError:
    if policy == "Always":
        return required(path, "valid values: " + ", ".join(f'"{name}"' for name in allowed))
    return unsupported(path, policy, allowed)


def _volume_errors(path: str, spec: Object) -> Errors:
    seen: set[str] = set()
    for at, volume in enumerate(spec.get("volumes") or ()):
        name = volume.get("name", "")
        if not name:
            yield required(f"{path}[{at}].name")
        elif problem := names.label_problem(name):
            yield invalid(f"{path}[{at}].name", name, problem)
        elif name in seen:
            yield duplicate(f"{path}[{at}].name", name)
        seen.add(name)


def _container_errors(path: str, container: Object, volumes: set[Any]) -> Errors:
    name = container.get("name", "")
    if not name:
        yield required(f"{path}.name")
    elif problem := names.label_problem(name):
        yield invalid(f"{path}.name", name, problem)
    if not container.get("image"):
        yield required(f"{path}.image")
    policy = container.get("imagePullPolicy")
    if policy not in _PULL:
        yield unsupported(f"{path}.imagePullPolicy", policy, _PULL)
    yield from _port_errors(f"{path}.ports", container.get("ports") or ())
    yield from _environment_errors(f"{path}.env", container.get("env") or ())
    for at, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") not in volumes:
            yield not_found(f"{path}.volumeMounts[{at}].name", mount.get("name", ""))
    yield from _resource_errors(f"{path}.resources", container.get("resources") or {})


def _environment_errors(path: str, variables: Any) -> Errors:
    for at, variable in enumerate(variables):
        if not variable.get("name"):
            yield required(f"{path}[{at}].name")
        elif variable.get("value") and variable.get("valueFrom"):
            yield invalid(f"{path}[{at}].valueFrom", "", "may not be specified when `value` is not empty")


def _port_errors(path: str, ports: Any) -> Errors:
    seen: set[str] = set()
    for at, port in enumerate(ports):
        number = port.get("containerPort")
        if not number:
            yield required(f"{path}[{at}].containerPort")
        elif not 0 < number < 65536:
            yield invalid(f"{path}[{at}].containerPort", number, _PORT_RANGE)
        name = port.get("name")
        if name and name in seen:
            yield duplicate(f"{path}[{at}].name", name)
        seen.add(name or "")
        if port.get("protocol") not in {"TCP", "UDP", "SCTP"}:
            yield unsupported(f"{path}[{at}].protocol", port.get("protocol"), ("SCTP", "TCP", "UDP"))


def _resource_errors(path: str, resources: Object) -> Errors:
    limits = resources.get("limits") or {}
    for name, amount in (resources.get("requests") or {}).items():
        if name in limits and parse(amount)[0] > parse(limits[name])[0]:
            yield invalid(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limits[name]}")


def _selector_errors(body: Object) -> Errors:
    spec = body["spec"]
    selector = spec.get("selector")
    labels = (spec["template"].get("metadata") or {}).get("labels")
    if selector is None:
        yield required("spec.selector")
    elif not selector:
        yield invalid("spec.selector", {}, "empty selector is invalid for deployment")
    if selector != {} and not matches_labels(selector, labels or {}):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _workload(body: Object) -> Errors:
    spec = body["spec"]
    yield from _selector_errors(body)
    metadata = spec["template"].get("metadata") or {}
    yield from names.label_errors("spec.template.labels", metadata.get("labels") or {})
    yield from names.annotation_errors("spec.template.annotations", metadata.get("annotations") or {})
    claims = [{"name": (row.get("metadata") or {}).get("name")} for row in spec.get("volumeClaimTemplates") or ()]
    template = spec["template"]["spec"]
    if claims:
        template = {**template, "volumes": [*(template.get("volumes") or ()), *claims]}
    yield from pod_errors("spec.template.spec", template, restart=("Always",))
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        yield from _non_negative(f"spec.{name}", spec.get(name))


def _deployment(body: Object) -> Errors:
    yield from _workload(body)
    strategy = body["spec"]["strategy"]
    if strategy["type"] not in {"Recreate", "RollingUpdate"}:
        told = {"Type": strategy["type"], "RollingUpdate": strategy.get("rollingUpdate")}
        yield unsupported("spec.strategy", told, ("Recreate", "RollingUpdate"))
    elif strategy["type"] == "Recreate" and strategy.get("rollingUpdate"):
        yield forbidden_field("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")


def _job(body: Object) -> Errors:
    spec = body["spec"]
    yield from pod_errors("spec.template.spec", spec["template"]["spec"], restart=("OnFailure", "Never"))
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        yield from _non_negative(f"spec.{name}", spec.get(name))


def _cron_job(body: Object) -> Errors:
    spec = body["spec"]
    if not spec.get("schedule"):
        yield required("spec.schedule")
    elif len(spec["schedule"].split()) != 5 and not spec["schedule"].startswith("@"):
        found = len(spec["schedule"].split())
        detail = f"expected exactly 5 fields, found {found}: [{spec['schedule']}]"
        yield invalid("spec.schedule", spec["schedule"], detail)
    template = spec["jobTemplate"]["spec"]["template"]["spec"]
    yield from pod_errors("spec.jobTemplate.spec.template.spec", template, restart=("OnFailure", "Never"))


def _service(body: Object) -> Errors:
    spec = body["spec"]
    kinds = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    if spec["type"] not in kinds:
        yield unsupported("spec.type", spec["type"], kinds)
    ports = spec.get("ports") or ()
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    seen: set[str] = set()
    for at, port in enumerate(ports):
        name = port.get("name", "")
        if len(ports) > 1 and not name:
            yield required(f"spec.ports[{at}].name")
        elif name and not _PORT_NAME.fullmatch(name):
            yield invalid(f"spec.ports[{at}].name", name, names.LABEL_MESSAGE)
        elif name and name in seen:
            yield duplicate(f"spec.ports[{at}].name", name)
        seen.add(name)
        if not 0 < port["port"] < 65536:
            yield invalid(f"spec.ports[{at}].port", port["port"], _PORT_RANGE)
        target = port.get("targetPort")
        if isinstance(target, int) and not 0 < target < 65536:
            yield invalid(f"spec.ports[{at}].targetPort", target, _PORT_RANGE)


def _pod(body: Object) -> Errors:
    yield from pod_errors("spec", body["spec"])
    # Of a template this is not asked.
    for group in ("containers", "initContainers"):
        for at, container in enumerate(body["spec"].get(group) or ()):
            image = container.get("image") or ""
            if image != image.strip():
                yield invalid(f"spec.{group}[{at}].image", image, "must not have leading or trailing whitespace")


def _ingress(body: Object) -> Errors:
    spec = body["spec"]
    kinds = ("Exact", "ImplementationSpecific", "Prefix")
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    for at, rule in enumerate(spec.get("rules") or ()):
        for place, row in enumerate((rule.get("http") or {}).get("paths") or ()):
            path = f"spec.rules[{at}].http.paths[{place}]"
            if row.get("pathType") is None:
                yield required(f"{path}.pathType", "pathType must be specified")
            elif row["pathType"] not in kinds:
                yield unsupported(f"{path}.pathType", row["pathType"], kinds)
            elif row["pathType"] != "ImplementationSpecific" and not row.get("path", "").startswith("/"):
                yield invalid(f"{path}.path", row.get("path", ""), "must be an absolute path")


def _autoscaler(body: Object) -> Errors:
    spec = body["spec"]
    if spec["maxReplicas"] < 1:
        yield invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than 0")
    elif spec["maxReplicas"] < spec["minReplicas"]:
        yield invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than or equal to `minReplicas`")
    reference = spec["scaleTargetRef"]
    if not reference.get("apiVersion") and reference.get("kind") != "ReplicationController":
        yield invalid("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group")


def _claim(body: Object) -> Errors:
    spec = body["spec"]
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        yield required("spec.resources[storage]")


def _budget(body: Object) -> Errors:
    spec = body["spec"]
    if "minAvailable" in spec and "maxUnavailable" in spec:
        yield invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")


def _binding(body: Object) -> Errors:
    reference = body["roleRef"]
    if reference.get("kind") not in {"Role", "ClusterRole"}:
        yield unsupported("roleRef.kind", reference.get("kind", ""), ("Role", "ClusterRole"))
    if not reference.get("name"):
        yield required("roleRef.name")


_RULES: dict[str, Callable[[Object], Errors]] = {
    "pods": _pod,
    "services": _service,
    "configmaps": data.config_map_errors,
    "secrets": data.secret_errors,
    "persistentvolumeclaims": _claim,
    "deployments.apps": _deployment,
    "replicasets.apps": _workload,
    "statefulsets.apps": _workload,
    "daemonsets.apps": _workload,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "ingresses.networking.k8s.io": _ingress,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "poddisruptionbudgets.policy": _budget,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
}
