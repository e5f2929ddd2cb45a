"""Regular expressions that are compiled when they are first used.

Compiling one takes a tenth of a millisecond to five, and a start uses few of the hundred that it would compile.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

__all__ = ["pattern"]

if TYPE_CHECKING:
    from re import compile as pattern
else:

    def pattern(text, flags=0):
        """Return what `re.compile` returns, as far as one asks its methods; a mistake in it is told at the first."""
        return _Pattern(text, flags)


class _Pattern:
    """Stands for a compiled pattern, and hands on its methods."""

    def __init__(self, text: Any, flags: int) -> None:
        self._given = (text, flags)

    def __getattr__(self, name: str) -> Any:
        # `re` keeps what it compiled, so the second method that is asked for costs nothing.
        method = getattr(re.compile(*self._given), name)
        self.__dict__[name] = method
        return method
