"""A planted value stands in nothing that the program shows, prints, logs, serves or keeps.

It is planted in Git (`stringData`, `data`), live (by kubectl with its last-applied-configuration, by a second field
manager), in fields that a user masks, in objects that the API server refuses with the value in its words, and in a
manifest that cannot be read. `render --show-secrets` alone shows values, to who asked.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing

import pytest

from gitops_tui.__main__ import main
from gitops_tui.cluster import Clusters
from gitops_tui.config import load
from gitops_tui.engine.boot import BootingEngine
from gitops_tui.engine.store import Store
from gitops_tui.engine.worker import Parts, Worker
from gitops_tui.journal import Journal
from gitops_tui.model.resources import ResourceKey
from gitops_tui.source import Mirrors
from gitops_tui.tui import actions
from gitops_tui.tui.app import GitopsApp
from gitops_tui.tui.dialogs.plan import PlanView
from gitops_tui.tui.navigation import Location
from gitops_tui.tui.screens import SCREENS
from gitops_tui.tui.views.view import View
from tests.secrets.conftest import NAMES, PLANTED, World, revealed, spellings

DB = ResourceKey("", "Secret", "default", "db")
HIDDEN = ResourceKey("", "ConfigMap", "default", "hidden")
REFUSED = tuple(ResourceKey("", kind, "default", "refused") for kind in ("Secret", "ConfigMap"))
LOOKING = (
    "status {name} --orphans",
    "diff {name}",
    "diff {name} --ignored",
    "diff {name} --from deployed --to live",
    "diff {name} --from main~1 --to main",
    "render {name}",
    "plan {name} --prune",
    "sync {name} --prune --dry-run",
    "history {name}",
    "journal {name}",
)
Run = Callable[[str], str]


@pytest.fixture
def said() -> dict[str, str]:
    """What each command line has said."""
    return {}


@pytest.fixture
def run(world: World, said: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb in this process."""

    def call(words: str) -> str:
        main(["--config", str(world.config), *words.split()])
        captured = capsys.readouterr()
        said[words] = f"{captured.out}\n{captured.err}"
        return said[words]

    return call


def leaks(texts: Mapping[str, str]) -> dict[str, set[str]]:
    return {name: found for name, text in texts.items() if (found := revealed(text))}


@pytest.mark.parametrize("name", NAMES)
def test_no_verb_that_looks_prints_one(world: World, run: Run, said: dict[str, str], name: str) -> None:
    run("sync shop -y")
    world.second_commit()
    world.interfere()

    for words in LOOKING:
        for form in ("table", "json"):
            run(f"{words.format(name=name)} -o {form}")
    run("status -o yaml")
    run(f"diff {name} -o markdown")

    assert leaks(said) == {}
    assert revealed(world.kept()) == set()
    if name == "shop":
        assert "••••" in said["diff shop -o table"], "that values differ is shown"
        assert "git-data" in revealed(run("render shop --show-secrets")), "who asks for them gets them"
        assert revealed(world.kept()) == set(), "which is not written down"


def test_no_verb_that_writes_prints_or_keeps_one(world: World, run: Run, said: dict[str, str]) -> None:
    run("sync shop -y")
    world.second_commit()
    world.interfere()

    run("sync refused -o json")
    run("sync refused")
    pruned = run("sync shop --prune -y -o json")
    back = run(f"rollback shop {world.first} -y -o json")
    run("undo shop -y -o json")
    run("delete shop --cascade -y shop -o json")
    journal = run("journal -o json -n 50")

    assert leaks(said) == {}
    assert revealed(world.kept()) == set()
    assert "refused: the API server finds it invalid" in said["sync refused"]
    assert '"Pruned"' in pruned
    assert '"Created"' in back
    assert "••••" in journal, "the Secret that was deleted is kept with its values hidden"


def test_the_daemon_logs_and_serves_none(world: World) -> None:
    world.configure("auto")
    with world.gitops.daemon() as daemon:
        address = daemon.until(lambda event: event["event"] == "listening")["address"]
        daemon.until(lambda event: event["event"] == "operation-ended" and event["application"] == "shop")
        world.second_commit()
        daemon.until(lambda event: event["event"] == "operation-ended" and event["application"] == "shop")
        world.interfere()
        daemon.until(lambda event: event["event"] == "operation-ended" and event.get("kind") == "self-heal")
        served = [_get(address, path) for path in ("/healthz", "/readyz", "/metrics", "/")]
        assert daemon.terminate() == 0
    log = json.dumps(daemon.events, ensure_ascii=False)

    assert revealed(log) == set()
    assert revealed("".join(served)) == set()
    assert "unparsed" in log
    assert revealed(world.kept()) == set()


def _get(address: str, path: str) -> str:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=90)
    connection.request("GET", path)
    answer = connection.getresponse()
    return f"{answer.headers}{answer.read().decode()}"


DEEDS = {actions.MANIFEST: ("next_tab",) * 2, actions.DIFF: ("sides", "context.more", "whitespace", "authors")}


class Eyes:
    """Who looks at every screen, and takes a picture of each."""

    def __init__(self, app: GitopsApp) -> None:
        self.app = app
        self.seen: dict[str, str] = {}

    async def settle(self) -> None:
        """Wait until the screen has not changed for a while."""
        before, same = "", 0
        for _ in range(400):
            await asyncio.sleep(0.01)
            now = self._text()
            same = same + 1 if now == before else 0
            if same > 4 and "reading…" not in now and "planning…" not in now:
                return
            before = now

    def look(self, name: str) -> str:
        """Keep what is on the screen, and its picture."""
        self.seen[name] = f"{self._text()}\n{self.app.export_screenshot()}".replace("&#160;", " ")
        return self.seen[name]

    def _text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def cockpit(world: World) -> AsyncIterator[Eyes]:
    config = load(world.config)
    settings = config.settings
    with (
        closing(Journal.open(settings.state_dir)) as journal,
        closing(Clusters(settings.kubeconfig)) as clusters,
        closing(Mirrors(settings.state_dir)) as mirrors,
    ):

        def build(store: Store) -> Worker:
            return Worker(Parts(config, clusters, mirrors, journal, store, "tester", automate=False))

        engine = BootingEngine(build)
        app = GitopsApp(engine, actor="ada", skin="night")
        engine.start()
        async with app.run_test(size=(200, 100), notifications=True) as pilot:
            for _ in range(6000):
                await pilot.pause()
                await asyncio.sleep(0.02)
                if len(app.snapshot.applications) == len(NAMES) and all(
                    status.compared_at or status.problems for status in app.snapshot.applications.values()
                ):
                    break
            yield Eyes(app)
        engine.stop(10.0)


def chosen(name: str, view: str) -> tuple[ResourceKey | None, ...]:
    """What a view is of: a manifest always of a resource, a difference of each that holds something."""
    if view == actions.MANIFEST:
        return {"shop": (DB, HIDDEN), "refused": REFUSED}.get(name, ())
    return (DB, HIDDEN) if name == "shop" and view == actions.DIFF else (None,)


def views(operation: str) -> Iterator[tuple[str, View]]:
    """Every view of every application, and of the resources that hold something."""
    for name in NAMES:
        for view, make in SCREENS.items():
            for key in chosen(name, view):
                place = Location(view, name, key, operation=operation if view == actions.RECEIPT else "")
                yield f"{view} {name} {key}", make(place)
        yield f"plan {name}", PlanView(Location(actions.PLAN, name))


async def test_no_screen_and_no_picture_shows_one(world: World) -> None:
    world.gitops("sync", "shop", "-y", code=0)
    world.second_commit()
    world.gitops("sync", "shop", "--prune", "-y", code=0)
    (last, *_) = world.gitops.json("journal", "shop")
    world.interfere()
    async with cockpit(world) as eyes:
        for name, view in views(last["operation"]):
            eyes.app.push_screen(view)
            await eyes.settle()
            eyes.look(name)
            for deed in DEEDS.get(view.view, ()):
                view.action_do(deed)
                await eyes.settle()
                eyes.look(f"{name} {deed}")
            eyes.app.pop_screen()
            await eyes.settle()

    assert leaks(eyes.seen) == {}
    assert any("••••" in text for text in eyes.seen.values())
    assert revealed(world.kept()) == set()


@pytest.mark.parametrize("place", PLANTED)
def test_a_value_would_be_found_by_each_of_its_spellings(place: str) -> None:
    assert [revealed(f"x{form}y") for form in spellings(PLANTED[place])] == [{place}] * 3
