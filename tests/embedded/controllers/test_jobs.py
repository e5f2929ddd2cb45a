"""Jobs finish or give up; CronJobs start them in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_tui.embedded.controllers.batch.schedule import Schedule, ScheduleError
from tests.embedded.controllers.cluster import Cluster, status_of, template

OK = "registry.example.com/tool:1"
BROKEN = "registry.example.com/tool:broken"


def _job(image: str = OK, restart: str = "Never", **more: object) -> dict[str, object]:
    return {"template": template(image, restartPolicy=restart), **more}


def test_a_job_completes(cluster: Cluster) -> None:
    cluster.create("Job", "once", _job())
    cluster.pass_time(2)
    assert cluster.get("Job", "once")["status"]["active"] == 1
    cluster.pass_time(3)
    job = cluster.get("Job", "once")
    assert status_of(job, "Complete") == ("True", "CompletionsReached")
    assert job["status"]["succeeded"] == 1
    assert job["status"]["completionTime"]
    assert "active" not in job["status"]
    (pod,) = cluster.list("Pod")
    assert pod["status"]["phase"] == "Succeeded"
    assert ("Completed", "Job completed") in cluster.events("once")


def test_a_job_runs_as_many_pods_as_it_asks_for(cluster: Cluster) -> None:
    cluster.create("Job", "many", _job(completions=5, parallelism=2))
    most = 0
    for _ in range(200):
        cluster.pass_time(0.1)
        most = max(most, sum(pod["status"]["phase"] not in {"Succeeded", "Failed"} for pod in cluster.pods()))
    assert most == 2
    assert cluster.get("Job", "many")["status"]["succeeded"] == 5


def test_a_failing_job_gives_up_at_its_limit(cluster: Cluster) -> None:
    cluster.create("Job", "bad", _job(BROKEN, backoffLimit=2))
    cluster.pass_time(5)
    assert status_of(cluster.get("Job", "bad"), "Failed") == ("", "")
    cluster.pass_time(60)
    job = cluster.get("Job", "bad")
    assert status_of(job, "Failed") == ("True", "BackoffLimitExceeded")
    assert job["status"]["failed"] == 3
    assert all(pod["status"]["phase"] == "Failed" for pod in cluster.list("Pod"))


def test_restarts_in_place_count_towards_the_limit(cluster: Cluster) -> None:
    cluster.create("Job", "bad", _job(BROKEN, "OnFailure", backoffLimit=2))
    cluster.pass_time(120)
    assert status_of(cluster.get("Job", "bad"), "Failed") == ("True", "BackoffLimitExceeded")
    assert not cluster.pods()


def test_a_job_ends_at_its_deadline(cluster: Cluster) -> None:
    cluster.create("Job", "late", _job("registry.example.com/tool:missing", activeDeadlineSeconds=30))
    cluster.pass_time(29)
    assert status_of(cluster.get("Job", "late"), "Failed") == ("", "")
    cluster.pass_time(2)
    assert status_of(cluster.get("Job", "late"), "Failed") == ("True", "DeadlineExceeded")


def test_a_suspended_job_waits(cluster: Cluster) -> None:
    cluster.create("Job", "later", _job(suspend=True))
    cluster.pass_time(10)
    assert status_of(cluster.get("Job", "later"), "Suspended") == ("True", "JobSuspended")
    assert not cluster.list("Pod")
    cluster.change("Job", "later", {"spec": {"suspend": False}})
    cluster.pass_time(10)
    assert status_of(cluster.get("Job", "later"), "Complete")[0] == "True"


def test_a_finished_job_is_cleared_away_in_time(cluster: Cluster) -> None:
    cluster.create("Job", "brief", _job(ttlSecondsAfterFinished=20))
    cluster.pass_time(10)
    assert cluster.find("Job", "brief") is not None
    cluster.pass_time(20)
    assert cluster.find("Job", "brief") is None


def test_a_cron_job_starts_a_job_each_time(cluster: Cluster) -> None:
    spec = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": _job()}, "successfulJobsHistoryLimit": 2}
    cluster.create("CronJob", "tidy", spec)
    cluster.pass_time(299)
    assert not cluster.list("Job")
    cluster.pass_time(2)
    assert len(cluster.list("Job")) == 1
    running = cluster.get("CronJob", "tidy")["status"]
    assert [row["name"] for row in running["active"]] == [cluster.list("Job")[0]["metadata"]["name"]]
    assert running["lastScheduleTime"] == "2026-01-31T10:05:00Z"
    cluster.pass_time(3610)
    assert len(cluster.list("Job")) == 2
    status = cluster.get("CronJob", "tidy")["status"]
    assert status["lastSuccessfulTime"] > status["lastScheduleTime"]
    assert "active" not in status


def test_after_a_long_sleep_only_the_last_time_is_made_up_for(cluster: Cluster) -> None:
    cluster.create("CronJob", "tidy", {"schedule": "*/10 * * * *", "jobTemplate": {"spec": _job()}})
    cluster.pass_time(1)
    cluster.hand.move_to(cluster.hand.now() + 40 * 86_400 + 180)
    cluster.pass_time(10)
    assert len(cluster.list("Job")) == 1
    assert cluster.get("CronJob", "tidy")["status"]["lastScheduleTime"] == "2026-03-12T10:00:00Z"


def test_a_cron_job_that_forbids_it_never_overlaps(cluster: Cluster) -> None:
    job = {"spec": _job("registry.example.com/tool:missing")}
    cluster.create("CronJob", "slow", {"schedule": "* * * * *", "jobTemplate": job, "concurrencyPolicy": "Forbid"})
    cluster.pass_time(300)
    assert len(cluster.list("Job")) == 1


def test_a_suspended_cron_job_starts_nothing(cluster: Cluster) -> None:
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": _job()}, "suspend": True}
    cluster.create("CronJob", "off", spec)
    cluster.pass_time(600)
    assert not cluster.list("Job")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("15 2 * * *", None, "2026-02-01T02:15"),
        ("0 0 1 * *", None, "2026-02-01T00:00"),
        ("*/20 9-17 * * mon-fri", None, "2026-02-02T09:00"),
        ("0 12 13 * fri", None, "2026-02-06T12:00"),
        ("@hourly", None, "2026-01-31T11:00"),
        ("30 4 29 feb *", None, "2028-02-29T04:30"),
        ("0 9 * * *", "America/New_York", "2026-01-31T14:00"),
        ("5/15 * * * 7", None, "2026-02-01T00:05"),
    ],
)
def test_schedules_mean_what_cron_means(text: str, zone: str | None, expected: str) -> None:
    start = datetime(2026, 1, 31, 10, 0, tzinfo=UTC).timestamp()
    found = Schedule.parse(text, zone).after(start)
    assert found == datetime.fromisoformat(f"{expected}:00+00:00").timestamp()


@pytest.mark.parametrize(
    "text", ["", "* * * *", "60 * * * *", "* * * * mon-", "a * * * *", "*/0 * * * *", "5-1 * * * *"]
)
def test_nonsense_is_no_schedule(text: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule.parse(text)


def test_a_day_that_never_comes_has_no_time() -> None:
    assert Schedule.parse("0 0 30 feb *").after(0.0) is None


_FIELDS = st.tuples(
    st.sampled_from(["*", "*/7", "0", "3,30", "10-20/5"]),
    st.sampled_from(["*", "*/6", "0", "23", "8-10"]),
    st.sampled_from(["*", "1", "31", "10-15"]),
    st.sampled_from(["*", "2", "*/5"]),
    st.sampled_from(["*", "0", "mon-wed", "7"]),
)


@settings(max_examples=60, deadline=None)
@given(_FIELDS, st.integers(0, 366 * 24 * 60))
def test_the_next_time_is_the_first_minute_that_matches(fields: tuple[str, ...], minutes: int) -> None:
    schedule = Schedule.parse(" ".join(fields))
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes, seconds=minutes % 60)
    found = schedule.after(start.timestamp())
    time = start.replace(second=0) + timedelta(minutes=1)
    for _ in range(3 * 24 * 60):
        if schedule.includes(time):
            assert found == time.timestamp()
            return
        time += timedelta(minutes=1)
    assert found is None or found >= time.timestamp()
