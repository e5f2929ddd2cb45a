"""The health of a live object as its application's rules have it; nothing that is hidden gets into the message."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_tui.diff import mask
from gitops_tui.health import lift
from gitops_tui.model.application import Application
from gitops_tui.model.resources import Body, Health


def judge(
    live: Body,
    application: Application,
    below: Sequence[Body] = (),
    now: float | None = None,
    events: Sequence[Body] = (),
) -> Health:
    """Return a live object's health. below: its children at any depth; events: recent warnings in its namespace."""
    if application.masked_paths and any(rules.kind == live.get("kind") for rules in application.health):
        # A rule's message may name any field, so it is made of what may be shown.
        live = mask(live, application.masked_paths)
    return lift(live, below, now, application.health, events)
