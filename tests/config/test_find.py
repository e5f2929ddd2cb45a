"""Which file is used, and what `--repo` means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitops_tui import config
from gitops_tui.model.application import FolderTemplate
from gitops_tui.model.errors import ConfigError, UsageError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    common = tmp_path / "home/.config/gitops-tui/config.yaml"
    common.parent.mkdir(parents=True)
    common.touch()
    return tmp_path / "home"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("gitops-tui.yaml", "named.yaml", "variable.yaml"):
        (folder / name).touch()
    return folder


def test_the_option_beats_the_variable_beats_the_working_folder_beats_the_common_one(home: Path, here: Path) -> None:
    environ = {"HOME": str(home), "GITOPS_TUI_CONFIG": "variable.yaml"}
    assert config.find("named.yaml", environ, here) == here / "named.yaml"
    assert config.find(None, environ, here) == here / "variable.yaml"
    del environ["GITOPS_TUI_CONFIG"]
    assert config.find(None, environ, here) == here / "gitops-tui.yaml"
    (here / "gitops-tui.yaml").unlink()
    assert config.find(None, environ, here) == home / ".config/gitops-tui/config.yaml"
    assert config.find(None, {"HOME": str(here)}, here) is None


def test_the_xdg_folders(tmp_path: Path) -> None:
    environ = {"HOME": "/home/u", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}
    assert config.config_folder(environ) == Path("/c/gitops-tui")
    assert config.state_folder(environ) == Path("/s/gitops-tui")
    assert config.state_folder({"HOME": "/home/u", "XDG_STATE_HOME": "relative"}) == Path(
        "/home/u/.local/state/gitops-tui"
    )


@pytest.mark.parametrize("environ", [{}, {"GITOPS_TUI_CONFIG": "absent.yaml"}])
def test_a_named_file_that_is_absent_is_an_error_and_not_passed_over(here: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: no such file"):
        config.find(None if environ else "absent.yaml", environ, here)


def test_a_file_of_another_user_is_not_picked_up_from_the_working_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() == 0:
        os.chown(here / "gitops-tui.yaml", 4711, -1)
    else:
        monkeypatch.setattr("os.getuid", lambda: 4711)
    with pytest.raises(ConfigError, match="another user"):
        config.find(None, {}, here)
    assert config.find("gitops-tui.yaml", {}, here)


def test_a_repository_alone_is_a_configuration(here: Path) -> None:
    found = config.from_repository("../work", "main", "./apps/*/", "shop", "prod", base=here)
    assert found.folders == (FolderTemplate(str(here), "main", "apps/*", "prod", "shop"),)
    assert [(each.url, each.name) for each in found.repositories] == [(str(here), "work")]


def test_a_url_alone_tracks_the_default_branch_at_the_root() -> None:
    found = config.from_repository("git@github.com:acme/Fleet.git")
    assert found.folders == (FolderTemplate("git@github.com:acme/Fleet.git", "HEAD", ""),)
    assert found.repositories[0].name == "fleet"


@pytest.mark.parametrize("url", ["no/such/folder", "https://u:p@example.com/x", "ext::sh -c id"])
def test_an_unusable_repository_is_told(here: Path, url: str) -> None:
    with pytest.raises(UsageError, match="--repo"):
        config.from_repository(url, base=here)


@pytest.mark.parametrize(
    ("text", "value"), [("90", None), ("90s", 90), ("1h1m1s", 3661), ("1.5m", 90), ("2d", 172800), (7, 7), ("", None)]
)
def test_durations(text: str | int, value: float | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="not a duration"):
            config.seconds(text)
    else:
        assert config.seconds(text) == value
