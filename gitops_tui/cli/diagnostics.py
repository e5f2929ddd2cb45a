"""All of stderr: errors, notes, questions, progress. And the exit codes."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from gitops_tui.model.errors import ConfigError, GitopsError
from gitops_tui.model.text import one_line, sanitize

DONE, DIFFERENT, FAILED, INTERRUPTED = 0, 1, 2, 130


def fail(error: GitopsError) -> int:
    """Tell an error on stderr; returns the exit code."""
    Diagnostics(sys.stderr, sys.stdin).error(error)
    return FAILED


def fault(error: BaseException) -> int:
    """Tell of a fault of the program itself; its stack only to who asks with GITOPS_TUI_DEBUG."""
    if os.environ.get("GITOPS_TUI_DEBUG"):
        import traceback  # noqa: PLC0415 - for who looks for a fault

        sys.stderr.write("".join(traceback.format_exception(error)))
    what = f"stopped by a fault of its own ({type(error).__name__})"
    return fail(GitopsError("gitops-tui", what, hint="please report it with what GITOPS_TUI_DEBUG=1 shows"))


_PATIENCE = 1.0
"""Seconds after which a person wants to know what is waited for."""
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAME_TIME = 0.1


class Diagnostics:
    """Says on `stream` what is no result. A person is asked only when both `stream` and `answers` are terminals."""

    def __init__(self, stream: TextIO, answers: TextIO) -> None:
        self._stream = stream
        self._answers = answers
        is_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._moving = is_terminal
        self._coloured = is_terminal and not os.environ.get("NO_COLOR")
        self.asking = stream.isatty() and answers.isatty()

    def error(self, error: GitopsError) -> None:
        """An error and what to do next; before it all its mistakes, each as `file:line:column: …` for editors."""
        if isinstance(error, ConfigError):
            self.show(sanitize(mistake) for mistake in error.mistakes)
        subject = f"{error.subject}: " if error.subject else ""
        self._line("error", "31", f"{subject}{error.message}")
        if error.hint:
            self._line("hint", "36", error.hint)

    def warn(self, text: str) -> None:
        """Something that may need a person."""
        self._line("warning", "33", text)

    def note(self, text: str) -> None:
        """Something to know."""
        self._line("note", "36", text)

    def show(self, lines: Iterable[str]) -> None:
        """What a question is about."""
        self._write("".join(f"{line}\n" for line in lines))

    def ask(self, question: str) -> bool:
        """Ask a person; anything but yes is no."""
        self._write(f"{one_line(question)} [y/N] ")
        answer = self._answers.readline()
        if not answer.endswith("\n"):
            self._write("\n")
        return answer.strip().lower() in {"y", "yes"}

    def asked_for(self, question: str, word: str) -> bool:
        """Ask a person to type a word; anything else is no."""
        self._write(f"{one_line(question)} ")
        answer = self._answers.readline()
        if not answer.endswith("\n"):
            self._write("\n")
        return answer.strip() == word

    @contextmanager
    def progress(self, doing: Callable[[], str]) -> Iterator[None]:
        """Show on a terminal what is done while the body takes longer than a second."""
        if not self._moving:
            yield
            return
        ended = threading.Event()
        shower = threading.Thread(target=self._spin, args=(doing, ended), daemon=True)
        shower.start()
        try:
            yield
        finally:
            ended.set()
            shower.join()

    def _spin(self, doing: Callable[[], str], ended: threading.Event) -> None:
        if ended.wait(_PATIENCE):
            return
        turn = 0
        while True:
            self._write(f"\r\x1b[K{_FRAMES[turn % len(_FRAMES)]} {one_line(doing(), limit=self._width() - 3)}")
            turn += 1
            if ended.wait(_FRAME_TIME):
                self._write("\r\x1b[K")
                return

    def _width(self) -> int:
        try:
            return max(os.get_terminal_size(self._stream.fileno()).columns, 20)
        except (OSError, ValueError):
            return 80

    def _line(self, word: str, colour: str, text: str) -> None:
        head = f"\x1b[{colour}m{word}:\x1b[0m" if self._coloured else f"{word}:"
        self._write(f"{head} {sanitize(text)}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
