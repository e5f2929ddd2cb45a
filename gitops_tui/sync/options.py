"""What users say about an object's sync in its annotations (semantics.md: Annotations that users bring).

An option of an object beats the same option of its application's policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.errors import InvalidError
from gitops_tui.model.fields import annotations_of, text
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Body, ResourceKey

_SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
_FLUX: Final = "kustomize.toolkit.fluxcd.io"
_MAY_KEEP: Final = (f"{_FLUX}/reconcile", f"{_FLUX}/ssa")
_WAVE: Final = pattern(r"[+-]?[0-9]{1,9}")
_IMMUTABLE: Final = pattern(
    r"immutable|may not (?:be )?(?:changed?|updated?)\b|cannot (?:be )?(?:changed?|updated?|modified)\b"
    r"|can not be less than previous|updates? to .{0,400}? (?:are|is) forbidden",
    re.I | re.S,
)
_IMMUTABLE_OF_SECRET: Final = pattern(r"(?:type: FieldValueInvalid|(?:data|immutable|stringData): FieldValueForbidden)")
"""Of a Secret only fields and reasons are told, since a server quotes values: these mean that it cannot change."""

WAY_OUT: Final = "argocd.argoproj.io/sync-options: Force=true on it has it deleted and made anew"


def words(value: object) -> tuple[str, ...]:
    """Return the words of a comma-separated text."""
    return tuple(word.strip() for word in text(value).split(",") if word.strip())


def sync_options(body: Body, policy: SyncPolicy) -> Mapping[str, str]:
    """Return the options that hold for an object: `Prune=false` as {"Prune": "false"}."""
    return {**_options(policy.options), **_options(words(annotations_of(body).get(_SYNC_OPTIONS)))}


def _options(given: Iterable[str]) -> dict[str, str]:
    return {name: value.strip().lower() for name, _, value in (word.partition("=") for word in given)}


def is_on(body: Body, policy: SyncPolicy, option: str) -> bool:
    """Whether an option that is true or false is true for an object."""
    return sync_options(body, policy).get(option) == "true"


def wave_of(body: Body) -> int:
    """Return an object's wave: Argo CD's annotation, else helm's weight, else 0."""
    notes = annotations_of(body)
    for name in ("argocd.argoproj.io/sync-wave", "helm.sh/hook-weight"):
        written = text(notes.get(name)).strip()
        if _WAVE.fullmatch(written):
            return int(written)
    return 0


# Deleting.

NOT_KNOWN: Final = "the journal does not hold that this application applied it"


def kept_from_prune(key: ResourceKey, live: Body, policy: SyncPolicy, inventory: frozenset[ResourceKey]) -> str:
    """Return why no sync ever prunes an object of ours that Git does not state, "" when one may.

    inventory: every object that the application has applied, empty when it was lost.
    """
    if sync_options(live, policy).get("Prune") == "false":
        return "kept by Prune=false"
    notes = annotations_of(live)
    if kept := _kept_by_flux(notes):
        return kept
    if "IgnoreExtraneous" in words(notes.get("argocd.argoproj.io/compare-options")):
        return "kept by IgnoreExtraneous"
    if inventory and key not in inventory:
        return f"no longer in Git; kept, because {NOT_KNOWN}"
    return ""


def kept_from_deletion(live: Body, policy: SyncPolicy) -> str:
    """Return why an object stays when its application is deleted, "" when it goes."""
    if sync_options(live, policy).get("Delete") == "false":
        return "kept by Delete=false"
    return _kept_by_flux(annotations_of(live))


def must_confirm(live: Body, policy: SyncPolicy, option: str) -> bool:
    """Whether a person has to confirm that an object is deleted. option: `Prune` or `Delete`."""
    return sync_options(live, policy).get(option) == "confirm"


def propagation_of(live: Body, policy: SyncPolicy) -> str:
    """Return the deletion propagation policy of an object: `foreground`, `background` or `orphan`."""
    wanted = sync_options(live, policy).get("PrunePropagationPolicy", "")
    return wanted if wanted in {"foreground", "background", "orphan"} else policy.propagation


# Applying.


def kept_from_apply(desired: Body, live: Body | None) -> str:
    """Return why an object must not be applied, "" when it may be. Both sides are asked: either can opt out."""
    sides = annotations_of(desired), annotations_of(live or {})
    if not any(name in notes for notes in sides for name in _MAY_KEEP):
        return ""
    for notes in sides:
        if _flux(notes, "reconcile") == "disabled":
            return "left alone by reconcile: disabled"
        if _flux(notes, "ssa") == "ignore":
            return "left alone by ssa: Ignore"
    once = _flux(sides[0], "ssa") == "ifnotpresent"
    return "exists, and ssa: IfNotPresent says to leave it" if once and live is not None else ""


def validates(desired: Body, policy: SyncPolicy) -> bool:
    """Whether the server refuses fields that it does not know; otherwise it drops them with a warning."""
    return sync_options(desired, policy).get("Validate") != "false"


def replaces(desired: Body, policy: SyncPolicy) -> bool:
    """Whether an update puts the whole object in place of the live one."""
    return is_on(desired, policy, "Replace")


def forces(desired: Body, policy: SyncPolicy) -> bool:
    """Whether an object may be deleted and made anew where it cannot be changed."""
    return is_on(desired, policy, "Force") or _flux(annotations_of(desired), "force") in {"enabled", "true"}


def awaits_kind(desired: Body, policy: SyncPolicy) -> bool:
    """Whether a kind that is not served yet may come while the sync runs."""
    return is_on(desired, policy, "SkipDryRunOnMissingResource")


def creates_namespace(policy: SyncPolicy) -> bool:
    """Whether a missing namespace of the destination is made."""
    return _options(policy.options).get("CreateNamespace", str(policy.create_namespace).lower()) == "true"


def is_immutable(error: InvalidError) -> bool:
    """Whether a server refuses an update because a field cannot change, which a new object would not be."""
    told = " ".join((error.message, *error.causes))
    return bool(_IMMUTABLE.search(told)) or any(map(_IMMUTABLE_OF_SECRET.fullmatch, error.causes))


def not_honoured(desired: Body, policy: SyncPolicy) -> tuple[str, ...]:
    """Return warnings about options that would have an object written in a way that this program does not know."""
    if sync_options(desired, policy).get("ServerSideApply") == "false":
        return ("sync option ServerSideApply=false is not followed: every apply is server-side",)
    return ()


def _kept_by_flux(notes: Mapping[str, object]) -> str:
    """Why Flux would delete an object neither in a prune nor with what it belongs to, "" when it would."""
    name = next((name for name in ("prune", "reconcile") if _flux(notes, name) == "disabled"), "")
    return name and f"kept by {name}: disabled"


def _flux(notes: Mapping[str, object], name: str) -> str:
    return text(notes.get(f"{_FLUX}/{name}")).lower()
