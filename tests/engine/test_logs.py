"""A person reads what the containers of an application write, and goes on reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.diff.mask import MARK
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import ReadLogs
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import UnreachableError, UsageError
from gitops_tui.model.logs import Logs, LogSource
from gitops_tui.model.resources import ResourceKey
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map, deployment, secret
from tests.support.stage import Stage, stage

CANARY = "hunter2-canary"
NOON = 1_772_798_400.0
WEB = ResourceKey("apps", "Deployment", "shop", "web")
FILES: dict[str, str | None] = {
    "app/web.yaml": deployment("web", replicas=2),
    "app/settings.yaml": config_map("settings", color="blue"),
    "app/access.yaml": secret("access", token=CANARY),
}


class Shop:
    """An application with pods that a test makes, and what their containers write."""

    def __init__(self, stage: Stage, server: EmbeddedServer) -> None:
        self.stage = stage
        self.logs = server.backend.logs
        self.client = ApiClient(server.kubeconfig)
        self._web = dict(stage.live("apps", "Deployment", "web") or {})

    def pod(self, name: str, *containers: str, initial: tuple[str, ...] = ()) -> None:
        """Make a pod of the Deployment."""
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": self._web["metadata"]["uid"]}
        spec: dict[str, Any] = {
            "nodeName": "worker-1",
            "containers": [{"name": each, "image": "example.org/shop:1"} for each in containers],
            "initContainers": [{"name": each, "image": "example.org/shop:1"} for each in initial],
        }
        self.client.create(
            "/api/v1/namespaces/shop/pods", {"metadata": {"name": name, "ownerReferences": [owner]}, "spec": spec}
        ).ok()
        self.stage.until(lambda status: any(row.key.name == name for row in status.resources))

    def writes(self, pod: str, container: str, *texts: str, at: float = 0.0) -> None:
        """Have a container write lines, each a second after the one before."""
        for second, text in enumerate(texts):
            self.logs.write(("shop", pod, container), NOON + at + second, text)

    def read(self, key: ResourceKey | None = WEB, after: Logs | None = None, **more: Any) -> Logs:
        """What is new since an answer."""
        answer: Logs = self.stage.ask(ReadLogs("shop", key, after.marks if after else (), **more))
        return answer


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer) -> Iterator[Shop]:
    with stage(tmp_path, server.kubeconfig, "shop", FILES, policy=SyncPolicy(health_timeout=0.0)) as made:
        made.sync()
        found = Shop(made, server)
        yield found
        found.client.close()


def texts(logs: Logs) -> list[str]:
    return [line.text for line in logs.lines]


def test_lines_of_all_pods_come_in_the_order_in_which_they_were_written(shop: Shop) -> None:
    shop.pod("web-1", "app", "proxy", initial=("migrate",))
    shop.pod("web-2", "app")
    shop.writes("web-1", "migrate", "migrated")
    shop.writes("web-1", "app", "one", "four", at=1)
    shop.writes("web-1", "proxy", "two", at=1.25)
    shop.writes("web-2", "app", "three", at=1.5)

    everything = shop.read(None)

    assert texts(everything) == ["migrated", "one", "two", "three", "four"]
    assert everything.sources == (
        LogSource("shop", "web-1", "migrate"),
        LogSource("shop", "web-1", "app"),
        LogSource("shop", "web-1", "proxy"),
        LogSource("shop", "web-2", "app"),
    )
    assert everything == shop.read(WEB)
    assert texts(shop.read(ResourceKey("", "Pod", "shop", "web-2"))) == ["three"]


def test_who_goes_on_reading_gets_each_line_once(shop: Shop) -> None:
    shop.pod("web-1", "app")
    first = shop.read()
    assert (first.lines, first.marks) == ((), ())
    assert "not available" in first.notes[LogSource("shop", "web-1", "app")]
    shop.writes("web-1", "app", "a", at=0.5)
    shop.writes("web-1", "app", "b", at=0.5)
    second = shop.read(after=first)
    shop.writes("web-1", "app", "c", at=0.5)
    shop.writes("web-1", "app", "d", at=0.75)
    third = shop.read(after=second)
    shop.writes("web-1", "app", "e", at=0.75)
    fourth = shop.read(after=third)
    fifth = shop.read(after=fourth)
    assert [texts(each) for each in (second, third, fourth, fifth)] == [["a", "b"], ["c", "d"], ["e"], []]
    assert fifth.marks == fourth.marks


def test_a_gap_is_told_where_more_came_than_is_read_at_once(shop: Shop) -> None:
    shop.pod("web-1", "app")
    shop.writes("web-1", "app", "before")
    first = shop.read()
    shop.writes("web-1", "app", *map(str, range(700)), at=1)
    second = shop.read(after=first)
    assert [line.is_gap for line in second.lines] == [True] + [False] * 500
    assert texts(second)[1:] == [str(number) for number in range(200, 700)]


def test_the_run_before_is_read_for_who_asks_for_it(shop: Shop) -> None:
    shop.pod("web-1", "app")
    shop.writes("web-1", "app", "panic: out of luck")
    shop.logs.begin(("shop", "web-1", "app"))
    shop.writes("web-1", "app", "started", at=5)
    assert texts(shop.read()) == ["started"]
    shop.pod("web-2", "app")
    shop.writes("web-2", "app", "never restarted")
    before = shop.read(previous=True)
    assert (texts(before), before.notes) == (["panic: out of luck"], {})


def test_what_a_container_quotes_of_a_secret_is_hidden(shop: Shop) -> None:
    shop.pod("web-1", "app")
    shop.writes("web-1", "app", f"connecting with {CANARY}")
    answer = shop.read()
    assert texts(answer) == [f"connecting with {MARK}"]
    assert CANARY not in repr(answer)


def test_what_a_container_writes_cannot_rule_the_terminal(shop: Shop) -> None:
    shop.pod("web-1", "app")
    shop.writes("web-1", "app", "\x1b[31;1merror\x1b[0m", "\tindented\t", "\x1b]0;pwned\x07\u202eevil", "x" * 20_000)
    red, indented, hostile, long = texts(shop.read())
    assert red == "error"
    assert indented == "    indented"
    assert not set("\x1b\x07\u202e") & set(hostile)
    assert (len(long), long[-1]) == (10_000, "…")


def test_a_container_that_cannot_be_read_says_why_and_the_others_are_read(shop: Shop, server: EmbeddedServer) -> None:
    shop.pod("web-1", "app")
    shop.pod("web-2", "app")
    shop.writes("web-1", "app", "fine")
    shop.writes("web-2", "app", "hidden")
    server.faults.answer(403, path="/pods/web-2/log", times=-1)
    answer = shop.read()
    assert texts(answer) == ["fine"]
    assert list(answer.notes) == [LogSource("shop", "web-2", "app")]


def test_of_very_many_containers_only_some_are_read_and_the_others_counted(shop: Shop) -> None:
    for number in range(13):
        shop.pod(f"web-{number:02}", "app", "proxy")
    answer = shop.read()
    assert (len(answer.sources), answer.left_out) == (24, 2)


def test_what_has_no_pods_has_no_logs_and_what_is_not_ours_is_an_error(shop: Shop) -> None:
    assert shop.read(ResourceKey("", "ConfigMap", "shop", "settings")) == Logs()
    with pytest.raises(UsageError, match="is no resource of application shop"):
        shop.read(ResourceKey("apps", "Deployment", "shop", "nowhere"))


def test_a_cluster_out_of_reach_is_an_error(shop: Shop, server: EmbeddedServer) -> None:
    shop.pod("web-1", "app")
    server.stop()
    with pytest.raises(UnreachableError):
        shop.read()
