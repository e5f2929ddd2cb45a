"""ConfigMaps and Secrets that a pod needs before its containers can be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_tui.embedded.controllers.world import World, namespace_of
from gitops_tui.embedded.kinds.schema import Object

_IN_ENVIRONMENT = (("configMapRef", "configmaps"), ("secretRef", "secrets"))
_BY_KEY = (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets"))
_WORDS = {"configmaps": "configmap", "secrets": "secret"}
_KINDS = {"configmaps": "ConfigMap", "secrets": "Secret"}


def missing_volume(world: World, pod: Object) -> str:
    """Why a volume cannot be mounted, "" when all can."""
    for volume in pod["spec"].get("volumes") or ():
        for storage, reference, key in (("configmaps", "configMap", "name"), ("secrets", "secret", "secretName")):
            stated = volume.get(reference)
            if not stated or stated.get("optional"):
                continue
            if world.get(storage, namespace_of(pod), stated.get(key, "")) is None:
                missing = f'{_WORDS[storage]} "{stated.get(key, "")}" not found'
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {missing}'
    return ""


def missing_value(world: World, pod: Object, container: Mapping[str, Any]) -> str:
    """Why a container's environment cannot be made, "" when it can."""
    return next(_problems(world, namespace_of(pod), container), "")


def _problems(world: World, namespace: str, container: Mapping[str, Any]) -> Iterator[str]:
    for row in container.get("envFrom") or ():
        for reference, storage in _IN_ENVIRONMENT:
            stated = row.get(reference)
            if stated and not stated.get("optional") and world.get(storage, namespace, stated.get("name", "")) is None:
                yield f'{_WORDS[storage]} "{stated.get("name", "")}" not found'
    for row in container.get("env") or ():
        for reference, storage in _BY_KEY:
            stated = (row.get("valueFrom") or {}).get(reference)
            if stated and not stated.get("optional"):
                yield from _key_problem(world, namespace, storage, stated)


def _key_problem(world: World, namespace: str, storage: str, stated: Mapping[str, Any]) -> Iterator[str]:
    name, key = stated.get("name", ""), stated.get("key", "")
    body = world.get(storage, namespace, name)
    if body is None:
        yield f'{_WORDS[storage]} "{name}" not found'
    elif key not in (body.get("data") or {}) and key not in (body.get("binaryData") or {}):
        yield f"couldn't find key {key} in {_KINDS[storage]} {namespace}/{name}"
