"""Kustomize folders, by `kustomize build` or `kubectl kustomize`."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from gitops_tui.model.errors import InputError, RenderError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Manifest
from gitops_tui.model.values import dataclass, field
from gitops_tui.render import complaint, tool
from gitops_tui.render.checkout import Tree, shown
from gitops_tui.render.manifests import CAPS, Collection, rewrapped
from gitops_tui.render.request import KUSTOMIZATIONS, Request
from gitops_tui.yamlio import Limits, load_all, load_with_positions
from gitops_tui.yamlio.stream import Stream

T = TypeVar("T")

_REFERENCES: Final = (
    "resources",
    "bases",
    "components",
    "generators",
    "transformers",
    "validators",
    "crds",
    "configurations",
    "patchesStrategicMerge",
)
_PATCHES: Final = ("patches", "patchesJson6902", "replacements")
_GENERATORS: Final = ("configMapGenerator", "secretGenerator")
_REMOTE: Final = pattern(
    r"[a-z+]+://|git::|[\w.-]+@[\w.-]+:|(?:[\w-]+\.)+[a-z]{2,}[/:]|.*\?(?:ref|version)=", re.IGNORECASE
)
_LIMITS: Final = Limits(bytes=CAPS.total, nodes=4_000_000)
_RESTRICTORS: Final = ("LoadRestrictionsRootOnly", "LoadRestrictionsNone")


def render_kustomize(request: Request) -> tuple[Manifest, ...]:
    """Manifests of a kustomization. Raises RenderError."""
    subject = shown(request.path)
    restrictor = request.application.source.kustomize.load_restrictor
    if restrictor not in _RESTRICTORS:
        raise RenderError(subject, f"load restrictor {shown(restrictor)} is none of {', '.join(_RESTRICTORS)}")
    survey = Survey(request.checkout)
    survey.visit(request.path)
    # Without its restrictor, kustomize reads through any link of the repository. With it, a link that leaves the
    # checkout from a folder of somebody else's is no concern of this application.
    for folder in survey.folders if restrictor == _RESTRICTORS[0] else ("",):
        request.checkout.guard(folder)
    command = [*_program(subject), str(request.checkout.root / request.path), f"--load-restrictor={restrictor}"]
    stream = Stream("rendered", _LIMITS)
    with tool.private_folder() as home:
        readable = [request.checkout.root]
        answer = tool.run(command, home=home, subject=subject, readable=readable, stop=request.stop, heard=stream.read)
    if answer.code != 0:
        survey.check_files()
        raise complaint.of_kustomize(answer, request, survey.files, survey.literals)
    collection = Collection(subject, CAPS)
    try:
        documents = stream.documents(answer.output)
    except InputError as e:
        raise rewrapped(e, survey.kustomizations[0]) from e
    collection.add(documents, survey.kustomizations[0], has_lines=False)
    return collection.manifests()


def find_kustomization(checkout: Tree, folder: str) -> str | None:
    """The path of a folder's kustomization file, None when it has none."""
    paths = (f"{folder}/{name}".lstrip("/") for name in KUSTOMIZATIONS)
    return next((path for path in paths if checkout.has_file(path)), None)


def _program(subject: str) -> list[str]:
    own = tool.find("kustomize")
    if own is not None:
        return [own, "build"]
    kubectl = tool.find("kubectl")
    if kubectl is not None:
        return [kubectl, "kustomize"]
    hint = "install kustomize or kubectl and put it on PATH"
    raise RenderError(subject, "neither kustomize nor kubectl is installed", hint=hint)


@dataclass(slots=True)
class Survey:
    """The kustomizations that a build will read, looked at before it runs.

    Kustomize would follow references out of the checkout and into the network, and names no line when one is wrong.
    """

    checkout: Tree
    folders: list[str] = field(default_factory=list)
    kustomizations: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    literals: list[str] = field(default_factory=list)
    """The values that generators hold, which no error may quote."""

    def visit(self, folder: str) -> None:
        """Look at the kustomization of a folder and at those it refers to. Raises RenderError with file and line."""
        seen, waiting = {folder}, [folder]
        while waiting:
            here = waiting.pop()
            self.folders.append(here)
            for resolved in self._references(here):
                kind = self.checkout.kind(resolved)
                if kind == stat.S_IFREG:
                    self.files.append(resolved)
                elif resolved not in seen:
                    seen.add(resolved)
                    waiting.append(resolved)

    def check_files(self) -> None:
        """Raise RenderError with the place if one of the files that were referred to is no proper YAML."""
        for path in self.files:
            if not path.endswith((".yaml", ".yml", ".json")):
                continue
            try:
                load_all(self.checkout.read(path, CAPS.file), name=shown(path))
            except InputError as e:
                raise rewrapped(e) from e

    def _references(self, folder: str) -> Iterator[str]:
        path = find_kustomization(self.checkout, folder)
        if path is None:
            raise RenderError(shown(folder), "has no kustomization.yaml")
        self.kustomizations.append(path)
        data = self.checkout.read(self.checkout.resolve(path), CAPS.file)
        try:
            value, positions = load_with_positions(data, name=shown(path))
        except InputError as e:
            raise rewrapped(e) from e
        if not isinstance(value, dict):
            raise RenderError(shown(path), "is empty" if value is None else "is no mapping")
        self.literals.extend(_literals(value))
        for step, entry in _entries(value):
            line, _ = positions.at(step)
            resolved = self._resolved(entry, folder, f"{shown(path)}:{line}")
            if resolved is not None:
                yield resolved

    def _resolved(self, entry: str, folder: str, place: str) -> str | None:
        if "\n" in entry:
            return None
        try:
            return self.checkout.resolve(entry, base=folder, subject=place)
        except RenderError as e:
            if _REMOTE.match(entry):
                message = "refers to something in the network, which renderers cannot reach"
                raise RenderError(place, message, hint="copy it into the repository") from e
            raise RenderError(place, f"refers to '{shown(entry)}', which {e.message}") from e


def _entries(kustomization: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The references of a kustomization to files and folders, with their paths in it."""
    for name in _REFERENCES:
        for index, entry in _elements(kustomization, name, str):
            yield (name, index), entry
    for name in _PATCHES:
        for index, patch in _elements(kustomization, name, dict):
            if isinstance(patch.get("path"), str):
                yield (name, index, "path"), patch["path"]
    for name in _GENERATORS:
        for index, generator in _elements(kustomization, name, dict):
            for kind in ("files", "envs"):
                for at, entry in _elements(generator, kind, str):
                    yield (name, index, kind, at), entry.rpartition("=")[2]


def _literals(kustomization: dict[str, Any]) -> Iterator[str]:
    for name in _GENERATORS:
        for _, generator in _elements(kustomization, name, dict):
            for _, literal in _elements(generator, "literals", str):
                yield literal.partition("=")[2] or literal


def _elements(holder: dict[str, Any], name: str, kind: type[T]) -> Iterator[tuple[int, T]]:
    """The elements of a list that are of one kind, with their places in it; none when there is no list."""
    found = holder.get(name)
    for index, element in enumerate(found if isinstance(found, list) else ()):
        if isinstance(element, kind):
            yield index, element
