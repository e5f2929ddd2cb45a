"""The built-in kinds that are served: one row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_tui.embedded.kinds.language import library
from gitops_tui.embedded.kinds.schema import Object, Struct

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class ScalePaths:
    """Where a kind keeps what its scale subresource shows; dotted paths without a leading dot."""

    spec: str = "spec.replicas"
    status: str = "status.replicas"
    selector: str = ""


@dataclass(frozen=True, eq=False)
class Resource:
    """One kind as served in one version.

    `storage` is shared by the versions of one kind. Of a custom kind, `columns` are its additionalPrinterColumns and
    `validation` is its OpenAPI schema.
    """

    group: str
    version: str
    kind: str
    plural: str
    type: Struct
    namespaced: bool = True
    singular: str = ""
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    scale: ScalePaths | None = None
    storage: str = ""
    generation: bool = False
    orphans: bool = False
    custom: bool = False
    verbs: tuple[str, ...] = ALL_VERBS
    list_kind: str = ""
    columns: tuple[Object, ...] = ()
    validation: Object | None = None

    @property
    def api_version(self) -> str:
        """`apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """`deployments.apps`, as messages name a resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Whether status is written through its own subresource only."""
        return "status" in self.subresources


# group/version | kind | plural | short names | categories | marks; the category "-" is api-extensions. Marks: c is
# cluster-scoped, s has a status subresource, g counts generations, r has a scale subresource, o orphans its dependents.
_ROWS = """
v1 | Namespace | namespaces | ns | | cs
v1 | Node | nodes | no | | cs
v1 | Pod | pods | po | all | sg
v1 | Service | services | svc | all | s
v1 | ConfigMap | configmaps | cm | |
v1 | Secret | secrets | | |
v1 | ServiceAccount | serviceaccounts | sa | |
v1 | PersistentVolume | persistentvolumes | pv | | cs
v1 | PersistentVolumeClaim | persistentvolumeclaims | pvc | | s
v1 | Event | events | ev | |
v1 | Endpoints | endpoints | ep | |
v1 | ResourceQuota | resourcequotas | quota | | s
v1 | LimitRange | limitranges | limits | |
v1 | PodTemplate | podtemplates | | |
v1 | ReplicationController | replicationcontrollers | rc | all | sgro
apps/v1 | Deployment | deployments | deploy | all | sgr
apps/v1 | StatefulSet | statefulsets | sts | all | sgr
apps/v1 | DaemonSet | daemonsets | ds | all | sg
apps/v1 | ReplicaSet | replicasets | rs | all | sgr
apps/v1 | ControllerRevision | controllerrevisions | | |
batch/v1 | Job | jobs | | all | sgo
batch/v1 | CronJob | cronjobs | cj | all | sg
networking.k8s.io/v1 | Ingress | ingresses | ing | | sg
networking.k8s.io/v1 | IngressClass | ingressclasses | | | cg
networking.k8s.io/v1 | NetworkPolicy | networkpolicies | netpol | | g
rbac.authorization.k8s.io/v1 | Role | roles | | |
rbac.authorization.k8s.io/v1 | RoleBinding | rolebindings | | |
rbac.authorization.k8s.io/v1 | ClusterRole | clusterroles | | | c
rbac.authorization.k8s.io/v1 | ClusterRoleBinding | clusterrolebindings | | | c
policy/v1 | PodDisruptionBudget | poddisruptionbudgets | pdb | | sg
autoscaling/v2 | HorizontalPodAutoscaler | horizontalpodautoscalers | hpa | all | s
storage.k8s.io/v1 | StorageClass | storageclasses | sc | | c
storage.k8s.io/v1 | CSIDriver | csidrivers | | | c
storage.k8s.io/v1 | VolumeAttachment | volumeattachments | | | cs
apiextensions.k8s.io/v1 | CustomResourceDefinition | customresourcedefinitions | crd,crds | - | csg
admissionregistration.k8s.io/v1 | ValidatingWebhookConfiguration | validatingwebhookconfigurations | | - | cg
admissionregistration.k8s.io/v1 | MutatingWebhookConfiguration | mutatingwebhookconfigurations | | - | cg
scheduling.k8s.io/v1 | PriorityClass | priorityclasses | pc | | cg
coordination.k8s.io/v1 | Lease | leases | | |
discovery.k8s.io/v1 | EndpointSlice | endpointslices | | | g
events.k8s.io/v1 | Event | events | ev | |
apiregistration.k8s.io/v1 | APIService | apiservices | | - | cs
"""


def builtin_resources() -> Iterator[Resource]:
    """Every built-in kind, in the order that discovery lists them."""
    for line in _ROWS.strip().splitlines():
        yield _resource(line)


def _resource(line: str) -> Resource:
    api_version, kind, plural, short, categories, marks = (part.strip() for part in line.split("|"))
    group, _, version = api_version.rpartition("/")
    subresources = [name for mark, name in (("r", "scale"), ("s", "status")) if mark in marks]
    if kind == "Pod":
        subresources += ["log", "eviction"]
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        type=library().type(group.split(".")[0] or "core", kind),
        namespaced="c" not in marks,
        singular=kind.lower(),
        short=tuple(filter(None, short.split(","))),
        categories=tuple(filter(None, categories.replace("-", "api-extensions").split(","))),
        subresources=tuple(subresources),
        scale=ScalePaths() if "r" in marks else None,
        storage="events" if kind == "Event" else f"{plural}.{group}" if group else plural,
        generation="g" in marks,
        orphans="o" in marks,
        list_kind=f"{kind}List",
    )
