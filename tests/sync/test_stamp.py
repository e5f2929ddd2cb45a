"""The marks by which an object is known as ours."""

from __future__ import annotations

import pytest

from gitops_tui.diff import compare
from gitops_tui.model.ownership import APPLICATION_LABEL, DIGEST_ANNOTATION, TRACKING_ANNOTATION, owner_of
from gitops_tui.model.resources import Manifest, Origin
from gitops_tui.sync import stamp
from tests.sync.world import SHOP, body


def test_a_stamped_manifest_is_known_as_the_applications_and_differs_in_nothing_else() -> None:
    manifest = Manifest.of(body("ConfigMap", "a", notes={"team": "ops"}, data={"a": "1"}), Origin("apps/a.yaml", 3))

    stamped = stamp(manifest, SHOP)

    assert owner_of(stamped.body) == "shop"
    assert stamped.body["metadata"]["labels"] == {APPLICATION_LABEL: "shop"}
    assert stamped.annotations["team"] == "ops"
    assert stamped.annotations[DIGEST_ANNOTATION] == manifest.digest
    assert stamped.origin == manifest.origin
    assert stamped.digest != manifest.digest
    assert compare(manifest.body, stamped.body, stamped.body).code == "InSync"


def test_a_stamp_replaces_one_that_was_copied_into_git() -> None:
    copied = stamp(Manifest.of(body("ConfigMap", "a")), SHOP).body
    renamed = Manifest.of({**copied, "metadata": {**copied["metadata"], "name": "b"}})

    assert owner_of(renamed.body) is None
    assert owner_of(stamp(renamed, SHOP).body) == "shop"
    assert "labels" not in body("ConfigMap", "a")["metadata"]


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"name": "a", "annotations": None},
        {"name": "a", "namespace": "shop", "annotations": {TRACKING_ANNOTATION: 7}},
        {"name": "a", "namespace": "shop", "annotations": {TRACKING_ANNOTATION: ":/ConfigMap:shop/a"}},
        {"name": "a", "namespace": "shop", "annotations": {TRACKING_ANNOTATION: "shop:/ConfigMap:shop/b"}},
        {"name": "a", "namespace": "shop", "annotations": {TRACKING_ANNOTATION: "shop"}},
    ],
)
def test_what_bears_no_whole_mark_of_its_own_is_nobodys(metadata: object) -> None:
    assert owner_of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}) is None
