"""Documents to manifests: lists flattened, each object checked, two of one key refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from gitops_tui.model.errors import InputError, RenderError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Manifest, Origin, ResourceKey
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.yamlio import Document

_API_VERSION: Final = pattern(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[a-z][a-z0-9]*")
_KIND: Final = pattern(r"[A-Z][A-Za-z0-9]*")
_NAME: Final = pattern(r"(?!\.\.?$)[^/%\s\x00-\x20\x7f]{1,253}")
_NAMESPACE: Final = pattern(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_LONGEST: Final = 400
"""Characters of a name, a kind or a version: what was found of one is kept, and none of these may be longer."""
_NOTHING: Final = (None, "")
_TEXT: Final = frozenset((str,))
_HOOKS: Final = ("argocd.argoproj.io/hook", "helm.sh/hook")


@dataclass(frozen=True, slots=True)
class Caps:
    """What one application may hold. file, object, total: bytes. files, objects: their number. depth: of folders."""

    file: int = 10 * 1024 * 1024
    object: int = 3 * 1024 * 1024
    total: int = 64 * 1024 * 1024
    files: int = 10_000
    objects: int = 20_000
    depth: int = 32


CAPS: Final = Caps()


class Collection:
    """The manifests of one application, in the order in which they are added."""

    def __init__(self, subject: str, caps: Caps) -> None:
        self._subject = subject
        self._caps = caps
        self._found: dict[tuple[ResourceKey, str], Manifest] = {}

    def add(self, documents: Iterable[Document], path: str, *, has_lines: bool) -> None:
        """Add the objects of the file `path`. has_lines: whether the documents' lines are lines of that file.

        Raises RenderError for an object that is none, over a cap, or there already.
        """
        origin = Origin(path)
        for document in documents:
            if document.size > self._caps.object and not document.items:
                place = Origin(one_line(path), document.line)
                raise RenderError(str(place), f"the object is larger than {self._caps.object} bytes")
            for body, line in _flattened(document) if _is_list(document.value) else ((document.value, document.line),):
                self._add(body, Origin(path, line) if has_lines else origin)

    def manifests(self) -> tuple[Manifest, ...]:
        """All of them."""
        return tuple(self._found.values())

    def _add(self, body: Any, origin: Origin) -> None:
        manifest = Manifest.of(checked(body, origin), origin)
        generated = "" if manifest.key.name else manifest.digest
        first = self._found.setdefault((manifest.key, generated), manifest)
        if first is not manifest:
            places = f"{one_line(str(first.origin))} and {one_line(str(origin))}"
            raise RenderError(str(manifest.key), f"is there twice: {places}", hint="keep one of them")
        if len(self._found) > self._caps.objects:
            raise RenderError(self._subject, f"more than {self._caps.objects} objects", hint="split the application")


def rewrapped(error: InputError, subject: str = "") -> RenderError:
    """The error of a text as one of its rendering."""
    return RenderError(subject or error.subject, error.message, hint=error.hint)


def _flattened(document: Document) -> Iterator[tuple[Any, int]]:
    """The objects of a document that is a list, with their lines; those of a list inside it in its place."""
    waiting: list[tuple[Any, int]] = [(document.value, document.line)]
    lines = list(document.items)
    while waiting:
        body, line = waiting.pop()
        if not _is_list(body):
            yield body, line
            continue
        items = body.get("items") or []
        own = lines if body is document.value and len(lines) == len(items) else [line] * len(items)
        waiting.extend(reversed([(_typed(item, body), at) for item, at in zip(items, own, strict=True)]))


def _is_list(body: Any) -> bool:
    if not isinstance(body, dict) or not str(body.get("kind", "")).endswith("List"):
        return False
    return isinstance(body.get("items", ...), list | None)


def _typed(item: Any, parent: Mapping[str, Any]) -> Any:
    """An item of a typed list may leave out what the list says already (`ConfigMapList`: a ConfigMap)."""
    kind = str(parent["kind"]).removesuffix("List")
    if not kind or not isinstance(item, Mapping) or "kind" in item or "apiVersion" in item:
        return item
    return {"apiVersion": parent.get("apiVersion"), "kind": kind, **item}


def checked(body: Any, origin: Origin) -> dict[str, Any]:
    """Return the object if it can be one, labels and annotations without value as empty texts. Raises RenderError."""
    if not isinstance(body, dict) or not ("apiVersion" in body and "kind" in body):
        raise _refusal(
            origin,
            "is no Kubernetes object: apiVersion and kind are missing",
            hint="if the file belongs to something else, leave it out with the source's directory.exclude",
        )
    if not _has_usual_type(body["apiVersion"], body["kind"]):
        _matching(body, "apiVersion", _API_VERSION.fullmatch, origin, "apiVersion")
        _matching(body, "kind", _KIND.fullmatch, origin, "kind")
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        what = f"the {body['kind']}"
        raise _refusal(origin, f"{what} has no metadata" if metadata is None else f"metadata of {what} is no mapping")
    labels, annotations = metadata.get("labels"), metadata.get("annotations")
    texts = _texts(labels, "labels", origin) if labels else labels
    notes = _texts(annotations, "annotations", origin) if annotations else annotations
    if metadata.get("name") not in _NOTHING:
        _matching(metadata, "name", _NAME.fullmatch, origin, "metadata.name")
    elif not metadata.get("generateName"):
        raise _refusal(origin, f"the {body['kind']} has no name", hint="set metadata.name")
    elif not any(hook in (notes or {}) for hook in _HOOKS):
        message = f"the {body['kind']} has only a generateName, which only hooks may have"
        raise _refusal(origin, message, hint="set metadata.name")
    if metadata.get("namespace") not in _NOTHING:
        _matching(metadata, "namespace", _is_namespace, origin, "metadata.namespace")
    if texts is labels and notes is annotations:
        return body
    stated = {"labels": texts, "annotations": notes}
    return {**body, "metadata": {name: stated.get(name, value) for name, value in metadata.items()}}


def _refusal(origin: Origin, message: str, *, hint: str = "") -> RenderError:
    return RenderError(str(Origin(one_line(origin.path), origin.line)), message, hint=hint)


def _has_usual_type(version: Any, kind: Any) -> bool:
    """Whether these are well, and short enough to be kept."""
    return type(version) is type(kind) is str and len(version) + len(kind) <= _LONGEST and _is_type(version, kind)


@lru_cache(1000)
def _is_type(version: str, kind: str) -> bool:
    return _API_VERSION.fullmatch(version) is not None and _KIND.fullmatch(kind) is not None


@lru_cache(1000)
def _is_namespace(text: str) -> bool:
    return _NAMESPACE.fullmatch(text) is not None


def _matching(holder: dict[str, Any], field: str, fits: Callable[[str], object], origin: Origin, name: str) -> None:
    value = holder.get(field)
    if not isinstance(value, str):
        kind = "is empty" if value is None else f"is a {_type_name(value)}, not text"
        raise _refusal(origin, f"{name} {kind}", hint="put it in quotes" if value is not None else "")
    if len(value) > _LONGEST or not fits(value):
        raise _refusal(origin, f"{name} '{one_line(value, limit=80)}' is not allowed by Kubernetes")


def _texts(found: Any, field: str, origin: Origin) -> dict[str, str]:
    if not isinstance(found, dict):
        raise _refusal(origin, f"metadata.{field} is a {_type_name(found)}, not a mapping")
    if _TEXT.issuperset(map(type, found.values())):
        return found
    for name, value in found.items():
        if value is not None and not isinstance(value, str):
            what = f"metadata.{field} '{one_line(name, limit=80)}' is a {_type_name(value)}, not text"
            raise _refusal(origin, what, hint="put it in quotes")
    return {name: value or "" for name, value in found.items()}


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "text"
