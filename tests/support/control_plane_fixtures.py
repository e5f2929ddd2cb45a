"""Fixtures of the tests that need a real API server; `tests/conftest.py` makes them known everywhere.

Which one they get: `GITOPS_TUI_TEST_KUBECONFIG` names the kubeconfig of an existing cluster, else one is
started from the binaries in the folder `KUBEBUILDER_ASSETS`, else from those that `make controlplane` built.
With none of them a test is skipped, and in CI (`CI=true`) it fails: there a skip would hide a hole.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.control_plane import APISERVER, CONTROLLER_MANAGER, ETCD, ControlPlane
from tests.support.existing_cluster import ExistingCluster
from tests.support.real_cluster import RealCluster

_BUILT = Path(__file__).resolve().parents[2] / ".cache" / "controlplane"


@pytest.fixture(scope="session")
def control_plane_assets() -> Path:
    """The folder with the control plane's binaries."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    folder = Path(named).resolve() if named else _BUILT
    missing = [server for server in (ETCD, APISERVER) if not os.access(folder / server, os.X_OK)]
    if missing:
        remedy = "KUBEBUILDER_ASSETS names that folder" if named else "run `make controlplane` (needs Go)"
        _unavailable(f"no real API server: {' and '.join(missing)} not in {folder}; {remedy}")
    return folder


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[RealCluster]:
    """A real API server, the same one for all tests: leave it as you found it, work in `namespace`.

    Started by the tests, it has the controller manager if that binary is there; ask for `controllers` if
    a test cannot do without.
    """
    existing = os.environ.get("GITOPS_TUI_TEST_KUBECONFIG")
    if existing:
        yield ExistingCluster(Path(existing).resolve())
        return
    assets: Path = request.getfixturevalue("control_plane_assets")
    with ControlPlane.start(assets, controller_manager=_has_controller_manager(assets)) as plane:
        yield plane


@pytest.fixture
def controllers(control_plane: RealCluster) -> RealCluster:
    """The same API server, with controllers at work: garbage collection, namespaces, Deployments."""
    if isinstance(control_plane, ControlPlane) and not control_plane.has_controllers:
        _unavailable(f"no controllers: {CONTROLLER_MANAGER} is not among the binaries")
    return control_plane


@pytest.fixture
def own_control_plane(control_plane_assets: Path) -> Iterator[ControlPlane]:
    """A control plane for this one test, which may stop and break it; without controllers."""
    with ControlPlane.start(control_plane_assets) as plane:
        yield plane


@pytest.fixture(params=["an old etcd", "a feature gate"])
def control_plane_without_streaming(
    request: pytest.FixtureRequest, control_plane_assets: Path
) -> Iterator[ControlPlane]:
    """A control plane that refuses streaming lists, for this one test; each in turn for either reason.

    With an old etcd the watch begins with status 200 and its first event is an ERROR (500, InternalError); with
    the feature gate off the request itself is refused (422, Invalid).
    """
    if request.param == "a feature gate":
        with ControlPlane.start(control_plane_assets, apiserver_flags=["--feature-gates=WatchList=false"]) as plane:
            yield plane
        return
    old = _BUILT / "etcd-3.5"
    if not os.access(old, os.X_OK):
        _unavailable(f"no old etcd: {old} is missing; run `make controlplane` (Linux x86-64 only)")
    with ControlPlane.start(control_plane_assets, etcd=old) as plane:
        yield plane


@pytest.fixture
def namespace(control_plane: RealCluster) -> Iterator[str]:
    """The name of a new, empty namespace for this one test, deleted after it."""
    name = f"gitops-tui-test-{secrets.token_hex(4)}"
    status, answer = control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201, answer
    yield name
    status, answer = control_plane.request("DELETE", f"/api/v1/namespaces/{name}")
    assert status in {200, 202, 404, 409}, answer  # the test may have deleted it itself


def _has_controller_manager(assets: Path) -> bool:
    return os.access(assets / CONTROLLER_MANAGER, os.X_OK)


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; in CI these tests may not be skipped", pytrace=False)
    pytest.skip(reason)
