"""People who sign their commits, with the real gpg and ssh-keygen."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.work_tree import WorkTree

needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg to sign with")
needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen to sign with")


class OpenPgp:
    """A person with an OpenPGP key in a home of their own.

    at: when the key is made and used, as `20200101T000000`; expires: as gpg takes it.
    """

    def __init__(self, home: Path, name: str, *, at: str = "", expires: str = "never") -> None:
        self._home = home
        self._name = name
        self._program = home / "gpg"
        time = f"--faked-system-time {at}! " if at else ""
        self._program.write_text(f'#!/bin/sh\nexec gpg --homedir {home} --batch {time}"$@"\n')
        self._program.chmod(0o700)
        self.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", expires)

    def gpg(self, *arguments: str) -> bytes:
        """Run gpg as this person; what it prints."""
        return subprocess.run([str(self._program), *arguments], check=True, capture_output=True).stdout

    @property
    def options(self) -> tuple[str, ...]:
        """Of git, to sign as this person."""
        return "-c", f"user.signingkey={self._name}", "-c", f"gpg.program={self._program}"

    def public(self, file: Path, *, armoured: bool = True) -> Path:
        """Write the public key into a file."""
        file.write_bytes(self.gpg(*(["--armor"] if armoured else []), "--export", self._name))
        return file

    def wait_until_expired(self) -> None:
        """Wait for the second in which the key's time is over."""
        fields = self.gpg("--with-colons", "--list-keys", self._name).decode().split("pub:", 1)[1].split(":")
        while time.time() < int(fields[5]) + 1:
            time.sleep(0.05)

    def revoke(self) -> None:
        """Take the key back, with the certificate that gpg made for it."""
        (certificate,) = (self._home / "openpgp-revocs.d").glob("*.rev")
        usable = self._home / "revocation.asc"
        usable.write_text(certificate.read_text().replace(":-----BEGIN", "-----BEGIN"))
        self.gpg("--import", str(usable))


@contextmanager
def openpgp(name: str, *, at: str = "", expires: str = "never") -> Iterator[OpenPgp]:
    """A person, for as long as a test takes. The home's path is short, as that of gpg's socket must be."""
    with tempfile.TemporaryDirectory(prefix="gpg-", ignore_cleanup_errors=True) as folder:
        try:
            yield OpenPgp(Path(folder), name, at=at, expires=expires)
        finally:
            environment = {**os.environ, "GNUPGHOME": folder}
            subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False, capture_output=True)


class Ssh:
    """A person with an SSH key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.key = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.key)], check=True)

    @property
    def public(self) -> Path:
        """The file of the public key."""
        return self.key.with_name(f"{self.key.name}.pub")

    @property
    def options(self) -> tuple[str, ...]:
        """Of git, to sign as this person."""
        return "-c", "gpg.format=ssh", "-c", f"user.signingkey={self.key}"


def sign(repository: WorkTree, who: OpenPgp | Ssh) -> str:
    """Sign the newest commit of a repository; returns its new sha."""
    repository.git(*who.options, "commit", "--quiet", "--amend", "--allow-empty", "--no-edit", "-S")
    return repository.git("rev-parse", "HEAD")
