"""Finding, reading and checking the user's file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_tui.config.build import build
from gitops_tui.config.settings import Config, config_folder
from gitops_tui.model.errors import ConfigError, InputError
from gitops_tui.model.text import one_line
from gitops_tui.yamlio import Positions, load_all, load_with_positions

if TYPE_CHECKING:
    from gitops_tui.config.mistakes import Mistake

VARIABLE = "GITOPS_TUI_CONFIG"
FILE_NAME = "gitops-tui.yaml"
LARGEST = 10 * 1024 * 1024
"""Bytes; nobody writes a larger file by hand."""


def find(option: str | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The file to use: `--config`, `$GITOPS_TUI_CONFIG`, `./gitops-tui.yaml`, `config.yaml` in the XDG folder.

    None when there is none. ConfigError when a named one does not exist, or when the one in the working folder
    belongs to somebody else: it names keys and helpers that would run for this user.
    """
    for source, named in (("--config", option), (f"${VARIABLE}", environ.get(VARIABLE))):
        if named:
            path = cwd / Path(named).expanduser()
            if not path.exists():
                raise ConfigError(one_line(named), f"no such file (from {source})", hint=_INIT)
            return path
    here = cwd / FILE_NAME
    if here.is_file():
        if here.stat().st_uid not in {0, os.getuid()}:
            raise ConfigError(FILE_NAME, "belongs to another user", hint=f"use --config ./{FILE_NAME} to trust it")
        return here
    common = config_folder(environ) / "config.yaml"
    return common if common.is_file() else None


_INIT = "`gitops-tui config init` writes one"


def load(path: Path) -> Config:
    """Read a file. ConfigError with all its mistakes, each as `file:line:column: where: message`."""
    name = one_line(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(name, (error.strerror or "cannot be read").lower(), hint=_INIT) from error
    return parse(data, name=name, base=path.absolute().parent, path=path)


def parse(data: bytes, *, name: str, base: Path, path: Path | None = None) -> Config:
    """Read a text. base: the folder that relative paths in it start from."""
    if len(data) > LARGEST:
        raise ConfigError(name, f"is larger than {LARGEST // 1024 // 1024} MiB")
    try:
        documents = load_all(data, name=name)
        if len(documents) == 1 and not _mistakes(documents[0].value):
            return build(documents[0].value, base, path)
        # Where a value stands takes a parser, which takes longer to import than the file to read.
        document, positions = load_with_positions(data, name=name)
    except InputError as error:
        raise ConfigError(name, "one mistake", mistakes=(str(error),)) from error
    if document is None:
        raise ConfigError(name, "is empty", mistakes=(f"{name}:1:1: is empty",), hint=_INIT)
    mistakes = tuple(_told(name, document, positions))
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    raise ConfigError(name, count, mistakes=mistakes)


def example() -> str:
    """A commented file to begin with."""
    from importlib import resources  # noqa: PLC0415 - for who begins

    return resources.files("gitops_tui.config").joinpath("example.yaml").read_text(encoding="utf-8")


def _mistakes(document: Any) -> tuple[Mistake, ...]:
    # For a file alone; what is given on the command line has no schema.
    from gitops_tui.config.checks import other_mistakes  # noqa: PLC0415
    from gitops_tui.config.mistakes import schema_mistakes  # noqa: PLC0415

    return (*schema_mistakes(document), *other_mistakes(document))


def _told(name: str, document: Any, positions: Positions) -> list[str]:
    found: dict[tuple[int, int, str], None] = {}
    for mistake in _mistakes(document):
        line, column = positions.at(mistake.path, key=mistake.on_key)
        where = _where(document, mistake)
        text = f"{where}: {mistake.message}" if where else mistake.message
        if mistake.see is not None:
            text += f" (line {positions.at(mistake.see)[0]})"
        found[line, column, text] = None
    return [f"{name}:{line}:{column}: {text}" for line, column, text in sorted(found)]


def _where(document: Any, mistake: Mistake) -> str:
    """`applications[web].source.path`: entries of a list by their name where they have one."""
    path = mistake.path[:-1] if mistake.on_key else mistake.path
    where, node = "", document
    for step in path:
        node = node[step]
        if isinstance(step, int):
            name = node.get("name") if isinstance(node, Mapping) else None
            where += f"[{one_line(name, limit=63) if isinstance(name, str) else step}]"
        else:
            where += f".{one_line(str(step), limit=63)}" if where else one_line(str(step), limit=63)
    return where
