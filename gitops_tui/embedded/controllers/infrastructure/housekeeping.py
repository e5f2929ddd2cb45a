"""What every namespace has, and what is thrown away after a while."""

from __future__ import annotations

from gitops_tui.embedded.controllers.manager import Controller
from gitops_tui.embedded.controllers.world import World, is_going, name_of
from gitops_tui.embedded.kinds.schema import Object

_EVENT_LIFE = 3600.0


def reconcile_namespace(world: World, namespace: Object) -> float | None:
    """Give a namespace its default account."""
    if not is_going(namespace) and world.get("serviceaccounts", name_of(namespace), "default") is None:
        metadata = {"name": "default", "namespace": name_of(namespace)}
        world.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    return None


def reconcile_event(world: World, event: Object) -> float | None:
    """Forget an event an hour after it was last seen, as a real server does."""
    seen = event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
    left = _EVENT_LIFE - world.age(seen)
    if left > 0:
        return left
    world.delete(event)
    return None


NAMESPACE_CONTROLLER = Controller("namespaces", reconcile_namespace)
EVENT_CONTROLLER = Controller("events", reconcile_event)
