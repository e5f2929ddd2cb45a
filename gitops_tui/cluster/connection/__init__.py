"""Where a cluster is, who asks, and one HTTP exchange with it.

Two wires carry requests: `direct` those of users with a certificate, a token or a password, `library` all others with
the kubernetes package and urllib3.
"""

from gitops_tui.cluster.connection.access import Access
from gitops_tui.cluster.connection.kubeconfig import IN_CLUSTER, Kubeconfig, Target, load, locate

__all__ = ["IN_CLUSTER", "Access", "Kubeconfig", "Target", "load", "locate"]
