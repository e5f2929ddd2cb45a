"""A client with credentials, made of a kubeconfig's context by the kubernetes package's own loaders."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import certifi
import urllib3
from kubernetes import config as library
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import kube_config

from gitops_tui import __version__, yamlio
from gitops_tui.cluster.connection import plugin
from gitops_tui.cluster.connection.kubeconfig import IN_CLUSTER, Target, read_document
from gitops_tui.model.errors import ClusterError, GitopsError, Stage
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

_POOL = 256
"""Connections kept: every watch has one of its own besides those of requests."""

_load_incluster_config: Any = library.load_incluster_config
_KubeConfigLoader: Any = kube_config.KubeConfigLoader

_TOKENS = ("id-token", "refresh-token")


@dataclass(slots=True)
class Connection:
    """A client with its credentials.

    number: counts renewals, so that one refusal renews them once. expires: seconds since the epoch. token_file is
    read anew for each request: what writes it rotates it.
    """

    context: str
    client: Any = field(repr=False)
    number: int = 0
    expires: float | None = None
    token_file: Path | None = None
    impersonation: tuple[tuple[str, str], ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def host(self) -> str:
        """The API server's URL."""
        return str(self.client.configuration.host)

    @property
    def identity(self) -> tuple[str, str]:
        """The cluster at the other end: a new one at an old address has another certificate authority."""
        return self.host, str(self.client.configuration.ssl_ca_cert)

    def headers(self, content: Mapping[str, str]) -> urllib3.HTTPHeaderDict:
        """`content` with the headers that say who asks; ClusterError when a token cannot be read."""
        headers = urllib3.HTTPHeaderDict({"User-Agent": f"gitops-tui/{__version__}", **content})
        authorization = self._authorization()
        if authorization:
            headers["Authorization"] = authorization
        for name, value in self.impersonation:
            headers.add(name, value)
        return headers

    def close(self) -> None:
        """Close the idle connections."""
        self.client.close()

    def _authorization(self) -> str:
        try:
            if self.token_file is not None:
                return f"Bearer {self.token_file.read_text().strip()}"
            with self.lock:
                # The package looks here whether its token expires, and fetches another.
                setting = self.client.configuration.auth_settings().get("BearerToken") or {}
            return str(setting.get("value") or "").strip()
        except Exception as error:
            raise _unusable(self.context, error) from error


def connect(target: Target, number: int, ending: threading.Event) -> Connection:
    """Make a connection as the kubeconfig says. Nothing is asked but what a login needs; `ending` ends that."""
    user, expires = target.user, None
    if "exec" in user and not any(user.get(name) for name in ("auth-provider", "token", "tokenFile")):
        login = plugin.run(target, ending)
        user, expires = {**user, **login.user}, login.expires
    token_file = Path(str(user["tokenFile"])) if user.get("tokenFile") else None
    if token_file is not None:
        user = {name: value for name, value in user.items() if name not in {"token", "tokenFile"}}
    try:
        client = ApiClient(_configuration(target, user))
    except GitopsError:
        raise
    except Exception as error:
        raise _unusable(target.name, error) from error
    return Connection(target.name, client, number, expires, token_file, _impersonation(user))


def _configuration(target: Target, user: Mapping[str, Any]) -> Any:
    configuration = Configuration()
    # Its retries would sleep unseen on 429 and follow redirects to any host.
    configuration.retries = False
    configuration.keep_alive = True
    configuration.connection_pool_maxsize = _POOL
    if target.name == IN_CLUSTER and not target.cluster:
        _load_incluster_config(client_configuration=configuration)
        return configuration
    if not target.server.startswith(("https://", "http://")):
        raise _error(target.name, "names no cluster with a server URL", "compare it with kubectl config view")
    if target.cluster.get("insecure-skip-tls-verify"):
        # It is the operator's own choice, and a warning on stderr would be painted over the screen.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    _load(target, user, configuration)
    return configuration


def _load(target: Target, user: Mapping[str, Any], configuration: Any) -> None:
    """Let the package read certificates, tokens, basic authentication, OIDC and the rest of one context."""
    settings: dict[str, Any] = {}
    provider = user.get("auth-provider")
    if isinstance(provider, dict):
        settings = dict(provider.get("config") or {})
        if not any(name.startswith("idp-certificate-authority") for name in settings):
            # Without it the package sends the refresh token to a server that it does not verify.
            settings["idp-certificate-authority"] = certifi.where()
        user = {**user, "auth-provider": {**provider, "config": settings}}
    config = {
        "current-context": target.name,
        "contexts": [{"name": target.name, "context": {"cluster": "cluster", "user": "user"}}],
        "clusters": [{"name": "cluster", "cluster": dict(target.cluster)}],
        "users": [{"name": "user", "user": dict(user)}],
    }
    loader = _KubeConfigLoader(config, config_base_path="", config_persister=lambda: _keep_tokens(target, settings))
    loader.load_and_set(configuration)


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


def _impersonation(user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
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
