"""Which child processes this process starts, heard from the interpreter itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, Self

_STARTS = frozenset({"subprocess.Popen", "os.posix_spawn"})


class Spawned:
    """In its `with` block, the command lines that are started, in any thread."""

    _hearing: Spawned | None = None
    _hooked = False

    def __init__(self) -> None:
        self.commands: list[tuple[str, ...]] = []

    def __enter__(self) -> Self:
        if not Spawned._hooked:
            # A hook stays for the life of the process.
            sys.addaudithook(_heard)
            Spawned._hooked = True
        Spawned._hearing = self
        return self

    def of(self, programs: Collection[str]) -> int:
        """How many of them run one of these programs, directly or by another that becomes it."""
        return sum(any(Path(word).name in programs for word in command) for command in self.commands)

    def __exit__(self, *_: object) -> None:
        Spawned._hearing = None


def _heard(event: str, details: tuple[Any, ...]) -> None:
    hearing = Spawned._hearing
    if event in _STARTS and hearing is not None:
        hearing.commands.append(tuple(os.fsdecode(each) for each in details[1]))
