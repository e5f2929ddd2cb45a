"""Who may come in: the credentials of one embedded cluster and the kubeconfig files that carry them."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from gitops_tui.embedded.api.call import User
from gitops_tui.embedded.tls import Credential, self_signed
from gitops_tui.private import write_private

ADMIN = User("embedded-admin", ("system:masters", "system:authenticated"))
VIEWER = User("embedded-viewer", viewer=True)
CONTEXT = "demo"


@dataclass(frozen=True, slots=True)
class Access:
    """Tokens and certificate of one cluster, kept in its folder so that a kubeconfig outlives a restart."""

    folder: Path
    token: str
    viewer_token: str
    certificate: str

    @classmethod
    def of(cls, folder: Path) -> Access:
        """The credentials in a folder, made when they are not there."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "access.json"
        try:
            kept = json.loads(path.read_text())
            access = cls(folder, kept["token"], kept["viewer_token"], kept["certificate"])
        except (OSError, ValueError, KeyError):
            made: Credential = self_signed()
            access = cls(folder, secrets.token_urlsafe(32), secrets.token_urlsafe(32), made.certificate)
            write_private(access.credential, made.certificate + made.key)
            rows = {"token": access.token, "viewer_token": access.viewer_token, "certificate": access.certificate}
            write_private(path, json.dumps(rows))
        return access

    @property
    def credential(self) -> Path:
        """The file with certificate and key."""
        return self.folder / "server.pem"

    @property
    def users(self) -> dict[str, User]:
        """Users by token."""
        return {self.token: ADMIN, self.viewer_token: VIEWER}

    def write_kubeconfig(self, path: Path, url: str, token: str) -> Path:
        """Write a kubeconfig for a token, readable by its owner only."""
        authority = base64.b64encode(self.certificate.encode()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": {"server": url, "certificate-authority-data": authority}}],
            "users": [{"name": CONTEXT, "user": {"token": token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}}],
        }
        write_private(path, json.dumps(config, indent=2) + "\n")
        return path
