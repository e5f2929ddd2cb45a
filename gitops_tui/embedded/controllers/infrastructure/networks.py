"""What the network gives: addresses for load balancers and ingresses, endpoints for Services."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads.pods import is_active, is_ready
from gitops_tui.embedded.controllers.world import World, is_going, name_of, namespace_of, owned_by, uid_of
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.store.items import Key
from gitops_tui.embedded.store.selectors import matches_labels

SERVICES = "services"
INGRESSES = "ingresses.networking.k8s.io"
SLICES = "endpointslices.discovery.k8s.io"
_CLOUD = "cloud-controller-manager"
_INGRESS_MANAGER = "nginx-ingress-controller"
_INGRESS_ADDRESS = "203.0.113.10"


def reconcile_service(world: World, service: Object) -> float | None:
    """Give a load balancer its address, and list the pods behind a Service."""
    if is_going(service):
        return None
    left = _balance(world, service)
    if service["spec"].get("selector"):
        _write_slice(world, service)
    return left


def _balance(world: World, service: Object) -> float | None:
    before = service.get("status") or {}
    addresses = (before.get("loadBalancer") or {}).get("ingress")
    if service["spec"].get("type") != "LoadBalancer":
        if addresses:
            world.set_status(service, {**before, "loadBalancer": {}}, manager=_CLOUD)
        return None
    if addresses:
        return None
    if left := world.waited(service, "address", world.timings.address):
        world.event(service, "EnsuringLoadBalancer", "Ensuring load balancer", source="service-controller")
        return left
    address = {"ip": f"203.0.113.{20 + zlib.crc32(uid_of(service).encode()) % 200}", "ipMode": "VIP"}
    world.set_status(service, {**before, "loadBalancer": {"ingress": [address]}}, manager=_CLOUD)
    world.event(service, "EnsuredLoadBalancer", "Ensured load balancer", source="service-controller")
    return None


def _write_slice(world: World, service: Object) -> None:
    name = f"{name_of(service)}-{zlib.crc32(uid_of(service).encode()):08x}"
    known = world.get(SLICES, namespace_of(service), name)
    content = {"endpoints": _endpoints(world, service), "ports": _ports(service)}
    if known is None:
        labels = {
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": name_of(service),
        }
        world.create(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": name,
                    "namespace": namespace_of(service),
                    "labels": labels,
                    "ownerReferences": owned_by(service),
                },
                "addressType": "IPv4",
                **content,
            }
        )
    elif any(known.get(key, []) != value for key, value in content.items()):
        world.replace({**known, **content})


def _endpoints(world: World, service: Object) -> list[Object]:
    selector = {"matchLabels": service["spec"]["selector"]}
    rows: list[Object] = []
    for pod in world.all_of("pods", namespace_of(service)):
        address = (pod.get("status") or {}).get("podIP")
        if address and is_active(pod) and matches_labels(selector, pod["metadata"].get("labels") or {}):
            ready = is_ready(pod)
            rows.append(
                {
                    "addresses": [address],
                    "conditions": {"ready": ready, "serving": ready, "terminating": False},
                    "nodeName": pod["spec"]["nodeName"],
                    "targetRef": {
                        "kind": "Pod",
                        "name": name_of(pod),
                        "namespace": namespace_of(pod),
                        "uid": uid_of(pod),
                    },
                }
            )
    return rows


def _ports(service: Object) -> list[Object]:
    return [
        {
            "name": port.get("name", ""),
            "port": port["targetPort"] if isinstance(port.get("targetPort"), int) else port["port"],
            "protocol": port.get("protocol", "TCP"),
        }
        for port in service["spec"].get("ports") or ()
    ]


def services_of(world: World, pod: Object) -> Iterator[Key]:
    """The Services that select a pod."""
    labels = pod["metadata"].get("labels") or {}
    for service in world.all_of(SERVICES, namespace_of(pod)):
        selector = service["spec"].get("selector")
        if selector and matches_labels({"matchLabels": selector}, labels):
            yield Key(SERVICES, namespace_of(service), name_of(service))


def reconcile_ingress(world: World, ingress: Object) -> float | None:
    """Give an Ingress the address of the load balancer in front of it."""
    before = ingress.get("status") or {}
    if is_going(ingress) or (before.get("loadBalancer") or {}).get("ingress"):
        return None
    if left := world.waited(ingress, "address", world.timings.address):
        return left
    status = {**before, "loadBalancer": {"ingress": [{"ip": _INGRESS_ADDRESS}]}}
    world.set_status(ingress, status, manager=_INGRESS_MANAGER)
    world.event(ingress, "Sync", "Scheduled for sync", source=_INGRESS_MANAGER)
    return None


SERVICE_CONTROLLER = Controller(SERVICES, reconcile_service, follows=(("pods", services_of),))
INGRESS_CONTROLLER = Controller(INGRESSES, reconcile_ingress)
