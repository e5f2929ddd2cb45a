"""The daemon: the same worker without a screen.

Logs are one JSON object a line on stderr; health is served over HTTP. Never imports textual.
"""

from gitops_tui.headless.daemon import Daemon

__all__ = ["Daemon"]
