"""Health of Services and Ingresses (semantics.md: Health per kind)."""

from __future__ import annotations

from gitops_tui.health.view import View, healthy, progressing
from gitops_tui.model.fields import mapping
from gitops_tui.model.resources import Health


def service(live: View) -> Health:
    """A load balancer needs an address; every other type is healthy at once."""
    if live.spec.get("type") == "LoadBalancer" and not _has_address(live):
        return progressing("no load balancer address yet")
    return healthy()


def ingress(live: View) -> Health:
    """It needs an address."""
    return healthy() if _has_address(live) else progressing("no load balancer address yet")


def _has_address(live: View) -> bool:
    addresses = mapping(live.status.get("loadBalancer")).get("ingress")
    return isinstance(addresses, list) and bool(addresses)
