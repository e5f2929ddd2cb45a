"""The part of the schema that says how an application is synced."""

from __future__ import annotations

from typing import Final

from gitops_tui.config.nodes import Schema, array, choice, duration, keys, switch, text
from gitops_tui.model.application import SyncMode, SyncPolicy
from gitops_tui.model.windows import WindowKind

_IGNORE_WORDS: Final = "names no field: say which with `pointers`, `paths` or `managers`"
_SWITCHES: Final = (
    *("ApplyOutOfSyncOnly", "CreateNamespace", "FailOnSharedResource", "Force", "PruneLast", "Replace"),
    *("RespectIgnoreDifferences", "ServerSideApply", "SkipDryRunOnMissingResource", "Validate"),
)
_OPTIONS: Final = (
    *(f"{name}={value}" for name in _SWITCHES for value in ("true", "false")),
    *(f"{name}={value}" for name in ("Prune", "Delete") for value in ("true", "false", "confirm")),
    *(f"PrunePropagationPolicy={value}" for value in ("foreground", "background", "orphan")),
)


def sync() -> Schema:
    """How an application is synced."""
    policy = SyncPolicy()
    return keys(
        "How it is synced.",
        {
            "mode": choice("Who starts a sync: a person, or each new commit.", SyncMode, policy.mode),
            "prune": switch("Delete what Git no longer names.", default=policy.prune),
            "selfHeal": switch("In mode `auto`: also undo changes made in the cluster.", default=policy.self_heal),
            "allowEmpty": switch("In mode `auto`: a commit may remove everything.", default=policy.allow_empty),
            "maxPrune": {
                "type": ["number", "string"],
                "description": "A sync that prunes more than this share of the resources waits for a person.",
                "minimum": 0,
                "maximum": 1,
                "pattern": "^(100|[0-9]{1,2})%$",
                "default": "20%",
                "errorMessage": dict.fromkeys(
                    ("minimum", "maximum", "pattern", "type"), "must be a share such as `20%`, or 0 to 1"
                ),
            },
            "createNamespace": switch("Create a missing namespace.", default=policy.create_namespace),
            "forceConflicts": switch("Take fields over from other field managers.", default=policy.force_conflicts),
            "propagation": choice(
                "How dependents of deleted objects go.", ("foreground", "background", "orphan"), policy.propagation
            ),
            "syncOptions": array(
                "Argo CD's sync options for all objects, such as `PruneLast=true`; an object's annotation beats them.",
                text("A sync option.", enum=list(_OPTIONS)),
            ),
            "windows": windows("When syncs may run. Without any: always."),
            "parallel": {
                "type": "integer",
                "description": "How many requests of one sync are made at once.",
                "minimum": 1,
                "maximum": 32,
                "default": policy.parallel,
            },
            "healthTimeout": duration("How long a sync waits for its resources to become healthy.", "5m"),
            "autoRollback": switch(
                "Go back to the last verified commit when a sync fails, or health is lost within `soak` after it.",
                default=policy.auto_rollback,
            ),
            "soak": duration("How long after a sync a loss of health is blamed on its commit.", "10m"),
            "fastForwardOnly": switch(
                "A commit that does not contain the one deployed last, as after a force-push, waits for a person.",
                default=policy.fast_forward_only,
            ),
        },
    )


def ignore() -> Schema:
    """What is no drift."""
    rule = keys(
        "Fields that are no drift and are left alone on apply. A selector that is not given matches everything.",
        {
            "group": text("API group of the resources."),
            "kind": text("Kind of the resources."),
            "namespace": text("Namespace of the resources."),
            "name": text("Name of the resources."),
            "pointers": array(
                "JSON pointers, such as `/spec/replicas`.",
                {"type": "string", "pattern": "^/", "errorMessage": {"pattern": "must begin with `/`"}},
            ),
            "paths": array("Paths with list keys, such as `spec.template.spec.containers[web].image`."),
            "managers": array("Every field that one of these field managers owns."),
        },
        anyOf=[{"required": [fields]} for fields in ("pointers", "paths", "managers")],
        errorMessage={"anyOf": _IGNORE_WORDS},
    )
    return array("What is left to others.", rule)


def windows(description: str) -> Schema:
    """Sync windows."""
    window = keys(
        "A time that comes again, in which syncs may run or may not. Deny beats allow.",
        {
            "kind": text("What the window does.", enum=[kind.value for kind in WindowKind]),
            "schedule": text("When it opens, as in crontab: `0 22 * * mon-fri`.", minLength=1),
            "duration": duration("How long it stays open.", ""),
            "timeZone": text("Whose clocks the schedule means: `Europe/Berlin`.", default="UTC", minLength=1),
            "manualSync": switch("A person may sync although this window holds automation.", default=False),
        },
        *("kind", "schedule", "duration"),
    )
    return array(description, window)
