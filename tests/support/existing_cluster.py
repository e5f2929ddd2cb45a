"""A cluster that the tests were pointed to instead of starting their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kubernetes

from tests.support.real_cluster import decoded


class ExistingCluster:
    """A cluster reached by somebody else's kubeconfig, with its current context and whatever login that has."""

    def __init__(self, kubeconfig: Path) -> None:
        """Raises kubernetes.config.ConfigException if the file is not a usable kubeconfig."""
        self.kubeconfig = kubeconfig
        connect: Callable[..., Any] = kubernetes.config.new_client_from_config
        self._client = connect(config_file=str(kubeconfig))

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """As RealCluster; raises urllib3's errors when there is no answer in a minute."""
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = self._client.configuration.host + path
        response = self._client.call_api(method, url, headers, body, _request_timeout=60)
        response.read()
        return response.status, decoded(response.getheader("Content-Type"), response.data.decode())
