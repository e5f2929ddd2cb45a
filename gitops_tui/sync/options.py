"""What users say about an object's sync in its annotations (semantics.md: Annotations that users bring)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gitops_tui.model.fields import annotations_of, text
from gitops_tui.model.operations import SyncPhase
from gitops_tui.model.resources import Body

_HOOK: Final = "argocd.argoproj.io/hook"
_HOOK_DELETE: Final = "argocd.argoproj.io/hook-delete-policy"
_HELM_HOOK: Final = "helm.sh/hook"
_HELM_DELETE: Final = "helm.sh/hook-delete-policy"
_FLUX: Final = "kustomize.toolkit.fluxcd.io"

_HELM_PHASES: Final[Mapping[str, SyncPhase]] = {
    "pre-install": SyncPhase.PRE_SYNC,
    "pre-upgrade": SyncPhase.PRE_SYNC,
    "post-install": SyncPhase.POST_SYNC,
    "post-upgrade": SyncPhase.POST_SYNC,
}
_HELM_DELETE_POLICIES: Final[Mapping[str, str]] = {
    "before-hook-creation": "BeforeHookCreation",
    "hook-failed": "HookFailed",
    "hook-succeeded": "HookSucceeded",
}
_WAVE: Final = re.compile(r"[+-]?[0-9]{1,9}")
_UNSUPPORTED: Final = ("Replace", "Force", "Validate")


@dataclass(frozen=True, slots=True)
class Hook:
    """When an object runs as a hook, and when it is deleted. No phases: no part of a sync at all."""

    phases: tuple[SyncPhase, ...]
    delete: frozenset[str] = frozenset({"BeforeHookCreation"})


def hook_of(body: Body) -> Hook | None:
    """Return how an object runs as a hook, None when it is none. Argo CD's annotation beats helm's."""
    notes = annotations_of(body)
    if _HOOK in notes:
        wanted = set(_words(notes[_HOOK]))
        phases = () if "Skip" in wanted else tuple(phase for phase in SyncPhase if phase.value in wanted)
        return Hook(phases, frozenset(_words(notes.get(_HOOK_DELETE))) or Hook(()).delete)
    helm = set(_words(notes.get(_HELM_HOOK)))
    if not helm or "crd-install" in helm:
        return None
    phases = tuple(phase for phase in SyncPhase if phase in {_HELM_PHASES.get(name) for name in helm})
    policies = (_HELM_DELETE_POLICIES.get(name, "") for name in _words(notes.get(_HELM_DELETE)))
    return Hook(phases, frozenset(filter(None, policies)) or Hook(()).delete)


def wave_of(body: Body) -> int:
    """Return an object's wave: Argo CD's annotation, else helm's weight, else 0."""
    notes = annotations_of(body)
    for name in ("argocd.argoproj.io/sync-wave", "helm.sh/hook-weight"):
        written = text(notes.get(name)).strip()
        if _WAVE.fullmatch(written):
            return int(written)
    return 0


def sync_options(body: Body) -> Mapping[str, str]:
    """Return the options of `argocd.argoproj.io/sync-options`: `Prune=false` as {"Prune": "false"}."""
    words = _words(annotations_of(body).get("argocd.argoproj.io/sync-options"))
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def kept_from_prune(live: Body) -> str:
    """Return why an object must not be pruned, "" when it may be."""
    notes = annotations_of(live)
    if sync_options(live).get("Prune", "").lower() == "false":
        return "kept by Prune=false"
    if text(notes.get(f"{_FLUX}/prune")).lower() == "disabled":
        return "kept by prune: disabled"
    if text(notes.get(f"{_FLUX}/reconcile")).lower() == "disabled":
        return "kept by reconcile: disabled"
    if "IgnoreExtraneous" in _words(notes.get("argocd.argoproj.io/compare-options")):
        return "kept by IgnoreExtraneous"
    return ""


def must_confirm_prune(live: Body) -> bool:
    """Whether a person has to confirm that an object is pruned."""
    return sync_options(live).get("Prune", "").lower() == "confirm"


def kept_from_apply(desired: Body, live: Body | None) -> str:
    """Return why an object must not be applied, "" when it may be. Both sides are asked: either can opt out."""
    for notes in (annotations_of(desired), annotations_of(live or {})):
        if text(notes.get(f"{_FLUX}/reconcile")).lower() == "disabled":
            return "left alone by reconcile: disabled"
        if text(notes.get(f"{_FLUX}/ssa")).lower() == "ignore":
            return "left alone by ssa: Ignore"
    once = text(annotations_of(desired).get(f"{_FLUX}/ssa")).lower() == "ifnotpresent"
    return "exists, and ssa: IfNotPresent says to leave it" if once and live is not None else ""


def propagation_of(live: Body, default: str) -> str:
    """Return the deletion propagation policy of an object: `foreground`, `background` or `orphan`."""
    wanted = sync_options(live).get("PrunePropagationPolicy", "").lower()
    return wanted if wanted in {"foreground", "background", "orphan"} else default


def not_honoured(desired: Body) -> tuple[str, ...]:
    """Return warnings about options that change how an object is written, and are not followed."""
    given = sync_options(desired)
    return tuple(f"sync option {name}={given[name]} is not followed" for name in _UNSUPPORTED if name in given)


def _words(value: object) -> tuple[str, ...]:
    return tuple(word.strip() for word in text(value).split(",") if word.strip())
