"""All controllers of the simulated cluster, put to work on a server."""

from __future__ import annotations

from collections.abc import Callable

from gitops_tui.embedded.controllers.batch import cronjobs, jobs
from gitops_tui.embedded.controllers.clock import Timings
from gitops_tui.embedded.controllers.infrastructure import housekeeping, networks, scaling, volumes
from gitops_tui.embedded.controllers.manager import Controller, Controllers
from gitops_tui.embedded.controllers.node import kubelet
from gitops_tui.embedded.controllers.node.nodes import make_nodes
from gitops_tui.embedded.controllers.workloads import daemonsets, deployments, replicasets, statefulsets
from gitops_tui.embedded.server import EmbeddedServer

ALL: tuple[Controller, ...] = (
    deployments.CONTROLLER,
    replicasets.CONTROLLER,
    statefulsets.CONTROLLER,
    daemonsets.CONTROLLER,
    jobs.CONTROLLER,
    cronjobs.CONTROLLER,
    kubelet.CONTROLLER,
    networks.SERVICE_CONTROLLER,
    networks.INGRESS_CONTROLLER,
    volumes.CLAIM_CONTROLLER,
    volumes.VOLUME_CONTROLLER,
    scaling.AUTOSCALER_CONTROLLER,
    scaling.BUDGET_CONTROLLER,
    housekeeping.NAMESPACE_CONTROLLER,
    housekeeping.EVENT_CONTROLLER,
)


def attach(server: EmbeddedServer, *, speed: float = 1.0) -> Callable[[], None]:
    """Bring a server's workloads to life; returns what stops that. speed: how many times as fast as believable."""
    controllers = Controllers(server.backend, ALL, timings=Timings().faster(speed))
    make_nodes(controllers.world)
    controllers.start()
    return controllers.stop
