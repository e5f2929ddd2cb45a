"""What helm and kustomize complain about, as an error that names a file of the repository.

Their texts quote values, folders of this machine, and each other. What may be a value is left out here, folders
are shown as paths of the repository, and the deepest place they name becomes the subject.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from gitops_tui.model.errors import RenderError
from gitops_tui.model.patterns import pattern
from gitops_tui.model.text import one_line
from gitops_tui.render.checkout import shown
from gitops_tui.render.request import Request
from gitops_tui.render.tool import Answer

_HIDDEN: Final = "(hidden)"
_VALUES: Final = (
    (pattern(r"`[^`]*`"), _HIDDEN),
    (pattern(r"(literal sources?) (?:\[.*?\]|\S+)(?=:|,|$)", re.DOTALL), rf"\1 {_HIDDEN}"),
    (pattern(r"(parsing|cast|convert|value|key) \"(?:[^\"\\]|\\.)*\""), rf"\1 {_HIDDEN}"),
    (pattern(r"(unable to cast) \S+(?= of type)"), rf"\1 {_HIDDEN}"),
    (pattern(r"(at '[^'\n]*': )'(?:[^'\\\n]|\\.)*'"), r"\1the value"),
    (pattern(r"from \[patch: .*\]", re.DOTALL), f"from {_HIDDEN}"),
    (pattern(r"line \[[\d ]+\] has invalid utf8 bytes : .*"), "a line is not UTF-8"),
    (pattern(r"in object \{.*?\}\}"), "in an object"),
    (pattern(r"map\[.*\]", re.DOTALL), _HIDDEN),
)
_HELM_NOISE: Final = pattern(r"^(?:level=.*|Use --debug flag.*|WARNING:.*|walk\.go.*|coalesce\.go.*)$", re.MULTILINE)
_TEMPLATE: Final = pattern(r"((?:[\w.@+-]+/)+[\w.@+-]+\.\w+):(\d+)(?::\d+)?")
_YAML_ERROR: Final = pattern(r"YAML parse error on ([^\s:]+): (.*)", re.DOTALL)
_RENDERED_LINE: Final = pattern(r"yaml: line (\d+): ")
_KUBECTL: Final = pattern(r"^[EF]\d{4} .*?\] \"command failed\" err=(?:\"(?P<one>.*)\"|<(?P<many>.*)>)\s*$", re.DOTALL)
_NESTED: Final = pattern(r"^(?:accumulating (?:resources|components)(?: from '[^']*')?: |accumulation err=')+")
_FALLBACK: Final = pattern(r"'?: must build at directory: .*$", re.DOTALL)
_NAMED_FILE: Final = pattern(r"(?:in File: |from ')([^'\s]+)")
_CRASH: Final = pattern(r"^(?:fatal error: |panic: |runtime: )", re.MULTILINE)
_DEPENDENCIES: Final = pattern(r"missing in charts/ directory: (.*)")
_MACHINE: Final = pattern(
    r"(?<![\w./:-])/(?:bin|dev|etc|home|lib\w*|mnt|nix|opt|private|proc|root|run|sbin|srv|sys|tmp|usr|Users|var)/[^\s'\":,\])]+"
)
_MOST_TEXT: Final = 20_000
_SHORTEST_VALUE: Final = 6
_MOST_VALUES: Final = 20_000


def in_chart(request: Request, template: str) -> str:
    """The path in the repository of a file that helm names `<chart>/templates/x.yaml`."""
    _, _, rest = template.partition("/")
    return "/".join(part for part in (request.path, one_line(rest)) if part)


def of_helm(answer: Answer, request: Request, values: Iterable[object]) -> RenderError:
    """The error of a failed `helm template`. values: what it must not quote."""
    text = _relative(_HELM_NOISE.sub("", _cut(answer.errors)), request).strip().removeprefix("Error: ")
    if not text or answer.code < 0 or _CRASH.search(text):
        return _ended(answer, "helm", request)
    missing = _DEPENDENCIES.search(text)
    if missing:
        message = f"chart dependencies are missing in charts/: {one_line(missing.group(1), limit=200)}"
        hint = f"run 'helm dependency build {shown(request.path)}' and commit the charts/ folder"
        return RenderError(_joined(request.path, "Chart.yaml"), message, hint=hint)
    malformed = _YAML_ERROR.match(text)
    if malformed:
        problem = _RENDERED_LINE.sub(r"line \1: ", malformed.group(2)).rpartition("YAML to JSON: ")[2]
        path = shown(in_chart(request, malformed.group(1)))
        return RenderError(path, f"renders to malformed YAML: {_harmless(problem, values)}")
    places = list(_TEMPLATE.finditer(text))
    subject = shown(request.path)
    if places:
        subject = f"{shown(in_chart(request, places[-1].group(1)))}:{places[-1].group(2)}"
    return RenderError(subject, _harmless(text, values))


def of_kustomize(answer: Answer, request: Request, files: Sequence[str], values: Iterable[object]) -> RenderError:
    """The error of a failed build.

    files: those that its kustomizations refer to, for naming one. values: what it must not quote.
    """
    text = _relative(_cut(answer.errors), request).strip()
    told = _KUBECTL.search(text)
    if told:
        text = (told.group("many") or told.group("one").replace('\\"', '"').replace("\\n", "\n")).strip()
    text = text.removeprefix("Error: ")
    if not text or answer.code < 0 or _CRASH.search(text):
        return _ended(answer, "kustomize", request)
    named = [name.rpartition("/")[2] for name in _NAMED_FILE.findall(text)]
    fitting = {path for path in files for name in named[-1:] if path.rpartition("/")[2] == name}
    subject = shown(fitting.pop() if len(fitting) == 1 else request.path)
    return RenderError(subject, _harmless(_NESTED.sub("", _FALLBACK.sub("", text)), values))


def _ended(answer: Answer, name: str, request: Request) -> RenderError:
    """The error of a program that said nothing for a person: it was ended, or crashed with a trace of its own."""
    if "out of memory" in answer.errors or "cannot allocate memory" in answer.errors:
        hint = "look for a loop or a very large value in it"
        return RenderError(shown(request.path), f"{name} ran out of the memory it may use", hint=hint)
    if answer.code == -signal.SIGXCPU:
        return RenderError(shown(request.path), f"{name} ran out of the processor time it may use")
    what = f"signal {-answer.code}" if answer.code < 0 else f"exit code {answer.code}"
    return RenderError(shown(request.path), f"{name} ended with {what} and did not say why")


def _cut(text: str) -> str:
    """Both ends of a text that is too long: helm repeats itself in between."""
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT // 2] + " … " + text[-_MOST_TEXT // 2 :]


def _relative(text: str, request: Request) -> str:
    """Paths of the checkout as those of the repository; other paths of this machine are left out."""
    root = str(request.checkout.root)
    text = re.sub(re.escape(root) + r"(?:/|(?=['\"\s:]|$))", "", text)
    return _MACHINE.sub("(outside of the checkout)", text)


def _harmless(text: str, values: Iterable[object]) -> str:
    known = sorted(set(islice(_texts(values), _MOST_VALUES)), key=len, reverse=True)
    if known:
        text = re.sub("|".join(re.escape(value) for value in known), _HIDDEN, text)
    for quoted, replacement in _VALUES:
        text = quoted.sub(replacement, text)
    text = one_line(text, limit=_MOST_TEXT)
    return text if len(text) <= 500 else f"{text[:150]} … {text[-340:]}"


def _texts(values: Iterable[object]) -> Iterator[str]:
    """The lines of all texts, and the numbers, that are long enough to be told from ordinary words."""
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield from (line.strip() for line in str(value).split("\n") if len(line.strip()) >= _SHORTEST_VALUE)


def _joined(folder: str, name: str) -> str:
    return f"{shown(folder)}/{name}" if folder else name
