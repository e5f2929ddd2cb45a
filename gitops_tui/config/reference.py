"""The schema as a page for people: docs/configuration.md is made of this."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_tui.config.load import example
from gitops_tui.config.nodes import Schema
from gitops_tui.config.schema import schema

_HEAD = """\
# Configuration

The file is looked for in this order: `--config FILE`, `$GITOPS_TUI_CONFIG`, `./gitops-tui.yaml`, and `config.yaml` in
`$XDG_CONFIG_HOME/gitops-tui` (`~/.config/gitops-tui`). `gitops-tui config init` writes a commented one,
`gitops-tui config validate` tells all its mistakes at once, each with line and column, and `gitops-tui config schema`
prints its JSON Schema for editors. `--repo URL` does without a file.

Relative paths start from the folder of the file. A secret never stands in it: credentials are named, not written.
A `./gitops-tui.yaml` of another user is not picked up by itself, since it names keys and helpers that would be used.

The smallest one makes an application of each folder:

```yaml
folders:
  - source:
      repository: https://git.example.com/acme/fleet.git
      path: apps/*
```

"""


def reference() -> str:
    """The whole page, as Markdown."""
    tables = "\n".join(_lines("", schema()))
    return f"{_HEAD}## Every key\n\n{tables}\n## A commented example\n\n```yaml\n{example()}```\n"


def _lines(path: str, node: Schema) -> Iterator[str]:
    """A table of an object's keys, then those of the objects below."""
    if path:
        yield f"### `{path}`\n\n{node['description']}\n"
    yield "| key | value | default | |\n|---|---|---|---|"
    children = []
    for name, child in node["properties"].items():
        required = "**required** " if name in node["required"] else ""
        default = f"`{_default(child)}`" if child.get("default") not in (None, "") else ""
        yield f"| `{name}` | {_kind(child)} | {default} | {required}{child['description']} |"
        inner = child["items"] if child["type"] == "array" else child
        if inner.get("properties"):
            suffix = "[]" if child["type"] == "array" else ""
            children.append((f"{path}.{name}{suffix}".lstrip("."), inner))
    yield ""
    for where, inner in children:
        # Folders take what applications take; saying it once is enough.
        if not where.startswith("folders[].") or where == "folders[].source":
            yield from _lines(where, inner)


def _default(node: Schema) -> str:
    default = node["default"]
    return str(default).lower() if isinstance(default, bool) else str(default)


def _kind(node: Schema) -> str:
    if "enum" in node:
        return " · ".join(f"`{word}`" for word in node["enum"])
    kinds = [node["type"]] if isinstance(node["type"], str) else node["type"]
    if kinds == ["array"]:
        return "list" if "properties" in node["items"] else "list of text"
    words = {"object": "keys", "string": "text", "boolean": "true/false", "integer": "number"}
    return " or ".join(words.get(kind, kind) for kind in kinds)
