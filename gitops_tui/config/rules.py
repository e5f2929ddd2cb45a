"""Health rules in the user's file: what is wrong with them, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gitops_tui.config.mistakes import Mistake, Path
from gitops_tui.model.resources import HealthCode
from gitops_tui.model.rules import Expression, ExpressionError, HealthRule, KindRules, Template

_READERS: Mapping[str, Callable[[str], object]] = {"when": Expression.parse, "message": Template.parse}


def rule_mistakes(document: Mapping[str, Any]) -> Iterator[Mistake]:
    """Conditions and messages that cannot be read, and kinds that may not have rules or have them twice."""
    first: dict[tuple[str, str], Path] = {}
    for index, entry in _entries(document.get("health")):
        kind = (str(entry.get("group", "")), str(entry.get("kind", "")))
        path: Path = ("health", index)
        if kind == ("", "Secret"):
            yield Mistake((*path, "kind"), "a Secret has no health, and its fields are shown nowhere")
        if kind in first:
            yield Mistake(path, f"{kind[1] or 'the kind'} has rules already", see=first[kind])
        first.setdefault(kind, path)
        for number, rule in _entries(entry.get("rules")):
            for key, read in _READERS.items():
                if isinstance(text := rule.get(key), str) and (told := _refusal(read, text)):
                    yield Mistake((*path, "rules", number, key), told)


def kind_rules(document: Mapping[str, Any]) -> tuple[KindRules, ...]:
    """The rules of a document without mistakes."""
    return tuple(
        KindRules(entry.get("group", ""), entry["kind"], tuple(map(_rule, entry["rules"])))
        for entry in document.get("health", ())
    )


def _rule(node: Mapping[str, Any]) -> HealthRule:
    message = Template.parse(node.get("message", ""))
    return HealthRule(Expression.parse(node["when"]), HealthCode(node["code"]), message)


def _refusal(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ExpressionError as error:
        return str(error)
    return ""


def _entries(listed: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            yield index, entry
