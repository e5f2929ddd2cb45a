"""The user's file: where it is looked for, what it may say, and what it means."""

from gitops_tui.config.settings import Config, Settings, config_folder, state_folder

__all__ = ["Config", "Settings", "config_folder", "state_folder"]
