"""The live objects of an application, and what is below one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops_tui.engine.views.reconcile import View
from gitops_tui.model.errors import UsageError
from gitops_tui.model.fields import dig, mappings
from gitops_tui.model.resources import Body, ResourceKey


def bodies_of(view: View) -> Mapping[ResourceKey, Body]:
    """Return every live object: the application's own, and all below them."""
    own = {pair.key: pair.live for pair in view.pairs if pair.live is not None}
    return {**own, **{child.key: child.body() for child in view.children}}


def chosen_of(view: View, bodies: Mapping[ResourceKey, Body], key: ResourceKey | None) -> Mapping[ResourceKey, Body]:
    """Return those of one resource and all below it, in this order; without a key all of them.

    Raises UsageError for what is none of the application's.
    """
    if key is None:
        return bodies
    found: dict[ResourceKey, Body] = {}
    front = [key] if key in bodies else []
    while front:
        found.update((each, bodies[each]) for each in front)
        uids = {dig(bodies[each], "metadata", "uid") for each in front}
        front = [each for each, body in bodies.items() if each not in found and uids & set(_owners(body))]
    if not found and key not in {pair.key for pair in view.pairs}:
        raise UsageError(str(key), f"is no resource of application {view.application.name}")
    return found


def _owners(body: Body) -> Iterable[object]:
    return (each.get("uid") for each in mappings(dig(body, "metadata", "ownerReferences")))
