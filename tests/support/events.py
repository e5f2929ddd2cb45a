"""What a cluster's components note about objects."""

from __future__ import annotations

from datetime import UTC, datetime

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.model.resources import Body
from tests.support.api_client import ApiClient


def warn(server: EmbeddedServer, about: Body, reason: str, message: str) -> None:
    """A component notes a warning about an object in namespace `default`."""
    metadata = about["metadata"]
    ApiClient(server.kubeconfig).create(
        "/api/v1/namespaces/default/events",
        {
            "metadata": {"name": f"{metadata['name']}.{reason.lower()}"},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "involvedObject": {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]},
            "lastTimestamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        },
    ).ok()
