"""A real Kubernetes control plane on loopback: etcd, kube-apiserver and, on request, kube-controller-manager.

There is no kubelet and no scheduler: objects are stored, defaulted, validated, admitted and (with the
controller manager) reconciled and collected, but no container ever runs and Pods stay Pending.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.support.credentials import elliptic_curve_key, kubeconfig, write_private
from tests.support.guarded_process import GuardedProcess
from tests.support.real_cluster import decoded

ETCD = "etcd"
APISERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"

_VIEWER = "gitops-tui-viewer"
_PAUSE = 0.05


class ControlPlaneError(Exception):
    """The control plane could not be started, or one of its servers died; the message ends with its log."""


class ControlPlane:
    """A running control plane in a temporary folder of its own, thrown away at the end.

    Two users with token authentication, RBAC on: an admin, and a viewer with the rules of the built-in `view`
    role (no Secrets). The kubeconfig has a context for each; the admin's is the current one.
    """

    admin_context = "control-plane"
    viewer_context = "control-plane-viewer"

    def __init__(
        self, programs: Mapping[str, Path], folder: Path, *, controller_manager: bool, apiserver_flags: Sequence[str]
    ) -> None:
        """Use `ControlPlane.start`."""
        self.token = secrets.token_urlsafe(24)
        self.viewer_token = secrets.token_urlsafe(24)
        self.kubeconfig = folder / "kubeconfig"
        self.has_controllers = controller_manager
        self._programs = programs
        self._more_flags = apiserver_flags
        self._folder = folder
        self._etcd_port, self._peer_port, self._port = _free_ports(3)
        self._servers: dict[str, GuardedProcess] = {}

    @classmethod
    @contextmanager
    def start(
        cls,
        assets: Path,
        *,
        controller_manager: bool = False,
        etcd: Path | None = None,
        apiserver_flags: Sequence[str] = (),
        deadline: float = 120.0,
    ) -> Iterator[Self]:
        """A control plane from the binaries in `assets`, ready to serve, for the length of the `with` block.

        Without `controller_manager` nothing is garbage collected, a deleted namespace stays Terminating, and
        Pods need no ServiceAccount. `etcd` is another binary than that in `assets`; `apiserver_flags` are
        added to the ones that are always set. `deadline` in seconds holds for each server: raises
        ControlPlaneError with the end of its log if one is not ready by then.
        """
        programs = {server: assets / server for server in (ETCD, APISERVER, CONTROLLER_MANAGER)}
        programs[ETCD] = etcd or programs[ETCD]
        folder = Path(tempfile.mkdtemp(prefix="gitops-tui-control-plane-"))
        plane = cls(programs, folder, controller_manager=controller_manager, apiserver_flags=apiserver_flags)
        try:
            plane._write_credentials()
            plane._start_etcd(deadline)
            plane.start_apiserver(deadline)
            plane._write_kubeconfig()
            plane._grant_viewer()
            if controller_manager:
                plane._start_controller_manager(deadline)
            yield plane
        finally:
            # The clients before what they are clients of.
            for server in reversed(plane._servers.values()):
                server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The API server's address, the same after a restart."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def certificate_authority(self) -> Path:
        """PEM file that the serving certificate is verified against."""
        return self._folder / "pki" / "apiserver.crt"

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the servers that were started and not stopped since."""
        return tuple(server.pid for server in self._servers.values())

    def stop_apiserver(self, grace: float = 0.0) -> None:
        """End the API server, at once or after up to `grace` seconds of orderly shutdown; etcd keeps the data."""
        self._servers.pop(APISERVER).stop(grace)

    def start_apiserver(self, deadline: float = 120.0) -> None:
        """Start the API server on its port, with its certificate and data, and wait until it is ready."""
        self._launch(APISERVER, self._apiserver_flags())
        self._await(APISERVER, lambda: self._finds("/readyz"), deadline)

    def back_up(self) -> Path:
        """Copy etcd's data, as it is now; the API server is away for that long. Returns what `restore` takes."""
        self._stop_storage()
        backup = Path(tempfile.mkdtemp(prefix="backup-", dir=self._folder)) / ETCD
        shutil.copytree(self._folder / ETCD, backup)
        self._start_storage()
        return backup

    def restore(self, backup: Path) -> None:
        """Bring older data back: all that was written since is gone, and revisions count anew from then."""
        self._stop_storage()
        shutil.rmtree(self._folder / ETCD)
        shutil.copytree(backup, self._folder / ETCD)
        self._start_storage()

    def _stop_storage(self) -> None:
        self.stop_apiserver()
        self._servers.pop(ETCD).stop(10.0)  # in order, so that what it has acknowledged is on disk

    def _start_storage(self) -> None:
        self._start_etcd(120.0)
        self.start_apiserver()

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        token: str | None = None,
    ) -> tuple[int, Any]:
        """Status code and decoded body of one request, as the admin unless another `token` is given.

        Raises OSError when there is no answer in a minute.
        """
        tls = ssl.create_default_context(cafile=str(self.certificate_authority))
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=60.0, context=tls)
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": content_type}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        return response.status, decoded(response.getheader("Content-Type"), text)

    def log(self, server: str) -> str:
        """The end of the log of one server, by the name of its binary."""
        return self._servers[server].log_tail()

    def _launch(self, server: str, flags: list[str]) -> None:
        program = self._programs[server]
        try:
            self._servers[server] = GuardedProcess.start([program, *flags], self._folder / f"{server}.log")
        except OSError as error:
            raise ControlPlaneError(f"{program}: cannot be executed: {error.strerror}") from error

    def _await(self, server: str, ready: Callable[[], bool], deadline: float) -> None:
        """Poll until `ready`: the servers tell their readiness only to those who ask."""
        process, until = self._servers[server], time.monotonic() + deadline
        while not ready():
            code = process.exit_code
            if code is not None or time.monotonic() > until:
                what = f"not ready after {deadline:.0f} s" if code is None else f"ended with exit code {code}"
                raise ControlPlaneError(f"{server}: {what}; the end of its log:\n{process.log_tail()}")
            time.sleep(_PAUSE)

    def _finds(self, path: str) -> bool:
        try:
            return self.request("GET", path)[0] == 200
        except (OSError, http.client.HTTPException):  # no listener or no certificate yet
            return False

    def _start_etcd(self, deadline: float) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        flags = [
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # the data is thrown away, a power cut loses nothing
            "--log-level=warn",
        ]
        self._launch(ETCD, flags)
        self._await(ETCD, self._etcd_is_healthy, deadline)

    def _etcd_is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._etcd_port, timeout=10.0)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _apiserver_flags(self) -> list[str]:
        service_accounts = self._folder / "service-accounts.pem"
        # This admission plug-in refuses a Pod until the controller manager has made its ServiceAccount.
        disabled = "" if self.has_controllers else "ServiceAccount"
        return [
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",  # loopback may not be published as an endpoint
            f"--secure-port={self._port}",
            f"--cert-dir={self._folder / 'pki'}",  # the server makes its certificate itself and keeps it there
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={service_accounts}",
            f"--service-account-signing-key-file={service_accounts}",
            f"--disable-admission-plugins={disabled}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--allow-privileged=true",
            "--profiling=false",
            *self._more_flags,
        ]

    def _start_controller_manager(self, deadline: float) -> None:
        flags = [
            f"--kubeconfig={self.kubeconfig}",
            f"--service-account-private-key-file={self._folder / 'service-accounts.pem'}",
            f"--root-ca-file={self.certificate_authority}",
            "--secure-port=0",
            "--leader-elect=false",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]
        self._launch(CONTROLLER_MANAGER, flags)
        # What it does is what the tests need, so that is what is waited for.
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._await(CONTROLLER_MANAGER, lambda: self._finds(account), deadline)

    def _write_credentials(self) -> None:
        users = [
            f'{self.token},admin,admin,"system:masters"',
            f"{self.viewer_token},{_VIEWER},{_VIEWER},",
        ]
        write_private(self._folder / "tokens.csv", "\n".join(users) + "\n")
        write_private(self._folder / "service-accounts.pem", elliptic_curve_key())

    def _write_kubeconfig(self) -> None:
        tokens = {self.admin_context: self.token, self.viewer_context: self.viewer_token}
        write_private(self.kubeconfig, kubeconfig(self.url, self.certificate_authority.read_bytes(), tokens))

    def _grant_viewer(self) -> None:
        group = "rbac.authorization.k8s.io"
        # Not the role `view` itself: it is empty until a controller fills it from this one.
        role = {"apiGroup": group, "kind": "ClusterRole", "name": "system:aggregate-to-view"}
        viewer = {"apiGroup": group, "kind": "User", "name": _VIEWER}
        binding = {"metadata": {"name": _VIEWER}, "roleRef": role, "subjects": [viewer]}
        status, answer = self.request("POST", f"/apis/{group}/v1/clusterrolebindings", binding)
        if status != 201:
            raise ControlPlaneError(f"ClusterRoleBinding {_VIEWER}: refused ({status}): {answer}")


def _free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on.

    Below the range that systems take outgoing ports from, so that none is lost while a server restarts; and a share
    of them for each of the test processes that run side by side, so that no two find the same before they take it.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = range(20000 + number, 32768, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    found: list[int] = []
    for port in random.sample(share, min(500, len(share))):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise ControlPlaneError("no free loopback ports between 20000 and 32767")
