"""Health of volume claims, autoscalers, API services and resource definitions (semantics.md: Health per kind)."""

from __future__ import annotations

from typing import Final

from gitops_tui.health.view import View, because, degraded, healthy, progressing
from gitops_tui.model.fields import text
from gitops_tui.model.resources import Health, HealthCode

_CANNOT_SCALE: Final = frozenset({"FailedGetScale", "FailedUpdateScale"})
_CANNOT_MEASURE: Final = frozenset(
    {
        "FailedComputeMetricsReplicas",
        "FailedGetExternalMetric",
        "FailedGetObjectMetric",
        "FailedGetPodsMetric",
        "FailedGetResourceMetric",
        "InvalidSelector",
    }
)


def volume_claim(live: View) -> Health:
    """By its phase."""
    phase = text(live.status.get("phase"))
    if phase == "Bound":
        return healthy("bound")
    if phase == "Pending":
        return progressing("waits for a volume")
    if phase == "Lost":
        return degraded("its volume is lost")
    return Health(HealthCode.UNKNOWN, "no phase that is known")


def autoscaler(live: View) -> Health:
    """Cannot scale or measure, can, or does not say yet."""
    able, active = live.condition("AbleToScale"), live.condition("ScalingActive")
    for condition, reasons in ((able, _CANNOT_SCALE), (active, _CANNOT_MEASURE)):
        if condition.get("status") == "False" and text(condition.get("reason")) in reasons:
            return degraded(because(condition))
    if live.is_true("AbleToScale") or live.is_true("ScalingLimited"):
        limited = live.condition("ScalingLimited") if live.is_true("ScalingLimited") else able
        return healthy(because(limited))
    return progressing("waits to be able to scale")


def api_service(live: View) -> Health:
    """It must be available."""
    available = live.condition("Available")
    if live.is_true("Available"):
        return healthy(because(available))
    return progressing(because(available) or "not available yet")


def resource_definition(live: View) -> Health:
    """Its names must be accepted, then it must be established."""
    names = live.condition("NamesAccepted")
    if names.get("status") == "False":
        return degraded(because(names))
    if live.is_true("Established"):
        return healthy("established")
    return progressing(because(live.condition("Established")) or "not established yet")
