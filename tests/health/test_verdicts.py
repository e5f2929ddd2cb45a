"""Every verdict of every rule, one live object each: `verdicts/<Kind>/<Verdict>[-why].yaml`, message on line one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from gitops_tui.health import RULES, assess
from gitops_tui.model.resources import HealthCode
from gitops_tui.yamlio import load_all

VERDICTS = Path(__file__).parent / "verdicts"
FILES = sorted(VERDICTS.glob("*/*.yaml"))
NOON = datetime.fromisoformat("2026-03-01T12:00:00Z").timestamp()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_file_is_named_after_its_verdict(file: Path) -> None:
    (document,) = load_all(file.read_bytes(), name=file.name)
    message = file.read_text().splitlines()[0].removeprefix("#").strip()

    health = assess(document.value, NOON)

    assert health.code == file.stem.partition("-")[0]
    assert health.message == message
    assert health.rule in {file.parent.name, "conditions", "deletion"}


def test_every_rule_has_a_file_for_each_of_its_verdicts() -> None:
    found = {(file.parent.name, file.stem.partition("-")[0]) for file in FILES}
    verdicts = {
        "Deployment": {"Healthy", "Suspended", "Progressing", "Degraded"},
        "StatefulSet": {"Healthy", "Progressing"},
        "DaemonSet": {"Healthy", "Progressing"},
        "ReplicaSet": {"Healthy", "Progressing", "Degraded"},
        "Pod": {"Healthy", "Progressing", "Degraded"},
        "Job": {"Healthy", "Progressing", "Suspended", "Degraded"},
        "CronJob": {"Healthy", "Progressing", "Suspended", "Degraded"},
        "Service": {"Healthy", "Progressing"},
        "Ingress": {"Healthy", "Progressing"},
        "PersistentVolumeClaim": {"Healthy", "Progressing", "Degraded", "Unknown"},
        "HorizontalPodAutoscaler": {"Healthy", "Progressing", "Degraded"},
        "APIService": {"Healthy", "Progressing"},
        "CustomResourceDefinition": {"Healthy", "Progressing", "Degraded"},
        "Certificate": {"Healthy", "Progressing", "Degraded", "None"},
    }
    assert {(kind, verdict) for kind, wanted in verdicts.items() for verdict in wanted} <= found
    without_health = {kind for group, kind in RULES} - verdicts.keys()
    assert {verdict for kind, verdict in found if kind in without_health} == {HealthCode.NONE}
