"""What a user says about health: expressions on the fields of an object, and the rules made of them."""

from gitops_tui.model.rules.expression import Expression, ExpressionError
from gitops_tui.model.rules.rule import HealthRule, KindRules
from gitops_tui.model.rules.template import Template

__all__ = ["Expression", "ExpressionError", "HealthRule", "KindRules", "Template"]
