"""The command line: `parser` reads it, `run` runs a verb, `output` is all of stdout, `diagnostics` all of stderr."""
