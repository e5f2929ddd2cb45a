"""Git repositories: a bare mirror of each, its history, and read-only folders of commits.

Nothing here needs the network but `Mirror.fetch` and, in `writing`, `Restorer.perform`; a remote that is gone leaves
everything readable that was fetched before. git runs without prompts, hooks, the user's or the system's configuration,
and submodules.
"""

from gitops_tui.source.copy import Fetch
from gitops_tui.source.mirror import Mirror
from gitops_tui.source.mirrors import Mirrors

__all__ = ["Fetch", "Mirror", "Mirrors"]
