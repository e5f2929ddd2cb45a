"""Mistakes in the user's file: what jsonschema finds, said in words, with the nearest right one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitops_tui.config.allowing import allows
from gitops_tui.config.nodes import Schema
from gitops_tui.config.schema import schema
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass

if TYPE_CHECKING:
    from jsonschema import ValidationError

Path = tuple[str | int, ...]

FOREIGN = {
    "repo": "repository",
    "repourl": "repository",
    "targetrevision": "revision",
    "branch": "revision",
    "tag": "revision",
    "ref": "revision",
    "syncpolicy": "sync",
    "automated": "mode",
    "server": "context",
    "cluster": "context",
    "targetnamespace": "namespace",
    "ignoredifferences": "ignore",
    "jsonpointers": "pointers",
    "jqpathexpressions": "paths",
    "managedfieldsmanagers": "managers",
    "releasename": "release",
    "valuesobject": "values",
    "skipcrds": "includeCrds",
    "password": "environment",
    "token": "environment",
}
"""What other GitOps tools (and people) call our keys, without case and dashes."""

_TYPES = {
    "object": "keys and values",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}


_FOUND: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "keys and values",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. path: where in the document; on_key: about the key itself and not its value.

    see: the other place that it clashes with.
    """

    path: Path
    message: str
    on_key: bool = False
    see: Path | None = None


def schema_mistakes(document: Any) -> Iterator[Mistake]:
    """Everything that the schema does not allow."""
    wanted = schema()
    if allows(wanted, document):
        return
    import jsonschema  # noqa: PLC0415 - costs more than all the rest of a start

    for error in jsonschema.Draft202012Validator(wanted).iter_errors(document):
        yield from _in_words(error)


def _in_words(error: ValidationError) -> Iterator[Mistake]:
    path: Path = tuple(error.absolute_path)
    node: Schema = dict(error.schema) if isinstance(error.schema, Mapping) else {}
    value: Any = error.instance
    match error.validator:
        case "additionalProperties":
            for key in value:
                if key not in node["properties"]:
                    yield Mistake((*path, key), _unknown_key(str(key), node), on_key=True)
        case "required":
            for key in node["required"]:
                if key not in value:
                    yield Mistake(path, f"the key `{key}` is missing")
        case _ if "propertyNames" in error.absolute_schema_path:
            yield Mistake((*path, value), f"`{_quoted(value)}` {_wrong_value(error, node)}", on_key=True)
        case _:
            yield Mistake(path, _wrong_value(error, node))


def _wrong_value(error: ValidationError, node: Schema) -> str:
    keyword = str(error.validator)
    if words := node.get("errorMessage", {}).get(keyword):
        return str(words)
    match keyword:
        case "type":
            return _wrong_type(node["type"], error.instance)
        case "enum":
            return unknown_word(error.instance, node["enum"])
        case "minLength":
            return "must not be empty"
        case _:
            return f"must satisfy {keyword} {node[keyword]}"


def nearest(word: str, words: Sequence[str]) -> str | None:
    """The word that was most likely meant."""
    folded = {_fold(candidate): candidate for candidate in words}
    if _fold(word) in folded:
        return folded[_fold(word)]
    import difflib  # noqa: PLC0415 - for a mistake alone

    found = difflib.get_close_matches(_fold(word), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def unknown_word(value: Any, words: Sequence[str]) -> str:
    """`x` is none of the words, and which one was likely meant."""
    meant = nearest(value, words) if isinstance(value, str) else None
    asked = f", did you mean `{meant}`?" if meant else ""
    return f"`{_quoted(value)}` is not one of {', '.join(words)}{asked}"


def _unknown_key(key: str, node: Schema) -> str:
    properties: Schema = node["properties"]
    said = f"unknown key `{_quoted(key)}`"
    foreign = FOREIGN.get(_fold(key))
    if foreign in properties:
        return f"{said}, did you mean `{foreign}`?"
    for name, child in properties.items():
        inner = child.get("properties", {})
        if key in inner or (foreign and foreign in inner):
            return f"{said}, did you mean `{key if key in inner else foreign}` under `{name}`?"
    meant = nearest(key, list(properties))
    return f"{said}, did you mean `{meant}`?" if meant else f"{said}; known are {', '.join(properties)}"


def _wrong_type(expected: str | list[str], value: Any) -> str:
    wanted = " or ".join(_TYPES[name] for name in ([expected] if isinstance(expected, str) else expected))
    scalar = isinstance(value, bool | int | float)
    advice = "; put it in quotes" if scalar and "string" in expected else ""
    return f"must be {wanted}, not {_found(value)}{advice}"


def _found(value: Any) -> str:
    return _FOUND.get(type(value), "nothing")


def _fold(word: str) -> str:
    return word.replace("-", "").replace("_", "").lower()


def _quoted(value: Any) -> str:
    return one_line(str(value), limit=60)
