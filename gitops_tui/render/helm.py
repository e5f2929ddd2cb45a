"""Helm charts, by `helm template`."""

from __future__ import annotations

import json
import math
import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import InputError, RenderError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import Manifest
from gitops_tui.render import complaint, tool
from gitops_tui.render.checkout import shown
from gitops_tui.render.manifests import CAPS, Collection, rewrapped
from gitops_tui.render.request import Request
from gitops_tui.yamlio import Document, Limits, load_all
from gitops_tui.yamlio.stream import Stream

_SOURCE: Final = pattern(rb"\n---\r?\n# Source: ([^\r\n]{1,1000})\r?$", re.MULTILINE)
"""Of a text that an end of line was put before: it takes five times as long where nothing is sure to begin it."""
_OTHER_LINE_ENDS: Final = pattern(rb"\r(?!\n)|\xc2\x85|\xe2\x80[\xa8\xa9]")
"""What a parser may count as the end of a line, and `_starts` does not."""
_COMMA: Final = pattern(r"(?<!\\),")
_API_VERSIONS_PER_FLAG: Final = 500
_LIMITS: Final = Limits(bytes=CAPS.total)
_NO_MORE: Final = (math.inf, "")


def render_helm(request: Request) -> tuple[Manifest, ...]:
    """Manifests of a chart. Raises RenderError."""
    program = tool.find("helm")
    if program is None:
        raise RenderError(shown(request.path), "helm is not installed", hint="install helm and put it on PATH")
    request.checkout.guard(request.path)
    stream = Stream("rendered", _LIMITS)
    with tool.private_folder() as home:
        answer = tool.run(
            [program, "template", *_arguments(request, home)],
            home=home,
            subject=shown(request.path),
            readable=[request.checkout.root],
            stop=request.stop,
            heard=stream.read,
        )
    if answer.code != 0:
        raise complaint.of_helm(answer, request, _values(request))
    return _collect(request, answer.output, stream)


def _arguments(request: Request, home: Path) -> Iterator[str]:
    application, target = request.application, request.target
    options = application.source.helm
    yield options.release or application.name
    yield str(request.checkout.root / request.path)
    yield f"--namespace={application.destination.namespace}"
    yield "--skip-tests"
    if options.include_crds:
        yield "--include-crds"
    if target.kube_version:
        yield f"--kube-version={target.kube_version}"
    for start in range(0, len(target.api_versions), _API_VERSIONS_PER_FLAG):
        yield "--api-versions=" + ",".join(target.api_versions[start : start + _API_VERSIONS_PER_FLAG])
    for path in options.values_files:
        resolved = _values_path(request, path)
        request.checkout.read(resolved, CAPS.file)
        yield f"--values={request.checkout.root / resolved}"
    if options.values:
        yield f"--values={_inline_values(request, home)}"
    for name, value in options.parameters.items():
        yield f"--set={name}={_escaped(value)}"


def _values_path(request: Request, path: str) -> str:
    """The resolved path of a values file; one that starts with `/` is seen from the root of the repository."""
    subject = f"values file {shown(path)}"
    if "://" in path:
        raise RenderError(subject, "is a URL", hint="keep values files in the repository")
    base = "" if path.startswith("/") else request.path
    return request.checkout.resolve(path.lstrip("/"), base=base, subject=subject)


def _inline_values(request: Request, home: Path) -> Path:
    path = home / "values.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dict(request.application.source.helm.values), file)
    return path


def _values(request: Request) -> Iterator[object]:
    """All values that a failed run had, for keeping them out of its error. Raises RenderError for a malformed file."""
    options = request.application.source.helm
    yield options.values
    yield list(options.parameters.values())
    for path in [
        f"{request.path}/values.yaml".lstrip("/"),
        *(_values_path(request, name) for name in options.values_files),
    ]:
        if not request.checkout.has_file(path):
            continue
        data = request.checkout.read(request.checkout.resolve(path), CAPS.file)
        try:
            yield [document.value for document in load_all(data, name=shown(path))]
        except InputError as e:
            raise rewrapped(e) from e


def _escaped(value: str) -> str:
    """A parameter's value for --set, in which commas separate; `{a,b}` is a list and stays one (as in Argo CD)."""
    return value if value.startswith("{") and value.endswith("}") else _COMMA.sub(r"\\,", value)


def _collect(request: Request, output: bytes, stream: Stream) -> tuple[Manifest, ...]:
    collection = Collection(shown(request.path), CAPS)
    found = _one_by_one(request, output)
    if (output.isascii() and b"\r" not in output) or not _OTHER_LINE_ENDS.search(output):
        # A mistake is told with its own template.
        with suppress(InputError):
            found = _placed(stream.documents(output), output)
    for template, documents in found:
        collection.add(documents, complaint.in_chart(request, template), has_lines=False)
    return collection.manifests()


def _placed(documents: Sequence[Document], output: bytes) -> Iterator[tuple[str, Sequence[Document]]]:
    """The documents, together where they come from one template, with its name as helm writes it."""
    first, template = 0, ""
    for start, following in _starts(output):
        after = bisect_left(documents, start, first, key=_line_of)
        yield template, documents[first:after]
        first, template = after, following
    yield template, documents[first:]


def _line_of(document: Document) -> int:
    return document.line


def _starts(output: bytes) -> Iterator[tuple[int, str]]:
    """The line, counted from 1, from which on the documents of another template come, and its name."""
    output = b"\n" + output
    line, at, template = 0, 0, b""
    for mark in _SOURCE.finditer(output):
        if mark[1] != template:
            line += output.count(b"\n", at, mark.start() + 1)
            at, template = mark.start() + 1, mark[1]
            yield line, template.decode(errors="replace")


def _one_by_one(request: Request, output: bytes) -> Iterator[tuple[str, Sequence[Document]]]:
    """The same, read template by template."""
    for template, text in _by_template(output):
        try:
            yield template, load_all(text, name="rendered", limits=_LIMITS)
        except InputError as e:
            _, _, place = e.subject.partition(":")
            message = f"renders to YAML that is wrong in line {place.partition(':')[0]}: {e.message}"
            path = complaint.in_chart(request, template)
            raise rewrapped(InputError(shown(path), message, hint=e.hint)) from e


def _by_template(output: bytes) -> Iterator[tuple[str, bytes]]:
    """The documents of helm's output with the template that each comes from, as helm names it."""
    output = b"\n" + output
    marks = list(_SOURCE.finditer(output))
    ends = [*(mark.start() + 1 for mark in marks), len(output)]
    yield "", output[1 : ends[0]]
    for mark, end in zip(marks, ends[1:], strict=True):
        yield mark[1].decode(errors="replace"), output[mark.end() : end]
