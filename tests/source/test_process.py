"""Git as a child process: bounded in time and output, alone in its group, in an environment of ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from gitops_tui.children import has_ended
from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirrors
from gitops_tui.source.transport import process
from gitops_tui.source.transport.failures import GitFailedError, TimedOutError
from gitops_tui.source.transport.process import Limits
from gitops_tui.source.transport.runner import LOCAL, Access, Runner
from tests.support.git_origin import Origin


def script(text: str) -> Access:
    """An alias lets git run anything, as a helper or a hook of its own might."""
    return Access((f"alias.misbehave=!{text}",))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self/stat").exists() or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][1] != "Z"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("trap", ["", "trap '' TERM;"])
def test_past_its_deadline_the_whole_group_is_ended(
    tmp_path: Path, trap: str, tied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"

    class Clock:
        """The deadline passes once all run, however long a slow machine takes to start them."""

        def monotonic(self) -> float:
            all_run = pids.exists() and len(pids.read_text().split()) == 2
            return time.monotonic() + (3600.0 if all_run else 0.0)

    monkeypatch.setattr(process, "time", Clock())
    misbehave = script(f"{trap} sleep 300 & echo $! $$ > {pids}; while :; do sleep 300; done")
    arguments = ("-c", misbehave.options[0], "misbehave")
    with pytest.raises(TimedOutError):
        Runner().run(None, *arguments, access=Access() if tied else LOCAL)
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 2
    until(lambda: not any(alive(pid) for pid in found))


def test_a_process_that_floods_its_output_is_ended() -> None:
    with pytest.raises(SourceError, match="it printed more than 1 MiB"):
        Runner().run(None, "misbehave", access=script("yes"), limits=Limits(timeout=60, output=1 << 20))


def test_what_it_says_on_the_way_is_cut_not_kept_in_memory() -> None:
    with pytest.raises(GitFailedError) as failure:
        Runner().run(None, "misbehave", access=script("head -c 5000000 /dev/zero | tr '\\\\0' x >&2; false"))
    assert 1000 < len(failure.value.stderr) <= 64 << 10


def test_a_daemon_that_keeps_the_pipes_open_holds_nobody_up() -> None:
    started = time.monotonic()
    output = Runner().run(None, "misbehave", access=script("echo done; sleep 20 &"), limits=Limits(timeout=15))
    assert output.stdout == b"done\n"
    assert time.monotonic() - started < 15, "it waited for the daemon"


SILENT = "exec >&- 2>&-; sleep {}"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system does not tell of an end")
def test_the_end_of_a_process_is_told_and_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, naps = Runner(), list[float]()
    runner.run(None, "version")
    monkeypatch.setattr(time, "sleep", naps.append)
    assert runner.run(None, "misbehave", access=script(SILENT.format(0.2))).status == 0
    assert naps == []


def test_one_that_says_nothing_any_more_and_lives_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TimedOutError):
        Runner().run(None, "misbehave", access=script(SILENT.format(600)), limits=Limits(timeout=0.5))
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert Runner().run(None, "misbehave", access=script(SILENT.format(0.2))).status == 0


def test_nothing_is_lost_of_what_it_writes_and_ends_with_while_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def after_its_end(child: subprocess.Popen[bytes]) -> bool:
        # As on a busy machine: by the time this thread has its turn again, all has happened.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        return has_ended(child)

    monkeypatch.setattr(process, "has_ended", after_its_end)
    output = Runner().run(None, "misbehave", access=script("sleep 0.3; echo said"))
    assert output.stdout == b"said\n"


def test_nothing_is_inherited_but_what_is_meant_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In a linked work tree git itself tells an alias where its repository is.
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_TRACE_CURL", "GIT_CONFIG_PARAMETERS", "GIT_PROXY_COMMAND", "GIT_ALLOW_PROTOCOL"):
        monkeypatch.setenv(name, "'hostile'")
    monkeypatch.setenv("GIT_SSL_CAINFO", "/ca.pem")
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    said = Runner().run(None, "misbehave", access=script("env")).stdout.decode()
    found = dict(line.split("=", 1) for line in said.splitlines() if line.startswith("GIT_") and "=" in line)
    assert "hostile" not in found.get("GIT_CONFIG_PARAMETERS", "")
    assert not {"GIT_DIR", "GIT_TRACE_CURL", "GIT_PROXY_COMMAND", "GIT_ALLOW_PROTOCOL"} & set(found)
    assert found["GIT_SSL_CAINFO"] == "/ca.pem"
    assert found["GIT_TERMINAL_PROMPT"] == "0"
    assert found["GIT_ASKPASS"] == ""
    assert found["GIT_CONFIG_GLOBAL"] == os.devnull


def test_a_secret_in_what_git_says_is_taken_out() -> None:
    access = Access(script("echo fatal: token s3cr3t refused >&2; exit 7").options, secrets=("s3cr3t",))
    with pytest.raises(GitFailedError) as failure:
        Runner().run(None, "misbehave", access=access)
    assert failure.value.status == 7
    assert failure.value.stderr == "fatal: token *** refused\n"


def test_closing_ends_what_runs_and_refuses_more(tmp_path: Path) -> None:
    runner = Runner()
    ready = tmp_path / "ready"
    ended: list[BaseException] = []

    def work() -> None:
        try:
            runner.run(None, "misbehave", access=script(f"touch {ready}; sleep 300"))
        except (GitFailedError, SourceError) as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(ready.exists)
    runner.close()
    thread.join(90)
    assert [type(error) for error in ended] == [GitFailedError]
    with pytest.raises(SourceError, match="the program is stopping"):
        runner.run(None, "version")


@pytest.mark.parametrize("inherited", ["", "GIT_DIR"])
def test_a_machine_without_git_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inherited: str
) -> None:
    if inherited:
        monkeypatch.setenv(inherited, "/nowhere")
        (tmp_path / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="the program is not there") as failure:
        Mirrors(tmp_path / "state").mirror(Repository(str(tmp_path))).fetch()
    assert "install git" in failure.value.hint


def test_a_git_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.25.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SourceError, match=r"git version 2\.25\.1 is too old"):
        Mirrors(tmp_path / "state").mirror(Repository(str(tmp_path))).fetch()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts its handles in /proc")
def test_handles_and_children_are_back_at_the_base_line(mirrors: Mirrors, origin: Origin) -> None:
    mirror = mirrors.mirror(Repository(str(origin.path)))

    def turn() -> None:
        sha = origin.commit({"a": os.urandom(4).hex()})
        mirror.fetch()
        mirror.checkout(sha)
        mirror.history(sha, "a")
        with pytest.raises(SourceError):
            mirror.resolve("nope")
        with pytest.raises(SourceError):
            mirrors.mirror(Repository(str(origin.path / "nope"))).fetch()

    def children() -> set[str]:
        told = Path(f"/proc/self/task/{os.getpid()}/children")
        return set(told.read_text().split()) if told.exists() else set()

    born_before = children()

    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    turn()
    before = handles()
    for _ in range(10):
        turn()
    assert handles() == before
    assert children() == born_before


HANDED_DOWN = """
import sys
from gitops_tui.source.transport.runner import Access, Runner
print(Runner().run(None, "misbehave", access=Access((f"alias.misbehave=!{sys.argv[1]}",))).stdout.decode())
"""


def seen_by_git(command: str, *descriptors: int) -> str:
    """What a command says that git runs, in a process that was itself given descriptors."""
    started = [sys.executable, "-c", HANDED_DOWN, command]
    return subprocess.run(started, pass_fds=descriptors, check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="nothing tells of descriptors and signals here")
def test_no_descriptor_is_handed_down_that_this_process_was_given(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        assert "secret" not in seen_by_git("ls -l /proc/self/fd", secret.fileno())


@pytest.mark.skipif(sys.platform != "linux", reason="nothing tells of descriptors and signals here")
def test_a_program_is_ended_by_a_file_that_grows_too_large_as_it_would_be_anywhere() -> None:
    ignored = seen_by_git("grep SigIgn /proc/self/status").split()[-1]
    assert not int(ignored, 16) & (1 << (signal.SIGXFSZ - 1))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="lists what git holds in /proc")
@pytest.mark.parametrize("tied", [True, False])
def test_what_git_is_to_keep_it_keeps(tmp_path: Path, tied: bool) -> None:
    names = [f"kept-{number}" for number in range(3)]
    with ExitStack() as stack:
        files = [stack.enter_context((tmp_path / name).open("w")) for name in names]
        listing = script("ls -l /proc/self/fd").options[0]
        access = Access() if tied else LOCAL
        kept = [file.fileno() for file in files]
        said = Runner().run(None, "-c", listing, "misbehave", access=access, inherit=kept).stdout.decode()
    assert sorted(word.rpartition("/")[2] for word in said.split() if "kept-" in word) == names
