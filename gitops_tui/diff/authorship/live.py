"""Who wrote what is live, as the API server noted it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from gitops_tui.diff.managers import Claim, claims
from gitops_tui.diff.paths import Path, named, parse_path, resolve
from gitops_tui.model.ownership import FIELD_MANAGER
from gitops_tui.model.resources import Authorship, Body
from gitops_tui.model.text import one_line


class LiveAuthors:
    """The field managers of one live object. Reading `managedFields` is dear, so it waits until somebody asks."""

    def __init__(self, live: Body) -> None:
        self._live = live

    def of(self, shown: str) -> Authorship | None:
        """Return who wrote the field at a path as `FieldChange` has it; None when no manager claims it.

        A default of the server has no manager. Where several share the field, it is the one that wrote last; one
        that is not us, if both wrote in the same second.
        """
        place = next(resolve(self._live, parse_path(shown)), None) if shown else None
        if place is None:
            return None
        path = named(self._live, place)
        found = [claim for claim in self._claims if _covers(claim, path)]
        found = found or [claim for claim in self._claims if _is_within(claim, path)]
        return _author(max(found, key=_newest)) if found else None

    @cached_property
    def _claims(self) -> tuple[Claim, ...]:
        return claims(self._live)


def _covers(claim: Claim, path: Path) -> bool:
    return any(path[:length] in claim.paths for length in range(1, len(path) + 1))


def _is_within(claim: Claim, path: Path) -> bool:
    return any(owned[: len(path)] == path for owned in claim.paths)


def _newest(claim: Claim) -> tuple[float, bool]:
    return _seconds(claim.time) or 0.0, claim.manager != FIELD_MANAGER


def _author(claim: Claim) -> Authorship:
    through = f" through /{claim.subresource}" if claim.subresource else ""
    return Authorship(
        one_line(claim.manager, limit=100) or "unknown", one_line(f"{claim.operation}{through}"), _seconds(claim.time)
    )


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return None
