"""Why a resource is as it is: asked for, never part of a look, since it lists the events of whole namespaces."""

from __future__ import annotations

from gitops_tui.cluster import Cluster
from gitops_tui.diff import hides, mask
from gitops_tui.engine.views.below import bodies_of, chosen_of
from gitops_tui.engine.views.reconcile import View
from gitops_tui.health.events import last_time, subject
from gitops_tui.health.view import View as Live
from gitops_tui.health.view import seconds
from gitops_tui.model.application import Application
from gitops_tui.model.explanation import Condition, Event, Explanation
from gitops_tui.model.fields import dig, integer, mapping, text
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import replace

_UNPLACED = "default"
"""The namespace that holds the events about cluster-scoped objects."""

_HIDDEN = "(not shown: it may quote hidden values)"


def explanation(view: View, cluster: Cluster, key: ResourceKey | None) -> Explanation:
    """Return what is known of one resource and all below it; of the whole application without conditions.

    Raises UsageError when it is none of the application's, ClusterError when events cannot be read.
    """
    bodies = bodies_of(view)
    chosen = chosen_of(view, bodies, key)
    secretive = {each for each, body in chosen.items() if _is_secretive(view.application, each, body)}
    conditions = _conditions(view.application, bodies[key]) if key in bodies and key is not None else ()
    if key in secretive:
        conditions = tuple(replace(each, message=_HIDDEN if each.message else "") for each in conditions)
    uids = {uid: each for each, body in chosen.items() if (uid := text(dig(body, "metadata", "uid")))}
    found: list[Event] = []
    is_complete = True
    for namespace in dict.fromkeys(each.namespace or _UNPLACED for each in chosen):
        events, is_all = cluster.events(namespace)
        is_complete = is_complete and is_all
        found += [_event(event, uids[subject(event)]) for event in events if subject(event) in uids]
    found = [replace(each, message=_HIDDEN) if each.about in secretive else each for each in found]
    found.sort(key=lambda event: -(event.time or 0.0))
    return Explanation(conditions, tuple(found), is_complete)


def _is_secretive(application: Application, key: ResourceKey, body: Body) -> bool:
    """Whether what is said of an object may quote what is hidden."""
    return (key.group, key.kind) == ("", "Secret") or hides(body, application.masked_paths)


def _conditions(application: Application, live: Body) -> tuple[Condition, ...]:
    shown = Live(mask(live, application.masked_paths))
    return tuple(
        Condition(
            one_line(text(each.get("type"))),
            one_line(text(each.get("status"))),
            one_line(text(each.get("reason"))),
            one_line(text(each.get("message")), limit=2000),
            seconds(each.get("lastTransitionTime")),
        )
        for each in shown.conditions
    )


def _event(event: Body, about: ResourceKey) -> Event:
    source = text(event.get("reportingComponent")) or text(mapping(event.get("source")).get("component"))
    return Event(
        about,
        one_line(text(event.get("reason"))),
        one_line(text(event.get("message")), limit=2000),
        last_time(event),
        integer(dig(event, "series", "count")) or integer(event.get("count")) or 1,
        event.get("type") == "Warning",
        one_line(source),
    )
