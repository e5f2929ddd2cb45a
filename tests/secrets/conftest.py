"""A shop with planted values, and somebody who reads all that the program ever says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_tui.embedded import EmbeddedServer
from tests.support.api_client import ApiClient
from tests.support.manifests import config_map, secret
from tests.support.program import Program
from tests.support.work_tree import WorkTree

PLANTED = {
    name: f"canary-{name}-7f3a9c51e0"
    for name in (
        "before",
        "git-plain",
        "git-data",
        "live",
        "other",
        "applied",
        "dropped",
        "masked",
        "pin",
        "refused",
        "misfit",
        "masked-refused",
        "unparsed",
    )
}
"""The values, by where each was planted, so that one that gets out tells its way."""


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def spellings(value: str) -> tuple[str, ...]:
    """A value as it stands in stringData and in data, and the latter as one finds it in a longer text."""
    code = encoded(value)
    return value, code, code.rstrip("=")


def revealed(text: str) -> set[str]:
    """The places whose value stands in a text."""
    return {place for place, value in PLANTED.items() if any(form in text for form in spellings(value))}


def database(**plain: str) -> str:
    """The Secret of the shop: a value in `data`, the others in `stringData`."""
    return f"{secret('db', **plain)}data:\n  token: {encoded(PLANTED['git-data'])}\n"


CONFIG = """\
repositories:
  - name: shop
    url: {repository}
    interval: 1s
applications:
{applications}settings:
  stateDir: {state}
  kubeconfig: {kubeconfig}
  maskedPaths: [data.pin]
"""
APPLICATION = """\
  - name: {name}
    source: {{repository: shop, revision: main, path: {name}}}
    destination: {{namespace: default}}
    maskedPaths: [data.password]
    sync: {{mode: {mode}, prune: true, selfHeal: {heal}, maxPrune: 100%}}
"""
NAMES = ("shop", "refused", "unparsed")
HIDDEN = config_map("hidden", password=PLANTED["masked"], pin=PLANTED["pin"], colour="blue")
REFUSED = {
    "refused/secret.yaml": secret("refused", key=PLANTED["refused"]),
    "refused/misfit.yaml": f"{secret('misfit')}  key: {{inner: {PLANTED['misfit']}}}\n",
    "refused/map.yaml": config_map("refused", password=PLANTED["masked-refused"]),
}
UNPARSED = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData: {{a: '{PLANTED['unparsed']}', b\n"


class World:
    """A repository, a cluster in which others are at work too, and a configuration."""

    def __init__(self, folder: Path, server: EmbeddedServer) -> None:
        self.server = server
        self.client = ApiClient(server.kubeconfig)
        self.repository = WorkTree(folder / "repository")
        self.config = folder / "gitops-tui.yaml"
        self.state = folder / "state"
        self.gitops = Program(("--config", str(self.config)))
        self.configure("manual")
        first = {
            "shop/db.yaml": database(password=PLANTED["before"]),
            "shop/hidden.yaml": HIDDEN,
            "shop/dropped.yaml": secret("dropped", key=PLANTED["dropped"]),
            "shop/settings.yaml": config_map("settings", colour="blue"),
        }
        self.first = self.repository.commit("First", {**first, **REFUSED, "unparsed/x.yaml": UNPARSED})

    def configure(self, mode: str) -> None:
        """Write the configuration."""
        heal = str(mode == "auto").lower()
        listed = "".join(APPLICATION.format(name=name, mode=mode, heal=heal) for name in NAMES)
        self.config.write_text(
            CONFIG.format(
                repository=self.repository.path,
                applications=listed,
                state=self.state,
                kubeconfig=self.server.kubeconfig,
            )
        )

    def second_commit(self) -> None:
        """Git says other values, and drops one Secret."""
        files = {
            "shop/db.yaml": database(password=PLANTED["git-plain"], fresh=PLANTED["git-plain"]),
            "shop/hidden.yaml": HIDDEN.replace("blue", "green").replace(PLANTED["pin"], f"{PLANTED['pin']}-more"),
            "shop/dropped.yaml": None,
        }
        self.repository.commit("Second", files)

    def interfere(self) -> None:
        """Others change what is live: kubectl, and a second field manager."""
        place = "/api/v1/namespaces/default/secrets/db"
        applied = {
            "kind": "Secret",
            "stringData": {"password": PLANTED["applied"]},
            "data": {"token": encoded(PLANTED["applied"])},
        }
        note = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied)}
        change: dict[str, Any] = {
            "metadata": {"annotations": note},
            "data": {"password": encoded(PLANTED["live"])},
        }
        self.client.patch(place, change, fieldManager="kubectl-edit").ok()
        theirs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}
        self.client.apply(place, {**theirs, "data": {"other": encoded(PLANTED["other"])}}, "vault").ok()

    def quote(self) -> None:
        """The API server quotes the value in what it says against an object, as it does where one is invalid."""
        for place, kind, name in (("secrets", "Secret", "refused"), ("configmaps", "ConfigMap", "masked-refused")):
            value = PLANTED[name]
            message = f'{kind} "refused" is invalid: data.password: Invalid value: "{value}": {encoded(value)} is bad'
            self.server.faults.answer(422, method="PATCH", path=f"/{place}/refused", times=-1, message=message)

    def kept(self) -> str:
        """All that the program has written down, but what Git gave it."""
        files = [path for path in sorted(self.state.rglob("*")) if path.is_file() and not self._is_of_git(path)]
        assert any(path.suffix.startswith(".db") or "journal" in path.name for path in files), files
        return "\n".join(path.read_bytes().decode("latin-1") for path in files)

    def _is_of_git(self, path: Path) -> bool:
        return bool({"mirrors", "checkouts"} & set(path.relative_to(self.state).parts))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with EmbeddedServer.start() as server:
        made = World(tmp_path, server)
        made.quote()
        yield made
