"""One manifest of every kind that applications commonly hold, each with fields whose defaults matter."""

from __future__ import annotations

from typing import Any

_SELECTOR = {"matchLabels": {"app": "web"}}
_POD = {
    "initContainers": [{"name": "init", "image": f"registry.example/init@sha256:{'0' * 64}"}],
    "containers": [
        {
            "name": "web",
            "image": "nginx:1.27",
            "args": [],
            "tty": False,
            "ports": [{"containerPort": 80}, {"containerPort": 81, "name": "admin", "protocol": "UDP"}],
            "env": [
                {"name": "PLAIN", "value": "1"},
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "resources": {"limits": {"cpu": "1000m", "memory": "0.5Gi"}, "requests": {"cpu": 0.1}},
            "livenessProbe": {"httpGet": {"port": 80}},
            "readinessProbe": {"tcpSocket": {"port": "admin"}},
            "startupProbe": {"grpc": {"port": 90}},
            "volumeMounts": [{"name": "empty", "mountPath": "/empty"}],
        },
        {"name": "side", "image": "busybox", "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}}},
    ],
    "volumes": [
        {"name": "empty"},
        {"name": "config", "configMap": {"name": "settings"}},
        {"name": "secret", "secret": {"secretName": "token"}},
        {"name": "host", "hostPath": {"path": "/var"}},
        {"name": "many", "projected": {"sources": [{"configMap": {"name": "settings"}}]}},
        {"name": "labels", "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    ],
    "hostNetwork": False,
}


def _template(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {**_POD, **spec}}


def _workload(kind: str, **spec: Any) -> dict[str, Any]:
    return _object("apps/v1", kind, spec={"selector": _SELECTOR, "template": _template(), **spec})


def _object(api_version: str, kind: str, **body: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, **body}


_WEBHOOK = {
    "name": "hook.example.com",
    "admissionReviewVersions": ["v1"],
    "sideEffects": "None",
    "clientConfig": {"service": {"namespace": "hooks", "name": "hook"}},
    "rules": [{"apiGroups": ["example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}],
}
_RBAC = "rbac.authorization.k8s.io"
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1.5Gi"}}}
_PATH = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}

NAMESPACED: dict[str, tuple[str, dict[str, Any]]] = {
    "Deployment": ("apps/v1/deployments", _workload("Deployment", paused=False)),
    "Deployment, Recreate": (
        "apps/v1/deployments",
        _workload("Deployment", replicas=0, strategy={"type": "Recreate"}, template=_template(hostNetwork=True)),
    ),
    "StatefulSet": (
        "apps/v1/statefulsets",
        _workload(
            "StatefulSet", serviceName="web", volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": _CLAIM}]
        ),
    ),
    "DaemonSet": ("apps/v1/daemonsets", _workload("DaemonSet")),
    "ReplicaSet": ("apps/v1/replicasets", _workload("ReplicaSet")),
    "Job": ("batch/v1/jobs", _object("batch/v1", "Job", spec={"template": _template(restartPolicy="Never")})),
    "CronJob": (
        "batch/v1/cronjobs",
        _object(
            "batch/v1",
            "CronJob",
            spec={
                "schedule": "*/5 * * * *",
                "jobTemplate": {"spec": {"template": _template(restartPolicy="OnFailure")}},
            },
        ),
    ),
    "ReplicationController": (
        "v1/replicationcontrollers",
        _object("v1", "ReplicationController", spec={"template": _template()}),
    ),
    "Service": ("v1/services", _object("v1", "Service", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})),
    "Service, NodePort": (
        "v1/services",
        _object(
            "v1", "Service", spec={"type": "NodePort", "ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}
        ),
    ),
    "Service, LoadBalancer": (
        "v1/services",
        _object("v1", "Service", spec={"type": "LoadBalancer", "sessionAffinity": "ClientIP", "ports": [{"port": 80}]}),
    ),
    "Service, ExternalName": (
        "v1/services",
        _object("v1", "Service", spec={"type": "ExternalName", "externalName": "db.example.com"}),
    ),
    "Service, headless": (
        "v1/services",
        _object("v1", "Service", spec={"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]}),
    ),
    "ConfigMap": ("v1/configmaps", _object("v1", "ConfigMap", data={"a": "b", "empty": ""}, binaryData={"x": "eA=="})),
    "Secret": ("v1/secrets", _object("v1", "Secret", stringData={"a": "b"}, data={"c": "ZA=="})),
    "ServiceAccount": ("v1/serviceaccounts", _object("v1", "ServiceAccount", automountServiceAccountToken=False)),
    "PersistentVolumeClaim": ("v1/persistentvolumeclaims", _object("v1", "PersistentVolumeClaim", spec=_CLAIM)),
    "LimitRange": (
        "v1/limitranges",
        _object(
            "v1",
            "LimitRange",
            spec={"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "100m"}}]},
        ),
    ),
    "ResourceQuota": ("v1/resourcequotas", _object("v1", "ResourceQuota", spec={"hard": {"pods": "100"}})),
    "Endpoints": (
        "v1/endpoints",
        _object("v1", "Endpoints", subsets=[{"addresses": [{"ip": "10.1.1.1"}], "ports": [{"port": 80}]}]),
    ),
    "Ingress": (
        "networking.k8s.io/v1/ingresses",
        _object(
            "networking.k8s.io/v1", "Ingress", spec={"rules": [{"host": "web.example", "http": {"paths": [_PATH]}}]}
        ),
    ),
    "NetworkPolicy": (
        "networking.k8s.io/v1/networkpolicies",
        _object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            spec={
                "podSelector": {},
                "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}],
                "egress": [{}],
            },
        ),
    ),
    "Role": (
        f"{_RBAC}/v1/roles",
        _object(f"{_RBAC}/v1", "Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]),
    ),
    "RoleBinding": (
        f"{_RBAC}/v1/rolebindings",
        _object(
            f"{_RBAC}/v1",
            "RoleBinding",
            roleRef={"kind": "Role", "name": "web"},
            subjects=[{"kind": "User", "name": "ann"}, {"kind": "ServiceAccount", "name": "web", "namespace": "shop"}],
        ),
    ),
    "PodDisruptionBudget": (
        "policy/v1/poddisruptionbudgets",
        _object("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": _SELECTOR}),
    ),
    "HorizontalPodAutoscaler": (
        "autoscaling/v2/horizontalpodautoscalers",
        _object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec={
                "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 10}]}},
            },
        ),
    ),
    "Lease": (
        "coordination.k8s.io/v1/leases",
        _object("coordination.k8s.io/v1", "Lease", spec={"leaseTransitions": 0}),
    ),
    "EndpointSlice": (
        "discovery.k8s.io/v1/endpointslices",
        _object(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            addressType="IPv4",
            endpoints=[{"addresses": ["10.1.1.1"]}],
            ports=[{"port": 80}],
        ),
    ),
}

CLUSTER_SCOPED: dict[str, tuple[str, dict[str, Any]]] = {
    "Namespace": ("v1/namespaces", _object("v1", "Namespace")),
    "PersistentVolume": (
        "v1/persistentvolumes",
        _object(
            "v1",
            "PersistentVolume",
            spec={"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}},
        ),
    ),
    "ClusterRole": (f"{_RBAC}/v1/clusterroles", _object(f"{_RBAC}/v1", "ClusterRole", rules=[])),
    "ClusterRoleBinding": (
        f"{_RBAC}/v1/clusterrolebindings",
        _object(f"{_RBAC}/v1", "ClusterRoleBinding", roleRef={"kind": "ClusterRole", "name": "web"}, subjects=[]),
    ),
    "StorageClass": (
        "storage.k8s.io/v1/storageclasses",
        _object("storage.k8s.io/v1", "StorageClass", provisioner="example.com/disk"),
    ),
    "IngressClass": (
        "networking.k8s.io/v1/ingressclasses",
        _object("networking.k8s.io/v1", "IngressClass", spec={"controller": "example.com/ingress"}),
    ),
    "PriorityClass": (
        "scheduling.k8s.io/v1/priorityclasses",
        _object("scheduling.k8s.io/v1", "PriorityClass", value=10),
    ),
    "ValidatingWebhookConfiguration": (
        "admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        _object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks=[_WEBHOOK]),
    ),
    "MutatingWebhookConfiguration": (
        "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        _object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", webhooks=[_WEBHOOK]),
    ),
    "CustomResourceDefinition": (
        "apiextensions.k8s.io/v1/customresourcedefinitions",
        {
            **_object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            "metadata": {"name": "things.contract.example.com"},
            "spec": {
                "group": "contract.example.com",
                "scope": "Namespaced",
                "names": {"plural": "things", "kind": "Thing"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                ],
            },
        },
    ),
}
