"""How syncs are held, ordered and kept, as the file says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_tui.config import Config
from gitops_tui.config.load import parse
from gitops_tui.model.errors import ConfigError
from gitops_tui.model.windows import SyncWindow, WindowKind


def read(text: str) -> Config:
    return parse(text.encode(), name="file", base=Path("/somewhere"))


def mistakes(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return "\n".join(caught.value.mistakes)


def app(name: str, more: str = "") -> str:
    return f"  - name: {name}\n    source: {{repository: /r}}\n{more}"


def apps(*given: str, settings: str = "") -> str:
    return "applications:\n" + "".join(given) + settings


WINDOW = '{kind: deny, schedule: "0 0 24 12 *", duration: 3d, timeZone: Europe/Berlin, manualSync: true}'


def test_windows_of_all_and_of_one() -> None:
    text = apps(
        app("a", f"    sync: {{windows: [{WINDOW}]}}\n"),
        app("b"),
        settings='settings: {windows: [{kind: allow, schedule: "@daily", duration: 1h}]}\n',
    )
    common = SyncWindow(WindowKind.ALLOW, "@daily", 3600.0)
    own = SyncWindow(WindowKind.DENY, "0 0 24 12 *", 3 * 86400.0, "Europe/Berlin", manual_sync=True)
    one, other = read(text).applications
    assert one.policy.windows == (common, own)
    assert other.policy.windows == (common,)


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ('{kind: deny, schedule: "0 25 * * *", duration: 1h}', "the hour must be 0 to 23"),
        ('{kind: deny, schedule: "0 0 31 2 *", duration: 1h}', "never comes"),
        ('{kind: deny, schedule: "0 0 * * *", duration: 1s}', "must be at least one minute"),
        ('{kind: deny, schedule: "0 0 * * *"}', "the key `duration` is missing"),
        ('{kind: denies, schedule: "0 0 * * *", duration: 1h}', "did you mean `deny`?"),
        ('{kind: deny, schedule: "0 0 * * *", duration: 1h, timeZone: Mars/Olympus}', "is not known here"),
    ],
)
@pytest.mark.parametrize("where", ["application", "settings"])
def test_a_window_that_cannot_be_is_told_with_its_place(window: str, told: str, where: str) -> None:
    if where == "application":
        said = mistakes(apps(app("a", f"    sync: {{windows: [{window}]}}\n")))
        assert "applications[a].sync.windows[0]" in said
    else:
        said = mistakes(apps(app("a"), settings=f"settings: {{windows: [{window}]}}\n"))
        assert "settings.windows[0]" in said
    assert told in said


def test_sync_options_hold_for_all_objects() -> None:
    text = apps(app("a", "    sync: {syncOptions: [PruneLast=true, Prune=confirm], parallel: 2}\n"))
    (found,) = read(text).applications
    assert (found.policy.options, found.policy.parallel) == (("PruneLast=true", "Prune=confirm"), 2)


def test_an_unknown_sync_option_is_told_with_the_nearest() -> None:
    said = mistakes(apps(app("a", "    sync: {syncOptions: [PruneLst=true]}\n")))
    assert "did you mean `PruneLast=true`?" in said


def test_dependencies_of_applications_and_of_folders() -> None:
    text = apps(app("a", "    dependsOn: [b]\n"), app("b"))
    assert read(text).applications[0].depends_on == ("b",)
    text = "folders:\n  - source: {repository: /r, path: apps/*}\n    dependsOn: [db]\n"
    assert read(text).folders[0].depends_on == ("db",)


def test_an_unknown_dependency_is_told_with_the_nearest() -> None:
    said = mistakes(apps(app("web", "    dependsOn: [databse]\n"), app("database")))
    assert "unknown application `databse`, did you mean `database`?" in said
    assert "applications[web].dependsOn[0]" in said


def test_a_dependency_may_come_from_a_folder() -> None:
    text = apps(app("web", "    dependsOn: [database]\n")) + "folders:\n  - source: {repository: /r, path: apps/*}\n"
    assert read(text).applications[0].depends_on == ("database",)


@pytest.mark.parametrize(
    ("edges", "circle"),
    [
        ({"a": "a"}, "a → a"),
        ({"a": "b", "b": "a"}, "a → b → a"),
        ({"x": "a", "a": "b", "b": "c", "c": "a"}, "a → b → c → a"),
    ],
)
def test_a_circle_is_told(edges: dict[str, str], circle: str) -> None:
    text = apps(*(app(name, f"    dependsOn: [{needed}]\n") for name, needed in edges.items()))
    assert f"is a circle: {circle}" in mistakes(text)


def test_a_diamond_is_no_circle() -> None:
    needs = {"a": "b, c", "b": "d", "c": "d", "d": ""}
    text = apps(*(app(name, f"    dependsOn: [{needed}]\n") for name, needed in needs.items()))
    assert len(read(text).applications) == 4


@pytest.mark.parametrize(
    ("written", "keep", "size"),
    [
        ("{}", None, None),
        ("{keep: 400d}", 400 * 86400.0, None),
        ("{size: 500MB}", None, 500_000_000),
        ("{keep: 12h, size: 1.5GiB}", 43200.0, 3 * 2**29),
        ("{size: 1048576}", None, 1048576),
    ],
)
def test_how_much_of_the_journal_is_kept(written: str, keep: float | None, size: int | None) -> None:
    found = read(apps(app("a"), settings=f"settings: {{journal: {written}}}\n")).settings
    assert (found.keep_journal, found.journal_size) == (keep, size)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{keep: 5m}", "at least one hour"),
        ("{size: big}", "must be a size such as `500MB`"),
        ("{size: -1}", "must be a size"),
    ],
)
def test_what_cannot_be_kept_is_told(written: str, told: str) -> None:
    assert told in mistakes(apps(app("a"), settings=f"settings: {{journal: {written}}}\n"))


def test_how_many_syncs_run_at_once() -> None:
    assert read(apps(app("a"))).settings.parallel_syncs == 8
    assert read(apps(app("a"), settings="settings: {parallelSyncs: 0}\n")).settings.parallel_syncs == 0
