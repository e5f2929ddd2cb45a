"""What a dry run answers: the whole object, with every default, on both servers the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.catalogue import CLUSTER_SCOPED, NAMESPACED
from tests.contract.conftest import Api
from tests.contract.twins import alike

Manifest = tuple[str, dict[str, Any]]


def _collection(api: Api, place: str, *, namespaced: bool) -> str:
    group_version, _, plural = place.rpartition("/")
    prefix = f"/api/{group_version}" if "/" not in group_version else f"/apis/{group_version}"
    return f"{prefix}/namespaces/{api.namespace}/{plural}" if namespaced else f"{prefix}/{plural}"


@pytest.mark.parametrize("kind", [*NAMESPACED, *CLUSTER_SCOPED])
def test_a_predicted_object_is_the_same(twins: tuple[Api, Api], kind: str) -> None:
    place, body = NAMESPACED.get(kind) or CLUSTER_SCOPED[kind]
    answers = [
        api.client.apply(
            f"{_collection(api, place, namespaced=kind in NAMESPACED)}/{body['metadata']['name']}",
            body,
            "gitops-tui",
            dryRun="All",
        )
        for api in twins
    ]
    assert answers[0].code == answers[1].code == 201
    assert alike(answers[0].body, twins[0]) == alike(answers[1].body, twins[1])


@pytest.mark.parametrize("kind", [*NAMESPACED, *CLUSTER_SCOPED])
def test_a_created_object_is_the_same_with_its_managers(twins: tuple[Api, Api], kind: str) -> None:
    place, body = NAMESPACED.get(kind) or CLUSTER_SCOPED[kind]
    if kind == "ClusterRole":
        body = {**body, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    answers = [
        api.client.create(
            _collection(api, place, namespaced=kind in NAMESPACED), body, dryRun="All", fieldManager="gitops-tui"
        )
        for api in twins
    ]
    assert answers[0].code == answers[1].code == 201
    assert alike(answers[0].body, twins[0]) == alike(answers[1].body, twins[1])
