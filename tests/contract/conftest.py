"""One suite, two servers: what the embedded one answers is what a real one answers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gitops_tui.embedded import EmbeddedServer
from tests.support.api_client import ApiClient


@dataclass(frozen=True)
class Api:
    """One of the two servers, and a namespace in it that is this test's own."""

    client: ApiClient
    namespace: str

    def path(self, plural: str, name: str = "", *, group: str = "", version: str = "v1") -> str:
        """Path of a collection, or of an object, in the test's namespace."""
        prefix = f"/apis/{group}/{version}" if group else f"/api/{version}"
        return f"{prefix}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")


@pytest.fixture(scope="session")
def embedded_client() -> Iterator[ApiClient]:
    with EmbeddedServer.start(bookmark_seconds=1.0) as server:
        client = ApiClient(server.kubeconfig)
        yield client
        client.close()


@pytest.fixture(scope="session")
def real_client(request: pytest.FixtureRequest) -> Iterator[ApiClient]:
    plane = request.getfixturevalue("control_plane")
    client = ApiClient(plane.kubeconfig, patient=True)
    yield client
    client.close()


@pytest.fixture(scope="session", params=["embedded", "real"])
def client(request: pytest.FixtureRequest) -> ApiClient:
    """Each of the two servers in turn."""
    found: ApiClient = request.getfixturevalue(f"{request.param}_client")
    return found


def _with_namespace(client: ApiClient) -> Iterator[Api]:
    name = f"contract-{secrets.token_hex(4)}"
    client.create("/api/v1/namespaces", {"metadata": {"name": name}}).ok()
    yield Api(client, name)
    client.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def api(client: ApiClient) -> Iterator[Api]:
    """Each of the two servers in turn, with a namespace of the test's own."""
    yield from _with_namespace(client)


@pytest.fixture
def twins(embedded_client: ApiClient, real_client: ApiClient) -> Iterator[tuple[Api, Api]]:
    """Both servers at once, embedded first, for answers that are compared as a whole."""
    name = f"contract-{secrets.token_hex(4)}"
    both = (Api(embedded_client, name), Api(real_client, name))
    for one in both:
        one.client.create("/api/v1/namespaces", {"metadata": {"name": name}}).ok()
    yield both
    for one in both:
        one.client.delete(f"/api/v1/namespaces/{name}")
