"""How a repository's credential reaches git: by reference, never in an argument, a URL or a configuration.

A password from an environment variable goes through GIT_ASKPASS, to the one host that it is meant for: after
a redirect to another host git asks in that host's name, and gets no answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gitops_tui.model.application import CredentialKind, Credentials, Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source.transport.address import Address, shown
from gitops_tui.source.transport.personal import personal_settings
from gitops_tui.source.transport.runner import Access, Runner

_ASKPASS: Final = """#!/bin/sh
# Answers git's question for a user name or a password, for one origin only.
case "$1" in
"Username for '$GITOPS_TUI_GIT_ORIGIN': ") printf '%s\\n' "$GITOPS_TUI_GIT_USER" ;;
"Password for '$GITOPS_TUI_GIT_ORIGIN_OF_USER': ") printf '%s\\n' "$GITOPS_TUI_GIT_PASSWORD" ;;
*) exit 1 ;;
esac
"""
_SSH: Final = (
    "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=3"
    " -o ForwardAgent=no -o ForwardX11=no -o PermitLocalCommand=no"
)
_DEFAULT_USER: Final = "git"

# Old histories hold these by the thousand; none of them can hurt a reader of trees and blobs.
_HARMLESS: Final = (
    "zeroPaddedFilemode",
    "badTimezone",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingTaggerEntry",
    "multipleAuthors",
    "zeroPaddedDate",
    "badDateOverflow",
)
_OPTIONS: Final = (
    "fetch.fsckObjects=true",
    *(f"fetch.fsck.{name}=warn" for name in _HARMLESS),
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
    "http.followRedirects=initial",
)


def access_for(repository: Repository, address: Address, folder: Path, runner: Runner) -> Access:
    """Return what git needs to talk to a remote. folder: private, for the askpass program.

    SourceError when the credential's reference leads nowhere.
    """
    credentials = repository.credentials
    options = [f"protocol.{address.protocol}.allow=always", *_OPTIONS]
    environment = {"GIT_SSH_COMMAND": _SSH, "GIT_SSH_VARIANT": "ssh"}
    secrets: tuple[str, ...] = ()
    subject = f"repository {shown(repository.url)}"
    if credentials.kind is CredentialKind.SSH_KEY:
        import shlex  # noqa: PLC0415 - for a key of its own alone

        environment["GIT_SSH_COMMAND"] = (
            f"{_SSH} -o IdentitiesOnly=yes -i {shlex.quote(_key_file(subject, credentials))}"
        )
    elif credentials.kind is CredentialKind.HELPER:
        options.append(f"credential.helper={credentials.reference}")
        if credentials.username:
            options.append(f"credential.username={credentials.username}")
    elif credentials.kind is CredentialKind.ENVIRONMENT:
        password = _password(subject, credentials)
        environment |= _askpass_environment(address, credentials, password, folder)
        secrets = (password,)
    if address.protocol == "file":
        environment |= _trusted_folders(Path(address.url), folder, runner)
    return Access(tuple(options), environment, secrets)


def _key_file(subject: str, credentials: Credentials) -> str:
    path = Path(credentials.reference).expanduser().absolute()
    if not path.is_file():
        raise SourceError(subject, f"there is no SSH key {shown(credentials.reference)}", hint="check `credentials`")
    return str(path)


def _password(subject: str, credentials: Credentials) -> str:
    password = os.environ.get(credentials.reference, "")
    if not password:
        raise SourceError(
            subject,
            f"the environment variable {shown(credentials.reference)} is not set",
            hint="set it to the password or token before the start",
        )
    return password


def _askpass_environment(address: Address, credentials: Credentials, password: str, folder: Path) -> Mapping[str, str]:
    user = address.user or credentials.username or _DEFAULT_USER
    scheme, _, host = address.origin.partition("://")
    return {
        "GIT_ASKPASS": str(_askpass_program(folder)),
        "GITOPS_TUI_GIT_ORIGIN": address.origin,
        "GITOPS_TUI_GIT_ORIGIN_OF_USER": f"{scheme}://{user}@{host}",
        "GITOPS_TUI_GIT_USER": user,
        "GITOPS_TUI_GIT_PASSWORD": password,
    }


def _askpass_program(folder: Path) -> Path:
    path = folder / "askpass"
    if not path.exists() or path.read_text() != _ASKPASS:
        fresh = folder / f".askpass-{os.getpid()}"
        fresh.write_text(_ASKPASS)
        fresh.chmod(0o700)
        fresh.replace(path)
    return path


def _trusted_folders(remote: Path, folder: Path, runner: Runner) -> Mapping[str, str]:
    """For a folder of another user: the user's own list of trusted ones, and nothing else of their settings."""
    try:
        if remote.stat().st_uid == os.geteuid():
            return {}
    except OSError:
        return {}
    found = [value for _, value in personal_settings(runner, r"^safe\.directory$")]
    target = folder / "trusted"
    fresh = folder / f".trusted-{os.getpid()}"
    escaped = [path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"") for path in found]
    fresh.write_bytes(b"[safe]\n" + b"".join(b'directory = "%s"\n' % path for path in escaped))
    fresh.replace(target)
    return {"GIT_CONFIG_GLOBAL": str(target)}
