"""Who a commit of ours is by, and whether it is signed: from our settings, else from the user's Git configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.revision import Author
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass
from gitops_tui.source.transport.address import Address
from gitops_tui.source.transport.failures import GitFailedError, said_by_git
from gitops_tui.source.transport.personal import personal_settings, settings_in
from gitops_tui.source.transport.runner import Access, Runner

_WANTED: Final = r"^(user\.(name|email|signingkey)|commit\.gpgsign|gpg\..+)$"
_NAMED: Final = r"^user\.(name|email)$"
_TRUE: Final = {"true", "yes", "on", "1"}


@dataclass(frozen=True, slots=True)
class Identity:
    """options: `name=value` settings of the signing program."""

    author: Author
    signs: bool = False
    options: tuple[str, ...] = ()

    @property
    def access(self) -> Access:
        """What git needs to make a commit."""
        environment = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", self.author.name), ("EMAIL", self.author.email))
        }
        return Access(self.options, environment)


def identity(runner: Runner, address: Address, author: Author | None, signs: bool | None) -> Identity:
    """Return who commits. author, signs: what our settings say, None for what the user's Git says.

    A repository on this machine may name the user, as it does for `git commit` there; it is not asked for a
    program to sign with. SourceError when nobody is named.
    """
    try:
        rows = personal_settings(runner, _WANTED)
        if address.protocol == "file":
            rows += settings_in(runner, Path(address.url), _NAMED)
        found = {name: os.fsdecode(value) for name, value in rows}
    except GitFailedError as error:
        raise SourceError("your Git configuration", said_by_git(error) or "it cannot be read") from error
    wanted = found.get("commit.gpgsign", "").lower() in _TRUE if signs is None else signs
    options = tuple(f"{name}={value}" for name, value in found.items() if name.startswith(("gpg.", "user.signingkey")))
    return Identity(author or _author(found), wanted, options if wanted else ())


def _author(found: Mapping[str, str]) -> Author:
    name, email = (one_line(found.get(f"user.{field}", ""), limit=200) for field in ("name", "email"))
    if not name or not email:
        raise SourceError(
            "the author of the commit",
            "is not known",
            hint="set `author` in the settings, or `git config --global user.name` and `user.email`",
        )
    return Author(name, email)
