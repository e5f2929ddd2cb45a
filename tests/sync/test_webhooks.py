"""A webhook that supports no dry-run holds nothing up: what cannot be foretold is tried."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_tui.model.errors import DryRunRefusedError
from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.resources import ResourceKey
from tests.sync.world import Scene, body


def test_an_object_that_no_dry_run_is_possible_for_is_applied(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    admit = scene.world._admit

    def guarded(key: ResourceKey, *, dry_run: bool, **more: Any) -> None:
        if dry_run:
            raise DryRunRefusedError(str(key), 'webhook "guard" does not support dry run', status=400)
        admit(key, dry_run=dry_run, **more)

    monkeypatch.setattr(scene.world, "_admit", guarded)

    outcome = scene.sync(body("ConfigMap", "web", data={"a": "1"}))

    assert outcome.phase is OperationPhase.SUCCEEDED
    assert scene.writes == ["apply ConfigMap/web"]
