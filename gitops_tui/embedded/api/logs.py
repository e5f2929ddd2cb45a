"""What containers have written: kept with the time of each line, and handed out as a kubelet does."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from gitops_tui.embedded.api import errors
from gitops_tui.embedded.api.errors import ApiError
from gitops_tui.embedded.kinds.schema import Object
from gitops_tui.embedded.rules.problems import FieldError, invalid

_MOST = 500
"""Lines that are kept of each run of a container."""

Place = tuple[str, str, str]
"""Namespace, pod and container."""


def _lines() -> deque[tuple[float, str]]:
    return deque(maxlen=_MOST)


@dataclass(slots=True)
class _Runs:
    now: deque[tuple[float, str]] = field(default_factory=_lines)
    before: deque[tuple[float, str]] | None = None


class Logs:
    """The lines of all containers, of the run that goes on (or ended last) and of the one before it."""

    def __init__(self) -> None:
        self._runs: dict[Place, _Runs] = {}

    def __contains__(self, place: Place) -> bool:
        """Whether the container was ever started."""
        return place in self._runs

    def begin(self, place: Place) -> None:
        """A container is started; what it wrote until now is what its run before this one wrote."""
        before = self._runs.get(place)
        self._runs[place] = _Runs(before=before.now if before else None)

    def write(self, place: Place, time: float, text: str) -> None:
        """A container writes a line at a time, in seconds since the epoch."""
        self._runs.setdefault(place, _Runs()).now.append((time, text))

    def forget(self, place: Place) -> None:
        """The pod is gone."""
        self._runs.pop(place, None)

    def read(self, pod: Object, query: Mapping[str, str]) -> str | None:
        """The text that the parameters of a request for logs ask for; None for a pod that is on no node.

        Raises ApiError where there can be none.
        """
        asked = _asked(pod, query)
        metadata = pod["metadata"]
        runs = self._runs.get((metadata["namespace"], metadata["name"], asked.container))
        if runs is None:
            if not pod["spec"].get("nodeName"):
                return None
            raise _not_started(pod, asked.container)
        lines = runs.before if asked.previous else runs.now
        if lines is None:
            told = f'previous terminated container "{asked.container}" in pod "{metadata["name"]}" not found'
            raise errors.bad_request(told)
        first = 0 if asked.tail is None else max(len(lines) - asked.tail, 0)
        written = (
            f"{_moment(time)} {text}\n" if asked.dated else f"{text}\n"
            for time, text in islice(lines, first, None)
            if asked.since is None or time >= asked.since
        )
        return "".join(written).encode()[: asked.limit].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The parameters of a request for logs. since: seconds since the epoch."""

    container: str
    previous: bool
    dated: bool
    since: float | None
    tail: int | None
    limit: int | None


def _asked(pod: Object, query: Mapping[str, str]) -> _Asked:
    name = pod["metadata"]["name"]
    since = _time(query["sinceTime"]) if query.get("sinceTime") else None
    wrong: list[FieldError] = []
    tail = _number(query, "tailLines", 0, "must be greater than or equal to 0", wrong)
    limit = _number(query, "limitBytes", 1, "must be greater than 0", wrong)
    if wrong:
        raise errors.invalid_object("", "PodLogOptions", name, wrong)
    container = _container(pod, query.get("container", ""))
    return _Asked(container, query.get("previous") == "true", query.get("timestamps") == "true", since, tail, limit)


def _container(pod: Object, wanted: str) -> str:
    name, spec = pod["metadata"]["name"], pod["spec"]
    main = [str(row["name"]) for row in spec["containers"]]
    initial = [str(row["name"]) for row in spec.get("initContainers") or ()]
    if not wanted and len(main) == 1:
        return main[0]
    if not wanted:
        told = f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]"
        more = f" or one of the init containers: [{' '.join(initial)}]" if initial else ""
        raise errors.bad_request(told + more)
    if wanted not in main + initial:
        raise errors.bad_request(f"container {wanted} is not valid for pod {name}")
    return wanted


def _number(query: Mapping[str, str], name: str, least: int, rule: str, wrong: list[FieldError]) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    if number < least:
        wrong.append(invalid(name, number, rule))
    return number


def _time(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        told = f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}" as "2006"'
        raise errors.bad_request(told) from None


def _not_started(pod: Object, container: str) -> ApiError:
    status = pod.get("status") or {}
    known = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    waiting = next((row["state"].get("waiting") or {} for row in known if row["name"] == container), {})
    why = f"is waiting to start: {waiting['reason']}" if waiting.get("reason") else "is not available"
    return errors.bad_request(f'container "{container}" in pod "{pod["metadata"]["name"]}" {why}')


def _moment(time: float) -> str:
    """A time as a kubelet writes it before a line, to the nanosecond."""
    whole, part = divmod(round(time * 1_000_000), 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part:06}000Z"
