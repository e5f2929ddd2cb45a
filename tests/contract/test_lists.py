"""Lists: selectors, pages, versions, tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Api
from tests.contract.eventually import eventually
from tests.contract.objects import config_map
from tests.support.api_client import Reply

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture
def numbered(api: Api) -> Api:
    """ConfigMaps n0 to n6, labelled by number and parity."""
    for number in range(7):
        body = config_map(f"n{number}")
        body["metadata"]["labels"] = {"number": str(number), "parity": "odd" if number % 2 else "even"}
        api.client.create(api.path("configmaps"), body).ok()
    return api


def ours(reply: Reply) -> list[str]:
    """Names, without what controllers of a real cluster put into every namespace."""
    names = [item["metadata"]["name"] for item in reply.ok()["items"]]
    return [name for name in names if name != "kube-root-ca.crt"]


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("parity=even", "0246"),
        ("parity==odd", "135"),
        ("parity!=even,number", "135"),
        ("parity in (odd),number notin (1,3)", "5"),
        ("number in (1, 2)", "12"),
        ("number,!parity", ""),
        ("number>4", "56"),
        ("number<2", "01"),
    ],
)
def test_labels_select(numbered: Api, selector: str, selected: str) -> None:
    reply = numbered.client.get(numbered.path("configmaps"), labelSelector=selector)
    assert ours(reply) == [f"n{number}" for number in selected]


def test_fields_select(numbered: Api) -> None:
    path = numbered.path("configmaps")
    assert ours(numbered.client.get(path, fieldSelector="metadata.name=n3")) == ["n3"]
    assert "n3" not in ours(numbered.client.get(path, fieldSelector="metadata.name!=n3"))
    everywhere = numbered.client.get("/api/v1/configmaps", fieldSelector=f"metadata.namespace={numbered.namespace}")
    assert ours(everywhere) == [f"n{number}" for number in range(7)]


def test_items_of_a_list_of_a_built_in_kind_do_not_repeat_their_kind(numbered: Api) -> None:
    body = numbered.client.get(numbered.path("configmaps")).ok()
    assert (body["kind"], body["apiVersion"]) == ("ConfigMapList", "v1")
    assert not {"kind", "apiVersion"} & body["items"][0].keys()


def test_pages_are_of_one_moment(numbered: Api) -> None:
    path, query = numbered.path("configmaps"), {"labelSelector": "number", "limit": 3}
    first = numbered.client.get(path, **query).ok()
    numbered.client.delete(numbered.path("configmaps", "n5")).ok()
    numbered.client.create(path, {"metadata": {"name": "n55", "labels": {"number": "55"}}}).ok()

    second = numbered.client.get(path, **query, **{"continue": first["metadata"]["continue"]}).ok()
    third = numbered.client.get(path, **query, **{"continue": second["metadata"]["continue"]}).ok()
    pages = [[item["metadata"]["name"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["n0", "n1", "n2"], ["n3", "n4", "n5"], ["n6"]]
    assert len({page["metadata"]["resourceVersion"] for page in (first, second, third)}) == 1
    assert "continue" not in third["metadata"]


def test_a_page_without_selector_says_how_many_remain(numbered: Api) -> None:
    page = numbered.client.get(numbered.path("configmaps"), limit=3).ok()["metadata"]
    # Of the same moment: a controller of a real cluster puts something more into a new namespace at any time.
    rest = numbered.client.get(numbered.path("configmaps"), **{"continue": page["continue"]}).ok()["items"]
    assert page["remainingItemCount"] == len(rest) >= 4


def test_version_zero_ignores_the_limit(numbered: Api) -> None:
    def page() -> Any:
        return numbered.client.get(numbered.path("configmaps"), limit=3, resourceVersion=0).ok()

    eventually(lambda: len(page()["items"]) >= 7)  # "any version" may be one of a moment ago
    assert "continue" not in page()["metadata"]


def test_an_exact_version_shows_the_past(numbered: Api) -> None:
    path = numbered.path("configmaps")
    then = numbered.client.get(path).ok()["metadata"]["resourceVersion"]
    numbered.client.delete(numbered.path("configmaps", "n0")).ok()
    past = numbered.client.get(path, resourceVersion=then, resourceVersionMatch="Exact")
    assert "n0" in ours(past)
    assert "n0" not in ours(numbered.client.get(path))


def test_a_token_that_makes_no_sense_is_refused(numbered: Api) -> None:
    reply = numbered.client.get(numbered.path("configmaps"), **{"continue": "nonsense"})
    assert (reply.code, reply["reason"]) == (400, "BadRequest")
    assert reply["message"].startswith("invalid continue token: continue key is not valid:")


def test_a_version_of_the_future_is_told_as_too_large(numbered: Api) -> None:
    reply = numbered.client.get(numbered.path("configmaps"), resourceVersion=99_999_999)
    assert (reply.code, reply["reason"]) == (504, "Timeout")
    assert reply["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_a_collection_is_deleted_by_selector(numbered: Api) -> None:
    numbered.client.delete(numbered.path("configmaps"), labelSelector="parity=odd").ok()
    assert ours(numbered.client.get(numbered.path("configmaps"))) == ["n0", "n2", "n4", "n6"]


def test_a_table_has_the_columns_that_kubectl_prints(numbered: Api) -> None:
    reply = numbered.client.get(numbered.path("configmaps"), accept=TABLE, labelSelector="number=1")
    assert (reply["kind"], reply["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in reply["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert reply["rows"][0]["cells"][:2] == ["n1", 0]
    assert reply["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("plural", "group"),
    [
        ("pods", ""),
        ("services", ""),
        ("secrets", ""),
        ("deployments", "apps"),
        ("statefulsets", "apps"),
        ("daemonsets", "apps"),
        ("replicasets", "apps"),
        ("jobs", "batch"),
        ("cronjobs", "batch"),
        ("ingresses", "networking.k8s.io"),
        ("persistentvolumeclaims", ""),
    ],
)
def test_a_table_s_first_columns_are_those_of_a_real_one(twins: tuple[Api, Api], plural: str, group: str) -> None:
    def columns(api: Api) -> list[Any]:
        reply = api.client.get(api.path(plural, group=group), accept=TABLE)
        return [column["name"] for column in reply["columnDefinitions"] if not column["priority"]]

    embedded, real = map(columns, twins)
    assert embedded == [name for name in real if name in embedded]
    assert set(real) - set(embedded) <= {"Duration"}
