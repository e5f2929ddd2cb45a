"""Which objects run as hooks, when, and under which name (semantics.md: Annotations that users bring)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.fields import annotations_of, dig, mapping, text
from gitops_tui.model.operations import Action, Change, SyncPhase
from gitops_tui.model.resources import Body, Manifest
from gitops_tui.model.values import dataclass, replace
from gitops_tui.sync.options import words
from gitops_tui.sync.stamp import stamp

_HOOK: Final = "argocd.argoproj.io/hook"
_HOOK_DELETE: Final = "argocd.argoproj.io/hook-delete-policy"
_HELM_HOOK: Final = "helm.sh/hook"
_HELM_DELETE: Final = "helm.sh/hook-delete-policy"

_HELM_PHASES: Final[Mapping[str, SyncPhase]] = {
    "pre-install": SyncPhase.PRE_SYNC,
    "pre-upgrade": SyncPhase.PRE_SYNC,
    "post-install": SyncPhase.POST_SYNC,
    "post-upgrade": SyncPhase.POST_SYNC,
    "pre-delete": SyncPhase.PRE_DELETE,
    "post-delete": SyncPhase.POST_DELETE,
}
_HELM_DELETE_POLICIES: Final[Mapping[str, str]] = {
    "before-hook-creation": "BeforeHookCreation",
    "hook-failed": "HookFailed",
    "hook-succeeded": "HookSucceeded",
}
_OF_HOOKS: Final = frozenset(SyncPhase) - {SyncPhase.DELETE}
_OF_SYNC: Final = frozenset({SyncPhase.PRE_SYNC, SyncPhase.SYNC, SyncPhase.POST_SYNC, SyncPhase.SYNC_FAIL})
_LONGEST_PREFIX: Final = 36
"""Characters that leave room for sha, phase and time in the 63 that a label's value may have (a Job's pods)."""


@dataclass(frozen=True, slots=True)
class Hook:
    """When an object runs as a hook, and when it is deleted. No phases: it never runs."""

    phases: tuple[SyncPhase, ...]
    delete: frozenset[str] = frozenset({"BeforeHookCreation"})

    @property
    def in_sync(self) -> tuple[SyncPhase, ...]:
        """The phases of a sync that it runs in; none for a hook of deletions only."""
        return tuple(phase for phase in self.phases if phase in _OF_SYNC)


def hook_of(body: Body) -> Hook | None:
    """Return how an object runs as a hook, None when it is none. Argo CD's annotation beats helm's."""
    notes = annotations_of(body)
    if _HOOK in notes:
        wanted = set(words(notes[_HOOK]))
        phases = () if "Skip" in wanted else tuple(p for p in SyncPhase if p in _OF_HOOKS and p.value in wanted)
        return Hook(phases, frozenset(words(notes.get(_HOOK_DELETE))) or Hook(()).delete)
    helm = set(words(notes.get(_HELM_HOOK)))
    if not helm or "crd-install" in helm:
        return None
    phases = tuple(phase for phase in SyncPhase if phase in {_HELM_PHASES.get(name) for name in helm})
    policies = (_HELM_DELETE_POLICIES.get(name, "") for name in words(notes.get(_HELM_DELETE)))
    return Hook(phases, frozenset(filter(None, policies)) or Hook(()).delete)


def generated(body: Body, sha: str) -> Body:
    """Return the object with a name made of its `generateName` and the commit, where it has no name of its own."""
    prefix = text(dig(body, "metadata", "generateName"))
    if not prefix or dig(body, "metadata", "name"):
        return body
    return _named(body, prefix[:_LONGEST_PREFIX] + sha[:7])


def is_generated(body: Body, sha: str) -> bool:
    """Whether `generated` gave the object its name."""
    prefix = text(dig(body, "metadata", "generateName"))
    return bool(prefix) and dig(body, "metadata", "name") == prefix[:_LONGEST_PREFIX] + sha[:7]


def in_phase(manifest: Manifest, phase: SyncPhase, application: Application) -> Manifest:
    """Return a hook with a generated name as it runs in one phase."""
    return _renamed(manifest, f"{manifest.key.name}-{phase.lower()}", application)


def timed(change: Change, now: float, application: Application, sha: str) -> Change:
    """Return the change of a hook with a generated name as it runs now: `<prefix><sha7>-<phase>-<unix time>`."""
    manifest = change.manifest
    if change.action is not Action.HOOK or manifest is None:
        return change
    prefix = text(dig(manifest.body, "metadata", "generateName"))[:_LONGEST_PREFIX]
    if not prefix or manifest.key.name != f"{prefix}{sha[:7]}-{change.phase.lower()}":
        return change
    made = _renamed(manifest, f"{manifest.key.name}-{int(now)}", application)
    return replace(change, key=made.key, manifest=made)


def _renamed(manifest: Manifest, name: str, application: Application) -> Manifest:
    """The same object under another name, with the tracking id that goes with it."""
    return stamp(Manifest.of(_named(manifest.body, name), manifest.origin), application)


def _named(body: Body, name: str) -> Body:
    return {**body, "metadata": {**mapping(body.get("metadata")), "name": name}}
