"""One live object as health rules read it: every field answers with the type that is asked for, or its default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitops_tui.model.fields import annotations_of, dig, integer, mapping, mappings, text
from gitops_tui.model.resources import Body, Health, HealthCode
from gitops_tui.model.text import one_line


class View:
    """Reads one live object. now: seconds since the epoch, None when unknown (rules about time then wait)."""

    def __init__(self, body: Body, now: float | None = None) -> None:
        self.body = body
        self.now = now

    @property
    def kind(self) -> str:
        """`Deployment`."""
        return text(self.body.get("kind"))

    @property
    def group(self) -> str:
        """`apps`, "" for the core group."""
        return text(self.body.get("apiVersion")).rpartition("/")[0]

    @property
    def spec(self) -> Mapping[str, Any]:
        """What is wanted of the object."""
        return mapping(self.body.get("spec"))

    @property
    def status(self) -> Mapping[str, Any]:
        """What its controller says."""
        return mapping(self.body.get("status"))

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The object's annotations."""
        return annotations_of(self.body)

    @property
    def conditions(self) -> tuple[Mapping[str, Any], ...]:
        """The conditions in its status."""
        return mappings(self.status.get("conditions"))

    @property
    def is_unobserved(self) -> bool:
        """Whether the controller has not seen the newest spec yet."""
        return integer(dig(self.body, "metadata", "generation")) > integer(self.status.get("observedGeneration"))

    def condition(self, kind: str) -> Mapping[str, Any]:
        """Return the condition of that type, an empty one when there is none."""
        return next((found for found in self.conditions if found.get("type") == kind), {})

    def is_true(self, kind: str) -> bool:
        """Whether the condition of that type is True."""
        return self.condition(kind).get("status") == "True"

    def count(self, field: str) -> int:
        """Return a whole number of the status, 0 when it is not there."""
        return integer(self.status.get(field))

    def age_of(self, timestamp: object) -> float | None:
        """Seconds since an RFC 3339 timestamp, None when either time is unknown; never negative."""
        then = seconds(timestamp)
        return max(self.now - then, 0.0) if self.now is not None and then is not None else None


def seconds(timestamp: object) -> float | None:
    """Seconds since the epoch of an RFC 3339 timestamp with a time zone, None when it is none."""
    try:
        then = datetime.fromisoformat(text(timestamp))
        return then.timestamp() if then.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def because(condition: Mapping[str, Any]) -> str:
    """Return why a condition is as it is, for a person: its message, else its reason."""
    return one_line(text(condition.get("message")) or text(condition.get("reason")))


def several(count: int, noun: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def healthy(message: str = "") -> Health:
    """It works."""
    return Health(HealthCode.HEALTHY, one_line(message))


def progressing(message: str) -> Health:
    """It is on its way."""
    return Health(HealthCode.PROGRESSING, one_line(message))


def degraded(message: str) -> Health:
    """It failed."""
    return Health(HealthCode.DEGRADED, one_line(message))


def suspended(message: str) -> Health:
    """It is held on purpose."""
    return Health(HealthCode.SUSPENDED, one_line(message))
