"""Commits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit. time: seconds since the epoch; ref: the full ref it was resolved from, "" for a bare sha."""

    sha: str
    author: str = ""
    email: str = ""
    time: float = 0.0
    subject: str = ""
    message: str = ""
    ref: str = ""

    @property
    def short(self) -> str:
        """The first seven digits of the sha."""
        return self.sha[:7]
