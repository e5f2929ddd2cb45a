"""From a checked document to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_tui.config.duration import seconds, size
from gitops_tui.config.settings import Config, Settings
from gitops_tui.config.urls import absolute, canonical, default_name, is_path, repository_names, url_mistake
from gitops_tui.model.application import (
    Application,
    CredentialKind,
    Credentials,
    Destination,
    DirectoryOptions,
    FolderTemplate,
    HelmOptions,
    KustomizeOptions,
    RendererName,
    Repository,
    Source,
    SyncMode,
    SyncPolicy,
)
from gitops_tui.model.errors import UsageError
from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.revision import Author
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, replace
from gitops_tui.model.windows import SyncWindow, WindowKind

if TYPE_CHECKING:
    from gitops_tui.model.rules import KindRules

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Common:
    """What is said once for every application."""

    masked_paths: tuple[str, ...]
    windows: tuple[SyncWindow, ...]
    health: tuple[KindRules, ...]


def _kind_rules(document: Node) -> tuple[KindRules, ...]:
    if not document.get("health"):
        return ()
    from gitops_tui.config.rules import kind_rules  # noqa: PLC0415 - few have rules of their own

    return kind_rules(document)


def build(document: Node, base: Path, path: Path | None) -> Config:
    """Values of a document without mistakes. base: the folder that its relative paths start from."""
    settings = _settings(document.get("settings", {}), base)
    common = _Common(
        tuple(document.get("settings", {}).get("maskedPaths", ())),
        tuple(map(_window, document.get("settings", {}).get("windows", ()))),
        _kind_rules(document),
    )
    urls = {name: canonical(url, base) for name, url in repository_names(document).items()}
    repositories = {
        repository.url: repository
        for repository in (_repository(node, base, settings) for node in document.get("repositories", ()))
    }
    applications = tuple(_application(node, urls, base, common) for node in document.get("applications", ()))
    folders = tuple(_folder(node, urls, base, common) for node in document.get("folders", ()))
    for url in [*(each.source.repository for each in applications), *(each.repository for each in folders)]:
        repositories.setdefault(url, Repository(url, default_name(url), interval=settings.interval))
    return Config(applications, folders, tuple(repositories.values()), settings, path, common.health)


def from_repository(
    url: str,
    revision: str = "",
    pattern: str = "",
    namespace: str = "",
    context: str = "",
    *,
    base: Path | None = None,
) -> Config:
    """What `--repo` means: each folder that matches `pattern` is an application. UsageError for an unusable URL."""
    message = url_mistake(url)
    if message:
        raise UsageError("--repo", message)
    where = canonical(url, base or Path.cwd())
    if is_path(url) and not Path(where).exists():
        raise UsageError("--repo", f"{one_line(where)}: no such folder", hint="a URL has a scheme, such as https://")
    folder = FolderTemplate(where, revision or "HEAD", _inside(pattern), context, namespace)
    return Config(folders=(folder,), repositories=(Repository(where, default_name(where)),))


def _settings(node: Node, base: Path) -> Settings:
    settings = Settings(
        parallel=int(node.get("parallel", 4)),
        parallel_syncs=int(node.get("parallelSyncs", 8)),
        read_only=node.get("readOnly", False),
        read_only_contexts=tuple(node.get("readOnlyContexts", ())),
        sign_commits=node.get("signCommits"),
    )
    if "author" in node:
        settings = replace(settings, author=Author(one_line(node["author"]["name"]), one_line(node["author"]["email"])))
    if "interval" in node:
        settings = replace(settings, interval=seconds(node["interval"]))
    if "wavePause" in node:
        settings = replace(settings, wave_pause=seconds(node["wavePause"]))
    journal = node.get("journal", {})
    if "keep" in journal:
        settings = replace(settings, keep_journal=seconds(journal["keep"]))
    if "size" in journal:
        settings = replace(settings, journal_size=size(journal["size"]))
    if "listen" in node:
        settings = replace(settings, listen=node["listen"])
    if "kubeconfig" in node:
        settings = replace(settings, kubeconfig=absolute(node["kubeconfig"], base))
    if "stateDir" in node:
        settings = replace(settings, state_dir=absolute(node["stateDir"], base))
    return settings


def _repository(node: Node, base: Path, settings: Settings) -> Repository:
    return Repository(
        url=canonical(node["url"], base),
        name=node.get("name") or default_name(node["url"]),
        credentials=_credentials(node.get("credentials", {}), base),
        interval=seconds(node["interval"]) if "interval" in node else settings.interval,
    )


def _credentials(node: Node, base: Path) -> Credentials:
    for kind in (CredentialKind.SSH_KEY, CredentialKind.ENVIRONMENT, CredentialKind.HELPER):
        if kind in node:
            reference = node[kind]
            file = kind is CredentialKind.SSH_KEY or (kind is CredentialKind.HELPER and "/" in reference)
            return Credentials(kind, str(absolute(reference, base)) if file else reference, node.get("username", ""))
    return Credentials()


def _application(node: Node, urls: Mapping[str, str], base: Path, common: _Common) -> Application:
    destination = node.get("destination", {})
    return Application(
        name=node["name"],
        source=_source(node["source"], urls, base),
        destination=Destination(destination.get("context", ""), destination.get("namespace", "default")),
        policy=_policy(node.get("sync", {}), common),
        project=node.get("project", "default"),
        ignore=_ignore(node),
        masked_paths=(*common.masked_paths, *node.get("maskedPaths", ())),
        labels=dict(node.get("labels", {})),
        depends_on=tuple(node.get("dependsOn", ())),
        health=common.health,
    )


def _folder(node: Node, urls: Mapping[str, str], base: Path, common: _Common) -> FolderTemplate:
    source, destination = node["source"], node.get("destination", {})
    return FolderTemplate(
        repository=_url(source["repository"], urls, base),
        revision=source.get("revision") or "HEAD",
        pattern=_inside(source.get("path", "")),
        context=destination.get("context", ""),
        namespace=destination.get("namespace", ""),
        policy=_policy(node.get("sync", {}), common),
        project=node.get("project", "default"),
        ignore=_ignore(node),
        masked_paths=(*common.masked_paths, *node.get("maskedPaths", ())),
        labels=dict(node.get("labels", {})),
        depends_on=tuple(node.get("dependsOn", ())),
        health=common.health,
        signed_by=_files(source.get("signedBy", ()), base),
    )


def _url(repository: str, urls: Mapping[str, str], base: Path) -> str:
    return urls[repository] if repository in urls else canonical(repository, base)


def _files(paths: Sequence[str], base: Path) -> tuple[str, ...]:
    return tuple(str(absolute(path, base)) for path in paths)


def _inside(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def _source(node: Node, urls: Mapping[str, str], base: Path) -> Source:
    directory, helm = node.get("directory", {}), node.get("helm", {})
    return Source(
        repository=_url(node["repository"], urls, base),
        revision=node.get("revision") or "HEAD",
        path=_inside(node.get("path", "")),
        renderer=RendererName(node.get("renderer", "auto")),
        directory=DirectoryOptions(
            directory.get("recurse", False), tuple(directory.get("include", ())), tuple(directory.get("exclude", ()))
        ),
        helm=HelmOptions(
            release=helm.get("release", ""),
            values_files=tuple(helm.get("valuesFiles", ())),
            values=helm.get("values", {}),
            parameters={name: _parameter(value) for name, value in helm.get("parameters", {}).items()},
            include_crds=helm.get("includeCrds", True),
        ),
        kustomize=KustomizeOptions(**_given(node.get("kustomize", {}), load_restrictor="loadRestrictor")),
        signed_by=_files(node.get("signedBy", ()), base),
    )


def _parameter(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _policy(node: Node, common: _Common) -> SyncPolicy:
    policy = SyncPolicy(
        options=tuple(node.get("syncOptions", ())),
        windows=(*common.windows, *map(_window, node.get("windows", ()))),
        **_given(
            node,
            prune="prune",
            self_heal="selfHeal",
            allow_empty="allowEmpty",
            create_namespace="createNamespace",
            force_conflicts="forceConflicts",
            propagation="propagation",
            auto_rollback="autoRollback",
            fast_forward_only="fastForwardOnly",
            parallel="parallel",
        ),
    )
    if "soak" in node:
        policy = replace(policy, soak=seconds(node["soak"]))
    if "mode" in node:
        policy = replace(policy, mode=SyncMode(node["mode"]))
    if "maxPrune" in node:
        policy = replace(policy, max_prune=_share(node["maxPrune"]))
    if "healthTimeout" in node:
        policy = replace(policy, health_timeout=seconds(node["healthTimeout"]))
    return policy


def _window(node: Node) -> SyncWindow:
    return SyncWindow(
        WindowKind(node["kind"]),
        node["schedule"],
        seconds(node["duration"]),
        node.get("timeZone", "UTC"),
        node.get("manualSync", False),
    )


def _share(value: str | float) -> float:
    return float(value.removesuffix("%")) / 100 if isinstance(value, str) else float(value)


def _ignore(node: Node) -> tuple[IgnoreRule, ...]:
    return tuple(
        IgnoreRule(
            **_given(rule, group="group", kind="kind", namespace="namespace", name="name"),
            pointers=tuple(rule.get("pointers", ())),
            paths=tuple(rule.get("paths", ())),
            managers=tuple(rule.get("managers", ())),
        )
        for rule in node.get("ignore", ())
    )


def _given(node: Node, **names: str) -> dict[str, Any]:
    """The keys that the node has, under our names: what it lacks keeps its default."""
    return {ours: node[theirs] for ours, theirs in names.items() if theirs in node}
