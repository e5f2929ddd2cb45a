"""The cause lifted from pods and events to the workload that a person looks at (semantics.md: ours)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitops_tui.health.assess import assess
from gitops_tui.health.custom import PREFIX
from gitops_tui.health.events import newest
from gitops_tui.health.pods import cannot_pull, cause_of, containers, finds_no_node, is_stuck, unschedulable
from gitops_tui.health.view import View, because
from gitops_tui.model.fields import annotations_of, dig, labels_of, mappings, text
from gitops_tui.model.resources import Body, Health, HealthCode
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, replace

if TYPE_CHECKING:
    from gitops_tui.model.rules import KindRules

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class _Trouble:
    verb: str
    cause: str


def lift(
    live: Body,
    children: Sequence[Body],
    now: float | None = None,
    rules: Sequence[KindRules] = (),
    events: Sequence[Body] = (),
) -> Health:
    """Return a workload's health with the cause that lies below it: "2 of 3 pods crash: exit 137, OOMKilled".

    children: its live ReplicaSets, Jobs and Pods, at any depth. A workload that is on its way while a pod of its
    newest template fails, or while no pod can be made, is Degraded now, not when its deadline passes; a Job, which
    may try again, only gets the message. Where nothing below says what is wrong, the newest of `events` about any
    of them does; events pass, so they change the message only. A healthy or suspended workload, and one that a
    user's rule has judged, stays as it is.
    """
    own = assess(live, now, rules)
    judged = own.rule == "deletion" or own.rule.startswith(PREFIX)
    if own.code not in {HealthCode.PROGRESSING, HealthCode.DEGRADED} or judged:
        return own
    current = _current(live, children) if children else []
    cause = _of_pods([View(child, now) for child in current if child.get("kind") == "Pod"]) or _unmade(live, current)
    if cause:
        code = own.code if own.rule == "Job" else HealthCode.DEGRADED
        return replace(own, code=code, message=one_line(cause))
    told = newest(events, [live, *children], now) if events else ""
    return replace(own, message=one_line(": ".join(filter(None, (own.message, told))))) if told else own


def lasts(live: Body, children: Sequence[Body], events: Sequence[Body] = ()) -> bool:
    """Whether `lift` says the same of these at any later time: no pod waits for a node, and no event grows old."""
    bodies = (live, *children)
    return not newest(events, bodies, None) and not any(
        finds_no_node(View(each)) for each in bodies if each.get("kind") == "Pod"
    )


def _of_pods(pods: Sequence[View]) -> str:
    troubles = [trouble for pod in pods if (trouble := _trouble(pod)) is not None]
    if not troubles:
        return ""
    (trouble, _), *others = Counter(troubles).most_common()
    more = f" (and {len(others)} other {'cause' if len(others) == 1 else 'causes'})" if others else ""
    return f"{len(troubles)} of {len(pods)} pods {trouble.verb}: {trouble.cause}{more}"


def _unmade(live: Body, children: Sequence[Body]) -> str:
    """Why no pods can be made: a quota, an admission webhook, a missing service account."""
    makers = [live, *(child for child in children if child.get("kind") == "ReplicaSet")]
    failures = [
        because(view.condition("ReplicaFailure")) for view in map(View, makers) if view.is_true("ReplicaFailure")
    ]
    return f"pods cannot be made: {failures[0]}" if failures else ""


def _current(live: Body, children: Sequence[Body]) -> list[Body]:
    """The children that stay, without those of a template that is not the newest any more."""
    staying = [child for child in children if not dig(child, "metadata", "deletionTimestamp")]
    if live.get("kind") == "CronJob":
        return _of_the_last_run(staying)
    template = _newest_template(live, children)
    return [child for child in staying if labels_of(child).get(_HASH) == template] if template else staying


def _of_the_last_run(children: Sequence[Body]) -> list[Body]:
    """The newest Job and its pods: what became of earlier runs is their own affair."""
    jobs = [child for child in children if child.get("kind") == "Job"]
    newest = max(jobs, key=lambda job: text(dig(job, "metadata", "creationTimestamp")), default=None)
    if newest is None:
        return list(children)
    uid = dig(newest, "metadata", "uid")
    owned = (child for child in children if uid in [each.get("uid") for each in mappings(_owners(child))])
    return [newest, *owned]


def _owners(child: Body) -> object:
    return dig(child, "metadata", "ownerReferences")


def _newest_template(live: Body, children: Sequence[Body]) -> str:
    """Return the template hash of a Deployment's newest ReplicaSet, "" when it cannot be told."""
    revision = text(annotations_of(live).get(_REVISION))
    sets = (child for child in children if child.get("kind") == "ReplicaSet")
    found = (child for child in sets if revision and annotations_of(child).get(_REVISION) == revision)
    return next((text(labels_of(child).get(_HASH)) for child in found), "")


def _trouble(pod: View) -> _Trouble | None:
    statuses = containers(pod)
    stuck = next((status for status in statuses if is_stuck(status)), None)
    if stuck is not None:
        verb = "cannot pull their image" if cannot_pull(stuck) else "crash"
        return _Trouble(verb, cause_of(stuck, named=len(statuses) > 1))
    nowhere = unschedulable(pod)
    if nowhere:
        return _Trouble("cannot be scheduled", nowhere)
    verdict = assess(pod.body, pod.now)
    return _Trouble("fail", verdict.message) if verdict.code is HealthCode.DEGRADED else None
