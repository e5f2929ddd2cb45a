"""Logs of a pod that no kubelet has: what is asked is checked all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Api

CONTAINERS = [
    {"name": "app", "image": "registry.example.com/web:1"},
    {"name": "proxy", "image": "registry.example.com/proxy:1"},
]
ALL = {"container": "app", "limitBytes": 10, "previous": True, "timestamps": True, "sinceTime": "2026-03-06T12:00:01Z"}


@pytest.fixture
def path(api: Api) -> str:
    """The logs of a pod that is on no node."""
    pod = {"metadata": {"name": "web"}, "spec": {"containers": CONTAINERS, "schedulerName": "nobody"}}
    api.client.create(api.path("pods"), pod).ok()
    return api.path("pods", "web/log")


@pytest.mark.parametrize("asked", [{"container": "app"}, ALL])
def test_a_pod_on_no_node_has_written_nothing(api: Api, path: str, asked: dict[str, Any]) -> None:
    answer = api.client.get(path, **asked)
    assert (answer.code, answer.body) == (204, "")


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({}, 400, "a container name must be specified for pod web, choose one of: [app proxy]"),
        ({"container": "none"}, 400, "container none is not valid for pod web"),
        (
            {"container": "app", "sinceTime": "noon"},
            400,
            'parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"',
        ),
        (
            {"container": "app", "tailLines": -1},
            422,
            'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
        ),
        (
            {"container": "app", "limitBytes": 0},
            422,
            'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, path: str, asked: dict[str, Any], code: int, told: str) -> None:
    answer = api.client.get(path, **asked)
    assert (answer.code, answer["message"]) == (code, told)


def test_a_pod_that_is_not_there_has_no_logs(api: Api) -> None:
    answer = api.client.get(api.path("pods", "none/log"))
    assert (answer.code, answer["message"]) == (404, 'pods "none" not found')
