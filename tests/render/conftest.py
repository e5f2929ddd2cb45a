"""Repositories made for one test, and a short way to render a folder of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.model import application as model
from gitops_tui.model.application import (
    Application,
    Destination,
    DirectoryOptions,
    HelmOptions,
    KustomizeOptions,
    RendererName,
    Source,
)
from gitops_tui.model.errors import RenderError
from gitops_tui.model.resources import Manifest
from gitops_tui.render import Commit, RenderTarget, render, tool
from gitops_tui.render.checkout import Tree
from gitops_tui.source import Mirrors

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


def application(path: str = "", name: str = "web", **options: Any) -> Application:
    """An application whose source is `path`; options are those of its source, renderer by renderer."""
    source = Source("https://example.com/r.git", path=path)
    made: dict[str, Any] = {
        "directory": DirectoryOptions(**options.get("directory", {})),
        "helm": HelmOptions(**options.get("helm", {})),
        "kustomize": KustomizeOptions(**options.get("kustomize", {})),
        "renderer": RendererName(options.get("renderer", "auto")),
    }
    return Application(name, replace(source, **made), Destination(namespace=options.get("namespace", "default")))


class Repository:
    """A folder of files that stands for the checkout of a commit."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str | bytes]) -> Repository:
        """Add files; parents come by themselves."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def link(self, name: str, target: str) -> Repository:
        """Add a symbolic link."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return self

    def render(self, path: str = "", *, target: RenderTarget | None = None, **options: Any) -> tuple[Manifest, ...]:
        """Render a folder."""
        return render(self.place(), application(path, **options), target=target or RenderTarget())

    def place(self) -> Path | Tree:
        """Where the files are rendered from."""
        return self.root

    def names(self, path: str = "", **options: Any) -> list[str]:
        """The names of the objects of a folder."""
        return [manifest.key.name for manifest in self.render(path, **options)]

    def refusal(self, path: str = "", **options: Any) -> RenderError:
        """The error that a folder is refused with; it never names a folder of this machine."""
        with pytest.raises(RenderError) as caught:
            self.render(path, **options)
        assert str(self.root) not in str(caught.value)
        assert "/tmp" not in str(caught.value)  # noqa: S108
        assert caught.value.subject
        return caught.value


class Committed(Repository):
    """The same files in a commit of a real repository, rendered from Git's objects."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._bare = root.parent / "bare"
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self._bare))
        self._mirror = Mirrors(root.parent / "state").mirror(model.Repository(str(self._bare)))

    def _git(self, *arguments: str) -> None:
        clean = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", *arguments], check=True, capture_output=True, env={**os.environ, **clean})

    def place(self) -> Path | Tree:
        place = (f"--git-dir={self._bare}", f"--work-tree={self.root}")
        self._git(*place, "add", "--all")
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        self._git(*place, *who, "commit", "--quiet", "--allow-empty", "-m", "Files")
        self._mirror.fetch()
        return Commit(self._mirror.files(self._mirror.resolve("main").sha))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    root = tmp_path / "checkout"
    root.mkdir()
    return Repository(root)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a program of one's own in front of the real one: `program(name, text of a Python script)`."""
    folder = tmp_path / "bin"

    def put(name: str, text: str) -> Path:
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(f"#!/usr/bin/env python3\n{text}\n")
        path.chmod(0o755)
        return path

    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(tool, "_READABLE", (*tool._READABLE, sys.prefix, sys.base_prefix))
    return put
