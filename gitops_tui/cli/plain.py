"""The command line that is written most, read without a parser: `status`, with shared options that are spelled out.

To import `argparse` and to build a parser with it takes a twentieth of a start. Whatever is not as plain as this, or is
a mistake, is left to it; a test holds that both read the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

_VALUES: Final = {
    **{f"--{name}": name for name in ("config", "repo", "revision", "path", "namespace", "context", "kubeconfig")},
    "--state-dir": "state_dir",
    "-o": "output",
    "--output": "output",
}
_FORMATS: Final = ("table", "json", "yaml")
_OF_A_REPOSITORY: Final = ("revision", "path", "namespace", "context")

_UNSAID: Final[Mapping[str, Any]] = {
    **dict.fromkeys((*_VALUES.values(), "listen")),
    **dict.fromkeys(("demo", "reset", "read_only", "headless", "once", "orphans"), False),
    "output": "table",
}


def plainly(words: Sequence[str]) -> Any:
    """A namespace such as the parser would make of a command line; None where that has to be asked."""
    said: dict[str, Any] = {}
    verb: list[str] = []
    """The verb, and what it is said of."""
    rest = iter(words)
    is_together = True
    for word in rest:
        if word in _VALUES:
            value = next(rest, "")
            if not value or value.startswith("-"):
                return None
            said[_VALUES[word]] = value
            is_together = len(verb) < 2
        elif word == "--read-only":
            said["read_only"] = True
            is_together = len(verb) < 2
        elif word and not word.startswith("-") and is_together:
            verb.append(word)
        else:
            return None
    return _checked(said, verb)


def _checked(said: Mapping[str, Any], verb: Sequence[str]) -> Any:
    is_of_both = "repo" in said and "config" in said
    is_of_none = "repo" not in said and any(name in said for name in _OF_A_REPOSITORY)
    if verb[:1] != ["status"] or is_of_both or is_of_none or said.get("output", "table") not in _FORMATS:
        return None
    return SimpleNamespace(**{**_UNSAID, **said, "verb": "status", "applications": [*verb[1:]]})
