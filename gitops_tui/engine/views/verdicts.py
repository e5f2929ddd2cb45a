"""Verdicts that cannot have changed, so that a quiet application costs no request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitops_tui.model.application import IgnoreRule
from gitops_tui.model.ownership import DIGEST_ANNOTATION
from gitops_tui.model.resources import Body, Drift, DriftCode, Manifest, ResourceKey


@dataclass(frozen=True, slots=True)
class _Evidence:
    digest: str
    uid: str
    resource_version: str
    rules: int


class Verdicts:
    """Drifts by what they were judged on: manifest digest, live resourceVersion, ignore rules. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ResourceKey], tuple[_Evidence, Drift]] = {}

    def judge(
        self,
        context: str,
        manifest: Manifest,
        live: Body,
        *,
        rules: Sequence[IgnoreRule],
        stated: Callable[[], Drift],
        predict: Callable[[], tuple[Drift, Body]],
        anew: bool = False,
    ) -> tuple[Drift, Body | None]:
        """The drift, and the prediction where one had to be asked for. anew: predict again what differs, for a plan.

        Nothing is asked where the verdict is known, or proven: the digest of what was last applied, kept on the
        object, is the digest of what Git says, and every field that Git states has its stated value live.
        """
        metadata = live.get("metadata") or {}
        evidence = _Evidence(
            manifest.digest, str(metadata.get("uid")), str(metadata.get("resourceVersion")), hash(tuple(rules))
        )
        slot = (context, manifest.key)
        with self._lock:
            kept = self._kept.get(slot)
        if kept is not None and kept[0] == evidence and not (anew and kept[1].code is not DriftCode.IN_SYNC):
            return kept[1], None
        predicted: Body | None = None
        drift = stated() if _applied_as_stated(manifest, live) else None
        if drift is None or drift.code is not DriftCode.IN_SYNC:
            drift, predicted = predict()
        else:
            drift = Drift(manifest.key, DriftCode.IN_SYNC)
        with self._lock:
            self._kept[slot] = (evidence, drift)
        return drift, predicted

    def forget(self, keys: Sequence[ResourceKey] | None = None) -> None:
        """Judge these objects anew at the next look; None: all."""
        with self._lock:
            if keys is None:
                self._kept.clear()
                return
            wanted = set(keys)
            for slot in [slot for slot in self._kept if slot[1] in wanted]:
                del self._kept[slot]


def _applied_as_stated(manifest: Manifest, live: Body) -> bool:
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    stated = manifest.annotations.get(DIGEST_ANNOTATION)
    return stated is not None and annotations.get(DIGEST_ANNOTATION) == stated
