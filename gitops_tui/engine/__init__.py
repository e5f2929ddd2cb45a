"""The engine: a worker that reconciles, and the store of what it knows.

`requests` holds what can be asked, `store` the published Snapshots, `worker` the thread; `reconcile` is one
application, one pass.
"""

from gitops_tui.engine.store import Store

__all__ = ["Store"]
