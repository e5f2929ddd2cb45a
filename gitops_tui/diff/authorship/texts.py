"""Texts in which a value may be stated: files of a commit, and which lines of them state a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from gitops_tui.diff.normalise import encoded, is_secret
from gitops_tui.diff.paths import Path, resolve
from gitops_tui.model.errors import InputError
from gitops_tui.model.fields import dig, text
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.values import dataclass
from gitops_tui.yamlio import Document, Limits, Positions, load_all

_BLOCK: Final = pattern(r"[|>][-+0-9]*\s*(?:#.*)?$")
_LIMITS: Final = Limits(bytes=10 << 20, nodes=300_000)
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Lines of a file, counted from 1, both included."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Node:
    """An object in a text: its value, the steps to it in its document, and the document's first and last line."""

    value: Any
    positions: Positions
    steps: Steps
    line: int
    end: int


class Text:
    """A file of a commit. path: inside the repository. What is no YAML has no documents."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines."""
        return tuple(self.data.decode(errors="replace").split("\n"))

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Its documents, with positions."""
        if not self.path.lower().endswith((".yaml", ".yml", ".json")) and not self.path.endswith("/Kustomization"):
            return ()
        try:
            return load_all(self.data, name=self.path, limits=_LIMITS, track=True)
        except InputError:
            return ()

    def roots(self) -> Iterator[Node]:
        """Its documents."""
        for at, document in enumerate(self.documents):
            end = self.documents[at + 1].line - 1 if at + 1 < len(self.documents) else len(self.lines)
            if document.positions is not None:
                yield Node(document.value, document.positions, (), document.line, end)

    def objects(self) -> Iterator[Node]:
        """The Kubernetes objects in it, also those inside lists."""
        for root in self.roots():
            yield from _objects(root)

    def patches(self) -> Iterator[Text]:
        """The texts of the patches that a kustomization holds, each on the lines where it is written."""
        for root in self.roots():
            patches = dig(root.value, "patches")
            for index, each in enumerate(patches if isinstance(patches, list) else ()):
                written = text(dig(each, "patch"))
                line = root.positions.at(("patches", index, "patch"))[0]
                if "\n" in written and _BLOCK.search(self.lines[line - 1]):
                    yield Text(self.path, b"\n" * line + written.encode(errors="replace"))

    def statement(self, node: Node, steps: Steps) -> Statement:
        """The lines of a value and its key. steps: from the document's root."""
        first, last, column = _extent(node.positions, steps, node.end)
        while last > first and _is_between(self.lines[last - 1], column):
            last -= 1
        return Statement(self.path, first, last)

    def whole(self) -> Statement:
        """All of it."""
        return Statement(self.path, 1, max(len(self.lines) - (self.lines[-1] == ""), 1))


def _objects(node: Node) -> Iterator[Node]:
    if not isinstance(node.value, Mapping):
        return
    items = node.value.get("items")
    if not text(node.value.get("kind")).endswith("List") or not isinstance(items, list):
        yield node
        return
    for index, item in enumerate(items):
        steps = (*node.steps, "items", index)
        yield from _objects(Node(item, node.positions, steps, node.positions.at(steps)[0], node.end))


def is_for(node: Node, key: ResourceKey, *, renamed: bool = False) -> bool:
    """Whether an object as written is the one of that key; a namespace may be left out.

    renamed: or becomes it by a prefix, a suffix, or a hash of its content.
    """
    value = node.value
    group = text(value.get("apiVersion")).rpartition("/")[0]
    namespace, name = text(dig(value, "metadata", "namespace")), text(dig(value, "metadata", "name"))
    return (
        (group, text(value.get("kind"))) == (key.group, key.kind)
        and (bool(name) and name in key.name if renamed else name == key.name)
        and namespace in {"", key.namespace}
    )


def stated(body: Any, path: Path) -> tuple[Steps, Any] | None:
    """Where an object as written states a field, with the value as it becomes live; None when it does not."""
    written: list[Path] = [path]
    if path[:1] == ("data",) and isinstance(body, Mapping) and is_secret(body):
        written.append(("stringData", *path[1:]))
    for each in written:
        place = next(resolve(body, each), None)
        if place is not None:
            value = body
            for step in place:
                value = value[step]
            plain = each[0] == "stringData" and isinstance(value, str)
            steps = tuple(step for step in place if isinstance(step, str | int))
            return steps, encoded(value) if plain else value
    return None


def _extent(positions: Positions, steps: Steps, end: int) -> tuple[int, int, int]:
    """First and last line, and the column of the key, of what `steps` lead to; of what is known of the way."""
    node, here = positions, positions.value
    last = end
    for step in steps:
        child = node.children.get(step)
        if child is None:
            break
        own = child.key
        if own < here:  # an alias leads back to where its anchor is written
            last = own[0]
        after = [other.key[0] for other in node.children.values() if other.key > own]
        last = min([last, *(max(line - 1, own[0]) for line in after)])
        node, here = child, own
    return here[0], max(last, here[0]), here[1]


def _is_between(line: str, column: int) -> bool:
    """Whether a line at the end of a value belongs to what follows: empty, a comment, the end of a document."""
    bare = line.strip()
    indent = len(line) - len(line.lstrip())
    return not bare or line.startswith(("---", "...")) or (bare[0] == "#" and indent < column)
