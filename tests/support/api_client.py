"""A plain HTTP client of an API server, independent of the product's own, for tests that compare servers."""

from __future__ import annotations

import http.client
import json
import ssl
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
DEADLINE = 90.0


@dataclass(frozen=True)
class Reply:
    """One answer. `body` is decoded JSON, or text."""

    code: int
    body: Any
    headers: http.client.HTTPMessage

    @property
    def warnings(self) -> list[str]:
        """The texts of the Warning headers."""
        return [value.split('"', 1)[1][:-1].replace('\\"', '"') for value in self.headers.get_all("Warning") or []]

    def __getitem__(self, key: str) -> Any:
        return self.body[key]

    def ok(self) -> Any:
        """The body of a success; fails the test otherwise."""
        assert self.code in {200, 201}, self.body
        return self.body


class ApiClient:
    """Requests to one server as the current user of a kubeconfig that has a token.

    patient: a request that meets a closed connection is sent once more, since a server may close one that was kept.
    """

    def __init__(self, kubeconfig: Path, *, token: str | None = None, patient: bool = False) -> None:
        self._patient = patient
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self.token = token if token is not None else config["users"][0]["user"]["token"]
        self._tls = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
        self._address = urlsplit(cluster["server"]).netloc
        self._connection = self._connect()

    def _connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._address, timeout=DEADLINE, context=self._tls)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._connection.close()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **query: Any,
    ) -> Reply:
        """One request. `body` is encoded unless it is text; `query` are parameters, True and False in lower case."""
        data = None if body is None else body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": content_type, "Accept": accept, "User-Agent": "test-client/1.0"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        target = _target(path, query)
        try:
            response, text = self._exchange(method, target, data, headers)
        except (http.client.RemoteDisconnected, ssl.SSLEOFError, ConnectionError):
            if not self._patient:
                raise
            response, text = self._exchange(method, target, data, headers)
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return Reply(response.status, json.loads(text) if is_json else text, response.headers)

    def _exchange(
        self, method: str, target: str, data: str | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, str]:
        try:
            self._connection.request(method, target, data, headers)
            response = self._connection.getresponse()
            return response, response.read().decode()
        except BaseException:
            # What is left of a broken exchange must not be read as the answer to the next request.
            self._connection.close()
            raise

    def get(self, path: str, **query: Any) -> Reply:
        """Read."""
        return self.request("GET", path, **query)

    def create(self, path: str, body: Any, **query: Any) -> Reply:
        """POST to a collection."""
        return self.request("POST", path, body, **query)

    def replace(self, path: str, body: Any, **query: Any) -> Reply:
        """PUT an object."""
        return self.request("PUT", path, body, **query)

    def delete(self, path: str, body: Any = None, **query: Any) -> Reply:
        """DELETE; `body` are DeleteOptions."""
        return self.request("DELETE", path, body, **query)

    def patch(self, path: str, body: Any, content_type: str = MERGE_PATCH, **query: Any) -> Reply:
        """PATCH, a merge patch unless told otherwise."""
        return self.request("PATCH", path, body, content_type=content_type, **query)

    def apply(self, path: str, body: Any, manager: str, **query: Any) -> Reply:
        """Server-side apply."""
        return self.patch(path, body, APPLY_PATCH, fieldManager=manager, **query)

    @contextmanager
    def watch(self, path: str, *, accept: str = "application/json", **query: Any) -> Iterator[Iterator[Any]]:
        """The events of a watch, as they come, on a connection of its own."""
        connection = self._connect()
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        try:
            connection.request("GET", _target(path, {"watch": True, **query}), headers=headers)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            yield _events(response)
        finally:
            connection.close()


def _events(response: http.client.HTTPResponse) -> Iterator[Any]:
    while line := response.readline():
        yield json.loads(line)


def _target(path: str, query: Mapping[str, Any]) -> str:
    if not query:
        return path
    plain = {key: str(value).lower() if isinstance(value, bool) else value for key, value in query.items()}
    return f"{path}?{urlencode(plain)}"
