"""What was read from Git is nobody's to change: objects that are written alike share what they have in common."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.store.items import Key
from gitops_tui.engine.requests import Between, Compare, Explain, Ignored, Orphans, Render, Reveal
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.fields import dig
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.status import ApplicationStatus, SyncCode
from gitops_tui.yamlio import load_all
from tests.support.stage import Stage, stage

NAMESPACE = "default"
HEALING = SyncPolicy(mode=SyncMode.AUTO, self_heal=True, prune=True, max_prune=1.0, health_timeout=0.0)


def shelf(colour: str) -> dict[str, str | None]:
    """Objects that differ in their names, and that have to be prepared in many ways before they can be compared."""
    alike = {
        "web": f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-0
  labels: {{app: shop}}
  annotations:
    example.org/team: shop
    example.org/none:
status:
  replicas: 3
spec:
  replicas: 1
  paused:
  selector:
    matchLabels:
      app: web-0
  template:
    metadata:
      labels:
        app: web-0
    spec:
      containers:
        - name: web
          image: example.org/shop:1
          command: ["sh", "-c"]
          resources:
            limits:
              cpu: 1000m
          env:
            - name: COLOUR
              value: {colour}
            - name: EMPTY
              value:
""",
        "access": f"""\
apiVersion: v1
kind: Secret
metadata:
  name: access-0
  labels:
    app: shop
data:
  user: c2hvcA==
stringData:
  token: hunter2-{colour}
  more: same
""",
        "told": f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: told-0
  annotations:
    argocd.argoproj.io/hook: PostSync
    argocd.argoproj.io/sync-wave: "1"
data:
  colour: {colour}
""",
    }
    return {
        f"app/{name}.yaml": "---\n".join(text.replace("-0", f"-{number}") for number in range(3))
        for name, text in alike.items()
    }


class Read:
    """All that was read, and how it was when it had been."""

    def __init__(self) -> None:
        self._documents: list[tuple[Any, str]] = []

    def note(self, values: list[Any]) -> None:
        self._documents += [(value, json.dumps(value)) for value in values]

    def shared(self) -> int:
        """How many collections stand in more than one document."""
        seen: dict[int, set[int]] = {}
        for number, (value, _) in enumerate(self._documents):
            for each in collections(value):
                seen.setdefault(id(each), set()).add(number)
        return sum(len(documents) > 1 for documents in seen.values())

    def changed(self) -> list[tuple[str, str]]:
        return [(was, json.dumps(value)) for value, was in self._documents if json.dumps(value) != was]


def collections(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from collections(each)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    module = sys.modules[load_all.__module__]
    by_parts, made = module._by_parts, Read()

    def noted(*given: Any) -> Any:
        found = by_parts(*given)
        made.note([document.value for document in found or ()])
        return found

    monkeypatch.setattr(module, "_by_parts", noted)
    return made


def synced(shop: Stage, colour: str) -> str:
    """Wait until automation has brought what the newest commit says; its sha."""

    def is_there(status: ApplicationStatus) -> bool:
        body = shop.live("", "Secret", "access-2")
        token = base64.b64encode(f"hunter2-{colour}".encode()).decode()
        return status.sync is SyncCode.SYNCED and status.running is None and dig(body, "data", "token") == token

    revision = shop.until(is_there).revision
    assert revision is not None
    return revision.sha


def look_at_everything(shop: Stage, other: str) -> None:
    """Ask for all that can be shown. other: a commit beside the one that is held."""
    shop.refresh()
    shop.plan()
    shop.plan(revision=other)
    for request in (Compare, Explain, Between, Ignored, Orphans, Render):
        shop.ask(request(shop.name))
    keys = [ResourceKey("", "Secret", NAMESPACE, "access-1"), ResourceKey("apps", "Deployment", NAMESPACE, "web-1")]
    shop.ask(Compare(shop.name, keys=tuple(keys)))
    shop.ask(Between(shop.name, other))
    for key in keys:
        shop.ask(Explain(shop.name, key))
        shop.ask(Reveal(shop.name, key))


def edit(server: EmbeddedServer, storage: str, name: str, change: Callable[[Any], None]) -> None:
    """Somebody changes an object in the cluster."""
    item = server.store.get(Key(storage, NAMESPACE, name))
    assert item is not None
    body = json.loads(json.dumps(item.body))
    change(body)
    server.store.put(item.key, body, expected=item.revision)


def test_a_life_of_an_application_changes_nothing_of_what_was_read(tmp_path: Path, read: Read) -> None:
    rules = (IgnoreRule(kind="Deployment", paths=("spec.replicas",)), IgnoreRule(kind="Secret", paths=("data.more",)))
    with (
        EmbeddedServer.start() as server,
        stage(tmp_path, server.kubeconfig, NAMESPACE, shelf("blue"), policy=HEALING, ignore=rules) as shop,
    ):
        first = synced(shop, "blue")
        assert read.shared() > 10
        edit(server, "deployments.apps", "web-1", lambda body: body["spec"].update(minReadySeconds=9, replicas=2))
        edit(server, "secrets", "access-1", lambda body: body["data"].update(token="Z2Vlbg=="))
        look_at_everything(shop, first)
        shop.repository.commit("Green", shelf("green"))
        second = synced(shop, "green")
        look_at_everything(shop, first)
        shop.roll_back(first)
        assert synced(shop, "blue") == first
        look_at_everything(shop, second)
    assert read.changed() == []
