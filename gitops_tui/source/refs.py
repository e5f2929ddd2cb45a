"""The refs of a mirror, and which commit a tracked name means (semantics.md: Automation)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, field

HEADS: Final = "refs/heads/"
TAGS: Final = "refs/tags/"
KEEP: Final = "refs/gitops-tui/keep/"
HEAD: Final = "refs/gitops-tui/head"
"""The remote's HEAD, which may be detached."""
NO_BRANCH: Final = "refs/gitops-tui/none"
"""What our HEAD names when the remote's names no branch."""

_SHA: Final = pattern(r"[0-9a-fA-F]{7,64}")
_FULL_LENGTHS: Final = {40, 64}


@dataclass(frozen=True, slots=True)
class Refs:
    """Branches and tags as full names to object ids (of the tag object, for an annotated tag).

    default: full name of the remote's default branch, "" when its HEAD is detached. head: the id of HEAD.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a name means: an object id, or a part of one, and the ref it comes from ("" for none)."""

    id: str
    ref: str = ""


def from_listing(text: str) -> Refs:
    """Read the output of `git ls-remote --symref`."""
    ids: dict[str, str] = {}
    default = head = ""
    for line in _lines(text):
        value, _, name = line.partition("\t")
        if name == "HEAD":
            if value.startswith("ref: "):
                default = value.removeprefix("ref: ")
            else:
                head = value
        elif name.startswith((HEADS, TAGS)) and not name.endswith("^{}"):
            ids[name] = value
    return Refs(ids, default if default in ids else "", head)


class Listing:
    """What a remote lists, read again only when it says something else than before."""

    def __init__(self) -> None:
        self._read: tuple[bytes, Refs] | None = None

    def refs(self, output: bytes) -> Refs:
        """The refs in the output of `git ls-remote --symref`; the very same ones as before for the same output."""
        # A digest, since a busy repository's list takes megabytes.
        digest = blake2b(output, digest_size=16).digest()
        if self._read is None or self._read[0] != digest:
            self._read = digest, from_listing(output.decode(errors="surrogateescape"))
        return self._read[1]


def from_mirror(text: str) -> Refs:
    """Read the output of `git for-each-ref --format='%(objectname) %(HEAD)%(refname)'`; HEAD's branch has a star."""
    ids: dict[str, str] = {}
    default = ""
    for line in _lines(text):
        value, _, marked = line.partition(" ")
        name = marked[1:]
        ids[name] = value
        if marked[0] == "*":
            default = name
    head = ids.get(HEAD, "")
    branches = {name: value for name, value in ids.items() if name.startswith((HEADS, TAGS))}
    return Refs(branches, default if default in branches else "", head)


def _lines(text: str) -> list[str]:
    """The lines of git's output: names may hold what ends a line to others, such as U+2028."""
    return text.removesuffix("\n").split("\n") if text else []


def target(refs: Refs, tracked: str, subject: str) -> Target:
    """Return what a tracked name means; SourceError with the nearest names when it means nothing.

    A full sha is a sha, whatever a branch is called. A branch goes before a tag of the same name.
    """
    if tracked in {"", "HEAD"}:
        return _head(refs, subject)
    if _SHA.fullmatch(tracked) and len(tracked) in _FULL_LENGTHS:
        return Target(tracked.lower())
    for name in (tracked, HEADS + tracked, TAGS + tracked):
        if name in refs.ids:
            return Target(refs.ids[name], name)
    from gitops_tui.source.semver import parse_range  # noqa: PLC0415 - few track one

    if found := parse_range(tracked):
        tags = [name.removeprefix(TAGS) for name in refs.ids if name.startswith(TAGS)]
        if best := found.best(tags):
            return Target(refs.ids[TAGS + best], TAGS + best)
        raise SourceError(subject, f"no tag is in the range {one_line(tracked)}", hint=_nearest(refs, tracked))
    if _SHA.fullmatch(tracked):
        return Target(tracked.lower())
    raise SourceError(subject, f"there is no branch, tag or commit {one_line(tracked)}", hint=_nearest(refs, tracked))


def _head(refs: Refs, subject: str) -> Target:
    if refs.default:
        return Target(refs.ids[refs.default], refs.default)
    if refs.head:
        return Target(refs.head)
    if refs.ids:
        raise SourceError(
            subject, "its HEAD names no branch that exists", hint="name a branch: " + _some(list(refs.ids))
        )
    raise SourceError(subject, "it has no commits yet", temporary=True)


def _nearest(refs: Refs, tracked: str) -> str:
    names = [name.removeprefix(HEADS).removeprefix(TAGS) for name in refs.ids]
    import difflib  # noqa: PLC0415 - for a mistake alone

    near = difflib.get_close_matches(tracked[:200], names[:5000], n=3, cutoff=0.5)
    if near:
        return f"did you mean {_some(near)}?"
    return f"there are {_some(names)}" if names else "the repository has no branches yet"


def _some(names: list[str]) -> str:
    shown = [one_line(name.removeprefix(HEADS).removeprefix(TAGS), limit=60) for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
