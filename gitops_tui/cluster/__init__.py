"""The Kubernetes API: connection, discovery, list and watch cache, dry-run, apply, delete.

The only package that imports `kubernetes`, and only for a login that nothing else knows: that import takes a quarter
of a second. Objects are plain JSON bodies throughout.
"""

from gitops_tui.cluster.cluster import Cluster
from gitops_tui.cluster.clusters import Clusters
from gitops_tui.cluster.objects import ApiResource, Applied, Family, Live, Scope, beneath
from gitops_tui.cluster.pace import Timing
from gitops_tui.cluster.watching import Listener

__all__ = ["ApiResource", "Applied", "Cluster", "Clusters", "Family", "Listener", "Live", "Scope", "Timing", "beneath"]
