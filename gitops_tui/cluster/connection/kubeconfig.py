"""Where a cluster is and who asks: the kubeconfig files, merged as kubectl does.

Of two entries with one name the first file's is taken, the first file that names a current context decides it,
and relative paths are relative to the file that they are written in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gitops_tui import yamlio
from gitops_tui.model.errors import ClusterError, InputError, Stage
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

IN_CLUSTER = "in-cluster"
"""The name of the only context inside a pod."""

_CLUSTER_PATHS = ("certificate-authority",)
_USER_PATHS = ("client-certificate", "client-key", "tokenFile")
_DEMO = "or look around with `gitops-tui --demo`"


@dataclass(frozen=True, slots=True)
class Target:
    """One context: the cluster to talk to and the user to talk as, with absolute paths.

    cluster and user are the kubeconfig's own mappings; both are {} for `IN_CLUSTER`. user_file: where the user is
    written.
    """

    name: str
    cluster: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user_name: str = ""
    user_file: Path | None = None

    @property
    def server(self) -> str:
        """The API server's URL, "" when it is not known without a request."""
        return one_line(str(self.cluster.get("server") or "")).rstrip("/")


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """The merged files. current: the current context, "" when none is set."""

    files: tuple[Path, ...]
    current: str
    targets: Mapping[str, Target] = field(repr=False)

    def target(self, context: str) -> Target:
        """The target of a context, "" for the current one; ClusterError when there is none."""
        name = context or self.current
        if not name:
            raise _error(
                "kubeconfig", "no current context is set", "name one with --context, or kubectl config use-context"
            )
        found = self.targets.get(name)
        if found is None:
            import difflib  # noqa: PLC0415 - for a mistake alone

            near = difflib.get_close_matches(name, self.targets, n=1)
            names = ", ".join(sorted(self.targets)) or "none"
            hint = f"did you mean {near[0]}?" if near else f"there are: {names}"
            raise _error(f"context {one_line(name)}", f"not in {_listed(self.files)}", one_line(hint))
        return found


def locate(explicit: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The kubeconfig files to read, () to use the pod's service account; ClusterError when there is neither."""
    if explicit is not None:
        if not explicit.exists():
            raise _error(f"kubeconfig {explicit}", "there is no such file", "check --kubeconfig")
        return (explicit,)
    named = environ.get("KUBECONFIG", "")
    candidates = [Path(part).expanduser() for part in named.split(os.pathsep) if part] or [
        Path("~/.kube/config").expanduser()
    ]
    files = tuple(path for path in candidates if path.exists())
    if files or environ.get("KUBERNETES_SERVICE_HOST"):
        return files
    hint = "check $KUBECONFIG" if named else f"set $KUBECONFIG, pass --kubeconfig, {_DEMO}"
    raise _error("kubeconfig", f"no cluster is configured: there is no {_listed(candidates)}", hint)


def load(explicit: Path | None, environ: Mapping[str, str]) -> Kubeconfig:
    """Read and merge the kubeconfig; ClusterError names the file, and the line where one is known."""
    files = locate(explicit, environ)
    if not files:
        return Kubeconfig((), IN_CLUSTER, {IN_CLUSTER: Target(IN_CLUSTER)})
    current = ""
    clusters: dict[str, Mapping[str, Any]] = {}
    users: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    contexts: dict[str, Mapping[str, Any]] = {}
    for path in files:
        content = read_document(path)
        current = current or str(content.get("current-context") or "")
        for name, cluster in _entries(path, content, "clusters", "cluster"):
            clusters.setdefault(name, _absolute(cluster, _CLUSTER_PATHS, path.parent))
        for name, user in _entries(path, content, "users", "user"):
            users.setdefault(name, (path, _absolute_user(user, path.parent)))
        for name, context in _entries(path, content, "contexts", "context"):
            contexts.setdefault(name, context)
    targets = {name: _target(name, context, clusters, users) for name, context in contexts.items()}
    return Kubeconfig(files, current, targets)


def _target(
    name: str,
    context: Mapping[str, Any],
    clusters: Mapping[str, Mapping[str, Any]],
    users: Mapping[str, tuple[Path, Mapping[str, Any]]],
) -> Target:
    user_name = str(context.get("user") or "")
    user_file, user = users.get(user_name, (None, {}))
    return Target(name, clusters.get(str(context.get("cluster") or ""), {}), user, user_name, user_file)


def read_document(path: Path) -> dict[str, Any]:
    """One kubeconfig file as data, {} when it is empty."""
    subject = f"kubeconfig {path}"
    try:
        documents = yamlio.load_all(path.read_bytes(), name=str(path))
    except OSError as error:
        raise _error(subject, f"cannot be read: {error.strerror or error}", "check the file and its mode") from error
    except InputError as error:
        # The message may quote a line, and a line may hold a token: the place alone is told.
        raise _error(error.subject, "is not valid YAML", "mend the file, or name another with --kubeconfig") from None
    value = documents[0].value if documents else {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _error(subject, "is not a kubeconfig: a mapping is expected", "name another with --kubeconfig")
    return value


def _entries(
    path: Path, content: Mapping[str, Any], section: str, noun: str
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    entries = content.get(section) or []
    if not isinstance(entries, list):
        raise _error(f"kubeconfig {path}", f"`{section}` is not a list", "compare it with kubectl config view")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise _error(f"kubeconfig {path}", f"an entry of `{section}` has no name", "give it one")
        value = entry.get(noun) or {}
        if not isinstance(value, dict):
            name = one_line(entry["name"])
            raise _error(f"kubeconfig {path}", f"`{noun}` of {name} is not a mapping", "compare it with kubectl")
        yield entry["name"], value


def _absolute(value: Mapping[str, Any], keys: Iterable[str], folder: Path) -> Mapping[str, Any]:
    changed = {key: str(folder.absolute() / str(value[key])) for key in keys if value.get(key)}
    return {**value, **changed}


def _absolute_user(user: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    result = _absolute(user, _USER_PATHS, folder)
    plugin = user.get("exec")
    command = str(plugin.get("command") or "") if isinstance(plugin, dict) else ""
    if isinstance(plugin, dict) and os.sep in command:
        return {**result, "exec": {**plugin, "command": str(folder.absolute() / command)}}
    return result


def _listed(paths: Iterable[Path]) -> str:
    return " or ".join(str(path) for path in paths)


def _error(subject: str, message: str, hint: str) -> ClusterError:
    return ClusterError(subject, message, hint=hint, stage=Stage.CONNECT)
