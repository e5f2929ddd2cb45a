"""The cause lifted from pods to the workload that a person looks at (semantics.md: ours)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitops_tui.health.assess import assess
from gitops_tui.health.pods import cannot_pull, cause_of, containers, is_stuck, unschedulable
from gitops_tui.health.view import View
from gitops_tui.model.fields import annotations_of, dig, labels_of, text
from gitops_tui.model.resources import Body, Health, HealthCode
from gitops_tui.model.text import one_line

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class _Trouble:
    verb: str
    cause: str


def lift(live: Body, children: Sequence[Body], now: float | None = None) -> Health:
    """Return a workload's health with the cause that its pods tell: "2 of 3 pods crash: web: exit 137, OOMKilled".

    children: its live ReplicaSets, Jobs and Pods, at any depth. A workload that is on its way while a pod of its
    newest template fails is Degraded now, not when its deadline passes; a Job, which may try again, only gets
    the message. A healthy or suspended workload stays as it is.
    """
    own = assess(live, now)
    if own.code not in {HealthCode.PROGRESSING, HealthCode.DEGRADED} or own.rule == "deletion":
        return own
    pods = [View(pod, now) for pod in _pods(live, children)]
    troubles = [trouble for pod in pods if (trouble := _trouble(pod)) is not None]
    if not troubles:
        return own
    (trouble, _), *others = Counter(troubles).most_common()
    message = f"{len(troubles)} of {len(pods)} pods {trouble.verb}: {trouble.cause}"
    if others:
        message += f" (and {len(others)} other {'cause' if len(others) == 1 else 'causes'})"
    code = own.code if own.rule == "Job" else HealthCode.DEGRADED
    return replace(own, code=code, message=one_line(message))


def _pods(live: Body, children: Sequence[Body]) -> list[Body]:
    pods = [
        child for child in children if child.get("kind") == "Pod" and not dig(child, "metadata", "deletionTimestamp")
    ]
    newest = _newest_template(live, children)
    return [pod for pod in pods if labels_of(pod).get(_HASH) == newest] if newest else pods


def _newest_template(live: Body, children: Sequence[Body]) -> str:
    """Return the template hash of a Deployment's newest ReplicaSet, "" when it cannot be told."""
    revision = text(annotations_of(live).get(_REVISION))
    sets = (child for child in children if child.get("kind") == "ReplicaSet")
    newest = (child for child in sets if revision and annotations_of(child).get(_REVISION) == revision)
    return next((text(labels_of(child).get(_HASH)) for child in newest), "")


def _trouble(pod: View) -> _Trouble | None:
    stuck = next((status for status in containers(pod) if is_stuck(status)), None)
    if stuck is not None:
        return _Trouble("cannot pull their image" if cannot_pull(stuck) else "crash", cause_of(stuck))
    nowhere = unschedulable(pod)
    if nowhere:
        return _Trouble("cannot be scheduled", nowhere)
    verdict = assess(pod.body, pod.now)
    return _Trouble("fail", verdict.message) if verdict.code is HealthCode.DEGRADED else None
