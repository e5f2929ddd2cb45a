"""Desired and live of one resource, side by side: what a plan is made from."""

from __future__ import annotations

from gitops_tui.model.application import Application
from gitops_tui.model.resources import Body, Drift, Manifest, ResourceKey
from gitops_tui.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """One resource on both sides.

    manifest: as it would be applied (stamped), None when Git does not state it. live: None when it is certainly
    not there. predicted: what an apply would make of it. refusal: why it cannot be applied at all (the dry-run
    was refused, live cannot be read), "" when it can. owner: the application that the live object names as its
    own. conflicts: "field: manager" of fields that another field manager owns and an apply would take over.
    immutable: it is refused because a field of the live object cannot change. unserved: nobody serves its kind now.
    unused: it is a definition of which no object is live. tried: the server said in a dry-run, a moment ago and of
    this very live object, that it takes exactly this. proven: it is what Git says, as what is stated and what is live
    tell by themselves.
    """

    key: ResourceKey
    manifest: Manifest | None
    live: Body | None
    drift: Drift
    predicted: Body | None = None
    refusal: str = ""
    owner: str | None = None
    conflicts: tuple[str, ...] = ()
    immutable: bool = False
    unserved: bool = False
    unused: bool = False
    tried: bool = False
    proven: bool = False


def adopted(application: Application) -> str:
    """Return the warning that stands at an object which exists and becomes the application's."""
    return f"exists and is no application's: {application.name} takes it over"
