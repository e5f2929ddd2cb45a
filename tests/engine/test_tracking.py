"""Who waits for a look."""

from __future__ import annotations

from gitops_tui.engine.future import Future
from gitops_tui.engine.schedule.tracking import RefreshWaiter
from gitops_tui.model.status import Snapshot


def test_a_refresh_is_answered_once_though_an_application_is_dropped_while_it_is_looked_at() -> None:
    answered: list[Future[Snapshot]] = []
    waiter = RefreshWaiter(Future(), {"web", "api"}, answered)
    waiter.looked_at("web")
    assert answered == []
    for _ in ("dropped", "looked at"):
        waiter.looked_at("api")
    assert answered == [waiter.future]
