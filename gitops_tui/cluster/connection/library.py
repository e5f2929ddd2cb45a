"""Requests by the kubernetes package: for logins that only it knows, and through proxies.

It takes a quarter of a second to import. Texts of library errors are not passed on: they may hold a proxy's password
or part of an answer.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import certifi
import urllib3
from kubernetes import config as library
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config
from urllib3 import exceptions

from gitops_tui.cluster.connection import wire
from gitops_tui.cluster.connection.kubeconfig import IN_CLUSTER, Target
from gitops_tui.cluster.connection.wire import Header, Response
from gitops_tui.model.errors import UnreachableError

_POOL = 256
"""Connections kept: every watch has one of its own besides those of requests."""

_PIECE = 1 << 16
_FAILURES = (exceptions.HTTPError, ApiException, OSError)
_CONNECTING: tuple[tuple[type[Exception] | tuple[type[Exception], ...], tuple[str, str]], ...] = (
    (exceptions.NameResolutionError, wire.NO_NAME),
    (exceptions.NewConnectionError, wire.REFUSED),
    (exceptions.ConnectTimeoutError, wire.TOO_SLOW),
    (exceptions.ProxyError, wire.NO_PROXY),
)

_load_incluster_config: Any = library.load_incluster_config
_KubeConfigLoader: Any = kube_config.KubeConfigLoader

Keep = Callable[[Mapping[str, Any]], None]
"""Keeps the refreshed tokens among these settings of an identity provider where they came from."""


class LibraryWire:
    """A client of the kubernetes package, of which only the login and the bytes are used."""

    def __init__(self, target: Target, user: Mapping[str, Any], keep: Keep) -> None:
        self._context = target.name
        self._client: Any = ApiClient(_configuration(target, user, keep))

    @property
    def identity(self) -> tuple[str, str]:
        """Its URL and its certificate authority."""
        return str(self._client.configuration.host), str(self._client.configuration.ssl_ca_cert)

    def authorization(self) -> str:
        """What the package says now: it looks here whether its token expires, and fetches another."""
        setting = self._client.configuration.auth_settings().get("BearerToken") or {}
        return str(setting.get("value") or "").strip()

    def send(
        self, method: str, path: str, headers: Sequence[Header], body: bytes | None, *, connect: float, silence: float
    ) -> Response:
        """Send one request."""
        given = urllib3.HTTPHeaderDict()
        for name, value in headers:
            given.add(name, value)
        try:
            made = self._client.call_api(
                method,
                str(self._client.configuration.host) + path,
                header_params=given,
                body=body,
                _request_timeout=(connect, silence),
            )
        except _FAILURES as error:
            raise _explained(self._context, error, silence) from error
        return _LibraryResponse(made.response, self._context, silence)

    def close(self) -> None:
        """Close the idle connections."""
        self._client.close()


class _LibraryResponse:
    def __init__(self, response: Any, context: str, silence: float) -> None:
        self._response = response
        self._context = context
        self._silence = silence
        self.status: int = response.status

    def values(self, name: str) -> Sequence[str]:
        return tuple(self._response.headers.getlist(name))

    def pieces(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read1(_PIECE):
                yield piece
        except _FAILURES as error:
            raise _explained(self._context, error, self._silence) from error

    def abort(self) -> None:
        try:
            self._response.shutdown()
        except (ValueError, RuntimeError, OSError):
            # It has ended by itself.
            return

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()


def _explained(context: str, error: Exception, silence: float) -> UnreachableError:
    for kinds, told in _CONNECTING:
        if isinstance(error, kinds):
            return wire.no_connection(context, *told)
    if isinstance(error, ApiException | exceptions.SSLError | ssl.SSLError):
        return wire.no_tls(context, error)
    return wire.silent(context, silence) if isinstance(error, exceptions.ReadTimeoutError) else wire.lost(context)


def _configuration(target: Target, user: Mapping[str, Any], keep: Keep) -> Any:
    configuration = Configuration()
    # Its retries would sleep unseen on 429 and follow redirects to any host.
    configuration.retries = False
    configuration.keep_alive = True
    configuration.connection_pool_maxsize = _POOL
    if target.name == IN_CLUSTER and not target.cluster:
        _load_incluster_config(client_configuration=configuration)
        return configuration
    if target.cluster.get("insecure-skip-tls-verify"):
        # It is the operator's own choice, and a warning on stderr would be painted over the screen.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    _load(target, user, configuration, keep)
    return configuration


def _load(target: Target, user: Mapping[str, Any], configuration: Any, keep: Keep) -> None:
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
    loader = _KubeConfigLoader(config, config_base_path="", config_persister=lambda: keep(settings))
    loader.load_and_set(configuration)
