"""A user asks what differs, by whom, between which sides, as a comment on a pull request; what is hidden, what left."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from gitops_tui.cli.differences.markdown import LARGEST
from gitops_tui.diff import comparison
from gitops_tui.engine.requests import Between, Compare, Ignored, Orphans, Request, Resolve
from gitops_tui.model.differences import Difference, Hidden, Orphan, Orphanage, RuleEffect
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import (
    Authorship,
    DriftCode,
    FieldChange,
    Health,
    HealthCode,
    ResourceKey,
    ResourceStatus,
)
from gitops_tui.model.revision import Revision
from tests.cli.prepared import COMMIT, CONFIG, WEB, PreparedSession, Run, Terminal, golden, snapshot, status

OLD = Revision("2" * 40, "Bob", "bob@example.com", 1_767_182_400.0, "Before")
ADA = Authorship("Ada", "1f0c2d3" + "0" * 33, time.time() - 3 * 86400 - 60, "apps/shop/web.yaml:7")
SCALED = Authorship("kube-controller-manager", "Update through /scale", time.time() - 250)
RULE = IgnoreRule("apps", "Deployment", "shop", "web", paths=("spec.replicas",))


def deployment(replicas: int, name: str = "web", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas, **more}}


def config_map(**data: str) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def scaled(**more: Any) -> ResourceComparison:
    """Git says 3 replicas, an autoscaler made it 5."""
    made = comparison(WEB, deployment(3), deployment(5), deployment(3))
    (change,) = made.changes
    return replace(made, changes=(replace(change, desired_by=ADA, live_by=SCALED, **more),))


def session(*found: ResourceComparison, **answers: Any) -> PreparedSession:
    by_name: dict[str, type[Request]] = {"between": Between, "ignored": Ignored}
    more = {by_name[name]: answer for name, answer in answers.items()}
    return PreparedSession(snapshot(status()), {Compare: found, Resolve: COMMIT, **more})


def test_who_wrote_each_side_stands_behind_its_line(gitops: Run) -> None:
    said = gitops(session(scaled()), "diff", "shop")
    assert re.search(r"^-  replicas: 5  # kube-controller-manager through /scale, \d+ min ago$", said.out, re.MULTILINE)
    assert "+  replicas: 3  # Ada 1f0c2d3, 3 days ago\n" in said.out


def test_on_a_terminal_the_author_is_dim(terminal: Terminal) -> None:
    terminal.run(session(scaled()), "diff", "shop")
    assert "\x1b[32m+  replicas: 3\x1b[0m  \x1b[2m# Ada 1f0c2d3, 3 days ago\x1b[0m" in terminal.read()


def test_what_cannot_be_told_is_said(gitops: Run) -> None:
    made = scaled()
    unknown = Authorship("", "cannot tell: it may be any of base/a.yaml:3, base/b.yaml:9")
    made = replace(made, changes=(replace(made.changes[0], desired_by=unknown, live_by=None),))
    out = gitops(session(made), "diff", "shop").out
    assert "+  replicas: 3  # cannot tell: it may be any of base/a.yaml:3, base/b.yaml:9\n" in out
    assert "-  replicas: 5\n" in out


def test_an_author_stands_at_the_lines_of_his_field_and_not_at_its_neighbours(gitops: Run) -> None:
    text = "".join(f"row {number}\n" for number in range(30))
    made = comparison(
        CONFIG, config_map(a="1", page=text), config_map(a="2", page=text.replace("row 20", "row x")), None
    )
    authors = {"data.a": Authorship("ann", "Update"), "data.page": Authorship("pat", "Update")}
    changes = tuple(replace(change, live_by=authors[change.path]) for change in made.changes)
    out = gitops(session(replace(made, changes=changes)), "diff", "shop").out
    assert "-  a: '2'  # ann\n" in out or '-  a: "2"  # ann\n' in out
    assert "-    row x  # pat\n" in out


def test_the_owner_by_right_is_named_with_the_rule_to_add(gitops: Run) -> None:
    note = "an autoscaler sets the number of replicas"
    said = gitops(session(scaled(note=note, suggested=RULE)), "diff", "shop")
    assert f"note: spec.replicas: {note}\n" in said.out
    hint = re.search(r"^hint: to leave it alone, add under `ignore`: - (.*)$", said.out, re.M)
    assert hint
    rule = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web", "paths": ["spec.replicas"]}
    assert json.loads(hint[1]) == rule
    data = json.loads(gitops(session(scaled(note=note, suggested=RULE)), "diff", "shop", "-o", "json").out)
    (change,) = data["resources"][0]["changes"]
    assert (change["note"], change["suggestedIgnore"]) == (note, rule)


def test_authors_as_data(gitops: Run) -> None:
    data = json.loads(gitops(session(scaled()), "diff", "shop", "-o", "json").out)
    (change,) = data["resources"][0]["changes"]
    assert change["desiredBy"] | {"time": None} == {
        "name": "Ada",
        "detail": ADA.detail,
        "time": None,
        "place": "apps/shop/web.yaml:7",
    }
    assert change["liveBy"]["detail"] == "Update through /scale"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", change["liveBy"]["time"])
    assert (data["from"], data["to"], data["revision"]) == ("live", COMMIT.sha, COMMIT.sha)


def between(start: Revision | None = OLD, end: Revision | None = COMMIT) -> PreparedSession:
    added = comparison(CONFIG, config_map(a="1"), None, None)
    removed = comparison(ResourceKey("", "ConfigMap", "shop", "gone"), None, config_map(a="1"), None)
    return session(between=Difference(start, end, (scaled(), added, removed)))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("--from", "v1", "--to", "main"), Between("shop", "v1", "main")),
        (("--from", "deployed"), Between("shop", "deployed", None)),
        (("--from", "v1", "--to", "live"), Between("shop", "v1", "live")),
        (("--to", "v1"), Between("shop", "live", "v1")),
        (("--from", "v1", "--revision", "v2"), Between("shop", "v1", "v2")),
    ],
)
def test_sides_are_named_in_words(gitops: Run, words: tuple[str, ...], asked: Between) -> None:
    prepared = between()
    assert gitops(prepared, "diff", "shop", *words).code == 1
    assert prepared.of(Between) == [asked]


def test_between_two_commits(gitops: Run) -> None:
    out = gitops(between(), "diff", "shop", "--from", "v1", "--to", "main").out
    assert "=== ConfigMap shop/web (only in 1f0c2d3)\n--- 2222222\n+++ 1f0c2d3\n" in out
    assert "=== ConfigMap shop/gone (only in 2222222)\n" in out
    data = json.loads(gitops(between(), "diff", "shop", "--from", "v1", "--to", "main", "-o", "json").out)
    assert (data["from"], data["to"], data["revision"]) == (OLD.sha, COMMIT.sha, COMMIT.sha)


def test_from_a_commit_to_live(gitops: Run) -> None:
    data = json.loads(gitops(between(OLD, None), "diff", "shop", "--from", "v1", "--to", "live", "-o", "json").out)
    assert (data["from"], data["to"], data["revision"]) == (OLD.sha, "live", OLD.sha)


@pytest.mark.parametrize(
    "words",
    [
        ("--revision", "v1", "--to", "v2"),
        ("--ignored", "--from", "v1"),
        ("--ignored", "-o", "markdown"),
    ],
)
def test_words_that_contradict_each_other(gitops: Run, words: tuple[str, ...]) -> None:
    said = gitops(session(ignored=()), "diff", "shop", *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")


def test_each_rule_tells_what_it_hides(gitops: Run) -> None:
    hidden = Hidden(WEB, FieldChange("spec.replicas", 3, 5))
    effects = (RuleEffect(RULE, 1, (hidden,)), RuleEffect(IgnoreRule(kind="Service", managers=("x",)), 0))
    said = gitops(session(ignored=effects), "diff", "shop", "--ignored")
    golden("ignored.table", said.out)
    assert said.code == 0
    data = json.loads(gitops(session(ignored=effects), "diff", "shop", "--ignored", "-o", "json").out)
    first, second = data["rules"]
    assert first["hidden"] == [
        {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web"}
        | {"path": "spec.replicas", "desired": 3, "live": 5}
    ]
    assert second == {"rule": {"kind": "Service", "managers": ["x"]}, "objects": 0, "hidden": []}


# -- markdown ----------------------------------------------------------------------------------------------------


def markdown(gitops: Run, *found: ResourceComparison) -> str:
    said = gitops(session(*found), "diff", "shop", "-o", "markdown")
    assert said.err == ""
    return said.out


def test_a_comment_for_a_pull_request(gitops: Run) -> None:
    missing = comparison(CONFIG, config_map(a="1"), None, None)
    golden("diff.markdown", markdown(gitops, scaled(note="an autoscaler sets it"), missing))


def test_a_comment_says_when_nothing_differs(gitops: Run) -> None:
    said = gitops(session(), "diff", "shop", "-o", "markdown")
    assert (said.code, "no difference" in said.out, "<details>" in said.out) == (0, True, False)


def test_secrets_are_masked_in_a_comment(gitops: Run) -> None:
    key = ResourceKey("", "Secret", "shop", "db")
    metadata = {"name": "db", "namespace": "shop"}
    one = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"a": "Y2FuYXJ5"}}
    other = {**one, "data": {"a": "Y2FuYXJ5Mg=="}}
    out = markdown(gitops, comparison(key, one, other, one))
    assert "Y2Fu" not in out
    assert "••••" in out


HOSTILE = "```\n</details> @everyone ![x](http://evil) <script>\n````` \n~~~\n"


def test_hostile_text_stays_in_its_fence(gitops: Run) -> None:
    key = ResourceKey("", "ConfigMap", "shop", "<b>@all</b>`")
    body = config_map(page=HOSTILE)
    body["metadata"]["name"] = key.name
    made = comparison(key, body, None, None)
    made = replace(made, note="@everyone <img src=x>\n\n# a heading")
    out = markdown(gitops, made)

    lines = out.splitlines()
    (start,) = [at for at, line in enumerate(lines) if re.fullmatch("`{3,}diff", line)]
    fence = lines[start].removesuffix("diff")
    (end,) = [at for at, line in enumerate(lines) if at > start and re.fullmatch(rf" {{0,3}}{fence}`*\s*", line)]
    inside, outside = lines[start + 1 : end], "\n".join([*lines[:start], *lines[end + 1 :]])
    assert all(line.startswith("+") for line in inside if not line.startswith("@@"))
    assert any("@everyone" in line for line in inside)
    assert "@" not in outside
    assert "<img" not in outside
    assert "<b>" not in outside
    assert outside.count("<details>") == outside.count("</details>") == 1
    assert lines[end + 2] == "</details>"


def test_a_comment_is_cut_before_it_is_too_long_and_says_so(gitops: Run) -> None:
    rows = {f"key{number:05}": "x" * 60 for number in range(500)}
    many = [
        comparison(ResourceKey("", "ConfigMap", "shop", f"web-{n}"), config_map(**rows), None, None) for n in range(4)
    ]
    out = markdown(gitops, *many)
    assert LARGEST - 4096 < len(out.encode()) <= LARGEST
    assert out.count("<details>") == out.count("</details>") == 2
    assert "… cut here\n```\n" in out
    assert "Cut at 60 KB, and 2 more resources are left out" in out


def test_markdown_is_for_differences_only(gitops: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gitops(session(), "status", "-o", "markdown")
    assert "markdown" in capsys.readouterr().err


# -- orphans -----------------------------------------------------------------------------------------------------

STRAY = Orphanage("shop", (Orphan(ResourceKey("", "ConfigMap", "shop", "forgotten"), "v1", 1_767_268_800.0),))


def surrounded() -> PreparedSession:
    healthy = Health(HealthCode.NONE)
    extra = ResourceStatus(ResourceKey("", "ConfigMap", "shop", "old"), DriftCode.EXTRA, healthy, desired=False)
    shared = ResourceStatus(
        ResourceKey("", "ConfigMap", "shop", "both"), DriftCode.UNKNOWN, healthy, details={"owner": "cart"}
    )
    return PreparedSession(snapshot(status(resources=(extra, shared))), {Orphans: STRAY})


def test_extra_shared_and_orphaned_are_told_apart(gitops: Run) -> None:
    said = gitops(surrounded(), "status", "shop", "--orphans")
    golden("orphans.table", said.out)
    (data,) = json.loads(gitops(surrounded(), "status", "shop", "--orphans", "-o", "json").out)
    assert [each["name"] for each in data["extra"]] == ["old"]
    assert [(each["name"], each["owner"]) for each in data["shared"]] == [("both", "cart")]
    assert [(each["name"], each["created"]) for each in data["orphaned"]] == [("forgotten", "2026-01-01T12:00:00Z")]


def test_without_the_word_nothing_is_listed(gitops: Run) -> None:
    prepared = surrounded()
    (data,) = json.loads(gitops(prepared, "status", "shop", "-o", "json").out)
    assert "orphaned" not in data
    assert prepared.of(Orphans) == []


def test_what_could_not_be_listed_is_told(gitops: Run) -> None:
    prepared = surrounded()
    prepared.answers[Orphans] = Orphanage("shop", (), ("Secret: forbidden",))
    said = gitops(prepared, "status", "shop", "--orphans")
    assert "orphans among these are not known: Secret: forbidden" in said.err

    def refuse(_: Orphans) -> None:
        raise ClusterError("context prod", "does not answer")

    prepared.answers[Orphans] = refuse
    said = gitops(prepared, "status", "shop", "--orphans", "-o", "json")
    assert "context prod: does not answer" in said.err
    assert json.loads(said.out)[0]["orphaned"] is None
