"""Who asks: every way in that a kubeconfig can name."""

from __future__ import annotations

import base64
import json
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui import yamlio
from gitops_tui.cluster import Cluster, Clusters
from gitops_tui.cluster.connection import Target, access, credentials, plugin
from gitops_tui.cluster.connection.library import LibraryWire
from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.errors import ClusterError
from gitops_tui.model.resources import ResourceKey
from tests.cluster.conftest import QUICK
from tests.cluster.waiting import eventually
from tests.support.scripted_server import DEADLINE, Asked, ScriptedServer, json_reply

MISSING = ResourceKey("", "Namespace", "", "missing")

Login = Callable[..., Cluster]


@pytest.fixture
def login(server: ScriptedServer, tmp_path: Path) -> Iterator[Login]:
    """Connect as a kubeconfig user with these entries."""
    server.route("/version", json_reply({"gitVersion": "v1.36.3"}))
    details = {"name": MISSING.name, "kind": "namespaces"}
    server.route("/api/v1/namespaces/missing", lambda asked: asked.status(404, "NotFound", "gone", details=details))
    opened: list[Clusters] = []

    def connect(**user: Any) -> Cluster:
        opened.append(Clusters(server.kubeconfig(tmp_path, user), timing=QUICK))
        return opened[-1].get()

    yield connect
    for clusters in opened:
        clusters.close()


def asked_as(server: ScriptedServer) -> str | None:
    return server.seen[-1].headers.get("Authorization")


def script(folder: Path, text: str) -> str:
    """An executable Python program."""
    path = folder / "login"
    path.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} - \"$@\" <<'END'\n{text}\nEND\n")
    path.chmod(0o755)
    return str(path)


def credential(**status: Any) -> str:
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


def exec_user(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, **more}}


def test_a_token(server: ScriptedServer, login: Login) -> None:
    assert login(token="t0ken").version() == "v1.36.3"

    assert asked_as(server) == "Bearer t0ken"
    assert server.seen[-1].headers["User-Agent"].startswith("gitops-tui/")


def test_basic_authentication(server: ScriptedServer, login: Login) -> None:
    login(username="alice", password="pa:ss").version()

    assert asked_as(server) == "Basic " + base64.b64encode(b"alice:pa:ss").decode()


def test_nobody_in_particular(server: ScriptedServer, login: Login) -> None:
    login(unknown="field").version()

    assert asked_as(server) is None


def test_a_token_file_is_read_again_for_each_request(server: ScriptedServer, login: Login, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    cluster = login(tokenFile=str(file))
    cluster.resource("", "ConfigMap")
    assert asked_as(server) == "Bearer first"

    file.write_text("second\n")
    cluster.version()
    assert asked_as(server) == "Bearer second"


def test_a_missing_token_file_is_told(login: Login, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"context scripted: .*No such file"):
        login(tokenFile=str(tmp_path / "missing")).version()


def test_impersonation_is_not_dropped(server: ScriptedServer, login: Login) -> None:
    user = {"token": "t", "as": "bob", "as-uid": "7", "as-groups": ["dev"], "as-user-extra": {"scope": ["view"]}}
    login(**user).version()

    headers = server.seen[-1].headers
    assert headers["Impersonate-User"] == "bob"
    assert headers["Impersonate-Uid"] == "7"
    assert headers["Impersonate-Group"] == "dev"
    assert headers["Impersonate-Extra-scope"] == "view"


def test_a_login_program_gives_a_token(server: ScriptedServer, login: Login, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = script(
        tmp_path,
        "import json, os, sys\n"
        f"open({str(seen)!r}, 'w').write(json.dumps([sys.argv[1:], os.environ['CLOUD'], "
        "json.loads(os.environ['KUBERNETES_EXEC_INFO']), sys.stdin.isatty()]))\n"
        f"print({credential(token='from-program')!r})",
    )
    environment = [{"name": "CLOUD", "value": "blue"}]
    cluster = login(**exec_user(program, args=["get-token", "x"], env=environment, provideClusterInfo=True))

    cluster.version()

    assert asked_as(server) == "Bearer from-program"
    info = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": server.url}},
    }
    assert json.loads(seen.read_text()) == [["get-token", "x"], "blue", info, False]


def test_a_login_program_is_run_again_when_its_token_has_expired(
    server: ScriptedServer, login: Login, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
    program = script(
        tmp_path,
        f"open({str(count)!r}, 'a').write('x')\n"
        f"n = len(open({str(count)!r}).read())\n"
        f"print({credential(token='TOKEN', expirationTimestamp=stamp)!r}.replace('TOKEN', f'token-{{n}}'))",
    )
    cluster = login(**exec_user(program))
    cluster.version()
    first = asked_as(server)
    cluster.resource("", "ConfigMap")

    assert first == "Bearer token-1"
    assert asked_as(server) != first


def test_a_token_of_a_login_program_that_is_good_is_kept(server: ScriptedServer, login: Login, tmp_path: Path) -> None:
    count = tmp_path / "count"
    program = script(tmp_path, f"open({str(count)!r}, 'a').write('x')\nprint({credential(token='good')!r})")
    cluster = login(**exec_user(program))
    cluster.version()
    cluster.resource("", "ConfigMap")

    assert count.read_text() == "x"


def test_a_login_program_gives_a_certificate(login: Login, tmp_path: Path) -> None:
    program = script(tmp_path, f"print({credential(clientCertificateData='CERT', clientKeyData='KEY')!r})")
    user = exec_user(program)

    wire = credentials.connect(Target("c", {"server": "https://x"}, user), 1, threading.Event()).wire
    assert isinstance(wire, LibraryWire)
    configuration = wire._client.configuration

    assert Path(configuration.cert_file).read_text() == "CERT"
    assert Path(configuration.key_file).read_text() == "KEY"
    assert Path(configuration.key_file).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            "import sys; sys.stderr.write('session \\x1b[31mexpired'); sys.exit(3)",
            "ended with 3: session ␛\\[31mexpired",
        ),
        ("print('token: hunter2')", "printed no usable ExecCredential"),
        ('print(\'{"status": {"hunter2": 1}}\')', "printed no usable ExecCredential"),
        ("print('[' * 100000)", "printed no usable ExecCredential"),
    ],
)
def test_a_login_program_that_fails_is_told(login: Login, tmp_path: Path, program: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words) as caught:
        login(**exec_user(script(tmp_path, program))).version()

    assert caught.value.subject == "context scripted"
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_a_login_program_that_is_missing_says_how_to_install_it(login: Login) -> None:
    with pytest.raises(ClusterError, match=r"cannot run no-such-login.*\(brew install it\)"):
        login(**exec_user("no-such-login", installHint="brew install it")).version()


def test_a_login_program_that_needs_a_terminal_is_not_run(login: Login) -> None:
    with pytest.raises(ClusterError, match="wants a terminal"):
        login(**exec_user("true", interactiveMode="Always")).version()


HANGING = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
open(sys.argv[1], 'w').write(str(child.pid))
time.sleep(600)
"""


def test_a_login_program_that_hangs_is_ended_with_its_children(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"

    class Clock:
        """Its deadline passes once it hangs, however long a slow machine takes to start it."""

        def monotonic(self) -> float:
            return time.monotonic() + (plugin._DEADLINE if child.exists() and child.read_text() else 0.0)

    monkeypatch.setattr(plugin, "time", Clock())

    with pytest.raises(ClusterError, match="gave no credentials within"):
        login(**exec_user(script(tmp_path, HANGING), args=[str(child)])).version()

    eventually(lambda: not _runs(int(child.read_text())))


def test_closing_ends_a_login_program(login: Login, tmp_path: Path) -> None:
    child = tmp_path / "child"
    cluster = login(**exec_user(script(tmp_path, HANGING), args=[str(child)]))
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            cluster.version()
        except ClusterError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    eventually(lambda: child.exists() and child.read_text() != "")
    cluster.close()
    asking.join(DEADLINE)

    assert len(failures) == 1
    eventually(lambda: not _runs(int(child.read_text())))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_an_expired_oidc_token_is_refreshed_and_kept(
    server: ScriptedServer, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    server.route("/.well-known/openid-configuration", json_reply({"token_endpoint": f"{server.url}/token"}))
    fresh = jwt(time.time() + 3600)

    def exchange(asked: Asked) -> None:
        assert b"refresh_token=old-refresh" in asked.body
        answer = {"id_token": fresh, "refresh_token": "new-refresh", "access_token": "a", "token_type": "Bearer"}
        asked.json(answer)

    server.route("/token", exchange)
    config = {
        "idp-issuer-url": server.url,
        "client-id": "kubernetes",
        "client-secret": "s",
        "id-token": jwt(time.time() - 3600),
        "refresh-token": "old-refresh",
    }
    login(**{"auth-provider": {"name": "oidc", "config": config}}).version()

    assert asked_as(server) == f"Bearer {fresh}"
    kept = json.loads(_as_json(tmp_path / "kubeconfig"))["users"][0]["user"]["auth-provider"]["config"]
    assert kept == {**config, "id-token": fresh, "refresh-token": "new-refresh"}


def test_no_refresh_token_goes_to_an_identity_provider_that_cannot_prove_who_it_is(
    server: ScriptedServer, login: Login
) -> None:
    with EmbeddedServer.start() as stranger:
        config = {
            "idp-issuer-url": stranger.url,
            "client-id": "kubernetes",
            "client-secret": "s",
            "id-token": jwt(time.time() - 3600),
            "refresh-token": "old-refresh",
        }
        with pytest.raises(ClusterError, match="cannot be used"):
            login(**{"auth-provider": {"name": "oidc", "config": config}}).version()

    assert server.seen == []


def jwt(expires: float) -> str:
    parts = [{"alg": "none"}, {"exp": int(expires), "pad": "xx"}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


def _as_json(path: Path) -> str:
    return json.dumps(yamlio.load_all(path.read_bytes(), name=str(path))[0].value)


def test_a_changed_kubeconfig_is_taken_up_after_a_refusal(server: ScriptedServer, login: Login, tmp_path: Path) -> None:
    cluster = login(token="old")
    cluster.resource("", "ConfigMap")
    server.kubeconfig(tmp_path, {"token": "new"})
    server.route("/version", lambda asked: asked.status(401), json_reply({"gitVersion": "v2"}))

    assert cluster.version() == "v2"
    assert asked_as(server) == "Bearer new"


def test_a_token_that_cannot_be_sent_is_told_without_it(login: Login) -> None:
    with pytest.raises(ClusterError, match="cannot be sent") as caught:
        login(token="hunter2\nX-Injected: yes").version()

    assert "hunter2" not in str(caught.value)


def test_a_kubeconfig_that_is_being_written_is_left_alone(
    server: ScriptedServer, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_LOOK_AGAIN", 0.0)
    cluster = login(token="old")
    cluster.resource("", "ConfigMap")

    (tmp_path / "kubeconfig").write_text("half a kubeco")
    cluster.read(MISSING)
    assert asked_as(server) == "Bearer old"

    (tmp_path / "kubeconfig").unlink()
    cluster.read(MISSING)
    assert asked_as(server) == "Bearer old"

    server.kubeconfig(tmp_path, {"token": "new"})
    cluster.read(MISSING)
    cluster.read(MISSING)
    assert asked_as(server) == "Bearer new"


def test_a_kubeconfig_that_stays_broken_is_told(login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_LOOK_AGAIN", 0.0)
    cluster = login(token="old")
    cluster.version()
    (tmp_path / "kubeconfig").write_text("half: [a kubeco")

    with pytest.raises(ClusterError, match="is not valid YAML"):
        for _ in range(2):
            cluster.read(MISSING)
