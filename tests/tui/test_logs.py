"""A person reads what containers write, and stays where they read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gitops_tui.engine.requests import ReadLogs
from gitops_tui.model.errors import UnreachableError
from gitops_tui.model.logs import LogLine, LogMark, Logs, LogSource
from gitops_tui.model.resources import ResourceKey
from gitops_tui.tui.screens import logs as screen
from gitops_tui.tui.screens.logs import LogsView
from tests.tui.cockpit import LARGE, SMALL, Driver, cockpit
from tests.tui.scenes import NOW, ScriptedEngine

CART = ResourceKey("apps", "Deployment", "shop", "cart")
APP = LogSource("shop", "cart-1", "app")
PROXY = LogSource("shop", "cart-1", "proxy")


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "_SOON", 0.03)
    monkeypatch.setattr(screen, "_LATEST", 0.03)


class Writing:
    """Containers that write when a test says so."""

    def __init__(self, *sources: LogSource) -> None:
        self.sources = sources or (APP,)
        self.notes: dict[LogSource, str] = {}
        self.left_out = 0
        self._lines: list[LogLine] = []
        self.engine = ScriptedEngine()
        self.engine.answers[ReadLogs] = self._read

    def write(self, *texts: str, source: LogSource = APP) -> None:
        """Write lines, a second after each other."""
        began = int(NOW) + len(self._lines)
        self._lines += [LogLine(source, (began + at) * 10**9, text) for at, text in enumerate(texts)]

    def _read(self, request: ReadLogs) -> Logs:
        if request.previous:
            return Logs((LogLine(APP, int(NOW) * 10**9, "panic: out of luck"),), self.sources)
        seen = request.since[0].count if request.since else 0
        marks = (LogMark(self.sources[0], 0, len(self._lines)),) if self.sources else ()
        return Logs(tuple(self._lines[seen:]), self.sources, marks, dict(self.notes), self.left_out)

    @property
    def asked(self) -> Sequence[ReadLogs]:
        """What was asked for."""
        return [request for request in self.engine.asked if isinstance(request, ReadLogs)]

    async def again(self, user: Driver) -> None:
        """Wait until the screen has asked for what is new, and shown it."""
        before = len(self.asked)
        await user.until(lambda: len(self.asked) > before + 1, "more was asked for")


def numbered(*numbers: int) -> list[str]:
    return [f"line {number}." for number in numbers]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_l_shows_what_all_containers_write(size: tuple[int, int]) -> None:
    async with cockpit(size=size) as user:
        await user.press("l")
        await user.sees("all 4 containers", "following", "m4t9z/envoy", "hosts unhealthy")
        assert user.engine.asked_for(ReadLogs)[0] == ReadLogs("cart")


async def test_l_shows_the_logs_of_the_resource_under_the_cursor() -> None:
    async with cockpit() as user:
        await user.press("enter", "l")
        await user.sees("Deployment/cart", "PoolTimeout")
        assert user.engine.asked_for(ReadLogs)[0] == ReadLogs("cart", CART)
        await user.press("escape", "d")
        await user.sees("replicas: 3")
        await user.press("l")
        await user.sees("Deployment/cart", "PoolTimeout")
        await user.command("logs payments")
        await user.until(lambda: ReadLogs("payments") in user.engine.asked)


async def test_what_is_written_is_followed_until_one_reads_further_up() -> None:
    writing = Writing()
    writing.write(*numbered(*range(100)))
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("line 99.")
        writing.write("line 100.")
        await user.sees("line 100.")
        await user.press("k", "k", "k")
        await user.sees("G follows again")
        writing.write("line 101.")
        await writing.again(user)
        assert "line 100." not in user.screen
        assert "line 97." in user.screen
        await user.press("G")
        await user.sees("line 101.", "● following")
        writing.write("line 102.")
        await user.sees("line 102.")


async def test_each_line_is_shown_once_and_nothing_is_asked_while_nobody_looks() -> None:
    writing = Writing()
    writing.write("only once")
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("only once")
        await writing.again(user)
        await writing.again(user)
        assert user.screen.count("only once") == 1
        await user.press("i")
        await user.until(lambda: not isinstance(user.app.screen, LogsView))
        await user.pilot.pause()
        before = len(writing.asked)
        writing.write("meanwhile")
        for _ in range(20):
            await user.pilot.pause()
        assert len(writing.asked) <= before + 1
        await user.press("escape")
        await user.sees("meanwhile")


async def test_who_reads_in_the_middle_of_much_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "KEPT", 100)
    writing = Writing()
    writing.write(*numbered(*range(100)))
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("line 99.")
        await user.press("g")
        await user.sees("line 0.", "G follows again")
        await user.pilot.pause()
        before = len(writing.asked)
        writing.write(*numbered(*range(100, 150)))
        for _ in range(20):
            await user.pilot.pause()
        assert len(writing.asked) <= before + 1
        await user.press("G")
        await user.sees("line 149.")


async def test_tab_shows_one_container_after_the_other() -> None:
    writing = Writing(APP, PROXY)
    writing.write("from the app")
    writing.write("from the proxy", source=PROXY)
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("all 2 containers", "from the app", "from the proxy")
        await user.press("tab")
        await user.sees("cart-1 / app", "1 of 2", "from the app")
        assert "from the proxy" not in user.screen
        await user.press("tab")
        await user.sees("cart-1 / proxy", "from the proxy")
        await user.press("tab")
        await user.sees("all 2 containers")
        await user.press("shift+tab")
        await user.sees("cart-1 / proxy")
        writing.sources = (APP,)
        await user.sees("1 container ", "from the app")


async def test_p_shows_the_run_before_the_last_restart_and_comes_back() -> None:
    writing = Writing()
    writing.write("started again")
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("started again")
        await user.press("p")
        await user.sees("panic: out of luck", "the run before the last restart")
        assert "started again" not in user.screen
        await user.press("p")
        await user.sees("started again", "following")
        assert "panic" not in user.screen


async def test_where_nothing_was_restarted_there_is_no_run_before() -> None:
    writing = Writing()
    writing.write("the first run")
    read = writing.engine.answers[ReadLogs]
    writing.engine.answers[ReadLogs] = lambda asked: Logs((), (APP,)) if asked.previous else read(asked)
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("the first run")
        await user.press("p")
        await user.sees("none of them was started again")


async def test_times_and_wrapping_are_turned_on_and_off() -> None:
    writing = Writing()
    writing.write("word " * 60 + "end.")
    async with cockpit(writing.engine, size=SMALL) as user:
        await user.press("l")
        await user.sees("end.", ":00:00 ")
        await user.press("T")
        await user.until(lambda: ":00:00 " not in user.screen)
        await user.press("w")
        await user.until(lambda: "end." not in user.screen)
        await user.press(*["right"] * 40)
        await user.sees("end.")
        await user.press("w")
        await user.sees("end.", "│ word word")


async def test_the_scroll_bar_hides_no_letter() -> None:
    writing = Writing()
    words = [f"<{'y' * length}>" for length in range(8, 20)]
    writing.write(*("x" * 60 + " " + word for word in words for _ in range(2)))
    async with cockpit(writing.engine, size=SMALL) as user:
        await user.press("l", "T")
        await user.sees(words[-1])
        seen = user.screen
        await user.press("g")
        await user.sees(words[0])
        seen += user.screen
        assert [word for word in words if word not in seen] == []


async def test_a_search_marks_what_comes_later_too_and_stays_where_it_is() -> None:
    writing = Writing()
    writing.write(*numbered(*range(100)))
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("line 99.")
        await user.press("/")
        await user.type("e 33.")
        await user.press("enter")
        await user.sees("line 33.", "G follows again")
        writing.write("another line 33.")
        await writing.again(user)
        assert "line 99." not in user.screen
        await user.press("n")
        await user.sees("another line 33.")


async def test_c_copies_whole_lines() -> None:
    writing = Writing()
    writing.write("long " * 60 + "end", "second")
    async with cockpit(writing.engine, size=SMALL) as user:
        await user.press("l")
        await user.sees("second")
        await user.press("T", "c")
        assert user.app.clipboard == "long " * 60 + "end\nsecond"


async def test_why_a_container_cannot_be_read_is_said() -> None:
    writing = Writing(APP, PROXY)
    writing.notes = {APP: 'container "app" is waiting to start: ImagePullBackOff', PROXY: "forbidden"}
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("nothing is written yet", "cart-1 / app", "ImagePullBackOff", "and 1 more")
        writing.notes, writing.left_out = {}, 7
        await user.sees("7 more containers are not read")


async def test_without_pods_it_says_so() -> None:
    writing = Writing()
    writing.sources = ()
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("there are no pods below it")


async def test_lines_stay_when_the_cluster_is_out_of_reach_and_go_on_when_it_is_back() -> None:
    writing = Writing()
    writing.write("before the outage")
    async with cockpit(writing.engine) as user:
        await user.press("l")
        await user.sees("before the outage")
        read = writing.engine.answers[ReadLogs]
        writing.engine.answers[ReadLogs] = UnreachableError("cluster shop-prod", "cannot be reached")
        await user.sees("cluster shop-prod: cannot be reached", "before the outage")
        writing.write("after it")
        writing.engine.answers[ReadLogs] = read
        await user.sees("after it", "before the outage")
        await user.until(lambda: "cannot be reached" not in user.screen)


HOSTILE = "[/bold]\x1b]0;pwned\x07\x1b[31m[link=x]\u202eevil"


@pytest.mark.parametrize("size", [SMALL, LARGE, (20, 5), (1, 1)])
async def test_hostile_names_and_lines_are_harmless(size: tuple[int, int]) -> None:
    source = LogSource(HOSTILE, HOSTILE, HOSTILE)
    writing = Writing(source, PROXY)
    writing.write(HOSTILE, source=source)
    writing.notes = {source: HOSTILE}
    async with cockpit(writing.engine, size=size) as user:
        for keys in (("l",), ("tab",), ("c",), ("T", "w")):
            await user.press(*keys)
            await writing.again(user)
            for shown in (user.screen, user.app.clipboard):
                assert not set("\x1b\x07\u202e") & set(shown)
        assert user.app.is_running
