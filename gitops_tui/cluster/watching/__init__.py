"""Live objects: the cache, and the threads that list and watch to keep it like the cluster."""

from gitops_tui.cluster.watching.arrivals import Arrival
from gitops_tui.cluster.watching.asking import Surroundings
from gitops_tui.cluster.watching.cache import Cache, Listener
from gitops_tui.cluster.watching.shelf import live_of
from gitops_tui.cluster.watching.watches import Watches

__all__ = ["Arrival", "Cache", "Listener", "Surroundings", "Watches", "live_of"]
