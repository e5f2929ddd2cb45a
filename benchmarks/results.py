"""What was measured, kept as data beside the report, so that some rows can be measured again."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.series import WITHOUT_GOAL, Curve, Figure, Line, Row, Series, Unit


@dataclass(slots=True)
class Result:
    """What one measurement gave, and in which surroundings. failure: why it did not come to its end."""

    name: str
    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    failure: str = ""
    seconds: float = 0.0
    measured: float = 0.0
    commit: str = ""
    loads: tuple[float, float] = (0.0, 0.0)

    def add(self, found: Row | Curve) -> None:
        """Take another row or plot."""
        if isinstance(found, Row):
            self.rows.append(found)
        else:
            self.curves.append(found)


def measured(name: str, found: Iterable[Row | Curve], told: Any) -> Result:
    """Measure, telling each row as it comes. A failure ends this measurement only, and keeps what it gave."""
    result = Result(name, measured=time.time(), commit=_commit())
    before, start = os.getloadavg()[0], time.perf_counter()
    try:
        for each in found:
            result.add(each)
            told(each)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other rows are worth having
        result.failure = f"{type(error).__name__}: {error}"
        told(result.failure)
    result.seconds = time.perf_counter() - start
    result.loads = before, os.getloadavg()[0]
    return result


def load(path: Path) -> dict[str, Result]:
    """What was measured before, by name."""
    if not path.exists():
        return {}
    return {name: _result(name, data) for name, data in json.loads(path.read_text()).items()}


def save(path: Path, results: Iterable[Result]) -> None:
    """Keep it."""
    path.parent.mkdir(exist_ok=True)
    data = {result.name: _data(result) for result in results}
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def _data(result: Result) -> dict[str, Any]:
    data = asdict(result)
    del data["name"]
    for row in data["rows"]:
        row["most"] = None if row["most"] == WITHOUT_GOAL else row["most"]
        for series in filter(None, (row["ours"], row["peer"])):
            series["values"] = [float(f"{value:.6g}") for value in series["values"]]
    return data


def _result(name: str, data: dict[str, Any]) -> Result:
    rows = [_row(**row) for row in data.pop("rows")]
    curves = [Curve(**{**curve, "lines": tuple(_lines(curve["lines"]))}) for curve in data.pop("curves")]
    return Result(name, rows, curves, **{**data, "loads": tuple(data["loads"])})


def _row(ours: dict[str, Any], peer: dict[str, Any] | None, most: float | None, figure: str, **data: Any) -> Row:
    goal = WITHOUT_GOAL if most is None else most
    return Row(ours=_series(**ours), peer=_series(**peer) if peer else None, most=goal, figure=Figure(figure), **data)


def _series(values: list[float], unit: str) -> Series:
    return Series(tuple(values), Unit(unit))


def _lines(lines: list[dict[str, Any]]) -> Iterator[Line]:
    for line in lines:
        yield Line(line["name"], tuple((x, y) for x, y in line["points"]))


def _commit() -> str:
    done = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    return done.stdout.strip() or "unknown"
