"""A child process and all that it has started end with this process, whatever ends that."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gitops_tui import children
from gitops_tui.children import Tether, ask_to_end, has_ended, signal_group, tethered

PARENT = """
import os, signal, subprocess, sys
from gitops_tui import children
if sys.argv[1] == "watched":
    children._tie = lambda *_: False
if sys.argv[1] == "killed at once":
    children._tie = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
tether = children.Tether()
child = subprocess.Popen(
    children.tethered("/bin/sh", "-c", sys.argv[2]),
    stdin=tether.stdin,
    start_new_session=True,
    pass_fds=(tether.kept,),
)
tether.tie(child)
child.wait()
"""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child itself")
both = pytest.mark.parametrize("how", ["tied", "watched"], indirect=True)


@pytest.fixture
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What ties a child: the system, or where it cannot, a shell that watches."""
    if request.param == "watched":
        monkeypatch.setattr(children, "_tie", lambda *_: False)
    return str(request.param)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not Path("/proc/self/stat").exists() or (stat.exists() and stat.read_text().rpartition(")")[2][1] != "Z")


def start(tether: Tether, script: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    command = tethered("/bin/sh", "-c", script)
    kept = (tether.kept,)
    return subprocess.Popen(command, stdin=tether.stdin, start_new_session=True, pass_fds=kept, stdout=stdout)


@both
def test_a_killed_program_leaves_no_child(tmp_path: Path, how: str) -> None:
    note = tmp_path / "note"
    script = f"trap '' TERM; sleep 600 & echo $! $$ > {note}.part; mv {note}.part {note}; wait"
    ours = subprocess.Popen([sys.executable, "-c", PARENT, how, script])
    until(note.exists, "it did not begin")
    pids = [int(word) for word in note.read_text().split()]
    assert all(alive(pid) for pid in pids)
    ours.kill()
    ours.wait()
    until(lambda: not any(alive(pid) for pid in pids), "the child, or what it started, lives on")


def test_no_child_begins_when_the_program_is_killed_before_it_is_tied(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, "killed at once", f"touch {tmp_path}/note"]
    # Its output ends when the last of its descendants has.
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "note").exists()


@both
def test_what_a_child_says_and_how_it_ends_is_its_own(how: str) -> None:
    with closing(Tether()) as tether:
        child = start(tether, "cat; echo said; exit 7", stdout=subprocess.PIPE)
        with child:
            tether.tie(child)
            assert child.communicate()[0] == b"said\n"
    assert child.returncode == 7


@needs_linux
def test_what_a_child_leaves_running_holds_nobody_up_and_ends_too(tmp_path: Path) -> None:
    with closing(Tether()) as tether:
        child = start(tether, f"sleep 600 & echo $! > {tmp_path}/note")
        tether.tie(child)
        assert child.wait() == 0
        left = int((tmp_path / "note").read_text())
        assert alive(left)
    until(lambda: not alive(left), "it lives on")


@both
def test_one_that_hears_no_request_to_end_is_killed_with_its_group(how: str, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with closing(Tether()) as tether:
        child = start(tether, f"trap '' TERM; sleep 600 & echo $! $$ > {note}.part; mv {note}.part {note}; wait")
        tether.tie(child)
        until(note.exists, "it did not begin")
        pids = [int(word) for word in note.read_text().split()]
        ask_to_end(child, 0.05)
        assert not has_ended(child)
        signal_group(child, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    until(lambda: not any(alive(pid) for pid in pids), "something of it lives on")


@both
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts its descriptors in /proc")
def test_every_descriptor_is_given_back(how: str) -> None:
    def descriptors() -> list[str]:
        return sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208

    before = descriptors()
    for _ in range(3):
        with closing(Tether()) as tether:
            child = start(tether, "exit 0")
            tether.tie(child)
            child.wait()
    with closing(Tether()), pytest.raises(OSError, match="No such file"):
        subprocess.Popen(["/nowhere"])
    assert descriptors() == before


def test_no_descriptor_is_kept_where_there_is_no_room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def pipe() -> tuple[int, int]:
        if made:
            raise OSError(24, "Too many open files")
        made.extend(ends := real())
        return ends

    real = os.pipe
    monkeypatch.setattr(os, "pipe", pipe)
    with pytest.raises(OSError, match="Too many open files"):
        Tether()
    for descriptor in made:
        with pytest.raises(OSError, match="Bad file descriptor"):
            fcntl.fcntl(descriptor, fcntl.F_GETFD)


@needs_linux
def test_where_the_system_refuses_to_tie_a_shell_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a container may, by a filter of system calls."""
    real = fcntl.fcntl

    def refuse(descriptor: int, command: int, value: int = 0) -> int:
        if command == fcntl.F_SETSIG:
            raise PermissionError(1, "Operation not permitted")
        return int(real(descriptor, command, value))

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    with closing(Tether()) as tether:
        child = start(tether, "echo $PPID", stdout=subprocess.PIPE)
        with child:
            tether.tie(child)
            assert child.communicate()[0].split() == [str(child.pid).encode()], "the shell, which stays"


@needs_linux
def test_a_child_that_the_system_ties_is_the_only_process() -> None:
    with closing(Tether()) as tether:
        child = start(tether, "echo $$ $PPID", stdout=subprocess.PIPE)
        with child:
            tether.tie(child)
            assert child.communicate()[0].split() == [str(child.pid).encode(), str(os.getpid()).encode()]
