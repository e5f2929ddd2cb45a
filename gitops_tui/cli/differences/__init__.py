"""Differences on stdout: the verb, its table, its data, its markdown."""

from gitops_tui.cli.differences.verb import diff

__all__ = ["diff"]
