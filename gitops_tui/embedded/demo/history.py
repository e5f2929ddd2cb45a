"""The sample repository's history: who committed what, how long before the demo's first start.

The files below `fleet/` are as they were first committed; later commits edit them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

HOUR = 3600.0
DAY = 24 * HOUR

AMARA = ("Amara Okafor", "amara.okafor@example.com")
JONAS = ("Jonas Lindqvist", "jonas.lindqvist@example.com")
MEI = ("Mei Tanaka", "mei.tanaka@example.com")
TOMAS = ("Tomás Herrera", "tomas.herrera@example.com")
PRIYA = ("Priya Raman", "priya.raman@example.com")
LENA = ("Lena Fischer", "lena.fischer@example.com")
RELEASES = ("acme-release[bot]", "release-bot@example.com")


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one file; `old` occurs in it."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. ago: seconds before the demo's first start. adds: files or folders of `fleet/`, as they are there."""

    author: tuple[str, str]
    ago: float
    message: str
    adds: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()


_OVERLAY = "apps/checkout/overlays/production/kustomization.yaml"
_CATALOG = "apps/catalog/catalog.yaml"
_STOREFRONT = "apps/storefront/deployment.yaml"

COMMITS: tuple[Commit, ...] = (
    Commit(
        PRIYA,
        34 * DAY + 5 * HOUR,
        "Start the fleet\n\nOne folder an application. What is merged here is what runs.",
        adds=("README.md", "OWNERS.md"),
    ),
    Commit(
        PRIYA,
        33 * DAY + 7 * HOUR,
        "monitoring: export the nodes' metrics",
        adds=("apps/monitoring/daemonset.yaml", "apps/monitoring/rbac.yaml"),
    ),
    Commit(
        AMARA,
        31 * DAY + 3 * HOUR,
        "storefront: move here from the old cluster",
        adds=(_STOREFRONT, "apps/storefront/service.yaml", "apps/storefront/configmap.yaml"),
    ),
    Commit(JONAS, 30 * DAY + 6 * HOUR, "catalog: move here from the old cluster", adds=(_CATALOG,)),
    Commit(
        MEI,
        28 * DAY + 2 * HOUR,
        "ledger: three replicas, each on its own volume\n\n"
        "Backups go to a volume of their own, so that a full disk never stops a booking.",
        adds=("apps/ledger/statefulset.yaml", "apps/ledger/secret.yaml", "apps/ledger/backups.yaml"),
    ),
    Commit(MEI, 27 * DAY + 4 * HOUR, "payments: a chart, with values for production", adds=("apps/payments",)),
    Commit(JONAS, 25 * DAY + 8 * HOUR, "checkout: a base and the overlay of production", adds=("apps/checkout",)),
    Commit(TOMAS, 22 * DAY + 5 * HOUR, "search: rank the catalogue by keywords", adds=("apps/search",)),
    Commit(
        AMARA,
        20 * DAY + 1 * HOUR,
        "storefront: serve shop.example.com over TLS",
        adds=("apps/storefront/ingress.yaml",),
    ),
    Commit(LENA, 18 * DAY + 6 * HOUR, "reports: nightly sheets for finance", adds=("apps/reports",)),
    Commit(
        MEI,
        16 * DAY + 3 * HOUR,
        "ledger: schema 11\n\nAn index on refunds; the month's closing took forty minutes without it.",
        adds=("apps/ledger/schema.yaml",),
    ),
    Commit(
        JONAS,
        14 * DAY + 7 * HOUR,
        "catalog: keep prices for five minutes\n\nThe supplier's interface allows one request a minute and product.",
        edits=(
            Edit(_CATALOG, "catalog:5.9.3", "catalog:5.11.0"),
            Edit(_CATALOG, "cache.ttl=30", "cache.ttl=300"),
        ),
    ),
    Commit(
        PRIYA,
        12 * DAY + 2 * HOUR,
        "monitoring: delete metrics after two weeks",
        adds=("apps/monitoring/cleanup.yaml",),
    ),
    Commit(
        AMARA,
        11 * DAY + 4 * HOUR,
        "storefront: leave the number of replicas to the autoscaler",
        adds=("apps/storefront/autoscaler.yaml",),
        edits=(
            Edit(_STOREFRONT, "  replicas: 3\n", "  # no replicas: the autoscaler decides\n"),
            Edit(_STOREFRONT, "storefront:2.1.0", "storefront:2.3.1"),
        ),
    ),
    Commit(
        MEI,
        9 * DAY + 5 * HOUR,
        "payments: 4.2.0, ask the provider once more before declining",
        edits=(
            Edit("apps/payments/Chart.yaml", "version: 0.5.0", "version: 0.6.0"),
            Edit("apps/payments/Chart.yaml", "appVersion: 4.1.3", "appVersion: 4.2.0"),
            Edit("apps/payments/values.yaml", "retries: 1", "retries: 2"),
        ),
    ),
    Commit(
        TOMAS,
        8 * DAY + 6 * HOUR,
        "search: a hit in the title counts three times",
        edits=(Edit("apps/search/search.yaml", "title: 2.0", "title: 3.0"),),
    ),
    Commit(
        RELEASES,
        6 * DAY + 9 * HOUR,
        "checkout: 1.14.2",
        edits=(Edit(_OVERLAY, "newTag: 1.13.0", "newTag: 1.14.2"),),
    ),
    Commit(
        JONAS,
        5 * DAY + 3 * HOUR,
        "catalog: more memory\n\nThree out-of-memory kills since Monday, each while the supplier's list was read.",
        edits=(
            Edit(_CATALOG, "memory: 384Mi", "memory: 512Mi"),
            Edit(_CATALOG, "memory: 256Mi", "memory: 384Mi"),
        ),
    ),
    Commit(
        LENA,
        3 * DAY + 4 * HOUR,
        "reports: 0.9.4 writes spreadsheets",
        edits=(
            Edit("apps/reports/deployment.yaml", "reports:0.9.1", "reports:0.9.4"),
            Edit("apps/reports/nightly.yaml", "reports:0.9.1", "reports:0.9.4"),
            Edit("apps/reports/configmap.yaml", "format: csv", "format: xlsx"),
        ),
    ),
    Commit(
        AMARA,
        2 * DAY + 1 * HOUR,
        "storefront: announce free returns",
        edits=(
            Edit("apps/storefront/configmap.yaml", 'BANNER: ""', "BANNER: Free returns until the end of the month"),
        ),
    ),
    Commit(
        TOMAS,
        52 * 60.0,
        "search: try the crash fix of pull request 318",
        edits=(Edit("apps/search/search.yaml", "search:3.7.0", "search:pr-318-crash-fix"),),
    ),
    Commit(
        PRIYA,
        41 * 60.0,
        "notifications: mail and push, ready for its first rollout",
        adds=("apps/notifications",),
    ),
    Commit(
        LENA,
        27 * 60.0,
        "reports: send them to the board as well",
        edits=(
            Edit(
                "apps/reports/configmap.yaml",
                "  recipients: finance@example.com\n",
                "  recipients: finance@example.com\n   board: board@example.com\n",
            ),
        ),
    ),
    Commit(
        RELEASES,
        12 * 60.0,
        "checkout: 1.15.0, express checkout for returning customers",
        edits=(
            Edit(_OVERLAY, "newTag: 1.14.2", "newTag: 1.15.0"),
            Edit(_OVERLAY, "EXPRESS_CHECKOUT=off", "EXPRESS_CHECKOUT=on"),
            Edit(_OVERLAY, "count: 3", "count: 4"),
        ),
    ),
)

Tree = Mapping[str, str]
"""Path inside the repository to text."""


def trees() -> Iterator[tuple[Commit, Tree]]:
    """Each commit, oldest first, with the whole tree after it."""
    tree: dict[str, str] = {}
    for commit in COMMITS:
        for place in commit.adds:
            added = {path: text for path, text in _fleet().items() if path == place or path.startswith(f"{place}/")}
            if not added:
                raise LookupError(f"{place} is not in the sample repository")
            tree |= added
        for edit in commit.edits:
            if edit.old not in tree[edit.path]:
                raise LookupError(f"{edit.path} has no {edit.old!r} to edit")
            tree[edit.path] = tree[edit.path].replace(edit.old, edit.new)
        yield commit, dict(tree)


@cache
def _fleet() -> Mapping[str, str]:
    return dict(_texts(files("gitops_tui.embedded.demo") / "fleet", ""))


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _texts(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text("utf-8")
