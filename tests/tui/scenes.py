"""A believable shop, always the same: what the screens are shown with in tests and snapshots."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gitops_tui.diff import comparison
from gitops_tui.engine.future import Future
from gitops_tui.engine.requests import (
    Between,
    Compare,
    Delete,
    Explain,
    History,
    LastGood,
    Operations,
    Plan,
    PlanDeletion,
    PlanRevert,
    PlanUndo,
    ReadLogs,
    Request,
    Reveal,
    Revert,
    Rollback,
    Sync,
    Undoing,
)
from gitops_tui.model.application import (
    Application,
    Destination,
    RendererName,
    Source,
    SyncMode,
    SyncPolicy,
)
from gitops_tui.model.differences import Difference
from gitops_tui.model.errors import SourceError, Stage
from gitops_tui.model.explanation import Condition, Event, Explanation
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.logs import LogLine, LogMark, Logs, LogSource
from gitops_tui.model.operations import (
    Action,
    Change,
    ChangeSet,
    Deletion,
    HistoryEntry,
    OperationKind,
    OperationPhase,
    Pin,
    Receipt,
    ResourceComparison,
    ResourceResult,
    Result,
    SyncPhase,
)
from gitops_tui.model.resources import (
    Authorship,
    Body,
    DriftCode,
    Health,
    HealthCode,
    Manifest,
    Origin,
    ResourceKey,
    ResourceStatus,
)
from gitops_tui.model.revision import FileChange, Restoration, Revision, RollbackMode
from gitops_tui.model.status import (
    ApplicationStatus,
    ClusterStatus,
    Problem,
    RepositoryStatus,
    RunningOperation,
    Snapshot,
    SyncCode,
    WorkerState,
)

NOW = 1_772_798_400.0  # 2026-03-06 12:00 UTC
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
REPOSITORY = "https://git.example.com/shop/deploy.git"
CONTEXT = "shop-prod"


def sha(word: str) -> str:
    return hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest()


def revision(subject: str, author: str, before: float) -> Revision:
    email = f"{author.split(maxsplit=1)[0].lower()}@example.com"
    return Revision(sha(subject), author, email, NOW - before, subject, subject, "refs/heads/main")


CART_FIX = revision("Raise the cart's memory limit after Friday's OOM kills", "Ada Okafor", 2 * HOUR)
BIGGER_POOL = revision("Use a larger connection pool for payments", "Miguel Santos", 26 * MINUTE)
NEW_SEARCH = revision("Search: roll out 2.4.0 with the new ranking", "Lin Wei", 9 * MINUTE)
BANNER = revision("Show the spring banner on the landing page", "Ada Okafor", 5 * DAY)
TLS = revision("Renew the ingress certificate issuer", "Priya Raman", 12 * DAY)
QUEUE = revision("Notifications: switch to the durable queue", "Jonas Berg", 47 * MINUTE)


def application(
    name: str,
    path: str,
    renderer: RendererName = RendererName.DIRECTORY,
    *,
    mode: SyncMode = SyncMode.MANUAL,
    project: str = "shop",
    namespace: str = "shop",
    context: str = CONTEXT,
    labels: dict[str, str] | None = None,
) -> Application:
    return Application(
        name,
        Source(REPOSITORY, "main", path, renderer),
        Destination(context, namespace),
        SyncPolicy(mode, prune=mode is SyncMode.AUTO, self_heal=mode is SyncMode.AUTO),
        project,
        labels=labels or {"team": "storefront"},
    )


def resource(
    kind: str,
    name: str,
    drift: DriftCode = DriftCode.IN_SYNC,
    health: HealthCode = HealthCode.HEALTHY,
    message: str = "",
    *,
    parent: ResourceKey | None = None,
    changed: int = 0,
    before: float = 5 * DAY,
    namespace: str = "shop",
) -> ResourceStatus:
    group = {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "Ingress": "networking.k8s.io"}
    group |= {"HorizontalPodAutoscaler": "autoscaling", "CronJob": "batch", "PodDisruptionBudget": "policy"}
    key = ResourceKey(group.get(kind, ""), kind, namespace, name)
    return ResourceStatus(
        key,
        drift,
        Health(health, message if health is not HealthCode.NONE else "", kind.lower()),
        message,
        f"{key.group}/v1" if key.group else "v1",
        parent,
        parent is None and drift is not DriftCode.EXTRA,
        NOW - before if drift is not DriftCode.MISSING else None,
        changed_fields=changed,
    )


def workload(name: str, pods: Sequence[tuple[str, HealthCode, str]], **kwargs: Any) -> list[ResourceStatus]:
    """A Deployment with its ReplicaSet and Pods."""
    deployment = resource("Deployment", name, **kwargs)
    digest = sha(name)[:9]
    replicas = resource("ReplicaSet", f"{name}-{digest}", parent=deployment.key)
    children = [
        resource("Pod", f"{name}-{digest}-{suffix}", health=health, message=text, parent=replicas.key, before=2 * HOUR)
        for suffix, health, text in pods
    ]
    return [deployment, replicas, *children]


_UP, _NONE = HealthCode.HEALTHY, HealthCode.NONE
CART_RESOURCES = (
    *workload(
        "cart",
        [("6xk2p", _UP, ""), ("h9w4d", _UP, ""), ("zt7qv", _UP, "")],
        drift=DriftCode.CHANGED,
        changed=3,
        message="3 fields differ",
    ),
    resource("Service", "cart"),
    resource("ConfigMap", "cart-settings", DriftCode.CHANGED, _NONE, "1 field differs", changed=1),
    resource("Secret", "cart-session-key", DriftCode.CHANGED, _NONE, "1 field differs", changed=1),
    resource("HorizontalPodAutoscaler", "cart", DriftCode.MISSING, HealthCode.MISSING, "not in the cluster"),
    resource("PodDisruptionBudget", "cart", DriftCode.IN_SYNC, _NONE),
    resource("ConfigMap", "cart-legacy-flags", DriftCode.EXTRA, _NONE, "no longer in Git", before=80 * DAY),
)


def status(
    app: Application,
    sync: SyncCode,
    health: HealthCode,
    rev: Revision | None,
    resources: Sequence[ResourceStatus] = (),
    **kwargs: Any,
) -> ApplicationStatus:
    own = [one for one in resources if one.desired or one.parent is None]
    values: dict[str, Any] = {
        "verified": sync is SyncCode.SYNCED and health is HealthCode.HEALTHY,
        "latest": rev,
        "deployed": rev.sha if rev and sync is SyncCode.SYNCED else sha("before"),
        "total": len(own),
        "drifted": sum(one.drift is not DriftCode.IN_SYNC for one in own),
        "context": app.destination.context,
        "compared_at": NOW - 4,
    }
    values |= kwargs
    return ApplicationStatus(
        app, sync, Health(health, values.pop("message", "")), revision=rev, resources=tuple(resources), **values
    )


def _plain(name: str, *kinds: str) -> tuple[ResourceStatus, ...]:
    pods = [("4nq8s", _UP, ""), ("wm2xd", _UP, "")]
    return (*workload(name, pods), *(resource(kind, name) for kind in kinds))


def shop() -> Snapshot:
    """Eight applications: in sync, drifted, degraded, with a commit waiting, broken, pinned, unreachable, syncing."""
    crash = "back-off 40s restarting failed container=worker: exit code 137 (OOMKilled)"
    statuses = [
        status(
            application("cart", "apps/cart", RendererName.KUSTOMIZE),
            SyncCode.OUT_OF_SYNC,
            HealthCode.HEALTHY,
            CART_FIX,
            CART_RESOURCES,
            summary="3 changed, 1 missing, 1 extra",
        ),
        status(
            application("catalog", "apps/catalog", mode=SyncMode.AUTO),
            SyncCode.SYNCED,
            HealthCode.HEALTHY,
            BANNER,
            _plain("catalog", "Service", "Ingress", "ConfigMap"),
        ),
        status(
            application("checkout", "apps/checkout"),
            SyncCode.UNKNOWN,
            HealthCode.HEALTHY,
            BANNER,
            _plain("checkout", "Service"),
            stale=True,
            summary="apps/checkout/deployment.yaml:23: duplicate key replicas",
            problems=(
                Problem(
                    Stage.RENDER,
                    "apps/checkout/deployment.yaml:23:3",
                    "duplicate key replicas, first at line 9",
                    "mend the file and push; the last good commit stays shown",
                    NOW - 6 * MINUTE,
                    NOW + 40,
                ),
            ),
        ),
        status(
            application("landing-page", "apps/landing-page", mode=SyncMode.AUTO),
            SyncCode.SYNCED,
            HealthCode.HEALTHY,
            BANNER,
            _plain("landing-page", "Service", "Ingress"),
            latest=NEW_SEARCH,
            pin=Pin("landing-page", BANNER.sha, NEW_SEARCH.sha, "priya@ops", "hero image is broken", since=NOW - HOUR),
        ),
        status(
            application(
                "notifications", "charts/notifications", RendererName.HELM, project="platform", namespace="messaging"
            ),
            SyncCode.SYNCED,
            HealthCode.DEGRADED,
            QUEUE,
            (
                *workload(
                    "notifications-worker",
                    [("d4k9x", HealthCode.DEGRADED, crash), ("p7r2m", HealthCode.DEGRADED, crash)],
                    health=HealthCode.DEGRADED,
                    message=crash,
                ),
                resource("Service", "notifications"),
                resource("Secret", "notifications-smtp", health=_NONE),
            ),
            message=crash,
            summary="Deployment/notifications-worker: " + crash,
        ),
        status(
            application("payments", "charts/payments", RendererName.HELM, project="platform", namespace="payments"),
            SyncCode.OUT_OF_SYNC,
            HealthCode.HEALTHY,
            BIGGER_POOL,
            (
                *workload("payments", [("2hx5c", _UP, ""), ("n8vq7", _UP, "")], drift=DriftCode.CHANGED, changed=2),
                resource("Service", "payments"),
                resource("StatefulSet", "payments-ledger"),
            ),
            summary="new commit, 1 changed",
        ),
        status(
            application("search", "apps/search", RendererName.KUSTOMIZE, mode=SyncMode.AUTO),
            SyncCode.OUT_OF_SYNC,
            HealthCode.PROGRESSING,
            NEW_SEARCH,
            _plain("search", "Service"),
            running=RunningOperation(
                "op-7", "sync", OperationPhase.RUNNING, 2, 5, "waiting for Deployment/search: 1 of 3 replicas updated"
            ),
        ),
        status(
            application("warehouse", "apps/warehouse", project="logistics", namespace="warehouse", context="depot-eu"),
            SyncCode.UNKNOWN,
            HealthCode.UNKNOWN,
            TLS,
            _plain("warehouse", "Service"),
            stale=True,
            summary="cluster depot-eu: connection refused",
            problems=(
                Problem(
                    Stage.CONNECT,
                    "cluster depot-eu",
                    "connection refused (10.4.0.1:6443)",
                    "is the VPN up? kubectl --context depot-eu get ns",
                    NOW - 11 * MINUTE,
                    NOW + 25,
                ),
            ),
        ),
    ]
    refused = statuses[-1].problems[0]
    return Snapshot(
        7,
        NOW,
        {one.name: one for one in statuses},
        {
            REPOSITORY: RepositoryStatus(REPOSITORY, NOW - 12, NOW + 48),
            "/srv/git/charts": RepositoryStatus(
                "/srv/git/charts", NOW - 33, NOW + 27, note="main was force-pushed: 4c1d2e0 → 9ab34f1"
            ),
            "ssh://git@git.example.com/legacy.git": RepositoryStatus(
                "ssh://git@git.example.com/legacy.git",
                NOW - 3 * HOUR,
                NOW + 120,
                Problem(Stage.FETCH, "repository legacy", "permission denied (publickey)", "add the deploy key"),
            ),
        },
        {
            CONTEXT: ClusterStatus(CONTEXT, "https://10.2.0.1:6443", "v1.34.1"),
            "depot-eu": ClusterStatus("depot-eu", "https://10.4.0.1:6443", "", refused),
        },
        WorkerState.IDLE,
    )


def body(kind: str, name: str, api: str = "v1", **content: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **content}


def cart_deployment(image: str, replicas: int, memory: str) -> Body:
    container = {
        "name": "cart",
        "image": image,
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "CACHE_TTL", "value": "300"}, {"name": "LOG_LEVEL", "value": "info"}],
        "resources": {"limits": {"cpu": "500m", "memory": memory}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5},
    }
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "cart"}},
        "template": {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": [container]}},
    }
    return body("Deployment", "cart", "apps/v1", spec=spec)


def cart_comparisons() -> tuple[ResourceComparison, ...]:
    pairs: list[tuple[Body | None, Body | None]] = [
        (
            cart_deployment("registry.example.com/shop/cart:3.8.1", 3, "512Mi"),
            cart_deployment("registry.example.com/shop/cart:3.8.1-hotfix", 5, "384Mi"),
        ),
        (
            body("ConfigMap", "cart-settings", data={"currency": "EUR", "max-items": "80", "motd": "Spring is here"}),
            body("ConfigMap", "cart-settings", data={"currency": "EUR", "max-items": "50", "motd": "Spring is here"}),
        ),
        (
            body("Secret", "cart-session-key", type="Opaque", data={"key": "bmV3LXNlY3JldA==", "salt": "c2FsdA=="}),
            body("Secret", "cart-session-key", type="Opaque", data={"key": "b2xkLXNlY3JldA==", "salt": "c2FsdA=="}),
        ),
        (
            body(
                "HorizontalPodAutoscaler",
                "cart",
                "autoscaling/v2",
                spec={"minReplicas": 3, "maxReplicas": 12, "scaleTargetRef": {"kind": "Deployment", "name": "cart"}},
            ),
            None,
        ),
        (None, body("ConfigMap", "cart-legacy-flags", data={"beta": "true"})),
    ]
    return tuple(comparison(ResourceKey.of(desired or live or {}), desired, live, desired) for desired, live in pairs)


def cart_differences() -> tuple[ResourceComparison, ...]:
    """The comparisons as they are answered: with authors, and with whose fields are whose."""
    deployment, *others = cart_comparisons()
    place = "apps/cart/deployment.yaml:"
    wrote = {
        "spec.replicas": (
            Authorship("Priya Nair", sha("Begin"), NOW - 40 * DAY, f"{place}7"),
            Authorship("kube-controller-manager", "Update through /scale"),
        ),
        "spec.template.spec.containers[cart].image": (
            Authorship("Ada Okafor", CART_FIX.sha, CART_FIX.time, f"{place}18"),
            Authorship("kubectl-edit", "Update", NOW - 25 * MINUTE),
        ),
    }
    unknown = (
        Authorship("", "cannot tell: two files state it"),
        Authorship("kubectl-edit", "Update", NOW - 25 * MINUTE),
    )
    changes = []
    for change in deployment.changes:
        desired, live = wrote.get(change.path, unknown)
        changes.append(replace(change, desired_by=desired, live_by=live))
    key, (first, *rest) = deployment.key, changes
    rule = IgnoreRule(key.group, key.kind, key.namespace, key.name, paths=(first.path,))
    first = replace(first, note="HorizontalPodAutoscaler cart sets the number of replicas", suggested=rule)
    return (replace(deployment, changes=(first, *rest)), *others)


def cart_plan(*, prune: bool = False, revision: str = CART_FIX.sha) -> ChangeSet:
    changes = [
        Change(
            one.key,
            Action.CREATE if one.live is None else Action.UPDATE,
            "missing in the cluster"
            if one.live is None
            else f"{len(one.changes)} field{'s' * (len(one.changes) != 1)}",
            manifest=Manifest.of(one.desired, Origin(f"apps/cart/{one.key.kind.lower()}.yaml", 1)),
            changes=one.changes,
            warnings=("replaces every pod",) if one.key.kind == "Deployment" else (),
        )
        for one in cart_comparisons()
        if one.desired is not None
    ]
    extra = next(one for one in cart_comparisons() if one.desired is None)
    last = Change(
        extra.key,
        Action.DELETE if prune else Action.SKIP,
        "no longer in Git" + ("" if prune else ", prune is off"),
        uid="u1",
    )
    return ChangeSet("cart", revision, (*changes, last), prune)


def cart_chosen(request: Plan) -> ChangeSet:
    """A plan as it was asked for: of some resources only, where some were chosen."""
    plan = cart_plan(prune=bool(request.prune), revision=request.revision or CART_FIX.sha)
    chosen = tuple(change for change in plan.changes if not request.resources or change.key in request.resources)
    partial = bool(request.resources)
    return replace(plan, changes=chosen, partial=partial, hooks=not partial if request.hooks is None else request.hooks)


def cart_deletion(request: PlanDeletion) -> ChangeSet:
    """What becomes of the objects of cart when it is taken away."""
    is_left = request.how is Deletion.LEAVE
    changes = tuple(
        Change(
            one.key,
            Action.SKIP if is_left else Action.DELETE,
            "left as it is" if is_left else "deleted with application cart",
            SyncPhase.DELETE,
            uid="u1",
            warnings=("its pods end",) if one.key.kind == "Deployment" and not is_left else (),
        )
        for one in cart_comparisons()
        if one.live is not None
    )
    held = () if is_left else ("deletes PersistentVolumeClaim shop/cart-sessions",)
    return ChangeSet("cart", CART_FIX.sha, changes, not is_left, held=held, hooks=request.hooks, deletion=request.how)


def cart_receipt(kind: OperationKind = OperationKind.SYNC, revision: str = CART_FIX.sha) -> Receipt:
    plan = cart_plan()
    results = tuple(
        ResourceResult(
            change.key,
            {Action.CREATE: Result.CREATED, Action.UPDATE: Result.CONFIGURED}.get(change.action, Result.PRUNE_SKIPPED),
            "" if change.action is not Action.SKIP else "prune is off",
            0.31 if change.action is not Action.SKIP else 0.0,
            change.warnings,
            change.changes,
        )
        for change in plan.changes
    )
    return Receipt(
        "20260306T115800-3f", "cart", revision, kind, "ada@laptop", OperationPhase.SUCCEEDED, plan.hash,
        NOW - 120, NOW - 107, results, "every resource is healthy", True,
    )  # fmt: skip


def receipts() -> tuple[Receipt, ...]:
    failed = ResourceResult(
        ResourceKey("apps", "Deployment", "messaging", "notifications-worker"),
        Result.FAILED,
        "not healthy after 5m: back-off restarting failed container (OOMKilled)",
        300.2,
    )
    return (
        Receipt("op-7", "search", NEW_SEARCH.sha, OperationKind.SYNC, "auto-sync", OperationPhase.RUNNING, "", NOW - 9),
        cart_receipt(),
        Receipt(
            "op-5", "landing-page", BANNER.sha, OperationKind.ROLLBACK, "priya@ops", OperationPhase.SUCCEEDED, "",
            NOW - HOUR, NOW - HOUR + 22, (), "", True,
        ),
        Receipt(
            "op-4", "notifications", QUEUE.sha, OperationKind.SYNC, "auto-sync", OperationPhase.FAILED, "",
            NOW - 47 * MINUTE, NOW - 41 * MINUTE, (failed,), "Deployment/notifications-worker is Degraded",
        ),
        Receipt(
            "op-3", "catalog", BANNER.sha, OperationKind.SELF_HEAL, "self-heal", OperationPhase.SUPERSEDED, "",
            NOW - 5 * DAY, NOW - 5 * DAY + 3, (), "a newer commit took over",
        ),
        Receipt(
            "op-2", "payments", TLS.sha, OperationKind.SYNC, "miguel@desk", OperationPhase.INTERRUPTED, "",
            NOW - 12 * DAY, NOW - 12 * DAY + 4, (), "the process ended while it ran",
        ),
    )  # fmt: skip


def cart_history() -> tuple[HistoryEntry, ...]:
    told = [
        ("Raise the cart's memory limit after Friday's OOM kills", "Ada Okafor", 2 * HOUR, None),
        ("Cart: log slow queries", "Lin Wei", 9 * HOUR, None),
        ("Cart 3.8.1: fix rounding of discounts", "Miguel Santos", 3 * DAY, 3 * DAY - HOUR),
        ("Cart 3.8.0", "Miguel Santos", 6 * DAY, 6 * DAY - HOUR),
        ("Try the new session store", "Jonas Berg", 8 * DAY, 8 * DAY - HOUR),
        ("Limit the cart to 50 items, as the shop promises", "Ada Okafor", 13 * DAY, 13 * DAY - 2 * HOUR),
        ("Add a disruption budget for the cart", "Priya Raman", 31 * DAY, 31 * DAY - HOUR),
        ("Cart 3.7.4", "Miguel Santos", 45 * DAY, 45 * DAY - HOUR),
        ("Move the cart to its own folder", "Ada Okafor", 120 * DAY, 119 * DAY),
    ]
    return tuple(
        HistoryEntry(
            CART_FIX.sha if at == 0 else sha(subject),
            author,
            f"{author.split()[0].lower()}@example.com",
            NOW - before,
            subject,
            NOW - deployed if deployed is not None else None,
            current=at == 2,
            pinned=False,
            quarantined=at == 4,
        )
        for at, (subject, author, before, deployed) in enumerate(told)
    )


def cart_revert(request: PlanRevert) -> Restoration:
    wanted = next(entry for entry in cart_history() if entry.sha == request.revision)
    is_branch = request.mode is RollbackMode.BRANCH
    return Restoration(
        "cart",
        "apps/cart",
        request.mode,
        "main",
        f"revert/cart-{wanted.sha[:7]}" if is_branch else "main",
        CART_FIX,
        CART_FIX,
        Revision(wanted.sha, wanted.author, wanted.email, wanted.time, wanted.subject),
        (
            FileChange("apps/cart/deployment.yaml", 4, 6, "1" * 40, "2" * 40),
            FileChange("apps/cart/disruption-budget.yaml", 0, 9, "3" * 40, ""),
            FileChange("apps/cart/icon.png", None, None, "", "4" * 40),
        ),
        "Ada Okafor <ada@example.com>",
        signed=True,
    )


def cart_reverted(request: Revert) -> Receipt:
    message = f"5ad21c0 restores apps/cart as of {request.revision[:7]} in place of {CART_FIX.short}, pushed to main"
    return Receipt(
        "op-10", "cart", request.revision, OperationKind.ROLLBACK, request.actor, OperationPhase.SUCCEEDED,
        request.hash, NOW - 2, NOW, (), message, commit="5ad21c0" + "0" * 33,
    )  # fmt: skip


def cart_undoing(request: PlanUndo) -> Undoing:
    good = cart_history()[2].sha
    what = f"the sync to {CART_FIX.short} by auto-sync"
    plan = cart_plan(revision=good)
    rollback = Rollback("cart", plan, request.actor, f"undo of {what}")
    return Undoing(what, f"deploy {good[:7]} and hold it there", rollback, plan)


def explained(request: Explain) -> Explanation:
    """What happened to the cart, or to one resource of it."""
    deployment = ResourceKey("apps", "Deployment", "shop", "cart")
    pod = ResourceKey("", "Pod", "shop", f"cart-{sha('cart')[:9]}-6xk2p")
    scaler = ResourceKey("autoscaling", "HorizontalPodAutoscaler", "shop", "cart")
    unhealthy = "Readiness probe failed: Get http://10.1.4.18:8080/healthz: context deadline exceeded"
    scaled, image = "Scaled up replica set cart-5f0d to 5", "registry.example.com/shop/cart:3.8.1-hotfix"
    back_off = "Back-off restarting failed container cart"
    events = (
        Event(pod, "Unhealthy", unhealthy, NOW - 3 * MINUTE, 14, is_warning=True, source="kubelet"),
        Event(deployment, "ScalingReplicaSet", scaled, NOW - 4 * MINUTE, source="deployment-controller"),
        Event(pod, "Pulled", f'Container image "{image}" already present', NOW - 25 * MINUTE, source="kubelet"),
        Event(pod, "BackOff", back_off, NOW - 2 * HOUR, 3, is_warning=True, source="kubelet"),
        Event(scaler, "FailedGetResourceMetric", "no metrics returned", None, is_warning=True),
    )
    if request.key is None:
        return Explanation((), events)
    enough, progressed = "Deployment has minimum availability.", "ReplicaSet has successfully progressed."
    conditions = (
        Condition("Available", "True", "MinimumReplicasAvailable", enough, NOW - 5 * DAY),
        Condition("Progressing", "True", "NewReplicaSetAvailable", progressed, NOW - 25 * MINUTE),
    )
    about = (deployment, pod) if request.key == deployment else (request.key,)
    chosen = tuple(event for event in events if event.about in about)
    return Explanation(conditions if request.key == deployment else (), chosen)


CART_PODS = tuple(f"cart-{sha('cart')[:9]}-{end}" for end in ("6xk2p", "m4t9z"))
_CART_SAYS = (
    (0, "cart", "starting registry.example.com/shop/cart:3.8.1-hotfix"),
    (0, "envoy", "[2026-03-06 11:58:12.004][1][info][main] all clusters initialized, starting workers"),
    (0, "cart", "connecting to postgres://cart:••••••••@cart-db.shop.svc:5432/cart"),
    (1, "cart", "starting registry.example.com/shop/cart:3.8.1-hotfix"),
    (0, "cart", "ready to serve on :8080, 5 workers"),
    (1, "cart", "ready to serve on :8080, 5 workers"),
    (0, "cart", '{"level":"info","route":"GET /cart/81","status":200,"took_ms":12}'),
    (1, "cart", '{"level":"info","route":"POST /cart/81/items","status":201,"took_ms":31}'),
    (1, "cart", "WARN pool is at 48 of 50 connections"),
    (0, "cart", "ERROR GET /healthz: context deadline exceeded"),
    (0, "cart", "Traceback (most recent call last):"),
    (0, "cart", '    raise PoolTimeout("no connection for 5 s")'),
    (0, "cart", "cart.db.PoolTimeout: no connection for 5 s; all 50 wait for the price service, that takes 4.8 s"),
    (1, "cart", '{"level":"info","route":"GET /cart/17","status":200,"took_ms":4801}'),
    (1, "envoy", "[2026-03-06 11:59:40.310][1][warning][upstream] price: 3 of 4 hosts unhealthy"),
    (0, "cart", '{"level":"error","route":"GET /cart/81","status":503,"took_ms":5003}'),
)  # fmt: skip


def written(request: ReadLogs) -> Logs:
    """What the cart's containers write: everything to who begins to read, then nothing more."""
    sources = [LogSource("shop", pod, container) for pod in CART_PODS for container in ("cart", "envoy")]
    if request.previous:
        last = LogLine(sources[0], int(NOW - HOUR) * 10**9, "panic: no price service")
        return Logs((last,), tuple(sources), notes=dict.fromkeys(sources[1:], "it was never started again"))
    began = int(NOW - 2 * MINUTE)
    lines = tuple(
        LogLine(LogSource("shop", CART_PODS[pod], container), (began + 6 * at) * 10**9, text)
        for at, (pod, container, text) in enumerate(_CART_SAYS)
    )
    marks = tuple(LogMark(source, lines[-1].time, 1) for source in sources)
    return Logs(() if request.since else lines, tuple(sources), marks)


def revealed(request: Reveal) -> ResourceComparison:
    """The session key as it is: nothing masked."""
    sides = [
        body("Secret", "cart-session-key", type="Opaque", data={"key": value, "salt": "c2FsdA=="})
        for value in ("bmV3LXNlY3JldA==", "b2xkLXNlY3JldA==")
    ]
    return comparison(request.key, sides[0], sides[1], sides[0], revealed=True)


class ScriptedEngine:
    """An engine that answers with prepared values, and remembers what it was asked."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._current = shop() if snapshot is None else snapshot
        self._listeners: list[Callable[[Snapshot], None]] = []
        self.asked: list[Request] = []
        self.answers: dict[type[Request], Any] = {
            Compare: lambda _: cart_differences(),
            Plan: cart_chosen,
            PlanDeletion: cart_deletion,
            Delete: lambda request: cart_receipt(OperationKind.DELETE, request.plan.revision),
            History: lambda request: cart_history()[request.offset :],
            Operations: lambda _: receipts(),
            Sync: lambda _: cart_receipt(),
            Rollback: lambda request: cart_receipt(OperationKind.ROLLBACK, request.plan.revision),
            PlanRevert: cart_revert,
            Revert: cart_reverted,
            PlanUndo: cart_undoing,
            Between: lambda request: Difference(
                Revision(request.start), Revision(request.end or ""), cart_comparisons()
            ),
            Explain: explained,
            ReadLogs: written,
            Reveal: revealed,
            LastGood: lambda _: Revision(cart_history()[2].sha),
        }

    @property
    def current(self) -> Snapshot:
        return self._current

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, snapshot: Snapshot) -> None:
        self._current = snapshot
        for listener in tuple(self._listeners):
            listener(snapshot)

    def submit(self, request: Request) -> Future[Any]:
        """An answer that is a Future is handed out as it is, so that a test decides when it comes."""
        self.asked.append(request)
        prepared = self.answers.get(type(request))
        answer = prepared(request) if callable(prepared) else prepared
        if isinstance(answer, Future):
            return answer
        future: Future[Any] = Future()
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    def asked_for(self, kind: type[Request]) -> list[Request]:
        return [request for request in self.asked if type(request) is kind]


GONE = SourceError("repository shop/deploy", "branch main does not exist", hint="push it, or change what is tracked")
INFO = (
    ("kubeconfig", "/home/ada/.local/state/gitops-tui/demo/kubeconfig"),
    ("repository", "/home/ada/.local/state/gitops-tui/demo/shop.git"),
    ("state", "/home/ada/.local/state/gitops-tui"),
)
