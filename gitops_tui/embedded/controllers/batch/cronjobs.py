"""CronJobs: a Job at each scheduled time, and the old ones cleared away."""

from __future__ import annotations

from gitops_tui.embedded.controllers.batch import jobs
from gitops_tui.embedded.controllers.batch.schedule import Schedule, ScheduleError
from gitops_tui.embedded.controllers.clock import as_seconds, as_text
from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.workloads.conditions import is_true
from gitops_tui.embedded.controllers.world import World, is_going, name_of, namespace_of, owned_by, uid_of
from gitops_tui.embedded.kinds.schema import Object

STORAGE = "cronjobs.batch"
_SOURCE = "cronjob-controller"
_LOOK_BACK = (3600.0, 86_400.0, 31 * 86_400.0, 5 * 366 * 86_400.0)


def reconcile(world: World, cron: Object) -> float | None:
    """Start the Job that is due, keep the status, clear away old Jobs."""
    if is_going(cron):
        return None
    spec, status = cron["spec"], cron.get("status") or {}
    try:
        schedule = Schedule.parse(spec["schedule"], spec.get("timeZone"))
    except ScheduleError as error:
        world.event(cron, "InvalidSchedule", f"invalid schedule: {error}", source=_SOURCE, warning=True)
        return None
    _clear(world, cron)
    last = as_seconds(status.get("lastScheduleTime") or cron["metadata"]["creationTimestamp"]) or world.now
    started = None if spec.get("suspend") else _start_due(world, cron, schedule, last)
    _report(world, cron, started)
    following = schedule.after(world.now)
    return None if following is None or spec.get("suspend") else following - world.now


def _start_due(world: World, cron: Object, schedule: Schedule, last: float) -> float | None:
    """The scheduled time for which a Job was started, None when none was due or the policy forbids it."""
    due = _latest(schedule, last, world.now)
    deadline = cron["spec"].get("startingDeadlineSeconds")
    if due is None or (deadline is not None and world.now - due > deadline):
        return None
    running = [job for job in world.controlled(jobs.STORAGE, cron) if not jobs.is_finished(job)]
    policy = cron["spec"].get("concurrencyPolicy", "Allow")
    if running and policy == "Forbid":
        told = "Not starting job because prior execution is running and concurrency policy is Forbid"
        world.event(cron, "JobAlreadyActive", told, source=_SOURCE)
        return None
    if policy == "Replace":
        for job in running:
            world.delete(job)
    return due if _make(world, cron, due) else None


def _latest(schedule: Schedule, last: float, now: float) -> float | None:
    """The newest time that is due and not served; of many missed ones only one is made up for."""
    for back in _LOOK_BACK:
        due = schedule.after(max(last, now - back))
        found = None
        while due is not None and due <= now:
            found, due = due, schedule.after(due)
        if found is not None or now - back <= last:
            return found
    return None


def _make(world: World, cron: Object, due: float) -> bool:
    template = cron["spec"]["jobTemplate"]
    stated = template.get("metadata") or {}
    name = f"{name_of(cron)}-{int(due) // 60}"
    metadata: Object = {
        "name": name,
        "namespace": namespace_of(cron),
        "annotations": {
            **(stated.get("annotations") or {}),
            "batch.kubernetes.io/cronjob-scheduled-timestamp": as_text(due),
        },
        "labels": stated.get("labels") or {},
        "ownerReferences": owned_by(cron),
    }
    made = world.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
    if made is not None:
        world.event(cron, "SuccessfulCreate", f"Created job {name}", source=_SOURCE)
    return made is not None


def _report(world: World, cron: Object, started: float | None) -> None:
    before = cron.get("status") or {}
    mine = world.controlled(jobs.STORAGE, cron)
    status = {key: value for key, value in before.items() if key != "active"}
    if started is not None:
        status["lastScheduleTime"] = as_text(started)
    done = [job["status"].get("completionTime", "") for job in mine if is_true(job, "Complete")]
    latest = max([*done, before.get("lastSuccessfulTime", "")])
    if latest:
        status["lastSuccessfulTime"] = latest
    running = [_reference(job) for job in mine if not jobs.is_finished(job)]
    if running:
        status["active"] = running
    world.set_status(cron, status)


def _reference(job: Object) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": name_of(job),
        "namespace": namespace_of(job),
        "resourceVersion": job["metadata"]["resourceVersion"],
        "uid": uid_of(job),
    }


def _clear(world: World, cron: Object) -> None:
    limits = (("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1))
    for kind, key, default in limits:
        done = [job for job in world.controlled(jobs.STORAGE, cron) if is_true(job, kind) and not is_going(job)]
        done.sort(key=lambda job: (job["metadata"]["creationTimestamp"], name_of(job)))
        for job in done[: max(0, len(done) - cron["spec"].get(key, default))]:
            world.delete(job)


CONTROLLER = Controller(STORAGE, reconcile)
