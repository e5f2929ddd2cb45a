"""The user's file: where it is looked for, what it may say, and what it means.

`load` tells all mistakes at once, from one JSON Schema (`schema`) and the checks that a schema cannot do.
"""

from gitops_tui.config.build import from_repository
from gitops_tui.config.duration import seconds
from gitops_tui.config.load import FILE_NAME, example, find, load
from gitops_tui.config.settings import Config, Settings, config_folder, state_folder

__all__ = [
    "FILE_NAME",
    "Config",
    "Settings",
    "config_folder",
    "example",
    "find",
    "from_repository",
    "load",
    "seconds",
    "state_folder",
]
