"""An answer that is still to come."""

from __future__ import annotations

import threading

import pytest

from gitops_tui.engine.future import CancelledError, Future


def test_who_waits_gets_the_result_from_another_thread() -> None:
    future: Future[str] = Future()
    threading.Timer(0.02, future.set_result, ("there",)).start()
    assert future.result(30) == "there"
    assert future.exception() is None
    assert (future.done(), future.cancelled()) == (True, False)


def test_who_waits_gets_the_exception() -> None:
    future: Future[str] = Future()
    future.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        future.result()
    assert str(future.exception()) == "no"


def test_waiting_ends_when_the_time_is_over() -> None:
    with pytest.raises(TimeoutError):
        Future[str]().result(0.001)


def test_what_has_not_begun_can_be_called_off() -> None:
    future: Future[str] = Future()
    told: list[bool] = []
    future.add_done_callback(lambda over: told.append(over.cancelled()))
    assert future.cancel()
    assert future.cancel()
    assert told == [True]
    assert not future.set_running_or_notify_cancel()
    with pytest.raises(CancelledError):
        future.result(30)


def test_what_has_begun_is_not_called_off() -> None:
    future: Future[str] = Future()
    assert future.set_running_or_notify_cancel()
    assert not future.cancel()
    future.set_result("there")
    assert not future.cancel()
    assert future.result() == "there"


def test_each_callback_is_called_once_before_and_after_the_end() -> None:
    future: Future[str] = Future()
    told: list[str] = []
    future.add_done_callback(lambda over: told.append(f"first {over.result()}"))
    future.set_result("there")
    future.add_done_callback(lambda over: told.append(f"late {over.result()}"))
    assert told == ["first there", "late there"]


def test_an_answer_is_given_once() -> None:
    future: Future[str] = Future()
    future.set_result("there")
    with pytest.raises(RuntimeError, match="given before"):
        future.set_result("again")
    assert future.result() == "there"
