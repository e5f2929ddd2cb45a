"""Keys, tokens and kubeconfigs for servers that live as long as a test."""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import yaml


def write_private(path: Path, text: str) -> None:
    """Write a new file (mode 0600) that nobody else can read at any instant."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def kubeconfig(url: str, certificate_authority: bytes, tokens: Mapping[str, str]) -> str:
    """A kubeconfig in block style: a context for each name in `tokens` (name to bearer token), the first current.

    A context and its user share their name; `certificate_authority` is PEM.
    """
    current = next(iter(tokens))
    authority = b64encode(certificate_authority).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": current, "cluster": {"server": url, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": {"token": token}} for name, token in tokens.items()],
        "contexts": [{"name": name, "context": {"cluster": current, "user": name}} for name in tokens],
        "current-context": current,
    }
    return yaml.safe_dump(config)


def elliptic_curve_key() -> str:
    """A new P-256 private key in PEM (SEC 1 as in RFC 5915), for signing ServiceAccount tokens.

    The public half is optional there and left out, its reader derives it.
    """
    scalar = bytes([1 + secrets.randbelow(127)]) + secrets.token_bytes(31)  # below the curve's order
    der = bytes.fromhex("30310201010420") + scalar + bytes.fromhex("a00a06082a8648ce3d030107")
    return f"-----BEGIN EC PRIVATE KEY-----\n{b64encode(der).decode()}\n-----END EC PRIVATE KEY-----\n"
