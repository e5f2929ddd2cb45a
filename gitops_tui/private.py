"""Files for nobody's eyes but their owner's."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, data: bytes | str) -> None:
    """Replace a file as a whole, readable by its owner only from the first byte on.

    Safe beside other threads and processes that do the same. When it raises OSError, the file is as it was.
    """
    fresh = path.with_name(f".{path.name}.{os.urandom(4).hex()}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def make_room(path: Path, most: int) -> None:
    """Make the private folder of a file that is to be written, and keep it below so many files. OSError.

    Where there are more, a quarter goes: those that were written longest ago.
    """
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    names = os.listdir(folder)  # noqa: PTH208 - counted often, looked at rarely
    if len(names) >= most:
        oldest = sorted((folder / name for name in names), key=lambda each: each.stat().st_mtime)
        for each in oldest[: most // 4]:
            each.unlink(missing_ok=True)
