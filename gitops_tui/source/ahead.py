"""An answer that is asked for before it is wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Ahead(Generic[_T]):
    """Asks in a thread of its own, from now on; `take` waits for the answer, or raises what the asking raised."""

    def __init__(self, ask: Callable[[], _T], name: str) -> None:
        self._ask = ask
        self._answers: list[_T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self) -> _T:
        """Return the answer."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self._ask())
        except BaseException as error:  # noqa: BLE001 - carried over to whoever takes the answer
            self._error = error
