"""The order of a sync is total: it depends on what is synced, never on how it was listed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.model.operations import Action, Change, SyncPhase
from gitops_tui.model.resources import Manifest, ResourceKey
from gitops_tui.sync import wave_of
from gitops_tui.sync.order import arranged, rank_of, steps
from tests.sync.world import body, definition

TABLE = [
    *("Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget"),
    *("ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume"),
    *("PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding"),
    *("ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod"),
    *("ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob"),
    *("IngressClass", "Ingress", "APIService", "Widget", "ValidatingWebhookConfiguration"),
]


def change(made: Any, phase: SyncPhase = SyncPhase.SYNC, wave: int = 0, *, gone: bool = False) -> Change:
    manifest = Manifest.of(made)
    if gone:
        return Change(manifest.key, Action.DELETE, wave=wave, phase=phase)
    return Change(manifest.key, Action.CREATE, phase=phase, wave=wave, manifest=manifest)


def titles(changes: Any) -> list[str]:
    return [f"{made.key.kind}/{made.key.name}" for made in changes]


def test_kinds_stand_in_the_order_of_the_table() -> None:
    assert [rank_of(kind) for kind in TABLE] == list(range(len(TABLE)))
    assert rank_of("MutatingWebhookConfiguration") == rank_of("ValidatingWebhookConfiguration")
    assert rank_of("Gadget") == rank_of("Widget")


def test_phase_then_wave_then_kind_then_name() -> None:
    listed = [
        change(body("ConfigMap", "z"), SyncPhase.POST_SYNC, -5),
        change(body("Job", "migrate"), SyncPhase.PRE_SYNC, 9),
        change(body("Deployment", "b")),
        change(body("Deployment", "a")),
        change(body("ConfigMap", "late"), wave=1),
        change(body("Secret", "s")),
        change(body("Service", "early"), wave=-1),
    ]

    assert titles(arranged(listed)) == [
        "Job/migrate",
        "Service/early",
        "Secret/s",
        "Deployment/a",
        "Deployment/b",
        "ConfigMap/late",
        "ConfigMap/z",
    ]


def test_a_namespace_comes_before_its_first_user_in_the_users_phase_and_wave() -> None:
    namespace = change(body("Namespace", "shop"), wave=3)
    hook = change(body("Job", "migrate"), SyncPhase.PRE_SYNC, -2)

    first, second = arranged([hook, namespace])

    assert first.key.kind == "Namespace"
    assert (first.phase, first.wave) == (SyncPhase.PRE_SYNC, -2)
    assert second.key.kind == "Job"


def test_a_definition_comes_before_its_first_custom_resource() -> None:
    listed = [change(definition(), wave=2), change(body("Widget", "w"), wave=-1), change(body("Secret", "s"), wave=-1)]

    assert titles(arranged(listed)) == ["Secret/s", "CustomResourceDefinition/widgets.example.org", "Widget/w"]


def test_a_definition_even_precedes_a_custom_resource_that_bears_the_name_of_an_early_kind() -> None:
    custom = body("Secret", "mine") | {"apiVersion": "example.org/v1"}
    listed = [change(custom), change(definition("Secret")), change(body("Namespace", "shop"))]

    assert titles(arranged(listed)) == [
        "Namespace/shop",
        "CustomResourceDefinition/secrets.example.org",
        "Secret/mine",
    ]


def test_webhooks_come_last() -> None:
    listed = [change(body("ValidatingWebhookConfiguration", "v")), change(body("Widget", "w"))]

    assert titles(arranged(listed)) == ["Widget/w", "ValidatingWebhookConfiguration/v"]


def test_deletions_follow_with_waves_and_kinds_reversed() -> None:
    listed = [
        change(body("Namespace", "old"), gone=True),
        change(body("Deployment", "old"), gone=True),
        change(body("Service", "old"), gone=True),
        change(body("ConfigMap", "later"), wave=4, gone=True),
        change(body("Ingress", "new")),
        change(body("Job", "after"), SyncPhase.POST_SYNC),
    ]

    assert titles(arranged(listed)) == [
        "Ingress/new",
        "ConfigMap/later",
        "Deployment/old",
        "Service/old",
        "Namespace/old",
        "Job/after",
    ]


def test_what_may_be_done_at_once_is_one_step() -> None:
    listed = [
        change(body("ConfigMap", "a")),
        change(body("ConfigMap", "b")),
        change(body("Service", "a")),
        change(body("ConfigMap", "c"), wave=1),
    ]

    assert [titles(group) for _, group in steps(listed)] == [
        ["ConfigMap/a", "ConfigMap/b"],
        ["Service/a"],
        ["ConfigMap/c"],
    ]


kinds = st.sampled_from(["Namespace", "Secret", "ConfigMap", "Deployment", "Job", "Widget", "Ingress"])
rows = st.lists(
    st.tuples(
        kinds,
        st.sampled_from("abc"),
        st.sampled_from(["a", "b"]),
        st.sampled_from(list(SyncPhase)),
        st.integers(-2, 2),
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda row: row[:3],
)


def made(row: tuple[str, str, str, SyncPhase, int, bool]) -> Change:
    kind, name, namespace, phase, wave, gone = row
    return change(body(kind, name, namespace=namespace), phase, wave, gone=gone)


@given(rows, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_is_total_and_respects_phase_wave_and_needs(
    listed: list[Any], with_definition: bool, shuffling: random.Random
) -> None:
    changes = list({each.key: each for each in map(made, listed)}.values())
    if with_definition:
        changes.append(change(definition(), wave=2))
    shuffled = list(changes)
    shuffling.shuffle(shuffled)

    ordered = arranged(changes)

    assert titles(ordered) == titles(arranged(shuffled))
    assert sorted(map(str, (each.key for each in ordered))) == sorted(map(str, (each.key for each in changes)))
    assert arranged(ordered) == ordered
    phases = [list(SyncPhase).index(each.phase) for each in ordered]
    assert phases == sorted(phases)
    positions = {each.key: index for index, each in enumerate(ordered) if each.manifest is not None}
    for key, index in positions.items():
        home = ResourceKey("", "Namespace", "", key.namespace)
        assert positions.get(home, -1) < index
        if key.kind == "Widget" and with_definition:
            assert positions[definition_key()] < index
    for phase in SyncPhase:
        applied = [each for each in ordered if each.phase is phase and each.manifest is not None]
        waves = [each.wave for each in applied]
        assert waves == sorted(waves)
        deleted = [each for each in ordered if each.phase is phase and each.manifest is None]
        assert [each.wave for each in deleted] == sorted((each.wave for each in deleted), reverse=True)


def definition_key() -> ResourceKey:
    return Manifest.of(definition()).key


@pytest.mark.parametrize("wave", ["", "x", "1.5", None, "9" * 400])
def test_a_malformed_wave_is_no_wave(wave: Any) -> None:
    notes = {"argocd.argoproj.io/sync-wave": wave, "helm.sh/hook-weight": "7"}
    assert wave_of({"metadata": {"annotations": notes}}) == 7
