"""What an update may not change, per kind, in the server's words."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.problems import FieldError, forbidden_field, invalid

_IMMUTABLE = "field is immutable"
_STATEFUL_SET_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_FIELDS: dict[str, tuple[str, ...]] = {
    "deployments.apps": ("spec.selector",),
    "replicasets.apps": ("spec.selector",),
    "daemonsets.apps": ("spec.selector",),
    "jobs.batch": ("spec.completionMode", "spec.selector", "spec.template"),
    "secrets": ("type",),
    "storageclasses.storage.k8s.io": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "ingressclasses.networking.k8s.io": ("spec.controller",),
    "priorityclasses.scheduling.k8s.io": ("value", "preemptionPolicy"),
}


def update_errors(storage: str, old: Object, new: Object) -> Iterator[FieldError]:
    """What a new version of an object changes although it may not."""
    for path in _FIELDS.get(storage, ()):
        before, after = _at(old, path), _at(new, path)
        if before != after:
            yield invalid(path, after, _IMMUTABLE)
    if storage in {"configmaps", "secrets"}:
        yield from _sealed(old, new)
    elif storage == "statefulsets.apps":
        yield from _stateful_set(old, new)
    elif storage == "services":
        yield from _service(old, new)
    elif storage == "persistentvolumeclaims":
        yield from _claim(old, new)
    elif storage == "pods":
        yield from _pod(old, new)
    elif storage.endswith("bindings.rbac.authorization.k8s.io") and old.get("roleRef") != new.get("roleRef"):
        yield invalid("roleRef", new.get("roleRef"), "cannot change roleRef")


def _at(body: Object, path: str) -> object:
    value: object = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _sealed(old: Object, new: Object) -> Iterator[FieldError]:
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden_field("immutable", "field is immutable when `immutable` is set")
    for name in ("data", "binaryData"):
        if old.get(name) != new.get(name):
            yield forbidden_field(name, "field is immutable when `immutable` is set")


def _stateful_set(old: Object, new: Object) -> Iterator[FieldError]:
    before = {key: value for key, value in old["spec"].items() if key not in _STATEFUL_SET_MUTABLE}
    after = {key: value for key, value in new["spec"].items() if key not in _STATEFUL_SET_MUTABLE}
    if before != after:
        names = ", ".join(f"'{name}'" for name in _STATEFUL_SET_MUTABLE[:-1])
        last = _STATEFUL_SET_MUTABLE[-1]
        words = f"updates to statefulset spec for fields other than {names} and '{last}' are forbidden"
        yield forbidden_field("spec", words)


def _service(old: Object, new: Object) -> Iterator[FieldError]:
    before, after = old["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    external = "ExternalName" in {old["spec"].get("type"), new["spec"].get("type")}
    if before and before != after and not external:
        yield invalid("spec.clusterIPs[0]", [after or ""], "may not change once set")


def _claim(old: Object, new: Object) -> Iterator[FieldError]:
    def fixed(body: Object) -> Object:
        spec = {
            key: value for key, value in body["spec"].items() if key not in {"resources", "volumeAttributesClassName"}
        }
        return {**spec, "volumeName": ""} if not old["spec"].get("volumeName") else spec

    if fixed(old) != fixed(new):
        yield forbidden_field(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        )


def _pod(old: Object, new: Object) -> Iterator[FieldError]:
    def fixed(body: Object) -> Object:
        spec = {
            key: value
            for key, value in body["spec"].items()
            if key
            not in {
                "activeDeadlineSeconds",
                "tolerations",
                "terminationGracePeriodSeconds",
                "nodeName",
                "ephemeralContainers",
            }
        }
        for group in ("containers", "initContainers"):
            spec[group] = [{**row, "image": "", "resources": None} for row in spec.get(group) or ()]
        return spec

    if fixed(old) != fixed(new):
        yield forbidden_field(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        )
