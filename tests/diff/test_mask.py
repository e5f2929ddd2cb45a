"""Secrets never leave unmasked, and their changes stay visible."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_tui.diff import compare, comparison, mask
from gitops_tui.diff.lines import side_by_side, unified
from gitops_tui.diff.mask import MARK
from gitops_tui.model.errors import ConfigError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.resources import ResourceKey

CANARY = "canary-0a1b2c3d"
ENCODED = base64.b64encode(CANARY.encode()).decode()
KEY = ResourceKey("", "Secret", "shop", "db")

Body = dict[str, Any]


def secret(**fields: Any) -> Body:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, **fields}


def everything(desired: Body | None, live: Body | None, predicted: Body | None, **options: Any) -> str:
    """All text that the package answers about one resource."""
    drift = compare(desired, live, predicted, **options)
    shown = comparison(KEY, desired, live, predicted, **options)
    lines = [line.text for line in unified(shown)]
    rows = [(row.left and row.left.text, row.right and row.right.text) for row in side_by_side(shown)]
    return repr((drift, dataclasses.asdict(shown), lines, rows))


def test_equal_values_have_one_mark_and_changed_ones_another() -> None:
    desired, live = secret(data={"a": "Zm9v", "b": "YmFy"}), secret(data={"a": "Zm9v", "b": "QmFS"})

    shown = comparison(KEY, desired, live, None)

    assert shown.desired is not None
    assert shown.live is not None
    assert shown.desired["data"]["a"] == shown.live["data"]["a"]
    assert shown.desired["data"]["b"] != shown.live["data"]["b"]
    assert [change.path for change in shown.changes] == ["data.b"]
    assert [change.path for change in compare(desired, live).changes] == ["data.b"]


def test_a_mark_hides_the_length() -> None:
    short, long = mask(secret(data={"a": "x"})), mask(secret(data={"a": "x" * 4096}))

    assert short == long
    assert short["data"]["a"].startswith(MARK)


def test_names_of_keys_stay_readable() -> None:
    assert list(mask(secret(data={"password": "eA==", "*": "eQ=="}))["data"]) == ["password", "*"]


@pytest.mark.parametrize("data", [CANARY, [CANARY], {"a": {"b": CANARY}}, {"a": [CANARY]}, {"*": CANARY, "b": CANARY}])
def test_malformed_data_is_masked_as_well(data: Any) -> None:
    assert CANARY not in json.dumps(mask(secret(data=data)))
    assert CANARY not in json.dumps(mask(secret(stringData=data)))


def test_a_list_of_secrets_and_a_secret_inside_another_object() -> None:
    whole = secret(stringData={"a": CANARY})
    wrapped = {"kind": "Object", "spec": {"forProvider": {"manifest": whole}}}

    assert CANARY not in json.dumps(mask({"apiVersion": "v1", "kind": "List", "items": [whole, wrapped]}))


def test_last_applied_of_a_secret_is_masked() -> None:
    note = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(secret(data={"a": CANARY}))}
    live = secret(data={"a": ENCODED})
    live["metadata"]["annotations"] = note

    assert CANARY not in json.dumps(mask(live))
    assert CANARY not in everything(secret(data={"a": "eA=="}), live, None)


def test_other_groups_secrets_are_none() -> None:
    foreign = {"apiVersion": "vault.example/v1", "kind": "Secret", "data": {"path": "kv/db"}}

    assert mask(foreign) == foreign


@pytest.mark.parametrize(
    "path",
    [
        "data.token",
        'data["token"]',
        "data.*",
        "/data/token",
        "/data",
        "data",
    ],
)
def test_a_users_own_paths_are_masked(path: str) -> None:
    body: Body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"token": CANARY}}
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(body)}
    other = copy.deepcopy(body)
    other["data"]["token"] = CANARY + "2"

    assert CANARY not in json.dumps(mask(body, [path]))
    assert CANARY not in everything(body, other, None, masked_paths=(path,))


def test_a_users_path_into_a_named_element() -> None:
    pod = {"spec": {"containers": [{"name": "a", "env": [{"name": "TOKEN", "value": CANARY}]}]}}

    assert CANARY not in json.dumps(mask(pod, ["spec.containers[a].env[TOKEN].value"]))
    assert CANARY not in json.dumps(mask(pod, ["spec.containers[*].env[*].value"]))


@pytest.mark.parametrize("path", ["", "a[", "a..b", "[x]y]"])
def test_a_malformed_path_is_an_error_not_an_unmasked_value(path: str) -> None:
    with pytest.raises(ConfigError):
        mask(secret(data={"a": CANARY}), [path])


def test_quantities_and_lists_do_not_reach_around_the_mask() -> None:
    desired = secret(data={"limits": {"cpu": "1000m"}, "env": [{"name": CANARY}, {"name": "b"}]})
    live = secret(data={"limits": {"cpu": "1"}, "env": [{"name": "b"}, {"name": CANARY}]})

    assert CANARY not in everything(desired, live, None)
    assert compare(desired, live).changes != ()


fields = st.sampled_from(["data", "stringData", "immutable", "type", "extra"])
values = st.recursive(
    st.sampled_from([CANARY, ENCODED, f"x{CANARY}y", "other", "", None, 1, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "*", "name"]), inner),
    max_leaves=6,
)
secrets = st.fixed_dictionaries(
    {},
    optional={
        "data": values,
        "stringData": values,
        "type": st.sampled_from(["Opaque", "kubernetes.io/tls"]),
        "immutable": st.booleans(),
    },
).map(lambda found: secret(**found))
maybe = st.none() | secrets


@given(maybe, maybe, maybe, st.booleans())
def test_the_canary_never_appears(desired: Body | None, live: Body | None, predicted: Body | None, rule: bool) -> None:
    ignore = (IgnoreRule(paths=("data.a",)),) if rule else ()

    text = everything(desired, live, predicted, ignore=ignore)

    assert CANARY not in text
    assert ENCODED not in text


@given(secrets, st.sampled_from(["List", "SecretList", "Bundle"]))
def test_the_canary_never_appears_in_a_masked_body(body: Body, kind: str) -> None:
    wrapped = {"apiVersion": "v1", "kind": kind, "items": [body, {"nested": [body]}]}

    text = json.dumps([mask(body), mask(wrapped)])

    assert CANARY not in text
    assert ENCODED not in text


@given(secrets, secrets)
def test_masking_never_hides_a_difference(desired: Body, live: Body) -> None:
    drift = compare(desired, live, live)
    assert drift.code == "InSync"

    drift = compare(desired, live, desired)
    assert (drift.code == "Changed") == bool(drift.changes)
    assert all(change.desired != change.live for change in drift.changes)


def test_a_secret_inside_stays_masked_where_both_sides_share_the_rest() -> None:
    meta, rest = {"name": "inner"}, {"unchanged": ["hunter1"]}
    inner = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "rest": rest, "data": {"token": "aHVudGVyMg=="}}
    live = {"apiVersion": "example.org/v1", "kind": "Bundle", "metadata": {"name": "b"}, "spec": {"template": inner}}
    changed = {**inner, "data": {"token": "aHVudGVyMw=="}}
    predicted = {**live, "spec": {"template": changed}}
    drift = compare(live, live, predicted)
    assert [change.path for change in drift.changes] == ["spec.template.data.token"]
    assert not any("aHVudGVy" in str(change) for change in drift.changes)
