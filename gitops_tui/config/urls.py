"""URLs of repositories: which are allowed, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gitops_tui.config.nodes import NAME
from gitops_tui.model.patterns import pattern

SCHEMES = ("https", "ssh", "file")
_SCP = pattern(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9._-]+:(?!//)[^:].*")
_NOT_IN_A_NAME = pattern(r"[^a-z0-9]+")


def is_path(url: str) -> bool:
    """Whether this names a folder: neither `scheme://…` nor `host:path`, as Git decides it."""
    return "://" not in url and not _SCP.fullmatch(url)


def is_name(text: str) -> bool:
    """Whether this can only be the name of a repository."""
    return re.fullmatch(NAME, text) is not None


def repository_names(document: Mapping[str, Any]) -> dict[str, str]:
    """Name -> URL of the repositories of a document, which may have mistakes; the first one of a name counts."""
    names: dict[str, str] = {}
    listed = document.get("repositories")
    for entry in listed if isinstance(listed, list) else ():
        url = entry.get("url") if isinstance(entry, Mapping) else None
        if isinstance(url, str):
            names.setdefault(str(entry.get("name") or default_name(url)), url)
    return names


def canonical(url: str, base: Path) -> str:
    """The URL itself; a path made absolute, from `base` and with `~`."""
    return str(absolute(url, base)) if is_path(url) else url


def absolute(path: str, base: Path) -> Path:
    """A path from `base` on, with `~`, without `.` and `..`, links not followed."""
    return Path(*_climbed((base / Path(path).expanduser()).absolute().parts))


def _climbed(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept[1:] = kept[1:-1]
        else:
            kept.append(part)
    return kept


def default_name(url: str) -> str:
    """The last part of a URL as a name, "" when it has no letter or digit."""
    last = url.rstrip("/").removesuffix(".git").rstrip("/").replace(":", "/").rpartition("/")[2]
    return _NOT_IN_A_NAME.sub("-", last.lower()).strip("-")[:63].strip("-")


def url_mistake(url: str) -> str | None:
    """Why this URL cannot be used; never quotes a part that may hold a secret."""
    if url.startswith("-") or ("::" in url and "://" not in url):
        return "is no URL of a repository that can be used here"
    if "://" not in url:
        return None
    try:
        parts = urlsplit(url)
        user, secret, host = parts.username, parts.password, parts.hostname
    except ValueError:
        return "is no valid URL"
    if parts.scheme not in SCHEMES:
        return f"the scheme must be one of {', '.join(SCHEMES)}, or give a path"
    if secret is not None:
        return "holds a password, which would be shown and logged: use `credentials` and take it out of the URL"
    if user is not None and parts.scheme == "https":
        return "holds a user, which may be a token: use `credentials` and take it out of the URL"
    if parts.query or parts.fragment:
        return "holds a query, which may be a token and means nothing to Git: take it out of the URL"
    return None if host or parts.scheme == "file" else "names no host"
