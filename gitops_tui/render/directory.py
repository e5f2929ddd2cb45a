"""Plain folders of YAML and JSON files."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gitops_tui.model.errors import InputError, RenderError
from gitops_tui.model.resources import Manifest
from gitops_tui.render.checkout import Tree, shown
from gitops_tui.render.manifests import CAPS, Collection, rewrapped
from gitops_tui.render.request import PLAIN_SUFFIXES, Request
from gitops_tui.yamlio import load_all

_SKIP_MARK: Final = b"+argocd:skip-file-rendering"


def render_directory(request: Request) -> tuple[Manifest, ...]:
    """Manifests of all YAML and JSON files of a folder, sorted by path. Raises RenderError."""
    options = request.application.source.directory
    collection = Collection(shown(request.path), CAPS)
    total = 0
    files = [
        file for file in _files(request.checkout, request.path, recurse=options.recurse) if _is_wanted(request, file[0])
    ]
    contents = request.checkout.contents((resolved for _, resolved in files), CAPS.file)
    for (path, _), data in zip(files, contents, strict=True):
        total += len(data)
        if total > CAPS.total:
            raise RenderError(shown(request.path), f"its files hold more than {CAPS.total} bytes")
        if _SKIP_MARK in data:
            continue
        _add(collection, data, path)
    return collection.manifests()


def _is_wanted(request: Request, path: str) -> bool:
    options = request.application.source.directory
    below = path.removeprefix(request.path).lstrip("/")
    if options.include and not any(matches(below, pattern) for pattern in options.include):
        return False
    return not any(matches(below, pattern) for pattern in options.exclude)


def _add(collection: Collection, data: bytes, path: str) -> None:
    try:
        documents = load_all(data, name=shown(path))
    except InputError as e:
        error = rewrapped(e)
        if b"{{" in data:
            error.hint = "this looks like a template; a Helm chart has a Chart.yaml in its folder"
        raise error from e
    collection.add(documents, path, has_lines=True)


def _files(checkout: Tree, folder: str, *, recurse: bool) -> Iterator[tuple[str, str]]:
    """Path and resolved path of each file with a fitting suffix."""
    seen, waiting = {folder}, [(folder, folder, 0)]
    files = 0
    while waiting:
        path, resolved, depth = waiting.pop()
        folders = []
        for entry, target, kind in checkout.entries(resolved):
            below = f"{path}/{entry.rpartition('/')[2]}".lstrip("/")
            if kind == stat.S_IFDIR:
                if recurse and target not in seen and not entry.endswith("/.git"):
                    seen.add(target)
                    folders.append((below, target, depth + 1))
            elif entry.lower().endswith(PLAIN_SUFFIXES):
                files += 1
                if not below.isprintable():
                    raise RenderError(shown(below), "the file's name holds characters that cannot be shown")
                yield below, target
        if folders and depth >= CAPS.depth:
            raise RenderError(shown(path), f"folders are nested more than {CAPS.depth} levels deep")
        if files > CAPS.files:
            raise RenderError(shown(folder), f"more than {CAPS.files} files", hint="split the application")
        waiting.extend(reversed(folders))


def matches(path: str, pattern: str) -> bool:
    """Whether a glob pattern fits a path below the folder; one without `/` fits the file's name at any depth.

    `*` and `?` stay within a name, `**` crosses folders, `[ab]` and `{a,b}` are alternatives.
    """
    name = path.rpartition("/")[2]
    return _compiled(pattern.removeprefix("./")).fullmatch(path if "/" in pattern else name) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces, in_braces = [], False
    for sign in re.findall(r"\*\*/|\*\*|\[!?[^\]/]+\]|.", pattern, re.DOTALL):
        if sign.startswith("[") and len(sign) > 1:
            inner = sign[1:-1]
            negated = inner.startswith("!")
            pieces.append(f"[{'^' if negated else ''}{re.escape(inner[negated:]).replace(chr(92) + '-', '-')}]")
        elif sign == "{":
            in_braces = True
            pieces.append("(?:")
        elif sign == "}" and in_braces:
            in_braces = False
            pieces.append(")")
        elif sign == "," and in_braces:
            pieces.append("|")
        else:
            pieces.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign)))
    return re.compile("".join(pieces) + (")" if in_braces else ""), re.DOTALL)
