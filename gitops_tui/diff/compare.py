"""Desired against live of one object.

What an apply would change is the truth: with a prediction (the answer of a server-side-apply dry-run) the two
objects that the server itself wrote are compared. Without one, only the fields that Git states are, and the
result is marked approximate. Nothing unmasked leaves this module, except what a person asks to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitops_tui.diff.changes import changes, differ
from gitops_tui.diff.ignore import Ignored
from gitops_tui.diff.lists import keyed, plain
from gitops_tui.diff.mask import Masker
from gitops_tui.diff.meaning import aligned, holds, identical, stated
from gitops_tui.diff.normalise import essence, is_secret, legible, normalise
from gitops_tui.model.errors import InputError
from gitops_tui.model.fields import annotations_of, is_mapping, text
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.operations import ResourceComparison
from gitops_tui.model.resources import Body, Drift, DriftCode, FieldChange, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass

_COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
"""ServerSideDiff and IncludeMutationWebhook are how every object is compared; only IgnoreExtraneous says more."""


def compare(
    desired: Body | None,
    live: Body | None,
    predicted: Body | None = None,
    ignore: Sequence[IgnoreRule] = (),
    *,
    masked_paths: Sequence[str] = (),
) -> Drift:
    """Return how desired and live relate; the values of the changes are masked.

    desired: the object as Git states it. live: as the cluster has it, None only when it is certainly not there.
    predicted: what an apply of desired would make of it. ConfigError when a rule's or a masked path is malformed,
    InputError when an object is nested too deeply.
    """
    key = _key(desired, live)
    if desired is None or live is None:
        return _one_sided(key, desired, live)
    approximate = predicted is None
    if approximate and not ignore and not masked_paths and _holds_plainly(desired, live):
        return Drift(key, DriftCode.IN_SYNC, approximate=True)
    masking = _Masking(Masker(masked_paths), secret=is_secret(desired) or is_secret(live))
    try:
        ignored = Ignored(key, live, ignore)
        if predicted is not None:
            predicted, live = _apart(predicted, live)
        if _is_in_sync_at_a_glance(desired, live, predicted):
            return Drift(key, DriftCode.IN_SYNC, approximate=approximate)
        left, right = _sides(desired, live, predicted, ignored)
        found = _changes(*_meaningful(key, left, right, approximate=approximate), masking)
    except RecursionError as error:
        raise InputError(one_line(str(key)), "is nested too deeply to be compared") from error
    return Drift(key, DriftCode.CHANGED if found else DriftCode.IN_SYNC, found, approximate=approximate)


def comparison(
    key: ResourceKey,
    desired: Body | None,
    live: Body | None,
    predicted: Body | None,
    ignore: Sequence[IgnoreRule] = (),
    *,
    masked_paths: Sequence[str] = (),
    revealed: bool = False,
) -> ResourceComparison:
    """Return one resource for showing: normalised, masked bodies of each side and the changes between them.

    One mark stands for one secret value on all sides. The sides read alike line by line: same order of fields,
    same spelling of what means the same. Without a prediction, live is shown as far as Git states it. revealed: the
    bodies (not the changes) show everything, a Secret's data as text: only for a person who asks to see it.
    """
    drift = compare(desired, live, predicted, ignore, masked_paths=masked_paths)
    secret = any(body is not None and is_secret(body) for body in (desired, live))
    masking = _Masking(Masker(masked_paths), secret=secret)
    shown: dict[str, Any] = {"desired": desired and normalise(desired), "live": live and normalise(live)}
    if desired is not None and live is not None:
        left, right = _sides(desired, live, predicted, Ignored(key, live, ignore))
        left, right = map(plain, _meaningful(key, left, right, approximate=predicted is None))
        shown |= {"predicted": left, "live": right} if predicted is not None else {"desired": left, "live": right}
    made = legible if revealed else masking.mask
    sides = {side: made(body) if body else None for side, body in shown.items()}
    return ResourceComparison(
        key, drift.code.value, drift.changes, approximate=drift.approximate, note=drift.note, **sides
    )


def _holds_plainly(desired: Body, live: Body) -> bool:
    """Whether all that is stated is live, where nothing is ignored or masked: most objects of most looks."""
    try:
        return holds(live, essence(desired))
    except RecursionError:
        return False


def _is_in_sync_at_a_glance(desired: Body, live: Body, predicted: Body | None) -> bool:
    if predicted is not None:
        return identical(essence(predicted), essence(live))
    return holds(live, essence(desired))


@dataclass(frozen=True, slots=True)
class _Masking:
    masker: Masker
    secret: bool

    def mask(self, body: Body) -> dict[str, Any]:
        return self.masker.mask(body, secret=self.secret)

    def keyed(self, body: Body) -> Any:
        """A body whose lists are keyed, masked."""
        lists = plain(body)
        masked = self.mask(lists)
        return body if masked is lists else keyed(masked)


def _changes(one: Any, other: Any, masking: _Masking) -> tuple[FieldChange, ...]:
    return changes(masking.keyed(one), masking.keyed(other)) if differ(one, other) else ()


def _key(desired: Body | None, live: Body | None) -> ResourceKey:
    body = desired if desired is not None else live
    return ResourceKey.of(body) if body is not None else ResourceKey("", "", "", "")


def _one_sided(key: ResourceKey, desired: Body | None, live: Body | None) -> Drift:
    if desired is not None:
        return Drift(key, DriftCode.MISSING)
    options = text(annotations_of(live).get(_COMPARE_OPTIONS)).split(",")
    if "IgnoreExtraneous" in (option.strip() for option in options):
        return Drift(key, DriftCode.IN_SYNC, note="not in Git, and no difference by its IgnoreExtraneous")
    return Drift(key, DriftCode.EXTRA if live is not None else DriftCode.IN_SYNC)


def _apart(left: Body, right: Body) -> tuple[Body, Body]:
    """Return both sides without the collections that are one and the same object, as in what was deduced of the other.

    Single values stay, since they tell what the rest is: an object inside another may be a Secret.
    """
    one, other = dict(left), dict(right)
    for name, value in left.items():
        found = right.get(name)
        if value is found and isinstance(value, dict | list):
            del one[name], other[name]
        elif is_mapping(value) and is_mapping(found):
            one[name], other[name] = _apart(value, found)
    return one, other


def _sides(desired: Body, live: Body, predicted: Body | None, ignored: Ignored) -> tuple[Body, Body]:
    """Return what is compared, without ignored fields. The version an object is read at is no part of it."""
    left = normalise(predicted if predicted is not None else desired)
    right = normalise(live)
    left["apiVersion"] = right["apiVersion"] = text(desired.get("apiVersion"))
    return ignored.without(left, right)


def _meaningful(key: ResourceKey, left: Body, right: Body, *, approximate: bool) -> tuple[Any, Any]:
    one, other = keyed(left), keyed(right)
    if approximate:
        other = stated(other, one)
    return aligned(one, other, key.kind), other
