"""Jobs: pods that finish, tried again when they fail."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_tui.embedded.controllers.clock import as_seconds
from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads.conditions import condition, condition_of, dated, is_true
from gitops_tui.embedded.controllers.workloads.pods import (
    active,
    delete_pod,
    is_active,
    is_ready,
    make_pod,
    phase_of,
    soonest,
)
from gitops_tui.embedded.controllers.world import World, is_going
from gitops_tui.embedded.kinds.schema import Object

STORAGE = "jobs.batch"
_SOURCE = "job-controller"


def is_finished(job: Object) -> bool:
    """Whether a Job has completed or failed for good."""
    return is_true(job, "Complete") or is_true(job, "Failed")


def reconcile(world: World, job: Object) -> float | None:
    """Run what is missing, or note the end."""
    if is_going(job):
        return None
    if is_finished(job):
        return _expire(world, job)
    if job["spec"].get("suspend"):
        _suspend(world, job)
        return None
    pods = world.controlled("pods", job)
    end = _end(world, job, pods)
    if end is not None:
        for pod in active(pods):
            delete_pod(world, job, pod, _SOURCE)
        _report(world, job, world.controlled("pods", job), end)
        return None
    wait = _run(world, job, pods)
    _report(world, job, world.controlled("pods", job), _resumed(job))
    deadline = job["spec"].get("activeDeadlineSeconds")
    left = None if deadline is None else deadline - world.age((job.get("status") or {}).get("startTime"))
    return soonest([wait, left])


def _resumed(job: Object) -> Sequence[Object]:
    known = condition_of(job, "Suspended")
    return [condition("Suspended", False, "JobResumed", "Job resumed")] if known is not None else []


def _wanted(job: Object) -> int:
    """How many pods have to succeed; one is enough where no number is asked for."""
    return int(job["spec"].get("completions", 1))


def _end(world: World, job: Object, pods: list[Object]) -> list[Object] | None:
    """The conditions of a Job that is over, None while it goes on."""
    spec = job["spec"]
    if sum(phase_of(pod) == "Succeeded" for pod in pods) >= _wanted(job):
        told = "Reached expected number of succeeded pods"
        world.event(job, "Completed", "Job completed", source=_SOURCE)
        return [condition(kind, True, "CompletionsReached", told) for kind in ("SuccessCriteriaMet", "Complete")]
    restarts = sum(
        row.get("restartCount", 0) for pod in pods for row in (pod.get("status") or {}).get("containerStatuses") or ()
    )
    failures = sum(phase_of(pod) == "Failed" for pod in pods)
    never = spec["template"]["spec"].get("restartPolicy") == "Never"
    reason = told = ""
    if (failures if never else failures + restarts) > spec.get("backoffLimit", 6):
        reason, told = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and world.age((job.get("status") or {}).get("startTime")) >= deadline:
        reason, told = "DeadlineExceeded", "Job was active longer than specified deadline"
    if not reason:
        return None
    world.event(job, reason, told, source=_SOURCE, warning=True)
    return [condition(kind, True, reason, told) for kind in ("FailureTarget", "Failed")]


def _run(world: World, job: Object, pods: list[Object]) -> float | None:
    """Start missing pods; after a failure only when a pause is over, which is returned."""
    spec = job["spec"]
    succeeded = sum(phase_of(pod) == "Succeeded" for pod in pods)
    missing = min(spec.get("parallelism", 1), _wanted(job) - succeeded) - len(active(pods))
    if missing <= 0:
        return None
    ends = [_ended_at(pod) for pod in pods if phase_of(pod) == "Failed"]
    if ends:
        pause = min(world.timings.retry * 2.0 ** (len(ends) - 1), world.timings.longest_backoff)
        left = max(ends) + pause - world.now
        if left > 0:
            return left
    for _ in range(missing):
        make_pod(world, job, spec["template"], _SOURCE)
    return None


def _ended_at(pod: Object) -> float:
    rows = (pod.get("status") or {}).get("containerStatuses") or ()
    ends = [as_seconds((row["state"].get("terminated") or {}).get("finishedAt")) for row in rows]
    return max((end for end in ends if end is not None), default=0.0)


def _suspend(world: World, job: Object) -> None:
    for pod in active(world.controlled("pods", job)):
        delete_pod(world, job, pod, _SOURCE)
    row = condition("Suspended", True, "JobSuspended", "Job suspended")
    _report(world, job, world.controlled("pods", job), [row], started=False)


def _report(world: World, job: Object, pods: list[Object], rows: Sequence[Object], *, started: bool = True) -> None:
    before = job.get("status") or {}
    live = [pod for pod in pods if is_active(pod)]
    status: Object = {
        "active": len(live),
        "ready": sum(map(is_ready, live)),
        "succeeded": sum(phase_of(pod) == "Succeeded" for pod in pods),
        "failed": sum(phase_of(pod) == "Failed" for pod in pods),
        "terminating": sum(is_going(pod) for pod in pods),
        "uncountedTerminatedPods": {},
    }
    status = {key: value for key, value in status.items() if value or key not in {"active", "succeeded", "failed"}}
    if started:
        status["startTime"] = before.get("startTime", world.time)
    if rows:
        status["conditions"] = dated(job, [{**row, "lastProbeTime": world.time} for row in rows], world.time)
    if any(row["type"] == "Complete" for row in rows):
        status["completionTime"] = world.time
    if _without_probes(status) != _without_probes(before):
        world.set_status(job, status)


def _without_probes(status: Object) -> Object:
    rows = [{**row, "lastProbeTime": ""} for row in status.get("conditions") or ()]
    return {**status, "conditions": rows}


def _expire(world: World, job: Object) -> float | None:
    """Delete a finished Job when its time to live is over."""
    kept = job["spec"].get("ttlSecondsAfterFinished")
    if kept is None:
        return None
    ended = next(row for row in job["status"]["conditions"] if row["type"] in {"Complete", "Failed"})
    left = kept - world.age(ended.get("lastTransitionTime"))
    if left > 0:
        return float(left)
    world.delete(job)
    return None


CONTROLLER = Controller(STORAGE, reconcile)
