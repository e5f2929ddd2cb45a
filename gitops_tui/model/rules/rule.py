"""Health rules of a kind, as the configuration states them."""

from __future__ import annotations

from gitops_tui.model.resources import HealthCode
from gitops_tui.model.rules.expression import Expression
from gitops_tui.model.rules.template import Template
from gitops_tui.model.values import dataclass


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
