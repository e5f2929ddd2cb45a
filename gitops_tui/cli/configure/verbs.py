"""The verbs around the configuration: init, validate, schema. They need no engine."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from gitops_tui import config
from gitops_tui.cli.configure import judging
from gitops_tui.cli.diagnostics import DONE, FAILED, Diagnostics
from gitops_tui.cli.output import Output
from gitops_tui.config.schema import schema as all_keys
from gitops_tui.model.errors import ConfigError, UsageError
from gitops_tui.model.text import one_line


def init(options: Namespace, output: Output, diagnostics: Diagnostics) -> int:
    """Write a commented file; one that is there already stays as it is."""
    path = Path(options.file or options.config or config.FILE_NAME).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(config.example())
    except FileExistsError as error:
        raise UsageError(one_line(str(path)), "is there already", hint="name another file") from error
    except OSError as error:
        raise UsageError(one_line(str(path)), (error.strerror or "cannot be written").lower()) from error
    if output.is_table:
        output.line(f"{path} written")
    else:
        output.data({"path": str(path)})
    diagnostics.note("fill in your repository, then check it with `gitops-tui config validate`")
    return DONE


def validate(options: Namespace, output: Output, _: Diagnostics) -> int:
    """Check a file; all its mistakes are told, as data where that is asked for.

    Where objects are given, their health by its rules is told too.
    """
    path = config.find(options.file or options.config, os.environ, Path.cwd())
    if path is None:
        raise ConfigError("the configuration", "was not found", hint="`gitops-tui config init` writes one")
    try:
        found = config.load(path)
    except ConfigError as error:
        if output.is_table:
            raise
        output.data({"path": str(path), "valid": False, "mistakes": list(error.mistakes or (str(error),))})
        return FAILED
    healths = judging.verdicts(found, options.against) if options.against else []
    if output.is_table:
        numbers = {
            "repositories": len(found.repositories),
            "applications": len(found.applications),
            "folders": len(found.folders),
        }
        output.line(f"{path} is valid: {', '.join(f'{name} {number}' for name, number in numbers.items() if number)}")
        judging.show(healths, output)
    else:
        judged = {"verdicts": [judging.as_data(*each) for each in healths]} if options.against else {}
        output.data({"path": str(path), "valid": True, "mistakes": [], **judged})
    return DONE


def schema(_: Namespace, output: Output, __: Diagnostics) -> int:
    """Print the JSON Schema: as JSON unless YAML is asked for."""
    Output(output.stream, "yaml" if output.form == "yaml" else "json").data(all_keys())
    return DONE
