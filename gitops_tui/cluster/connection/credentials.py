"""Who asks: a wire and what identifies us on it, made of a kubeconfig's context."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_tui import __version__, yamlio
from gitops_tui.cluster.connection.direct import DirectWire, is_direct
from gitops_tui.cluster.connection.kubeconfig import IN_CLUSTER, Target, read_document
from gitops_tui.model.errors import ClusterError, GitopsError, Stage
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

if TYPE_CHECKING:
    from gitops_tui.cluster.connection.wire import Header, Wire

_TOKENS = ("id-token", "refresh-token")


@dataclass(slots=True)
class Connection:
    """A wire with its credentials.

    number: counts renewals, so that one refusal renews them once. expires: seconds since the epoch. token_file is
    read anew for each request: what writes it rotates it.
    """

    context: str
    wire: Wire = field(repr=False)
    number: int = 0
    expires: float | None = None
    token_file: Path | None = None
    impersonation: tuple[Header, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def identity(self) -> tuple[str, str]:
        """The cluster at the other end."""
        return self.wire.identity

    def headers(self, content: Mapping[str, str]) -> list[Header]:
        """`content` with the headers that say who asks; ClusterError when a token cannot be read."""
        authorization = self._authorization()
        own = [("User-Agent", f"gitops-tui/{__version__}"), *content.items()]
        return [*own, *([("Authorization", authorization)] if authorization else []), *self.impersonation]

    def close(self) -> None:
        """Close the idle connections."""
        self.wire.close()

    def _authorization(self) -> str:
        try:
            if self.token_file is not None:
                return f"Bearer {self.token_file.read_text().strip()}"
            with self.lock:
                return self.wire.authorization()
        except Exception as error:
            raise _unusable(self.context, error) from error


def connect(target: Target, number: int, ending: threading.Event) -> Connection:
    """Make a connection as the kubeconfig says. Nothing is asked but what a login needs; `ending` ends that."""
    if target.cluster or target.name != IN_CLUSTER:
        _check_server(target)
    user, expires = target.user, None
    if "exec" in user and not any(user.get(name) for name in ("auth-provider", "token", "tokenFile")):
        from gitops_tui.cluster.connection import plugin  # noqa: PLC0415 - few users have one

        login = plugin.run(target, ending)
        user, expires = {**user, **login.user}, login.expires
    token_file = Path(str(user["tokenFile"])) if user.get("tokenFile") else None
    if token_file is not None:
        user = {name: value for name, value in user.items() if name not in {"token", "tokenFile"}}
    try:
        wire = _wire(target, user)
    except GitopsError:
        raise
    except Exception as error:
        raise _unusable(target.name, error) from error
    return Connection(target.name, wire, number, expires, token_file, _impersonation(user))


def _wire(target: Target, user: Mapping[str, Any]) -> Wire:
    if is_direct(target, user, os.environ):
        return DirectWire(target, user)
    from gitops_tui.cluster.connection.library import LibraryWire  # noqa: PLC0415 - a quarter of a second to import

    return LibraryWire(target, user, lambda settings: _keep_tokens(target, settings))


def _check_server(target: Target) -> None:
    if not target.server.startswith(("https://", "http://")):
        raise _error(target.name, "names no cluster with a server URL", "compare it with kubectl config view")


def _keep_tokens(target: Target, settings: Mapping[str, Any]) -> None:
    """Write refreshed tokens where they came from, as kubectl does: an identity provider takes the old one once."""
    path = target.user_file
    if path is None:
        return
    document = read_document(path)
    for entry in document.get("users") or []:
        if entry.get("name") == target.user_name:
            config = entry["user"]["auth-provider"]["config"]
            config.update({name: settings[name] for name in _TOKENS if name in settings})
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.touch(0o600)
        fresh.write_text(yamlio.dump(document))
        fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path.resolve())
    finally:
        fresh.unlink(missing_ok=True)


def _impersonation(user: Mapping[str, Any]) -> tuple[Header, ...]:
    """Headers for `as`, `as-uid`, `as-groups`: the package would drop them, and act with more rights than asked."""
    pairs = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    pairs += [("Impersonate-Group", group) for group in user.get("as-groups") or []]
    for name, values in (user.get("as-user-extra") or {}).items():
        pairs += [(f"Impersonate-Extra-{name}", value) for value in values]
    return tuple((name, str(value)) for name, value in pairs if value)


def _unusable(context: str, error: Exception) -> ClusterError:
    text = one_line(f"{type(error).__name__}: {error}", limit=200)
    return _error(context, f"its cluster or user cannot be used: {text}", "try kubectl with this context")


def _error(context: str, message: str, hint: str) -> ClusterError:
    return ClusterError(f"context {one_line(context)}", message, hint=hint, stage=Stage.CONNECT)
