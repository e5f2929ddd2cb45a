"""Files of public keys -> who may sign commits."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass

_LARGEST: Final = 1 << 20
_ARMOUR: Final = pattern(
    rb"^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n(?:[^\r\n:]+: [^\r\n]*\r?\n)*[ \t]*\r?\n"
    rb"([A-Za-z0-9+/=\s]*?)(?:\r?\n=[A-Za-z0-9+/]{4})?\s*\r?\n-----END PGP PUBLIC KEY BLOCK-----",
    re.MULTILINE,
)
_PRIVATE: Final = pattern(rb"PRIVATE KEY")
_SSH_KEY: Final = pattern(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com"
    r"|sk-ecdsa-sha2-nistp256@openssh\.com)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t].*)?"
)
_PUBLIC_KEY, _SECRET_KEY = 6, 5
"""Tags of OpenPGP packets (RFC 9580, section 5)."""


@dataclass(frozen=True, slots=True)
class Signers:
    """openpgp: a keyring, as bytes. ssh: lines of an `allowed_signers` file. digest: of both."""

    openpgp: bytes
    ssh: tuple[str, ...]
    digest: str


def read(files: Sequence[str]) -> Signers:
    """Read public keys: OpenPGP (armoured or not) or SSH, several in one file. SourceError for a file without one."""
    openpgp, ssh = list[bytes](), list[str]()
    for file in files:
        packets, lines = _keys(file)
        openpgp.append(packets)
        ssh += lines
    keyring = b"".join(openpgp)
    digest = hashlib.sha256(b"%d\n%b%b" % (len(keyring), keyring, "\n".join(ssh).encode())).hexdigest()
    return Signers(keyring, tuple(ssh), digest)


def _keys(file: str) -> tuple[bytes, list[str]]:
    subject = f"signers {one_line(file)}"
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        what = (error.strerror or "cannot be read").lower()
        raise SourceError(subject, what, hint="`signedBy` names files of public keys") from error
    if len(data) > _LARGEST:
        raise SourceError(subject, f"is larger than {_LARGEST >> 20} MiB")
    if _PRIVATE.search(data) or _tag(data) == _SECRET_KEY:
        raise SourceError(
            subject, "holds a private key", hint="name the file of the public key, and keep this one safe"
        )
    if _tag(data) == _PUBLIC_KEY:
        return data, []
    armoured = b"".join(_dearmoured(subject, data))
    if armoured:
        return armoured, []
    lines = list(_ssh_lines(subject, Path(file).stem, data))
    if not lines:
        raise SourceError(subject, "holds no public key", hint="it has OpenPGP keys, or SSH keys one on each line")
    return b"", lines


def _tag(data: bytes) -> int:
    """The kind of the packet that these bytes begin with; 0 where they are none."""
    first = data[0] if data else 0
    if not first & 0x80:
        return 0
    return first & 0x3F if first & 0x40 else (first & 0x3C) >> 2


def _dearmoured(subject: str, data: bytes) -> Iterator[bytes]:
    for block in _ARMOUR.finditer(data):
        try:
            packets = base64.b64decode(b"".join(block[1].split()), validate=True)
        except binascii.Error as error:
            raise SourceError(subject, "holds an OpenPGP key that is damaged", hint="export it again") from error
        if _tag(packets) != _PUBLIC_KEY:
            raise SourceError(subject, "holds an OpenPGP block that is no public key")
        yield packets


def _ssh_lines(subject: str, name: str, data: bytes) -> Iterator[str]:
    signer = re.sub(r"[^A-Za-z0-9._-]", "-", name) or "signer"
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        key = _SSH_KEY.fullmatch(text)
        if key is None:
            raise SourceError(subject, f"line {number} is no SSH public key", hint="as in a file that ends with .pub")
        yield f'{signer} namespaces="git" {key[1]} {key[2]}'
