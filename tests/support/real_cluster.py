"""What the end-to-end tests may ask of a real API server, whoever started it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class RealCluster(Protocol):
    """A reachable API server; `kubeconfig` is all that the product gets to know of it."""

    kubeconfig: Path

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Status code and decoded body (see `decoded`) of one request as the kubeconfig's current user."""
        ...


def decoded(content_type: str | None, text: str) -> Any:
    """A response's JSON document; the list of events of a watch that has ended; other text as it is."""
    if not (content_type or "").startswith("application/json"):
        return text
    documents: list[Any] = []
    rest = text.strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    return documents if documents[0].keys() == {"type", "object"} else documents[0]
