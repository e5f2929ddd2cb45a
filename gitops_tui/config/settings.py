"""What a user's file says, as values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_tui.model.application import Application, FolderTemplate, Repository
from gitops_tui.model.revision import Author
from gitops_tui.model.values import dataclass, field

if TYPE_CHECKING:
    from gitops_tui.model.rules import KindRules

APP_FOLDER = "gitops-tui"


def state_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_STATE_HOME/gitops-tui`, else `~/.local/state/gitops-tui`; a relative value is ignored, as XDG demands."""
    return _xdg_folder("XDG_STATE_HOME", Path(".local", "state"), os.environ if environ is None else environ)


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/gitops-tui`, else `~/.config/gitops-tui`."""
    return _xdg_folder("XDG_CONFIG_HOME", Path(".config"), os.environ if environ is None else environ)


def _xdg_folder(variable: str, default: Path, environ: Mapping[str, str]) -> Path:
    base = Path(environ.get(variable, ""))
    if not base.is_absolute():
        base = Path(environ.get("HOME") or Path.home()) / default
    return base / APP_FOLDER


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole program.

    interval: seconds between two looks at a repository that names none of its own. parallel: applications that
    are worked on at once. kubeconfig: None for `$KUBECONFIG`, else `~/.kube/config`. read_only: nothing is ever
    written; read_only_contexts: nothing is written to these contexts. wave_pause: seconds between two waves.
    listen: host and port of the health endpoints of the daemon, "" for none. author, sign_commits: of a revert,
    None for what the user's Git configuration says.
    """

    state_dir: Path = field(default_factory=state_folder)
    interval: float = 60.0
    parallel: int = 4
    kubeconfig: Path | None = None
    read_only: bool = False
    read_only_contexts: tuple[str, ...] = ()
    wave_pause: float = 2.0
    listen: str = "127.0.0.1:9797"
    parallel_syncs: int = 8
    keep_journal: float | None = None
    journal_size: int | None = None
    author: Author | None = None
    sign_commits: bool | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of a user's configuration. path: the file it was read from, None when it was made otherwise.

    repositories: all that applications and folders use, each URL once. Masked paths of the settings, and health
    rules, are part of each application's already.
    """

    applications: tuple[Application, ...] = ()
    folders: tuple[FolderTemplate, ...] = ()
    repositories: tuple[Repository, ...] = ()
    settings: Settings = field(default_factory=Settings)
    path: Path | None = None
    health: tuple[KindRules, ...] = ()
