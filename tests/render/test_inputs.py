"""The files that manifests come from, for finding the line that states a field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitops_tui.model.application import Application, HelmOptions, RendererName, Source
from gitops_tui.model.resources import Manifest, Origin
from gitops_tui.render import inputs_of
from gitops_tui.render.inputs import Inputs

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"


def inputs(folder: Path, files: dict[str, str], path: str = "app", **more: Any) -> Inputs:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return inputs_of(folder, Application("shop", Source("x", path=path, **more)))


def manifest(path: str) -> Manifest:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}}
    return Manifest.of(body, Origin(path, 1))


def test_the_file_of_a_manifest_also_through_a_link(tmp_path: Path) -> None:
    found = inputs(tmp_path, {"app/real.yaml": MAP})
    (tmp_path / "app/link.yaml").symlink_to("real.yaml")
    assert found.renderer is RendererName.DIRECTORY
    assert found.origin(manifest("app/real.yaml")) == (("app/real.yaml", MAP.encode()),)
    assert found.origin(manifest("app/link.yaml")) == (("app/real.yaml", MAP.encode()),)


def test_nothing_outside_of_the_checkout_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(MAP)
    found = inputs(tmp_path / "checkout", {"app/real.yaml": MAP})
    (tmp_path / "checkout/app/link.yaml").symlink_to("../../secret.yaml")
    for path in ("app/link.yaml", "../secret.yaml", "app/absent.yaml", "app", ""):
        assert found.origin(manifest(path)) == ()


def test_the_files_of_a_kustomization_nearest_first(tmp_path: Path) -> None:
    files = {
        "app/kustomization.yaml": "resources: [../base]\npatches: [{path: scale.yaml}]\n",
        "app/scale.yaml": MAP,
        "base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator: [{name: x, files: [page.txt]}]\n",
        "base/web.yaml": MAP,
        "base/page.txt": "hello",
        "base/unused.yaml": MAP,
    }
    found = inputs(tmp_path, files)
    assert found.renderer is RendererName.KUSTOMIZE
    assert [path for path, _ in found.kustomized()] == [
        "app/kustomization.yaml",
        "app/scale.yaml",
        "base/kustomization.yaml",
        "base/web.yaml",
        "base/page.txt",
    ]


def test_the_values_of_a_chart_those_that_win_first(tmp_path: Path) -> None:
    files = {
        "app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "app/values.yaml": "a: 1\n",
        "app/values-prod.yaml": "a: 2\n",
        "shared/all.yaml": "a: 3\n",
        "app/templates/web.yaml": MAP,
    }
    helm = HelmOptions(values_files=("values-prod.yaml", "/shared/all.yaml", "../shared/all.yaml", "absent.yaml"))
    found = inputs(tmp_path, files, helm=helm)
    assert found.renderer is RendererName.HELM
    assert [path for path, _ in found.values()] == ["shared/all.yaml", "app/values-prod.yaml", "app/values.yaml"]
    assert found.origin(manifest("app/templates/web.yaml"))[0][0] == "app/templates/web.yaml"


def test_a_file_that_is_too_large_is_left_out(tmp_path: Path) -> None:
    found = inputs(tmp_path, {"app/real.yaml": "#" + "x" * (11 << 20)})
    assert found.origin(manifest("app/real.yaml")) == ()
