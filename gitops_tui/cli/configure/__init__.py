"""The verbs around the configuration."""

from gitops_tui.cli.configure.verbs import init, schema, validate

__all__ = ["init", "schema", "validate"]
