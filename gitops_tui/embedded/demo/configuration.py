"""The demo's own configuration file: nine applications in different states, and how each is synced."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One application: where its folder in `apps/` goes, who starts its syncs, and what else its entry says."""

    name: str
    namespace: str
    project: str
    mode: str
    prune: bool = True
    self_heal: bool = False
    source: str = ""


ROWS: tuple[Row, ...] = (
    Row("storefront", "shop", "shop", "manual"),
    Row("catalog", "shop", "shop", "manual"),
    Row("checkout", "shop", "shop", "manual"),
    Row("notifications", "messaging", "platform", "manual"),
    Row("search", "search", "shop", "auto"),
    Row(
        "payments",
        "payments",
        "payments",
        "auto",
        source="      helm:\n        valuesFiles: [values-production.yaml]\n",
    ),
    Row("ledger", "payments", "payments", "auto", self_heal=True),
    Row("reports", "analytics", "data", "auto"),
    Row("monitoring", "monitoring", "platform", "auto"),
)

_HEAD = """\
# Written by the demo at its first start. Edit it as you like; `gitops-tui --demo --reset` writes it anew.
repositories:
  - name: fleet
    url: {repository}
    interval: 2s

settings:
  interval: 2s
  kubeconfig: {kubeconfig}
  stateDir: {state}

applications:
"""

_ENTRY = """\
  - name: {name}
    project: {project}
    source:
      repository: fleet
      revision: main
      path: apps/{name}
{source}    destination:
      namespace: {namespace}
    sync:
      mode: {mode}
      prune: {prune}
      selfHeal: {self_heal}
      healthTimeout: 60s
"""


def configuration(repository: Path, kubeconfig: Path, state: Path) -> str:
    """The text of the configuration file, for a repository, a kubeconfig and a state folder."""
    head = _HEAD.format(
        repository=json.dumps(str(repository)), kubeconfig=json.dumps(str(kubeconfig)), state=json.dumps(str(state))
    )
    return head + "\n".join(
        _ENTRY.format(
            name=row.name,
            project=row.project,
            source=row.source,
            namespace=row.namespace,
            mode=row.mode,
            prune=json.dumps(row.prune),
            self_heal=json.dumps(row.self_heal),
        )
        for row in ROWS
    )
