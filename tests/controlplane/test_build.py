"""`make controlplane` on machines that cannot build, or need not."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
BUILD = FOLDER / "build"
SERVERS = ("etcd", "kube-apiserver", "kube-controller-manager")


@pytest.fixture
def path_without_go(tmp_path: Path) -> str:
    """A PATH with what the script itself needs and no Go toolchain."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("awk", "bash", "cat", "cut", "dirname", "sha256sum"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    return str(tools)


def build(target: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BUILD, target], env={"PATH": path}, check=False, capture_output=True, text=True)


def test_a_machine_without_go_is_told_what_to_do(tmp_path: Path, path_without_go: str) -> None:
    run = build(tmp_path / "built", path_without_go)

    assert run.returncode == 3
    assert "the go command is missing: install Go 1." in run.stderr
    assert "KUBEBUILDER_ASSETS" in run.stderr
    assert not (tmp_path / "built").exists()


def test_a_toolchain_that_is_too_old_is_told_so(tmp_path: Path, path_without_go: str) -> None:
    go = Path(path_without_go) / "go"
    go.write_text("#!/bin/bash\necho 'go: go.mod requires go >= 1.26.0 (running go 1.19)' >&2; exit 1\n")
    go.chmod(0o755)

    run = build(tmp_path / "built", path_without_go)

    assert run.returncode == 3
    assert "running go 1.19" in run.stderr


def test_binaries_of_the_same_pins_are_kept(tmp_path: Path, path_without_go: str) -> None:
    for server in SERVERS:
        (tmp_path / server).touch(mode=0o755)
    pins = b"".join((FOLDER / name).read_bytes() for name in ("go.mod", "go.sum", "build"))
    (tmp_path / "stamp").write_text(hashlib.sha256(pins).hexdigest() + "\n")

    run = build(tmp_path, path_without_go)

    assert run.returncode == 0
    assert "up to date" in run.stderr


def test_binaries_of_other_pins_are_built_anew(tmp_path: Path, path_without_go: str) -> None:
    for server in SERVERS:
        (tmp_path / server).touch(mode=0o755)
    (tmp_path / "stamp").write_text("other pins\n")

    assert build(tmp_path, path_without_go).returncode == 3
