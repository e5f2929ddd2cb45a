"""Health rules of a kind, as the configuration states them."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_tui.model.resources import HealthCode
from gitops_tui.model.rules.expression import Expression
from gitops_tui.model.rules.template import Template


@dataclass(frozen=True, slots=True)
class HealthRule:
    """The verdict on an object that `when` holds for."""

    when: Expression
    code: HealthCode
    message: Template


@dataclass(frozen=True, slots=True)
class KindRules:
    """Rules of one kind, the first that holds decides; where none does, the kind is judged as without them."""

    group: str
    kind: str
    rules: tuple[HealthRule, ...]
