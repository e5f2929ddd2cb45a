"""What is deployed, whither, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gitops_tui.model.ignore import IgnoreRule
from gitops_tui.model.values import dataclass, field
from gitops_tui.model.windows import SyncWindow

if TYPE_CHECKING:
    from gitops_tui.model.rules import KindRules


class RendererName(StrEnum):
    """How a folder becomes manifests; `AUTO` detects it (semantics.md: Automation)."""

    AUTO = "auto"
    DIRECTORY = "directory"
    KUSTOMIZE = "kustomize"
    HELM = "helm"


class CredentialKind(StrEnum):
    """Where a credential is kept; its value is never part of a configuration."""

    NONE = "none"
    SSH_KEY = "sshKey"
    ENVIRONMENT = "environment"
    HELPER = "credentialHelper"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A reference to a credential: a key file, the name of an environment variable, or a Git helper."""

    kind: CredentialKind = CredentialKind.NONE
    reference: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A Git repository. url: path, file://, https:// or ssh. interval: seconds between two looks at it."""

    url: str
    name: str = ""
    credentials: Credentials = Credentials()
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class DirectoryOptions:
    """Plain YAML and JSON. include and exclude are glob patterns on the path below the folder."""

    recurse: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelmOptions:
    """Options of `helm template`. values_files are paths inside the repository, relative to the chart."""

    release: str = ""
    values_files: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    include_crds: bool = True


@dataclass(frozen=True, slots=True)
class KustomizeOptions:
    """Options of `kustomize build`. load_restrictor: its flag of that name."""

    load_restrictor: str = "LoadRestrictionsRootOnly"


@dataclass(frozen=True, slots=True)
class Source:
    """Which commit and folder an application is made from.

    repository: the URL of a `Repository`. revision: what is tracked (branch, tag, semver range, sha; "" or
    "HEAD" means the default branch). path: the folder inside it, "" for the root. signed_by: files of public keys, of
    which one has to have signed a commit before it is deployed; without any, every commit is.
    """

    repository: str
    revision: str = "HEAD"
    path: str = ""
    renderer: RendererName = RendererName.AUTO
    directory: DirectoryOptions = DirectoryOptions()
    helm: HelmOptions = field(default_factory=HelmOptions)
    kustomize: KustomizeOptions = KustomizeOptions()
    signed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Whither. context: name in the kubeconfig, "" for the current one. namespace: for objects without one."""

    context: str = ""
    namespace: str = "default"


class SyncMode(StrEnum):
    """Who starts a sync."""

    MANUAL = "manual"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """How an application is synced.

    max_prune: share of the resources, 0 to 1, over which a prune is held for a person. force_conflicts: fields that
    another field manager owns (a `kubectl edit`, say) are taken over; the plan names them and the receipt too.
    options: sync options of every object (`Validate=false`), unless its own annotation says otherwise. parallel:
    requests of one sync at a time.
    """

    mode: SyncMode = SyncMode.MANUAL
    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False
    max_prune: float = 0.2
    create_namespace: bool = True
    force_conflicts: bool = True
    propagation: str = "foreground"
    health_timeout: float = 300.0
    auto_rollback: bool = False
    """A commit that fails, or makes the application Degraded within `soak` seconds, is rolled back and held off."""
    soak: float = 600.0
    fast_forward_only: bool = False
    """A commit that does not contain the one deployed last waits for a person."""
    options: tuple[str, ...] = ()
    windows: tuple[SyncWindow, ...] = ()
    parallel: int = 4


@dataclass(frozen=True, slots=True)
class Application:
    """What is deployed, whither, and how. The name is unique within a configuration.

    depends_on: names of applications that have to be in sync and healthy before automation syncs this one.
    health: the configuration's rules about kinds, the same for all applications.
    """

    name: str
    source: Source
    destination: Destination = Destination()
    policy: SyncPolicy = SyncPolicy()
    project: str = "default"
    ignore: tuple[IgnoreRule, ...] = ()
    masked_paths: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    depends_on: tuple[str, ...] = ()
    health: tuple[KindRules, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderTemplate:
    """Applications made from folders: each folder that matches `pattern` becomes one, named after the folder.

    pattern: a glob on paths inside the repository (`apps/*`), "" for the root alone. namespace: "" means a
    namespace named like the application. signed_by: as of a `Source`, of the list of folders too.
    """

    repository: str
    revision: str = "HEAD"
    pattern: str = ""
    context: str = ""
    namespace: str = ""
    policy: SyncPolicy = SyncPolicy()
    project: str = "default"
    ignore: tuple[IgnoreRule, ...] = ()
    masked_paths: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    depends_on: tuple[str, ...] = ()
    health: tuple[KindRules, ...] = ()
    signed_by: tuple[str, ...] = ()


def cycle(depends_on: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the names of a circle of dependencies, the first one again at its end; empty when there is none."""
    done: set[str] = set()
    for start in depends_on:
        trail: list[str] = []
        pending = [(start, 0)]
        while pending:
            name, depth = pending.pop()
            del trail[depth:]
            if name in trail:
                return (*trail[trail.index(name) :], name)
            if name not in done:
                trail.append(name)
                done.add(name)
                pending.extend((needed, depth + 1) for needed in depends_on.get(name, ()))
    return ()
