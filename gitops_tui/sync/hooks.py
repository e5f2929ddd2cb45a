"""Which objects run as hooks, when, and under which name (semantics.md: Annotations that users bring)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gitops_tui.model.application import Application
from gitops_tui.model.fields import annotations_of, dig, mapping, text
from gitops_tui.model.operations import Action, Change, SyncPhase
from gitops_tui.model.resources import Body, HealthCode, Manifest
from gitops_tui.model.values import dataclass, replace
from gitops_tui.sync.judge import judge
from gitops_tui.sync.options import words
from gitops_tui.sync.pair import Pair, adopted
from gitops_tui.sync.stamp import stamp

_HOOK: Final = "argocd.argoproj.io/hook"
_HOOK_DELETE: Final = "argocd.argoproj.io/hook-delete-policy"
_HELM_HOOK: Final = "helm.sh/hook"
_HELM_DELETE: Final = "helm.sh/hook-delete-policy"
BEFORE: Final = "BeforeHookCreation"
AFTERWARDS: Final = frozenset({"HookSucceeded", "HookFailed"})
"""When a hook is deleted."""

RUN_ALREADY: Final = "{}: a hook that exists and is no application's would not run anew; delete it, plan again"
"""Why a plan is refused. For the key of the object."""
_HELM_PHASES: Final[Mapping[str, SyncPhase]] = {
    "pre-install": SyncPhase.PRE_SYNC,
    "pre-upgrade": SyncPhase.PRE_SYNC,
    "post-install": SyncPhase.POST_SYNC,
    "post-upgrade": SyncPhase.POST_SYNC,
    "pre-delete": SyncPhase.PRE_DELETE,
    "post-delete": SyncPhase.POST_DELETE,
}
_HELM_DELETE_POLICIES: Final[Mapping[str, str]] = {
    "before-hook-creation": BEFORE,
    "hook-failed": "HookFailed",
    "hook-succeeded": "HookSucceeded",
}
_OF_HOOKS: Final = frozenset(SyncPhase) - {SyncPhase.DELETE}
_OF_SYNC: Final = frozenset({SyncPhase.PRE_SYNC, SyncPhase.SYNC, SyncPhase.POST_SYNC, SyncPhase.SYNC_FAIL})
_LONGEST_PREFIX: Final = 33
"""Characters that leave room for sha, number, phase and time in the 63 that a label's value may have (a Job's pods)."""


@dataclass(frozen=True, slots=True)
class Hook:
    """When an object runs as a hook, and when it is deleted. No phases: it never runs."""

    phases: tuple[SyncPhase, ...]
    delete: frozenset[str] = frozenset({BEFORE})

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


def has_run(pair: Pair, application: Application) -> bool:
    """Whether a hook would not run: an object of nobody bears its name, and has an end of its own."""
    if pair.live is None or pair.owner is not None or pair.manifest is None or hook_of(pair.manifest.body) is None:
        return False
    return judge(pair.live, application).code is not HealthCode.NONE


def may_delete(pair: Pair) -> bool:
    """Whether a run of a hook may delete what bears its name now, by its policy. What is nobody's is taken over."""
    hook = hook_of(pair.manifest.body) if pair.manifest is not None else None
    if pair.live is None or hook is None or not hook.phases:
        return False
    return bool(hook.delete & (AFTERWARDS if pair.owner is None else AFTERWARDS | {BEFORE}))


def not_anew(pair: Pair, application: Application) -> tuple[str, ...]:
    """Return a warning for a hook that is applied to an object which is there already, and stays."""
    hook = hook_of(pair.manifest.body) if pair.manifest is not None else None
    if pair.live is None or hook is None:
        return ()
    if pair.owner is None:
        return (adopted(application),)
    if BEFORE in hook.delete or judge(pair.live, application).code is HealthCode.NONE:
        return ()
    return ("is there since an earlier sync, and its hook-delete-policy keeps it: it does not run again",)


def generated(body: Body, sha: str, number: int = 1) -> Body:
    """Return the object with a name made of its `generateName` and the commit, where it has no name of its own.

    number: tells it from others of the commit with the same `generateName`.
    """
    base = _base(body, sha)
    if not base or dig(body, "metadata", "name"):
        return body
    return _named(body, base if number == 1 else f"{base}-{number}")


def is_generated(body: Body, sha: str) -> bool:
    """Whether `generated` gave the object its name."""
    base = _base(body, sha)
    return bool(base) and re.fullmatch(rf"{re.escape(base)}(-\d+)?", text(dig(body, "metadata", "name"))) is not None


def _base(body: Body, sha: str) -> str:
    prefix = text(dig(body, "metadata", "generateName"))
    return prefix and prefix[:_LONGEST_PREFIX] + sha[:7]


def in_phase(manifest: Manifest, phase: SyncPhase, application: Application) -> Manifest:
    """Return a hook with a generated name as it runs in one phase."""
    return _renamed(manifest, f"{manifest.key.name}-{phase.lower()}", application)


def timed(change: Change, now: float, application: Application, sha: str) -> Change:
    """Return the change of a hook with a generated name as it runs now: `<prefix><sha7>-<phase>-<unix time>`."""
    manifest = change.manifest
    if change.action is not Action.HOOK or manifest is None:
        return change
    named = _named(manifest.body, manifest.key.name.removesuffix(f"-{change.phase.lower()}"))
    if named["metadata"]["name"] == manifest.key.name or not is_generated(named, sha):
        return change
    made = _renamed(manifest, f"{manifest.key.name}-{int(now)}", application)
    return replace(change, key=made.key, manifest=made)


def _renamed(manifest: Manifest, name: str, application: Application) -> Manifest:
    """The same object under another name, with the tracking id that goes with it."""
    return stamp(Manifest.of(_named(manifest.body, name), manifest.origin), application)


def _named(body: Body, name: str) -> Body:
    return {**body, "metadata": {**mapping(body.get("metadata")), "name": name}}
