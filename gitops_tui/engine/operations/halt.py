"""How a running operation is told to end."""

from __future__ import annotations

import threading

from gitops_tui.model.operations import OperationPhase
from gitops_tui.model.values import dataclass, field


@dataclass(slots=True)
class Halt:
    """How a running operation is told to end after the write it is in; the first reason counts."""

    event: threading.Event = field(default_factory=threading.Event)
    phase: OperationPhase = OperationPhase.TERMINATED
    message: str = "stopped"

    def stop(self, phase: OperationPhase, message: str) -> None:
        """Tell it to end. phase: how its receipt shall say that it ended."""
        if not self.event.is_set():
            self.phase, self.message = phase, message
            self.event.set()
