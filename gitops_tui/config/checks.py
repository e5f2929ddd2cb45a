"""What a schema cannot check: names that must be unique or known, secrets, options that do not fit together.

Every check copes with parts that are malformed: those are told by the schema, and all mistakes are told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gitops_tui.config.duration import seconds
from gitops_tui.config.mistakes import Mistake, Path, nearest
from gitops_tui.config.rules import rule_mistakes
from gitops_tui.config.urls import default_name, is_name, repository_names, url_mistake
from gitops_tui.model.application import RendererName, cycle
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line, sanitize
from gitops_tui.model.windows import zone
from gitops_tui.model.windows.cron import Cron

_TOKEN = pattern(r"(gh[opsur]_|github_pat_|glpat-|glptt-|xox[bp]-|AKIA)[A-Za-z0-9_-]{10,}")
_FREE_TEXT = "values"
"""Helm values are the chart's business and may hold any text."""
_HOSTILE = "holds a line break or a control character"

_LEAST = {"interval": 1.0, "wavePause": 0.0, "healthTimeout": 0.0, "duration": 60.0, "keep": 3600.0}
_LEAST_WORDS = {0.0: "0s", 1.0: "one second", 60.0: "one minute", 3600.0: "one hour"}
_YEAR = 366 * 86400.0
RENDERERS = (RendererName.DIRECTORY, RendererName.KUSTOMIZE, RendererName.HELM)

Entry = tuple[Path, Mapping[str, Any]]


def other_mistakes(document: Any) -> Iterator[Mistake]:
    """Everything wrong that the schema allows."""
    if not isinstance(document, Mapping):
        return
    yield from _hostile_text((), document)
    yield from _duplicates(document)
    yield from _repositories(document)
    for section in ("applications", "folders"):
        for path, entry in entries(document, section):
            yield from _source(document, (*path, "source"), entry.get("source"))
    yield from _durations(document)
    yield from _windows(document)
    yield from _dependencies(document)
    yield from rule_mistakes(document)


def entries(document: Mapping[str, Any], section: str) -> Iterator[Entry]:
    """The well-formed entries of a list, each with its path."""
    listed = document.get(section)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            yield (section, index), entry


def _hostile_text(path: Path, value: Any) -> Iterator[Mistake]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if _is_hostile(key):
                yield Mistake((*path, key), f"a key {_HOSTILE}", on_key=True)
            if key != _FREE_TEXT:
                yield from _hostile_text((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _hostile_text((*path, index), inner)
    elif isinstance(value, str) and _is_hostile(value):
        yield Mistake(path, _HOSTILE)


def _is_hostile(text: str) -> bool:
    return not text.isprintable() and (text != sanitize(text) or "\n" in text)


def _duplicates(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for section, key in (("applications", "name"), ("repositories", "name"), ("repositories", "url")):
        first: dict[str, Path] = {}
        for path, entry in entries(document, section):
            value = entry.get(key)
            if not isinstance(value, str):
                continue
            if value in first:
                yield Mistake((*path, key), f"the {key} is taken already", see=first[value])
            first.setdefault(value, (*path, key))
    yield from _unnamed_duplicates(document)


def _unnamed_duplicates(document: Mapping[str, Any]) -> Iterator[Mistake]:
    names = repository_names(document)
    for path, entry in entries(document, "repositories"):
        url = entry.get("url")
        if "name" in entry or not isinstance(url, str):
            continue
        name = default_name(url)
        if names.get(name, url) != url:
            yield Mistake((*path, "url"), f"another repository is called `{name}` too: give each a `name`")


def _repositories(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for path, entry in entries(document, "repositories"):
        url, credentials = entry.get("url"), entry.get("credentials")
        if isinstance(url, str) and (message := url_mistake(url)):
            yield Mistake((*path, "url"), message)
        for key, value in (credentials if isinstance(credentials, Mapping) else {}).items():
            if isinstance(value, str) and _TOKEN.match(value):
                message = "looks like a token itself: put that into an environment variable and name the variable here"
                yield Mistake((*path, "credentials", key), message)


def _source(document: Mapping[str, Any], path: Path, source: Any) -> Iterator[Mistake]:
    if not isinstance(source, Mapping):
        return
    repository, renderer = source.get("repository"), source.get("renderer", "auto")
    if isinstance(repository, str) and repository:
        message = _repository_mistake(repository, repository_names(document))
        if message:
            yield Mistake((*path, "repository"), message)
    for options in RENDERERS:
        if options in source and renderer in RENDERERS and renderer != options:
            message = f"the options of {options} are for another renderer, this is `{renderer}`"
            yield Mistake((*path, options), message, on_key=True)


def _repository_mistake(repository: str, names: Mapping[str, str]) -> str | None:
    if repository in names:
        return None
    if not is_name(repository):
        return url_mistake(repository)
    meant = nearest(repository, list(names))
    known = f"known are {', '.join(names)}" if names else "`repositories` names none"
    asked = f"did you mean `{meant}`?" if meant else f"{known}; a path begins with `./` or `/`"
    return f"unknown repository `{repository}`, {asked}"


def _durations(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for path, entry in _with_durations(document):
        for key, least in _LEAST.items():
            value = entry.get(key)
            try:
                span = seconds(value) if isinstance(value, str | int | float) else least
            except ValueError:
                continue
            if span < least:
                yield Mistake((*path, key), f"must be at least {_LEAST_WORDS[least]}")
            if span > _YEAR and key != "keep":
                yield Mistake((*path, key), "must be at most a year")


def _with_durations(document: Mapping[str, Any]) -> Iterator[Entry]:
    yield from entries(document, "repositories")
    for section in ("applications", "folders"):
        for path, entry in entries(document, section):
            if isinstance(entry.get("sync"), Mapping):
                yield (*path, "sync"), entry["sync"]
    if isinstance(document.get("settings"), Mapping):
        yield ("settings",), document["settings"]
    yield from _window_entries(document)
    if isinstance(journal := _keys(document, "settings").get("journal"), Mapping):
        yield ("settings", "journal"), journal


def _keys(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _window_entries(document: Mapping[str, Any]) -> Iterator[Entry]:
    holders: list[Entry] = [(("settings",), _keys(document, "settings"))]
    for section in ("applications", "folders"):
        holders += [((*path, "sync"), _keys(entry, "sync")) for path, entry in entries(document, section)]
    for path, holder in holders:
        yield from (((*path, *inner), entry) for inner, entry in entries(holder, "windows"))


def _windows(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for path, window in _window_entries(document):
        for key, read in (("schedule", _sooner_or_later), ("timeZone", zone)):
            value = window.get(key)
            try:
                if isinstance(value, str) and value:
                    read(value)
            except ValueError as error:
                yield Mistake((*path, key), one_line(str(error)))


def _sooner_or_later(schedule: str) -> None:
    if next(Cron.parse(schedule).after(datetime(2000, 1, 1)), None) is None:  # noqa: DTZ001 - any year will do
        raise ValueError("names a day that never comes")


def _dependencies(document: Mapping[str, Any]) -> Iterator[Mistake]:
    """Names that nothing has, as far as that can be told here, and circles."""
    stated = dict(_depending(document))
    names = {entry["name"]: path for path, entry in entries(document, "applications") if _is_named(entry)}
    folders = isinstance(document.get("folders"), list)
    for path, needed in stated.items():
        for index, name in enumerate(needed):
            if isinstance(name, str) and name not in names and not folders:
                meant = nearest(name, list(names))
                asked = f", did you mean `{meant}`?" if meant else ""
                yield Mistake((*path, index), f"unknown application `{one_line(name, limit=60)}`{asked}")
    by_name = {
        name: [each for each in stated.get((*path, "dependsOn"), ()) if each in names] for name, path in names.items()
    }
    circle = cycle(by_name)
    if circle:
        yield Mistake((*names[circle[0]], "dependsOn"), f"is a circle: {' → '.join(circle)}")


def _is_named(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("name"), str)


def _depending(document: Mapping[str, Any]) -> Iterator[tuple[Path, list[Any]]]:
    for section in ("applications", "folders"):
        for path, entry in entries(document, section):
            if isinstance(entry.get("dependsOn"), list):
                yield (*path, "dependsOn"), entry["dependsOn"]
