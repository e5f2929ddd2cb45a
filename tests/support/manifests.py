"""Small manifests as their authors write them."""

from __future__ import annotations


def config_map(name: str, **data: str) -> str:
    """A ConfigMap without a namespace."""
    rows = "".join(f'  {key}: "{value}"\n' for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{rows}"


def deployment(name: str, image: str = "example.org/shop:1", replicas: int = 1) -> str:
    """A Deployment of one container."""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: {name}
          image: {image}
"""


def secret(name: str, **data: str) -> str:
    """A Secret with readable values."""
    rows = "".join(f'  {key}: "{value}"\n' for key, value in data.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n{rows}"
