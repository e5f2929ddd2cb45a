"""How Python finds the modules of this package: where they are, and the byte code that it keeps of them, at once.

Of each module it asks all finders that it knows, in turn; the one that answers lists folders, tries seven kinds of
files, and hands over a loader that works out again what the finder knew. For two hundred modules that is a tenth of a
start. Whatever is not as it nearly always is (no byte code yet, or old; another kind of file; an archive) is left to
Python, which does what it always does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from marshal import loads
from types import CodeType, ModuleType

_CACHED = f".{sys.implementation.cache_tag}.pyc"
_KIND, _REGULAR = 0o170000, 0o100000
_HEAD = 16
"""Bytes before the code: the version of its format, how it is checked, and by what (PEP 552)."""


class Finder:
    """Finds modules of one package, by the name of that and its parents' folders."""

    def __init__(self, package: str) -> None:
        self._prefix = f"{package}."
        self._listed: dict[str, frozenset[str]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python is to load; None for what it shall look for itself."""
        del target
        if not path or not name.startswith(self._prefix):
            return None
        folder, own = path[0], name.rpartition(".")[2]
        if own in self._names(folder):
            return self._spec(name, f"{folder}{os.sep}{own}", "__init__")
        return self._spec(name, folder, own)

    def _names(self, folder: str) -> frozenset[str]:
        """What is in a folder. A file that came since is left to Python, one that went is missed when it is read."""
        names = self._listed.get(folder)
        if names is None:
            try:
                names = frozenset(os.listdir(folder))  # noqa: PTH208 - before anything is imported
            except OSError:
                names = frozenset()
            self._listed[folder] = names
        return names

    def _spec(self, name: str, folder: str, file: str) -> ModuleSpec | None:
        """The file, unless there is one that Python takes in its place."""
        names = self._names(folder)
        if f"{file}.py" not in names or any(f"{file}{suffix}" in names for suffix in EXTENSION_SUFFIXES):
            return None
        return _spec(name, folder, file)


def _spec(name: str, folder: str, file: str) -> ModuleSpec | None:
    origin = f"{folder}{os.sep}{file}.py"
    try:
        state = os.stat(origin)  # noqa: PTH116 - before anything is imported, and as cheap as can be
    except OSError:
        return None
    if state.st_mode & _KIND != _REGULAR:
        return None
    is_package = file == "__init__"
    cached = f"{folder}{os.sep}__pycache__{os.sep}{file}{_CACHED}"
    found = ModuleSpec(name, _Loader(name, origin, cached, _head(state)), origin=origin, is_package=is_package)
    found.has_location, found.cached = True, cached
    if is_package:
        found.submodule_search_locations = [folder]
    return found


def _head(state: os.stat_result) -> bytes:
    """How byte code begins that was made of a source of this time and this size."""
    checked = (0, int(state.st_mtime) & 0xFFFF_FFFF, state.st_size & 0xFFFF_FFFF)
    return MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in checked)


class _Loader(SourceFileLoader):
    """Loads byte code that is as new as its source; for all else it is Python's own loader."""

    def __init__(self, name: str, path: str, cached: str, head: bytes) -> None:
        super().__init__(name, path)
        self._cached = cached
        self._head = head

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        try:
            data = _read(self._cached)
        except OSError:
            data = b""
        # As Python itself believes and runs what it finds in this file.
        code = loads(memoryview(data)[_HEAD:]) if data.startswith(self._head) else None  # noqa: S302
        if not isinstance(code, CodeType) or code.co_filename != self.path:
            super().exec_module(module)
        else:
            exec(code, vars(module))  # noqa: S102


def _read(path: str) -> bytes:
    """A small file. OSError."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, os.fstat(file).st_size)
    finally:
        os.close(file)


def install(package: str) -> None:
    """Find the modules of a package so, unless Python was told to keep its byte code elsewhere, or none."""
    if sys.implementation.cache_tag and not (sys.pycache_prefix or sys.flags.optimize):
        sys.meta_path.insert(0, Finder(package))
