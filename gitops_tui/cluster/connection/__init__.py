"""Where a cluster is, who asks, and one HTTP exchange with it.

`credentials` and `exchange` import the kubernetes package and urllib3, which takes a quarter of a second: they are
imported when a cluster is first talked to.
"""

from gitops_tui.cluster.connection.access import Access
from gitops_tui.cluster.connection.kubeconfig import IN_CLUSTER, Kubeconfig, Target, load, locate

__all__ = ["IN_CLUSTER", "Access", "Kubeconfig", "Target", "load", "locate"]
