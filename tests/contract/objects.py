"""Objects that the contract's tests write."""

from __future__ import annotations

from typing import Any


def config_map(name: str = "settings", /, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def container(name: str = "web", /, **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": "nginx:1.27", **fields}


def template(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": list(containers or (container(),)), **spec}}


def deployment(name: str = "web", /, *containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template(*containers), **spec},
    }


def managers(body: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """What each manager manages, by (manager, operation)."""
    rows = body["metadata"].get("managedFields", [])
    return {(row["manager"], row["operation"]): row["fieldsV1"] for row in rows}
