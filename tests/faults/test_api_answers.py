"""What the API server, or what stands before it, answers in the middle of a sync: survived, or told and made good.

The rows of the fault table about slow servers, 429, 409, 5xx, proxies, cut answers, redirects, 401 and 403.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict

import pytest

from gitops_tui.embedded import EmbeddedServer
from gitops_tui.embedded.faults import Fault, Faults
from gitops_tui.model.application import SyncPolicy
from gitops_tui.model.operations import OperationPhase, Receipt, Result
from gitops_tui.model.status import SyncCode
from tests.faults.conftest import SHOP, Enter
from tests.support.manifests import config_map
from tests.support.oracle import Diary, outcome, undisturbed
from tests.support.stage import Stage


class Where(TypedDict):
    """Which requests a fault meets."""

    method: str
    path: str


SETTINGS = r"/configmaps/settings\?"
APPLY: Where = {"method": "PATCH", "path": rf"{SETTINGS}(?!.*dryRun)"}
DRY_RUN: Where = {"method": "PATCH", "path": rf"{SETTINGS}.*dryRun=All"}
DELETE: Where = {"method": "DELETE", "path": r"/configmaps/prices(\?(?!.*dryRun).*)?$"}
READ: Where = {"method": "GET", "path": r"/configmaps/(settings|prices)$"}
GREEN: dict[str, str | None] = {
    "app/settings.yaml": config_map("settings", colour="green"),
    "app/prices.yaml": None,
}
WRITTEN = {"MODIFIED configmaps/settings": 1, "MODIFIED configmaps/prices": 1, "DELETED configmaps/prices": 1}
"""Once each; what is deleted in the foreground is marked first."""
PAGE = b"<html><h1>502 Bad Gateway</h1></html>"


@pytest.fixture
def shop(enter: Enter, server: EmbeddedServer) -> Iterator[Stage]:
    """A shop whose next commit changes one object and drops the other."""
    with enter(policy=SyncPolicy(max_prune=1.0)) as entered:
        entered.sync()
        entered.repository.commit("Green, and no prices", GREEN)
        entered.clock.now += 10
        yield entered


Inject = Callable[[Faults, Where], Fault]
PASSING: dict[str, Inject] = {
    "429": lambda faults, where: faults.answer(429, retry_after=0, times=2, **where),
    "500": lambda faults, where: faults.answer(500, times=2, **where),
    "503": lambda faults, where: faults.answer(503, times=2, **where),
    "a proxy's page": lambda faults, where: faults.say(PAGE, "text/html", code=502, **where),
    "a login page": lambda faults, where: faults.say(PAGE, "text/html", **where),
    "cut JSON": lambda faults, where: faults.truncate(**where),
    "cut before": lambda faults, where: faults.cut(**where),
    "cut after": lambda faults, where: faults.cut(done=True, **where),
    "half-open": lambda faults, where: faults.hang(**where),
    "half-open after": lambda faults, where: faults.hang(done=True, **where),
    "slow": lambda faults, where: faults.delay(0.2, times=1, **where),
    "401": lambda faults, where: faults.answer(401, **where),
}
REQUESTS = {"the apply": APPLY, "its dry-run": DRY_RUN, "the deletion": DELETE, "a read": READ}


@pytest.mark.parametrize("where", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_passing_fault_in_a_sync_shows_in_nothing(
    shop: Stage, server: EmbeddedServer, tmp_path: Path, fault: Inject, where: Where
) -> None:
    if where is not DRY_RUN:
        # What a look has had foretold, a sync does not ask again.
        shop.refresh()
    diary = Diary(server, SHOP)
    met = fault(server.faults, where)

    receipt = shop.sync(prune=True)

    assert met.hits
    assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message
    assert diary() == WRITTEN
    assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


LASTING: dict[str, tuple[Inject, str]] = {
    "429": (lambda faults, where: faults.answer(429, retry_after=0, times=-1, **where), "injected fault"),
    "500": (lambda faults, where: faults.answer(500, times=-1, **where), "injected fault"),
    "a proxy's page": (
        lambda faults, where: faults.say(PAGE, "text/html", code=502, times=-1, **where),
        "reached no API server",
    ),
    "a login page": (lambda faults, where: faults.say(PAGE, "text/html", times=-1, **where), "answered with HTML"),
    "half-open": (lambda faults, where: faults.hang(times=-1, **where), "no answer within"),
    "401": (lambda faults, where: faults.answer(401, times=-1, **where), "log in again"),
    "403": (lambda faults, where: faults.answer(403, times=-1, **where), "injected fault"),
}


@pytest.mark.parametrize(("fault", "words"), LASTING.values(), ids=LASTING)
def test_a_lasting_fault_of_an_apply_ends_the_sync_before_its_prune_and_the_next_one_converges(
    shop: Stage, server: EmbeddedServer, tmp_path: Path, fault: Inject, words: str
) -> None:
    shop.refresh()
    diary = Diary(server, SHOP)
    fault(server.faults, APPLY)

    receipt = shop.sync(prune=True)

    assert receipt.phase is OperationPhase.FAILED
    assert words in receipt.message
    assert _results(receipt) == {"settings": Result.FAILED, "prices": Result.PRUNE_SKIPPED}
    assert diary() == {}
    server.faults.clear()
    assert shop.status().sync is SyncCode.OUT_OF_SYNC
    assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
    assert diary() == WRITTEN
    assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


def _results(receipt: Receipt) -> dict[str, Result]:
    return {row.key.name: row.result for row in receipt.resources}


def test_what_429_asks_for_is_waited(shop: Stage, server: EmbeddedServer) -> None:
    shop.refresh()
    met = server.faults.answer(429, retry_after=1, **APPLY)

    receipt = shop.sync(prune=True)

    (row,) = (row for row in receipt.resources if row.key.name == "settings")
    assert met.hits == 1
    assert row.result is Result.CONFIGURED
    assert row.duration >= 1.0


def test_a_redirect_is_told_and_nothing_is_sent_to_where_it_leads(
    shop: Stage, server: EmbeddedServer, tmp_path: Path
) -> None:
    shop.refresh()
    with EmbeddedServer.start() as other:
        reached = other.faults.answer(500, times=-1)
        server.faults.redirect(f"{other.url}/api/v1/namespaces/default/configmaps/settings", **APPLY, times=-1)

        receipt = shop.sync(prune=True)

        assert receipt.phase is OperationPhase.FAILED
        assert f"redirects to {other.url.removeprefix('https://')}, which is not followed" in receipt.message
        assert reached.hits == 0
    server.faults.clear()
    assert shop.sync(prune=True).phase is OperationPhase.SUCCEEDED
    assert outcome(server, shop) == undisturbed(tmp_path, shop, prune=True)


def test_a_token_that_expires_between_two_writes_is_read_again(shop: Stage, server: EmbeddedServer) -> None:
    shop.refresh()
    old, new = server.access.token, secrets.token_urlsafe()

    def renew(_obj: dict[str, Any]) -> None:
        server.users[new] = server.users.pop(old)
        server.access.write_kubeconfig(server.kubeconfig, server.url, new)

    server.faults.mutate(renew, foretold=False)

    receipt = shop.sync(prune=True)

    assert old not in server.users
    assert receipt.phase is OperationPhase.SUCCEEDED, receipt.message


def test_refused_credentials_are_read_again_once_and_then_told(enter: Enter, server: EmbeddedServer) -> None:
    with enter() as shop:
        shop.sync()
        shop.until(lambda status: status.sync is SyncCode.SYNCED)
        server.users.pop(server.access.token)
        server.faults.drop_watches()

        status = shop.until(lambda status: status.sync is SyncCode.UNKNOWN)

        assert "log in again" in " ".join(problem.hint for problem in status.problems)
        server.users.update(server.access.users)
        shop.until(lambda status: status.sync is SyncCode.SYNCED and not status.problems)
