"""Helm charts, by `helm template`."""

from __future__ import annotations

import json
import math
import os
import re
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

_SOURCE: Final = pattern(rb"^---\r?\n# Source: ([^\r\n]{1,1000})\r?$", re.MULTILINE)
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
    with tool.private_folder() as home:
        arguments = [program, "template", *_arguments(request, home)]
        answer = tool.run(
            arguments, home=home, subject=shown(request.path), readable=[request.checkout.root], stop=request.stop
        )
    if answer.code != 0:
        raise complaint.of_helm(answer, request, _values(request))
    return _collect(request, answer.output)


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


def _collect(request: Request, output: bytes) -> tuple[Manifest, ...]:
    collection = Collection(shown(request.path), CAPS)
    found = _one_by_one(request, output)
    if not _OTHER_LINE_ENDS.search(output):
        # A mistake is told with its own template.
        with suppress(InputError):
            found = _placed(load_all(output, name="rendered", limits=_LIMITS), output)
    for template, documents in found:
        collection.add(documents, complaint.in_chart(request, template), has_lines=False)
    return collection.manifests()


def _placed(documents: Sequence[Document], output: bytes) -> Iterator[tuple[str, Sequence[Document]]]:
    """The documents, each with the template that it comes from, as helm names it."""
    template, starts = "", _starts(output)
    start, following = next(starts, _NO_MORE)
    for document in documents:
        while start < document.line:
            template = following
            start, following = next(starts, _NO_MORE)
        yield template, (document,)


def _starts(output: bytes) -> Iterator[tuple[int, str]]:
    """The line, counted from 1, from which on the documents of a template come, and its name."""
    line, at = 1, 0
    for mark in _SOURCE.finditer(output):
        line += output.count(b"\n", at, mark.start())
        at = mark.start()
        yield line, mark.group(1).decode(errors="replace")


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
    marks = list(_SOURCE.finditer(output))
    yield "", output[: marks[0].start() if marks else len(output)]
    ends = [*(mark.start() for mark in marks[1:]), len(output)]
    for mark, end in zip(marks, ends, strict=False):
        yield mark.group(1).decode(errors="replace"), output[mark.end() : end]
