"""Health of Pods, and what is wrong with their containers (semantics.md: Health per kind)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gitops_tui.health.view import View, because, degraded, healthy, progressing
from gitops_tui.model.fields import integer, mapping, mappings, text
from gitops_tui.model.resources import Health
from gitops_tui.model.text import one_line

UNSCHEDULABLE_AFTER: Final = 15.0
"""Seconds that a scheduler may take before "unschedulable" is taken for a failure (kstatus)."""

_HOOKS: Final = ("argocd.argoproj.io/hook", "helm.sh/hook")
_IGNORE_RESTART_POLICY: Final = "argocd.argoproj.io/ignore-restart-policy"

Container = Mapping[str, Any]


def pod(live: View) -> Health:
    """First a container that cannot start, then by the pod's phase and restart policy."""
    always = restarts_always(live)
    stuck = next((status for status in containers(live) if is_stuck(status)), None)
    if always and stuck is not None:
        return degraded(cause_of(stuck))
    phase = live.status.get("phase")
    if phase == "Pending":
        return _pending(live)
    if phase == "Succeeded":
        return healthy("completed")
    if phase == "Failed":
        return degraded(text(live.status.get("message")) or _why_failed(live))
    if phase == "Running":
        return _running(live, always=always)
    return progressing(text(live.status.get("message")) or "no phase yet")


def restarts_always(live: View) -> bool:
    """Whether the pod is meant to run for good."""
    return (live.spec.get("restartPolicy") or "Always") == "Always"


def containers(live: View) -> tuple[Container, ...]:
    """Statuses of all containers, those that run first included."""
    return (*mappings(live.status.get("initContainerStatuses")), *mappings(live.status.get("containerStatuses")))


def is_stuck(container: Container) -> bool:
    """Whether a container waits for a reason that does not pass by itself: `Err*`, `*Error`, `*BackOff`."""
    reason = _waiting_reason(container)
    return reason.startswith("Err") or reason.endswith(("Error", "BackOff"))


def cannot_pull(container: Container) -> bool:
    """Whether a container waits for its image in vain."""
    return is_stuck(container) and "Image" in _waiting_reason(container)


def cause_of(container: Container, *, named: bool = True) -> str:
    """Return what is wrong with a container: `web: exit 137, OOMKilled`, `web: ImagePullBackOff: ...`.

    named False: without its name, which says nothing where it is the only one.
    """
    name = (text(container.get("name")) or "a container") if named else ""
    ended = _termination(container)
    reason = _waiting_reason(container)
    if ended and (not reason or reason == "CrashLoopBackOff"):
        return one_line(": ".join(part for part in (name, _how_it_ended(ended)) if part))
    message = text(mapping(mapping(container.get("state")).get("waiting")).get("message"))
    return one_line(": ".join(part for part in (name, reason, message) if part))


def finds_no_node(live: View) -> bool:
    """Whether no node takes the pod now; after a while its health says so."""
    scheduled = live.condition("PodScheduled")
    return scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable"


def unschedulable(live: View) -> str:
    """Return why no node takes the pod, "" when one may still, or not for long enough to say so."""
    if not finds_no_node(live):
        return ""
    scheduled = live.condition("PodScheduled")
    age = live.age_of(scheduled.get("lastTransitionTime"))
    return because(scheduled) if age is not None and age > UNSCHEDULABLE_AFTER else ""


def _pending(live: View) -> Health:
    nowhere = unschedulable(live)
    if nowhere:
        return degraded(nowhere)
    waiting = next((status for status in containers(live) if _waiting_reason(status)), None)
    message = text(live.status.get("message")) or because(live.condition("PodScheduled"))
    return progressing(message or (cause_of(waiting) if waiting is not None else "pending"))


def _running(live: View, *, always: bool) -> Health:
    if not always:
        is_hook = any(name in live.annotations for name in _HOOKS)
        if is_hook or live.annotations.get(_IGNORE_RESTART_POLICY) != "true":
            return progressing("running to completion")
    if live.is_true("Ready"):
        return healthy("ready")
    crashed = next((status for status in containers(live) if _last_end(status)), None)
    if always and crashed is not None:
        return degraded(cause_of(crashed))
    return progressing(because(live.condition("Ready")) or "not ready yet")


def _why_failed(live: View) -> str:
    failed = (status for status in containers(live) if _failure(status))
    return next((cause_of(status) for status in failed), text(live.status.get("reason")))


def _waiting_reason(container: Container) -> str:
    return text(mapping(mapping(container.get("state")).get("waiting")).get("reason"))


def _last_end(container: Container) -> Mapping[str, Any]:
    return mapping(mapping(container.get("lastState")).get("terminated"))


def _termination(container: Container) -> Mapping[str, Any]:
    return mapping(mapping(container.get("state")).get("terminated")) or _last_end(container)


def _failure(container: Container) -> bool:
    ended = mapping(mapping(container.get("state")).get("terminated"))
    return bool(text(ended.get("message")) or ended.get("reason") == "OOMKilled" or integer(ended.get("exitCode")))


def _how_it_ended(ended: Mapping[str, Any]) -> str:
    reason = text(ended.get("reason"))
    parts = [f"exit {integer(ended.get('exitCode'))}"]
    if reason and reason not in {"Error", "Completed"}:
        parts.append(reason)
    message = text(ended.get("message")).strip()
    return ", ".join(parts) + (f": {message}" if message else "")
