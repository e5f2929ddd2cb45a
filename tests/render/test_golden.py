"""Each folder in fixtures/ is a repository, what to render of it, and the manifests that must come out.

`GITOPS_TUI_WRITE_GOLDEN=1 pytest tests/render/test_golden.py` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from gitops_tui.model.resources import Manifest
from gitops_tui.render import RenderTarget, render
from gitops_tui.yamlio import dump, load_all
from tests.render.conftest import application

FIXTURES = sorted(path for path in (Path(__file__).parent / "fixtures").iterdir() if path.is_dir())


def printed(manifests: Iterable[Manifest]) -> str:
    """A YAML stream with the origin of each manifest above it."""
    return "---\n".join(f"# {manifest.origin}\n{dump(manifest.body)}" for manifest in manifests)


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_a_repository_becomes_its_golden_manifests(folder: Path) -> None:
    (document,) = load_all((folder / "application.yaml").read_bytes(), name="application.yaml")
    options = dict(document.value)
    target = options.pop("target", {})
    wanted = RenderTarget(target.get("kube_version", ""), tuple(target.get("api_versions", ())))
    manifests = render(folder / "repository", application(**options), target=wanted)
    golden = folder / "golden.yaml"
    if os.environ.get("GITOPS_TUI_WRITE_GOLDEN"):
        golden.write_text(printed(manifests))
    assert printed(manifests) == golden.read_text()
    assert [d.value for d in load_all(golden.read_bytes(), name="golden.yaml")] == [m.body for m in manifests]
