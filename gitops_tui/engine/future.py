"""An answer that is still to come, with the methods that the standard library's has.

That one is in `concurrent.futures`, which imports `logging`, and with it a tenth of all that a start imports.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_WAITING, _RUNNING, _CANCELLED, _DONE = range(4)


class CancelledError(Exception):
    """Nobody works on the answer any more."""


class Future(Generic[T]):
    """Thread-safe. One side sets the result or the exception, once; the other waits for it, or is called."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._state = _WAITING
        self._result: Any = None
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Future[T]], object]] = []

    # -- of who waits ----------------------------------------------------------------------------------------

    def done(self) -> bool:
        """Whether it is over, in whatever way."""
        return self._state in {_CANCELLED, _DONE}

    def cancelled(self) -> bool:
        """Whether it was called off before it began."""
        return self._state == _CANCELLED

    def cancel(self) -> bool:
        """Call it off, unless it has begun; whether it is."""
        with self._changed:
            if self._state == _WAITING:
                self._state = _CANCELLED
                self._changed.notify_all()
                callbacks, self._callbacks = self._callbacks, []
            else:
                callbacks = []
        self._call(callbacks)
        return self.cancelled()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result; its exception is raised. TimeoutError after `timeout` seconds, CancelledError."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        result: T = self._result
        return result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the exception, None when there is a result. TimeoutError after `timeout` seconds, CancelledError."""
        with self._changed:
            if not self._changed.wait_for(self.done, timeout):
                raise TimeoutError
        if self.cancelled():
            raise CancelledError
        return self._exception

    def add_done_callback(self, callback: Callable[[Future[T]], object]) -> None:
        """Call this with the Future when it is over, in the thread that ends it; at once when it is over already."""
        with self._changed:
            if not self.done():
                self._callbacks.append(callback)
                return
        callback(self)

    # -- of who works on it ----------------------------------------------------------------------------------

    def set_running_or_notify_cancel(self) -> bool:
        """Begin; whether there is still somebody who wants it. From now on it is not called off any more."""
        with self._changed:
            if self._state == _WAITING:
                self._state = _RUNNING
            return self._state == _RUNNING

    def set_result(self, result: T) -> None:
        """End it with a result."""
        self._end(result, None)

    def set_exception(self, error: BaseException) -> None:
        """End it with an exception."""
        self._end(None, error)

    def _end(self, result: Any, error: BaseException | None) -> None:
        with self._changed:
            if self.done():
                raise RuntimeError("the answer was given before")
            self._state, self._result, self._exception = _DONE, result, error
            self._changed.notify_all()
            callbacks, self._callbacks = self._callbacks, []
        self._call(callbacks)

    def _call(self, callbacks: list[Callable[[Future[T]], object]]) -> None:
        for callback in callbacks:
            callback(self)
