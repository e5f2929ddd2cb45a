"""Rendering, beside the renderer's binary alone; and not rendering, where nothing changed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.load import namespace, objects
from benchmarks.series import WITHOUT_GOAL, Row, Series, Unit, in_turn, timed
from benchmarks.setting import Setting
from benchmarks.spawned import Spawned
from gitops_tui.__main__ import collect_rarely
from gitops_tui.model.application import Application, Destination, Source
from gitops_tui.render import render
from gitops_tui.render.tool import find
from gitops_tui.yamlio import rows
from tests.support.stage import stage

_OBJECTS = 1000
_RENDERERS = frozenset({"kubectl", "kustomize", "helm"})
_TEMPLATE = """\
{{- range $number := until (int .Values.count) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-%04d" $.Release.Name $number }}
  labels: {{- include "shop.labels" $ | nindent 4 }}
data:
  colour: {{ $.Values.colour | quote }}
  number: {{ $number | quote }}
  settings: |
    {{- range $key, $value := $.Values.settings }}
    {{ $key }} = {{ $value }}
    {{- end }}
{{- end }}
"""
_LABELS = """\
{{- define "shop.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
"""


def kustomization(prefix: str = "") -> dict[str, str | None]:
    """Files of a kustomization of `_OBJECTS` objects that each get an annotation."""
    files = objects(_OBJECTS, 0)
    resources = "".join(f"  - {name}\n" for name in files)
    files["kustomization.yaml"] = f"commonAnnotations: {{team: shop}}\nresources:\n{resources}"
    return {f"{prefix}{name}": text for name, text in files.items()}


def chart() -> dict[str, str | None]:
    """Files of a chart of `_OBJECTS` objects."""
    return {
        "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "values.yaml": f"count: {_OBJECTS}\ncolour: blue\nsettings: {{size: 10, shape: round, taste: sweet}}\n",
        "templates/_labels.tpl": _LABELS,
        "templates/settings.yaml": _TEMPLATE,
    }


def kustomize(setting: Setting) -> Iterator[Row]:
    """A kustomization, by us and by the binary alone."""
    place = _written(setting.folder / "rendered", kustomization())
    yield from _beside(setting, place, ("kubectl", "kustomize", str(place)), "kustomization", "kubectl kustomize")


def helm(setting: Setting) -> Iterator[Row]:
    """A chart, by us and by the binary alone."""
    place = _written(setting.folder / "rendered", chart())
    yield from _beside(
        setting,
        place,
        (find("helm") or "helm", "template", "rendered", str(place)),
        "Helm chart",
        "helm template",
        turns=8,
    )


def _beside(
    setting: Setting, place: Path, command: Sequence[str], what: str, peer: str, *, turns: int = 2
) -> Iterator[Row]:
    application = Application(place.name, Source("", "main", place.name), Destination("", "shop"))

    def ours(_: int) -> float:
        rows.known.clear()  # a first rendering has seen no line of its output before
        start = time.perf_counter()
        made = render(setting.folder, application)
        seconds = time.perf_counter() - start
        if len(made) != _OBJECTS:
            raise RuntimeError(f"{len(made)} objects were rendered")
        return seconds

    timed(command, setting.folder)
    # As in a verb, which leaves the garbage of a rendering to its end.
    gc.freeze()
    collect_rarely()
    mine, alone = in_turn(setting.repeats * turns, ours, lambda _: timed(command, setting.folder))
    note = (
        f"`{peer}` alone, its output unread; ours, in a process that collects garbage as a verb does, ends with "
        f"{_OBJECTS} manifests that were read and checked"
    )
    yield Row(f"render: {what} of {_OBJECTS} objects", mine, alone, 1.1, note)


def unrelated(setting: Setting) -> Iterator[Row]:
    """A commit to another path of the repository: what is rendered again, and what it takes."""
    name = "kustomized"
    with setting.control_plane() as plane:
        namespace(plane, name)
        files = kustomization("app/")
        with stage(setting.folder / name, plane.kubeconfig, name, files) as made:
            made.refresh()

            def commit(path: str) -> Callable[[int], tuple[float, int]]:
                def looked(number: int) -> tuple[float, int]:
                    made.repository.commit("Another", {path: objects(1, number + 1)["o-0000.yaml"]})
                    with Spawned() as seen:
                        start = time.perf_counter()
                        made.refresh()
                        seconds = time.perf_counter() - start
                    return seconds, seen.of(_RENDERERS)

                return looked

            looked = [commit("other/settings.yaml")(number) for number in range(setting.repeats)]
            touched = commit("app/o-0000.yaml")(setting.repeats)
    if touched[1] != 1:
        raise RuntimeError(
            f"{touched[1]} renderers were seen where the path itself had changed once: they are not counted well"
        )
    note = f"renderers started by a look after a commit to another path; a kustomization of {_OBJECTS} objects"
    counts = Series(tuple(float(count) for _, count in looked), Unit.NUMBER)
    yield Row("an unrelated path changed: renderings", counts, None, 0, note)
    note = "the same look: asking the repository, fetching the commit, telling that nothing is new; beside a look"
    note += " after a commit to the path itself"
    yield Row(
        "an unrelated path changed: time",
        Series(tuple(seconds for seconds, _ in looked)),
        Series(touched[:1]),
        WITHOUT_GOAL,
        note,
    )


def _written(place: Path, files: dict[str, str | None]) -> Path:
    for name, text in files.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text or "")
    return place
