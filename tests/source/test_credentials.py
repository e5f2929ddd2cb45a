"""Real git over TLS and over a stand-in for ssh that runs the far side here."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_tui.model.application import CredentialKind, Credentials, Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirrors
from tests.support.git_https import GitServer, make_certificate, serving
from tests.support.git_origin import Origin

CANARY = "s3cr3t-c4n4ry"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    monkeypatch.setenv("GIT_SSL_CAINFO", f"{certificate}.crt")
    with serving(tmp_path, certificate) as found:
        yield found


def by_variable(server: GitServer, name: str = "SHOP_TOKEN", username: str = "bob") -> Repository:
    return Repository(
        f"{server.url}/origin", credentials=Credentials(CredentialKind.ENVIRONMENT, name, username), name="shop"
    )


def assert_nowhere_below(folder: Path, secret: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert secret.encode() not in path.read_bytes(), path


def test_https_without_a_password(server: GitServer, mirrors: Mirrors, origin: Origin) -> None:
    sha = origin.commit({"a": "1"})
    mirror = mirrors.mirror(Repository(f"{server.url}/origin"))
    mirror.fetch()
    assert mirror.resolve("HEAD").sha == sha
    assert (mirror.checkout(sha) / "a").read_text() == "1"
    before = server.requests
    assert not mirror.fetch().changed
    assert server.requests - before <= 2, "a quiet repository is asked for its refs and for nothing else"


@pytest.mark.parametrize("password", [CANARY, "with space'\"$`\\ \u00fc"])
def test_a_password_from_the_environment(
    server: GitServer, mirrors: Mirrors, origin: Origin, *, monkeypatch: pytest.MonkeyPatch, state: Path, password: str
) -> None:
    sha = origin.commit({"a": "1"})
    server.password = password
    monkeypatch.setenv("SHOP_TOKEN", password)
    mirror = mirrors.mirror(by_variable(server))
    mirror.fetch()
    assert mirror.resolve("HEAD").sha == sha
    assert base64.b64decode(server.seen[-1].split()[1]).decode() == f"bob:{password}"
    assert_nowhere_below(state, password)


def test_a_user_name_in_the_url_is_used(
    server: GitServer, mirrors: Mirrors, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit()
    server.password = CANARY
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    url = server.url.replace("https://", "https://carol@") + "/origin"
    mirrors.mirror(Repository(url, credentials=Credentials(CredentialKind.ENVIRONMENT, "SHOP_TOKEN"))).fetch()
    assert base64.b64decode(server.seen[-1].split()[1]).decode() == f"carol:{CANARY}"


def test_a_refused_password_is_told_without_it_and_without_asking_anybody(
    server: GitServer, mirrors: Mirrors, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit()
    server.password = "another"
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    mirror = mirrors.mirror(by_variable(server))
    with pytest.raises(SourceError, match="access was refused") as failure:
        mirror.fetch()
    assert CANARY not in str(failure.value)
    assert "check `credentials`" in failure.value.hint
    assert not failure.value.temporary

    plain = mirrors.mirror(Repository(f"{server.url}/origin"))
    with pytest.raises(SourceError, match="access was refused"):
        plain.fetch()


def test_the_last_good_state_stays_when_access_is_revoked(
    server: GitServer, mirrors: Mirrors, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = origin.commit({"a": "1"})
    server.password = CANARY
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    mirror = mirrors.mirror(by_variable(server))
    mirror.fetch()
    server.password = "rotated"
    with pytest.raises(SourceError, match="access was refused"):
        mirror.fetch()
    assert mirror.resolve("HEAD").sha == sha
    assert (mirror.checkout(sha) / "a").read_text() == "1"


def test_a_password_never_follows_a_redirect_to_another_host(
    server: GitServer,
    mirrors: Mirrors,
    origin: Origin,
    *,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    certificate: Path,
) -> None:
    origin.commit()
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    with serving(tmp_path, certificate) as thief:
        thief.password = "anything"
        server.redirect = thief.url
        with pytest.raises(SourceError):
            mirrors.mirror(by_variable(server)).fetch()
        assert thief.requests > 0
        assert thief.seen == []


def test_a_variable_that_is_not_set(server: GitServer, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_TOKEN", raising=False)
    with pytest.raises(SourceError, match="the environment variable SHOP_TOKEN is not set"):
        mirrors.mirror(by_variable(server)).fetch()
    assert server.requests == 0


def test_a_credential_helper(server: GitServer, mirrors: Mirrors, origin: Origin, tmp_path: Path, state: Path) -> None:
    sha = origin.commit()
    server.password = CANARY
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\ncat > {tmp_path}/question\necho username=dora\necho password={CANARY}\n")
    helper.chmod(0o700)
    credentials = Credentials(CredentialKind.HELPER, str(helper))
    mirror = mirrors.mirror(Repository(f"{server.url}/origin", credentials=credentials))
    mirror.fetch()
    assert mirror.resolve("HEAD").sha == sha
    assert base64.b64decode(server.seen[0].split()[1]).decode() == f"dora:{CANARY}"
    assert_nowhere_below(state, CANARY)


def test_a_certificate_that_nobody_vouches_for(
    server: GitServer, mirrors: Mirrors, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit()
    monkeypatch.delenv("GIT_SSL_CAINFO")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    with pytest.raises(SourceError, match="TLS certificate is not trusted"):
        mirrors.mirror(Repository(f"{server.url}/origin")).fetch()
    assert server.requests == 0


def test_a_repository_that_the_server_does_not_have(server: GitServer, mirrors: Mirrors) -> None:
    with pytest.raises(SourceError, match="there is no such repository") as failure:
        mirrors.mirror(Repository(f"{server.url}/nope")).fetch()
    assert failure.value.subject == f"repository {server.url}/nope"


def test_a_server_that_is_not_there(mirrors: Mirrors) -> None:
    with pytest.raises(SourceError, match="it cannot be reached") as failure:
        mirrors.mirror(Repository("https://127.0.0.1:1/shop")).fetch()
    assert failure.value.temporary


FAKE_SSH = """#!/bin/sh
printf '%s\\n' "$@" > "{log}"
for last; do :; done
case "$*" in *unknown-host*) echo "Host key verification failed." >&2; exit 255;; esac
case "$*" in *no-rights*) echo "git@no-rights: Permission denied (publickey)." >&2; exit 255;; esac
exec sh -c "$last"
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The arguments of the last call of ssh, one a line."""
    log = tmp_path / "ssh.log"
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(FAKE_SSH.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return log


@pytest.mark.parametrize("form", ["git@example.org:{path}", "ssh://git@example.org{path}"])
def test_ssh_with_a_key_file(ssh: Path, mirrors: Mirrors, origin: Origin, tmp_path: Path, form: str) -> None:
    sha = origin.commit({"a": "1"})
    key = tmp_path / "my key"
    key.write_text("PRIVATE KEY " + CANARY)
    credentials = Credentials(CredentialKind.SSH_KEY, str(key))
    mirror = mirrors.mirror(Repository(form.format(path=origin.path), credentials=credentials))
    mirror.fetch()
    assert mirror.resolve("HEAD").sha == sha
    arguments = ssh.read_text().splitlines()
    assert arguments[arguments.index("-i") + 1] == str(key)
    assert {"BatchMode=yes", "IdentitiesOnly=yes", "ForwardAgent=no"} <= set(arguments)
    assert "git@example.org" in arguments


def test_an_ssh_key_that_is_not_there(mirrors: Mirrors, tmp_path: Path) -> None:
    credentials = Credentials(CredentialKind.SSH_KEY, str(tmp_path / "none"))
    with pytest.raises(SourceError, match="there is no SSH key"):
        mirrors.mirror(Repository("git@example.org:shop", credentials=credentials)).fetch()


@pytest.mark.parametrize(
    ("host", "message", "hint"),
    [
        ("unknown-host", "the host's SSH key is unknown", "connect once with `ssh`"),
        ("no-rights", "access was refused", "check `credentials`"),
    ],
)
def test_what_ssh_refuses(ssh: Path, mirrors: Mirrors, host: str, message: str, hint: str) -> None:
    with pytest.raises(SourceError, match=message) as failure:
        mirrors.mirror(Repository(f"git@{host}:shop")).fetch()
    assert hint in failure.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_read_once_the_user_trusts_it(
    mirrors: Mirrors, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    sha = origin.commit({"a": "1"})
    for path in [origin.path, *origin.path.rglob("*")]:
        os.chown(path, 65534, 65534)
    mirror = mirrors.mirror(Repository(str(origin.path)))
    with pytest.raises(SourceError, match="belongs to another user") as failure:
        mirror.fetch()
    assert "git config --global --add safe.directory" in failure.value.hint
    (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {origin.path}/.git\n[core]\n\thooksPath = /nowhere\n")
    mirror.fetch()
    assert mirror.resolve("HEAD").sha == sha
