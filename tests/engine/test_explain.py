"""A person asks why a resource is as it is, and what a Secret holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.engine.requests import Compare, Explain, Reveal
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import ForbiddenError, UsageError
from gitops_tui.model.explanation import Explanation
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import ResourceKey
from tests.support.api_client import ApiClient
from tests.support.manifests import deployment, secret
from tests.support.stage import Stage, stage

CANARY = "hunter2-canary"
WEB = ResourceKey("apps", "Deployment", "shop", "web")
ACCESS = ResourceKey("", "Secret", "shop", "access")
FILES: dict[str, str | None] = {
    "app/web.yaml": deployment("web", replicas=1),
    "app/access.yaml": secret("access", token=CANARY),
}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start() as started:
        yield started


@pytest.fixture
def shop(tmp_path: Path, server: EmbeddedServer) -> Iterator[Stage]:
    policy = SyncPolicy(health_timeout=0.0)
    with stage(tmp_path, server.kubeconfig, "shop", FILES, policy=policy) as made:
        made.sync()
        yield made


def note(server: EmbeddedServer, about: dict[str, Any], reason: str, at: str, **more: Any) -> None:
    metadata = about["metadata"]
    body = {
        "metadata": {"name": f"{metadata['name']}.{reason.lower()}"},
        "type": "Normal",
        "reason": reason,
        "involvedObject": {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]},
        "lastTimestamp": at,
        **more,
    }
    ApiClient(server.kubeconfig).create("/api/v1/namespaces/shop/events", body).ok()


def web_with_a_replica_set(shop: Stage, server: EmbeddedServer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The live Deployment, told of by its controller, and a ReplicaSet below it."""
    client = ApiClient(server.kubeconfig)
    web = dict(shop.live("apps", "Deployment", "web") or {})
    said = {
        "type": "Available",
        "status": "False",
        "reason": "MinimumReplicasUnavailable",
        "message": "Deployment does not have minimum availability.",
        "lastTransitionTime": "2026-03-01T12:00:00Z",
    }
    path = "/apis/apps/v1/namespaces/shop/deployments/web/status"
    client.patch(path, {"status": {"conditions": [said]}}).ok()
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": web["metadata"]["uid"]}
    spec = {name: web["spec"][name] for name in ("replicas", "selector", "template")}
    made = client.create(
        "/apis/apps/v1/namespaces/shop/replicasets",
        {"metadata": {"name": "web-1", "ownerReferences": [owner]}, "spec": spec},
    ).ok()
    return web, {**made, "kind": "ReplicaSet"}


def test_conditions_and_events_of_a_resource_and_of_what_is_below_it(shop: Stage, server: EmbeddedServer) -> None:
    web, below = web_with_a_replica_set(shop, server)
    note(server, web, "ScalingReplicaSet", "2026-03-01T12:00:00Z", source={"component": "deployment-controller"})
    note(server, below, "FailedCreate", "2026-03-01T12:05:00Z", type="Warning", message="quota", count=4)
    access = dict(shop.live("", "Secret", "access") or {}) | {"kind": "Secret"}
    note(server, access, "Rotated", "2026-03-01T12:06:00Z", message=f"the new token is {CANARY}")
    shop.until(lambda status: any(row.key.kind == "ReplicaSet" for row in status.resources))

    answer: Explanation = shop.ask(Explain("shop", WEB))

    (condition,) = answer.conditions
    assert (condition.kind, condition.status, condition.reason) == ("Available", "False", "MinimumReplicasUnavailable")
    assert condition.since == 1772366400.0
    assert [(event.about.kind_name, event.reason, event.count) for event in answer.events] == [
        ("ReplicaSet/web-1", "FailedCreate", 4),
        ("Deployment/web", "ScalingReplicaSet", 1),
    ]
    assert [event.is_warning for event in answer.events] == [True, False]
    assert answer.events[1].source == "deployment-controller"
    assert answer.is_complete

    everything: Explanation = shop.ask(Explain("shop"))
    assert [event.reason for event in everything.events] == ["Rotated", "FailedCreate", "ScalingReplicaSet"]
    assert everything.conditions == ()
    assert CANARY not in repr(everything), "what is said of a Secret may quote it"


def test_what_is_not_there_has_nothing_to_tell_and_what_is_not_ours_is_an_error(shop: Stage) -> None:
    shop.repository.commit("Another", {"app/other.yaml": deployment("other")})
    shop.clock.now += 10
    shop.refresh()
    assert shop.ask(Explain("shop", ResourceKey("apps", "Deployment", "shop", "other"))) == Explanation()
    with pytest.raises(UsageError, match="is no resource of application shop"):
        shop.ask(Explain("shop", ResourceKey("apps", "Deployment", "shop", "nowhere")))


def test_what_may_quote_a_masked_field_is_not_shown(tmp_path: Path, server: EmbeddedServer) -> None:
    policy, paths = SyncPolicy(health_timeout=0.0), ("spec.template.spec.containers[*].image",)
    with stage(tmp_path, server.kubeconfig, "shop", FILES, policy=policy, masked_paths=paths) as shop:
        shop.sync()
        web, _ = web_with_a_replica_set(shop, server)
        note(server, web, "Pulled", "2026-03-01T12:00:00Z", message=f"pulled {CANARY}")
        shop.until(lambda status: any(row.key.kind == "ReplicaSet" for row in status.resources))
        answer: Explanation = shop.ask(Explain("shop", WEB))
        assert [event.reason for event in answer.events] == ["Pulled"]
        assert answer.conditions[0].message.startswith("(not shown")
        assert CANARY not in repr(answer)


def test_who_may_not_read_events_is_told_so(shop: Stage, server: EmbeddedServer) -> None:
    server.faults.answer(403, path="/events", times=-1)
    with pytest.raises(ForbiddenError, match="events in shop"):
        shop.ask(Explain("shop", WEB))


def test_a_secret_is_shown_as_text_to_who_asks_for_it_and_to_nobody_else(shop: Stage, server: EmbeddedServer) -> None:
    changed = {"data": {"token": "bm90LVVURi04OiD/", "more": "cGxhaW4="}}
    ApiClient(server.kubeconfig).patch("/api/v1/namespaces/shop/secrets/access", changed).ok()
    shop.until(lambda status: status.drifted == 1)

    revealed: ResourceComparison = shop.ask(Reveal("shop", ACCESS))

    assert revealed.desired is not None
    assert revealed.desired["data"] == {"token": CANARY}
    assert revealed.live is not None
    assert revealed.live["data"] == {"more": "plain", "token": "bm90LVVURi04OiD/"}, "what is no text stays encoded"
    assert CANARY not in repr(revealed.changes)
    (masked,) = shop.ask(Compare("shop", keys=(ACCESS,)))
    assert CANARY not in repr(masked)
    assert CANARY not in repr(shop.store.current)
