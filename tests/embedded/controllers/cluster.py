"""A cluster without HTTP, on a clock that tests move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gitops_tui.embedded.api import remove, write
from gitops_tui.embedded.api.backend import Backend, clock
from gitops_tui.embedded.api.call import Call, DeleteOptions
from gitops_tui.embedded.controllers import ALL, Controllers, ManualClock
from gitops_tui.embedded.controllers.node.nodes import make_nodes
from gitops_tui.embedded.lifecycle.namespaces import make_first_namespaces
from gitops_tui.embedded.store.store import Store

Object = dict[str, Any]
START = datetime(2026, 1, 31, 10, 0, 0, tzinfo=UTC).timestamp()
_VERSIONS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ControllerRevision": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
}


class Cluster:
    """What a user and the controllers do to one cluster; everything is in the namespace `default`."""

    def __init__(self) -> None:
        self.hand = ManualClock(START)
        self.backend = Backend(Store())
        self.controllers = Controllers(self.backend, ALL, clock=self.hand)
        with clock(self.hand.now):
            make_first_namespaces(self.backend)
            make_nodes(self.controllers.world)
        self.controllers.begin()

    def create(self, kind: str, name: str, spec: Mapping[str, Any] | None = None, **more: Any) -> Object:
        """Create an object; `labels` and other metadata by name, everything else on its top level."""
        metadata: Object = {"name": name, "namespace": "default"}
        for key in ("labels", "annotations"):
            if key in more:
                metadata[key] = more.pop(key)
        body: Object = {"apiVersion": _VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, **more}
        if spec is not None:
            body["spec"] = spec
        with clock(self.hand.now):
            return write.create(self.backend, self._call(kind, name), body).body

    def _call(self, kind: str, name: str, subresource: str = "") -> Call:
        resource = self.backend.registry.of_kind(_VERSIONS.get(kind, "v1"), kind)
        assert resource is not None
        return Call(resource, "default" if resource.namespaced else "", name, subresource, manager="tester")

    def find(self, kind: str, name: str) -> Object | None:
        """An object, if it is there."""
        item = self.backend.store.get(self.backend.key(self._call(kind, name)))
        return item.body if item else None

    def get(self, kind: str, name: str) -> Object:
        """An object that has to be there."""
        body = self.find(kind, name)
        assert body is not None, f"there is no {kind} {name}"
        return body

    def list(self, kind: str) -> tuple[Object, ...]:
        """All objects of a kind."""
        call = self._call(kind, "")
        return tuple(item.body for item in self.backend.store.list(call.resource.storage, call.namespace)[0])

    def change(self, kind: str, name: str, change: Mapping[str, Any]) -> None:
        """Merge something into an object."""
        with clock(self.hand.now):
            write.patch(self.backend, self._call(kind, name), write.MERGE_PATCH, dict(change))

    def set_image(self, kind: str, name: str, image: str) -> None:
        """Change the image of a workload's first container."""
        template = self.get(kind, name)["spec"]["template"]
        containers = [{**template["spec"]["containers"][0], "image": image}]
        self.change(kind, name, {"spec": {"template": {"spec": {"containers": containers}}}})

    def delete(self, kind: str, name: str) -> None:
        """Delete an object."""
        with clock(self.hand.now):
            remove.delete(self.backend, self._call(kind, name), DeleteOptions())

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.controllers.advance(seconds)

    def pods(self, prefix: str = "") -> tuple[Object, ...]:
        """The pods whose names begin so, without those that are being deleted."""
        return tuple(
            pod
            for pod in self.list("Pod")
            if pod["metadata"]["name"].startswith(prefix) and not pod["metadata"].get("deletionTimestamp")
        )

    def events(self, name: str) -> tuple[tuple[str, str], ...]:
        """Reason and message of the events about an object."""
        return tuple(
            (event["reason"], event["message"])
            for event in self.list("Event")
            if event["involvedObject"]["name"] == name
        )


def template(image: str = "registry.example.com/web:1", *, app: str = "web", **spec: Any) -> Object:
    """A pod template with one container."""
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": image, **spec.pop("container", {})}], **spec},
    }


def workload(replicas: int = 1, image: str = "registry.example.com/web:1", **more: Any) -> Object:
    """The spec of a Deployment or StatefulSet."""
    return {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template(image),
        **more,
    }


def status_of(body: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Status and reason of a condition, ("", "") when it is not there."""
    rows = (body.get("status") or {}).get("conditions") or ()
    return next(((row["status"], row.get("reason", "")) for row in rows if row["type"] == kind), ("", ""))


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod serves."""
    return status_of(pod, "Ready")[0] == "True"


def state_of(pod: Mapping[str, Any], at: int = 0) -> Object:
    """The state of a pod's container."""
    state: Object = pod["status"]["containerStatuses"][at]["state"]
    return state
