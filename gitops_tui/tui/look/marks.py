"""Statuses as a symbol, a word and a tone: never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gitops_tui.model.operations import Action, OperationPhase, Result
from gitops_tui.model.resources import DriftCode, HealthCode
from gitops_tui.model.status import SyncCode, WorkerState
from gitops_tui.tui.look.spans import Line, Span, Tone, line, outside

SYNC: Final[Mapping[SyncCode, Span]] = {
    SyncCode.SYNCED: Span("✓ Synced", Tone.GOOD),
    SyncCode.OUT_OF_SYNC: Span("≠ OutOfSync", Tone.WARN),
    SyncCode.UNKNOWN: Span("? Unknown", Tone.MUTED),
}
HEALTH: Final[Mapping[HealthCode, Span]] = {
    HealthCode.NONE: Span("·", Tone.FAINT),
    HealthCode.HEALTHY: Span("● Healthy", Tone.GOOD),
    HealthCode.SUSPENDED: Span("‖ Suspended", Tone.SPECIAL),
    HealthCode.PROGRESSING: Span("◐ Progressing", Tone.BUSY),
    HealthCode.MISSING: Span("○ Missing", Tone.WARN),
    HealthCode.DEGRADED: Span("✗ Degraded", Tone.BAD),
    HealthCode.UNKNOWN: Span("? Unknown", Tone.MUTED),
}
DRIFT: Final[Mapping[DriftCode, Span]] = {
    DriftCode.IN_SYNC: Span("✓ In sync", Tone.GOOD),
    DriftCode.CHANGED: Span("≠ Changed", Tone.WARN),
    DriftCode.MISSING: Span("○ Missing", Tone.WARN),
    DriftCode.EXTRA: Span("+ Extra", Tone.SPECIAL),
    DriftCode.UNKNOWN: Span("? Unknown", Tone.MUTED),
}
ACTION: Final[Mapping[Action, Span]] = {
    Action.CREATE: Span("+ create", Tone.GOOD),
    Action.UPDATE: Span("~ update", Tone.WARN),
    Action.DELETE: Span("- delete", Tone.BAD),
    Action.HOOK: Span("» hook", Tone.SPECIAL),
    Action.SKIP: Span("· skip", Tone.MUTED),
}
PHASE: Final[Mapping[OperationPhase, Span]] = {
    OperationPhase.PENDING: Span("◌ Pending", Tone.MUTED),
    OperationPhase.RUNNING: Span("◐ Running", Tone.BUSY),
    OperationPhase.WAITING: Span("◑ Waiting", Tone.BUSY),
    OperationPhase.SUCCEEDED: Span("✓ Succeeded", Tone.GOOD),
    OperationPhase.FAILED: Span("✗ Failed", Tone.BAD),
    OperationPhase.ERROR: Span("! Error", Tone.BAD),
    OperationPhase.TERMINATED: Span("■ Terminated", Tone.WARN),
    OperationPhase.SUPERSEDED: Span("» Superseded", Tone.MUTED),
    OperationPhase.INTERRUPTED: Span("! Interrupted", Tone.WARN),
}
RESULT: Final[Mapping[Result, Span]] = {
    Result.CREATED: Span("+ Created", Tone.GOOD),
    Result.CONFIGURED: Span("~ Configured", Tone.GOOD),
    Result.UNCHANGED: Span("= Unchanged", Tone.MUTED),
    Result.PRUNED: Span("- Pruned", Tone.WARN),
    Result.PRUNE_SKIPPED: Span("· PruneSkipped", Tone.MUTED),
    Result.SKIPPED: Span("· Skipped", Tone.MUTED),
    Result.FAILED: Span("✗ Failed", Tone.BAD),
}
WORKER: Final[Mapping[WorkerState, Span]] = {
    WorkerState.STARTING: Span("◌ connecting…", Tone.BUSY),
    WorkerState.IDLE: Span("● idle", Tone.GOOD),
    WorkerState.BUSY: Span("◐ working", Tone.BUSY),
    WorkerState.STOPPING: Span("◌ stopping…", Tone.MUTED),
    WorkerState.STOPPED: Span("■ stopped", Tone.MUTED),
    WorkerState.FAILED: Span("✗ engine failed", Tone.BAD),
}


_SHORT: Final = {
    "HorizontalPodAutoscaler": "HPA",
    "PodDisruptionBudget": "PDB",
    "PersistentVolumeClaim": "PVC",
    "CustomResourceDefinition": "CRD",
    "ValidatingWebhookConfiguration": "ValidatingWebhook",
    "MutatingWebhookConfiguration": "MutatingWebhook",
}


def kind(name: str) -> Line:
    """Return a kind for a column: those with a long name go by the short one that everybody uses."""
    return line(outside(_SHORT.get(name, name), Tone.MUTED, limit=60))


def symbol(mark: Span) -> Span:
    """Return the mark's symbol alone, for places where its word stands elsewhere."""
    return mark._replace(text=mark.text[:1])
