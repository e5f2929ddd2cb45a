"""One screen a file; the registry says which view is which class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gitops_tui.tui import actions
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.screens.application import ApplicationView
from gitops_tui.tui.screens.applications import Applications
from gitops_tui.tui.screens.diff import DiffView
from gitops_tui.tui.screens.events import EventsView
from gitops_tui.tui.screens.history import HistoryView
from gitops_tui.tui.screens.info import InfoView
from gitops_tui.tui.screens.logs import LogsView
from gitops_tui.tui.screens.manifest import ManifestView
from gitops_tui.tui.screens.operations import OperationsView
from gitops_tui.tui.screens.places import ContextsView, RepositoriesView
from gitops_tui.tui.screens.receipt import ReceiptView
from gitops_tui.tui.views.view import View

SCREENS: Final[dict[str, Callable[[Location], View]]] = {
    actions.APPLICATIONS: Applications,
    actions.APPLICATION: ApplicationView,
    actions.DIFF: DiffView,
    actions.HISTORY: HistoryView,
    actions.RECEIPT: ReceiptView,
    actions.OPERATIONS: OperationsView,
    actions.MANIFEST: ManifestView,
    actions.INFO: InfoView,
    actions.EVENTS: EventsView,
    actions.LOGS: LogsView,
    actions.REPOSITORIES: RepositoriesView,
    actions.CONTEXTS: ContextsView,
}
