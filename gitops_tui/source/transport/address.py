"""Which URLs may be asked, and what each one means."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import unquote, urlsplit

from gitops_tui.model.errors import SourceError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass

ALLOWED: Final = "a local path, file://, https://, ssh:// or user@host:path"

_SCP: Final = pattern(r"(?:(?P<user>[A-Za-z0-9._~-]+)@)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<path>[^:].*)")
_HOST: Final = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_USER: Final = pattern(r"[A-Za-z0-9._~%-]*")
_UNPRINTABLE: Final = pattern(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL that was checked.

    url: as git gets it. protocol: git's name for the only transport it may use: "https", "ssh", "file".
    origin: "https://host:port" for https, else "". user: the one in the URL, or "".
    """

    url: str
    protocol: str
    origin: str = ""
    user: str = ""

    @property
    def key(self) -> str:
        """A folder name for this URL: readable, unique, stable."""
        words = re.sub(r"[^a-z0-9]+", "-", self.url.rpartition("@")[2].lower().removesuffix(".git")).strip("-")
        digest = hashlib.blake2b(self.url.encode(errors="surrogateescape"), digest_size=6).hexdigest()
        return f"{words[-40:].strip('-') or 'repository'}-{digest}"


def parse(url: str) -> Address:
    """Return the address of an allowed URL; SourceError names the allowed ones otherwise.

    A path may begin with `~`; a relative one is relative to the working folder.
    """
    text = url.rstrip("/") if url.strip("/") else url
    if not text or text.startswith("-"):
        _refuse(url, "this is no address of a repository")
    scheme, separator, _ = text.partition("://")
    if separator:
        return _from_url(url, text, scheme.lower())
    if "::" in text.split("/", 1)[0]:
        _refuse(url, "transport helpers are not allowed")
    if ":" in text.split("/", 1)[0] and not text.startswith("~"):
        return _from_scp(url, text)
    return _local(url, text)


@lru_cache(maxsize=1024)
def shown(url: str) -> str:
    """Return a URL for messages: harmless, on one line, without a password."""
    return one_line(re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", url), limit=200)


def _from_url(url: str, text: str, scheme: str) -> Address:
    if scheme == "file":
        parts = urlsplit(text)
        if parts.netloc not in {"", "localhost"}:
            _refuse(url, "a file:// URL names no other host")
        return _local(url, unquote(parts.path))
    if scheme not in {"https", "ssh"}:
        _refuse(url, f"{scheme}:// is not allowed")
    if _UNPRINTABLE.search(text):
        _refuse(url, "it holds a space or a control character")
    try:
        parts = urlsplit(text)
        host, port, user = parts.hostname or "", parts.port, parts.username or ""
    except ValueError:
        _refuse(url, "its host or port is malformed")
    if parts.password is not None:
        raise SourceError(
            f"repository {shown(url)}",
            "the URL holds a password",
            hint="take it out and name an environment variable or a credential helper in `credentials`",
        )
    if not _HOST.fullmatch(host) or not _USER.fullmatch(user) or parts.query or parts.fragment:
        _refuse(url, "its user, host or path is malformed")
    if scheme == "ssh":
        return Address(text, "ssh", user=user)
    shown_host = f"[{host}]" if ":" in host else host
    return Address(text, "https", f"https://{shown_host}:{port}" if port else f"https://{shown_host}", user)


def _from_scp(url: str, text: str) -> Address:
    match = _SCP.fullmatch(text)
    if match is None or _UNPRINTABLE.search(text) or match["path"].startswith("-"):
        _refuse(url, "its user, host or path is malformed")
    if not _HOST.fullmatch(match["host"].strip("[]")):
        _refuse(url, "its host is malformed")
    return Address(text, "ssh", user=match["user"] or "")


def _local(url: str, text: str) -> Address:
    if re.search(r"[\x00-\x1f\x7f]", text):
        _refuse(url, "it holds a control character")
    try:
        path = Path(text).expanduser().absolute()
    except RuntimeError:
        _refuse(url, "there is no such home folder")
    return Address(str(path), "file")


def _refuse(url: str, why: str) -> NoReturn:
    raise SourceError(f"repository {shown(url)}", why, hint=f"allowed are {ALLOWED}")
