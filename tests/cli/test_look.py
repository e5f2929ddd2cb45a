"""A user looks: status, diff, render, history, journal."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gitops_tui.diff import comparison
from gitops_tui.engine.requests import Compare, History, Operations, Refresh, Render, Resolve
from gitops_tui.model.errors import ClusterError, Stage
from gitops_tui.model.operations import HistoryEntry, OperationKind, OperationPhase, Pause, Pin, Receipt
from gitops_tui.model.resources import Manifest
from gitops_tui.model.status import Problem, RepositoryStatus, Snapshot
from gitops_tui.yamlio import load_all
from tests.cli.prepared import (
    BROKEN,
    COMMIT,
    CONFIG,
    DRIFTED,
    FLEET,
    WEB,
    PreparedSession,
    Run,
    golden,
    snapshot,
    status,
)


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_status_of_everything(gitops: Run, form: str) -> None:
    said = gitops(PreparedSession(snapshot(status(), DRIFTED, BROKEN)), "status", "-o", form)
    golden(f"status.{form}", said.out)
    assert said.code == 2


@pytest.mark.parametrize(("names", "code"), [(["shop"], 0), (["shop", "cart"], 1), (["cart", "search"], 2)])
def test_status_says_by_its_code_how_the_named_ones_are(gitops: Run, names: list[str], code: int) -> None:
    session = PreparedSession(snapshot(status(), DRIFTED, BROKEN))
    said = gitops(session, "status", *names, "-o", "json")
    assert (said.code, said.err) == (code, "")
    assert [each["name"] for each in json.loads(said.out)] == names
    assert session.of(Refresh) == [Refresh(tuple(names))]


def test_status_tells_problems_beside_the_table(gitops: Run) -> None:
    said = gitops(PreparedSession(snapshot(BROKEN)), "status")
    assert said.err == "error: apps/search/web.yaml:3: key 'a' is there twice\nhint: mend the file\n"


def test_status_names_what_is_pinned_and_paused(gitops: Run) -> None:
    held = status(pin=Pin("shop", COMMIT.sha, "", "bob@desk"), pause=Pause("shop", "bob@desk"))
    assert "1f0c2d3 (pinned, paused)" in gitops(PreparedSession(snapshot(held)), "status").out


def test_a_repository_that_cannot_be_read_is_an_error_although_it_names_no_application(gitops: Run) -> None:
    problem = Problem(Stage.FETCH, "repository fleet", "no such host", "check the URL")
    session = PreparedSession(Snapshot(repositories={FLEET: RepositoryStatus(FLEET, problem=problem)}))
    said = gitops(session, "status", "-o", "json")
    assert (said.code, json.loads(said.out)) == (2, [])
    assert said.err == "error: repository fleet: no such host\nhint: check the URL\n"


def test_an_application_that_is_not_there(gitops: Run) -> None:
    said = gitops(PreparedSession(snapshot(status())), "diff", "shup", "-o", "json")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: application shup: is not tracked here\nhint: did you mean shop?\n"


def deployment(replicas: int, **more: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas, **more}}


def config_map(**data: str) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def drifting() -> PreparedSession:
    changed = comparison(WEB, deployment(3, paused=False), deployment(5), None)
    missing = comparison(CONFIG, config_map(a="1"), None, None)
    answers = {Compare: (changed, missing), Resolve: COMMIT}
    return PreparedSession(snapshot(status()), answers)


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_diff(gitops: Run, form: str) -> None:
    said = gitops(drifting(), "diff", "shop", "-o", form)
    golden(f"diff.{form}", said.out)
    assert (said.code, said.err) == (1, "")


def test_diff_against_another_commit(gitops: Run) -> None:
    session = drifting()
    assert gitops(session, "diff", "shop", "--revision", "v1", "-o", "json").code == 1
    assert session.of(Compare) == [Compare("shop", "v1")]
    assert session.of(Resolve) == [Resolve("shop", "v1")]


def test_diff_of_what_is_in_sync_says_nothing_in_a_pipe(gitops: Run) -> None:
    said = gitops(PreparedSession(snapshot(status()), {Compare: (), Resolve: COMMIT}), "diff", "shop")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_diff_of_what_cannot_be_read_is_an_error(gitops: Run) -> None:
    unread = comparison(WEB, deployment(3), None, None)
    object.__setattr__(unread, "drift", "Unknown")
    said = gitops(PreparedSession(snapshot(status()), {Compare: (unread,), Resolve: COMMIT}), "diff", "shop")
    assert said.code == 2


def secret(**content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, **content}


def rendered(*bodies: dict[str, Any]) -> PreparedSession:
    return PreparedSession(snapshot(status()), {Render: tuple(Manifest.of(body) for body in bodies)})


def test_render_gives_a_stream_that_kubectl_reads(gitops: Run) -> None:
    said = gitops(rendered(deployment(3), config_map(a="1")), "render", "shop")
    assert (said.code, said.err) == (0, "")
    read = [document.value for document in load_all(said.out.encode(), name="stdout")]
    assert read == [deployment(3), config_map(a="1")]


def test_render_masks_secrets_in_a_way_that_no_server_takes(gitops: Run) -> None:
    session = rendered(secret(data={"a": "Y2FuYXJ5"}, stringData={"b": "canary"}))
    said = gitops(session, "render", "shop", "-o", "json")
    assert "canary" not in said.out
    assert "Y2FuYXJ5" not in said.out
    (shown,) = json.loads(said.out)
    assert "stringData" not in shown
    assert set(shown["data"]) == {"a", "b"}
    assert not any(value.isascii() for value in shown["data"].values())
    assert "do not apply" in said.err


def test_render_leaves_a_secret_that_holds_nothing_as_it_is(gitops: Run) -> None:
    body = secret(stringData={})
    before = json.dumps(body)
    said = gitops(rendered(body), "render", "shop", "-o", "json")
    assert (json.dumps(json.loads(said.out)), said.err) == (f"[{before}]", "")
    assert json.dumps(body) == before


def test_render_shows_secrets_when_told_to(gitops: Run) -> None:
    body = secret(stringData={"b": "canary"})
    said = gitops(rendered(body), "render", "shop", "--show-secrets", "-o", "json")
    assert (json.loads(said.out), said.err) == ([body], "")


HISTORY = (
    HistoryEntry("1" * 40, "Alice", "a@example.com", 1_767_268_800, "Newest", quarantined=True),
    HistoryEntry("2" * 40, "Bob", "b@example.com", 1_767_182_400, "Middle", 1_767_186_000, current=True, pinned=True),
    HistoryEntry("3" * 40, "Zoë", "z@example.com", 1_767_096_000, "Oldest"),
)


@pytest.mark.parametrize("form", ["table", "json"])
def test_history(gitops: Run, form: str) -> None:
    session = PreparedSession(snapshot(status()), {History: HISTORY})
    said = gitops(session, "history", "shop", "-n", "3", "-o", form)
    golden(f"history.{form}", said.out)
    assert (said.code, said.err) == (0, "")
    assert session.of(History) == [History("shop", 3)]


RECEIPTS = (
    Receipt(
        "20260101-2",
        "shop",
        "1" * 40,
        OperationKind.ROLLBACK,
        "bob@desk",
        OperationPhase.RUNNING,
        started=1_767_268_800,
    ),
    Receipt(
        "20260101-1",
        "shop",
        "2" * 40,
        OperationKind.SYNC,
        "auto-sync",
        OperationPhase.FAILED,
        started=1_767_265_200,
        finished=1_767_265_230,
        message="apps/Deployment shop/web: denied",
    ),
)


@pytest.mark.parametrize("form", ["table", "json"])
def test_journal(gitops: Run, form: str) -> None:
    session = PreparedSession(snapshot(), {Operations: RECEIPTS})
    said = gitops(session, "journal", "-o", form)
    golden(f"journal.{form}", said.out)
    assert (said.code, said.err) == (0, "")
    assert session.asked == [Operations(None, 20, resources=form == "json")]


def test_the_journal_of_one_application_since_a_time(gitops: Run) -> None:
    session = PreparedSession(snapshot(), {Operations: RECEIPTS})
    said = gitops(session, "journal", "--app", "shop", "--since", "2026-03-01T12:00:00+00:00", "-o", "json")
    assert said.code == 0
    (asked,) = session.of(Operations)
    assert (asked.application, asked.since, asked.limit) == ("shop", 1_772_366_400.0, 1_000_000)


def test_a_time_ago(gitops: Run) -> None:
    session = PreparedSession(snapshot(), {Operations: RECEIPTS})
    before = time.time()
    gitops(session, "journal", "--since", "2h", "-n", "5")
    (asked,) = session.of(Operations)
    assert before - 7200 <= asked.since <= time.time() - 7200
    assert asked.limit == 5


def test_two_names_of_an_application_are_refused(gitops: Run) -> None:
    said = gitops(PreparedSession(snapshot()), "journal", "shop", "--app", "cart")
    assert said.code == 2
    assert "takes one application" in said.err


def test_an_error_of_the_cluster_is_told_and_is_not_a_difference(gitops: Run) -> None:
    def refuse(_: Compare) -> None:
        raise ClusterError("context prod", "the token has expired", hint="log in again")

    said = gitops(PreparedSession(snapshot(status()), {Compare: refuse, Resolve: COMMIT}), "diff", "shop")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: context prod: the token has expired\nhint: log in again\n"
