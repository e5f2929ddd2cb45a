"""Differences on stdout: the verb, its table, its data, its markdown, and what an application holds beyond Git."""
