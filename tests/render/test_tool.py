"""Programs are bounded in time, memory and output, and leave nothing behind."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gitops_tui import children
from gitops_tui.model.errors import RenderError
from gitops_tui.render import confine, render, tool
from gitops_tui.render.start import Amounts
from gitops_tui.render.tool import Answer, Limits
from tests.render.conftest import CONFIG_MAP, Repository, application
from tests.support.room import no_room

PYTHON = (Path(sys.prefix), Path(sys.base_prefix))


def run(script: str, folder: Path, *arguments: str, limits: Limits | None = None) -> Answer:
    """Run a Python script as a renderer would be run."""
    command = [sys.executable, "-c", script, *arguments]
    return tool.run(command, home=folder, subject="apps/web", readable=PYTHON, limits=limits)


T = TypeVar("T")


def wait_for(look: Callable[[], T]) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.01)
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended; waits for it up to a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.01)
    return False


def test_output_errors_and_exit_code_are_returned(tmp_path: Path) -> None:
    answer = run("import sys; print('out'); print('wrong', file=sys.stderr); sys.exit(3)", tmp_path)
    assert answer == Answer(3, b"out\n", "wrong\n")


def test_a_signal_is_a_negative_code(tmp_path: Path) -> None:
    assert run("import os; os.kill(os.getpid(), 9)", tmp_path).code == -signal.SIGKILL


def test_a_signal_is_a_negative_code_even_where_a_shell_tells_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_tie", lambda *_: False)
    assert run("import os; os.kill(os.getpid(), 9)", tmp_path).code == -signal.SIGKILL


STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
child.stdout.readline()
pathlib.Path("part").write_text(str(child.pid))
pathlib.Path("part").rename("note")
time.sleep(600)
"""

POLITE = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path("note").write_text("ended cleanly")
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path("note").write_text("ready")
time.sleep(600)
"""


def stopped_when_ready(script: str, folder: Path, limits: Limits) -> str:
    """Run a script until it has written a note, stop it, and return what the note said before."""
    stop = threading.Event()
    command = [sys.executable, "-c", script]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            lambda: tool.run(command, home=folder, subject="x", readable=PYTHON, stop=stop, limits=limits)
        )
        note = folder / "note"
        text = wait_for(lambda: note.exists() and note.read_text())
        stop.set()
        with pytest.raises(RenderError, match="was stopped"):
            running.result(timeout=60)
    return str(text)


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"took longer than 0\.5 s") as caught:
        run("import time; time.sleep(600)", tmp_path, limits=Limits(time=0.5, grace=0.1))
    assert caught.value.temporary


def test_a_program_that_hears_no_sigterm_is_killed_with_all_its_children(tmp_path: Path) -> None:
    assert gone(int(stopped_when_ready(STUBBORN, tmp_path, Limits(grace=0.1))))


def test_sigterm_comes_first(tmp_path: Path) -> None:
    assert stopped_when_ready(POLITE, tmp_path, Limits(grace=60)) == "ready"
    assert (tmp_path / "note").read_text() == "ended cleanly"


def test_a_renderer_can_be_stopped(
    repository: Repository, program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    program("helm", "import os, pathlib, time; pathlib.Path('pid').write_text(f'{os.getpid()}.'); time.sleep(600)")
    repository.write({"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n"})
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        rendering = pool.submit(lambda: render(repository.root, application("c"), stop=stop))
        noted = wait_for(lambda: [path for path in private.glob("*/pid") if path.read_text().endswith(".")])
        pid = int(noted[0].read_text().rstrip("."))
        stop.set()
        with pytest.raises(RenderError, match="helm was stopped before it was done") as caught:
            rendering.result(timeout=60)
    assert caught.value.temporary
    assert gone(pid)


def test_the_last_words_are_heard(tmp_path: Path) -> None:
    """A program that is silent for a while, then prints and ends at once, loses nothing."""
    script = "import sys, time; time.sleep(float(sys.argv[1])); sys.stdout.write('x' * 60000); sys.stdout.flush()"
    for pause in (0.19, 0.2, 0.21):
        assert len(run(script, tmp_path, str(pause)).output) == 60_000


def test_what_is_printed_is_heard_before_the_end(tmp_path: Path) -> None:
    """The program waits for a file that is made as soon as its first line is heard."""
    script = (
        "import pathlib, time; print('first', flush=True)\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.01)\n"
        "print('last')"
    )
    heard: list[bytes] = []

    def hear(output: bytearray) -> None:
        heard.append(bytes(output))
        (tmp_path / "go").touch()

    command = [sys.executable, "-c", script]
    answer = tool.run(command, home=tmp_path, subject="x", readable=PYTHON, limits=Limits(time=60), heard=hear)
    assert answer.output == b"first\nlast\n"
    assert heard == [b"first\n", b"first\nlast\n"]


def test_a_child_that_keeps_the_output_open_holds_up_nobody(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)"
    )
    answer = run(script, tmp_path)
    assert answer.code == 0
    assert gone(int(answer.output))


def test_endless_output_is_cut(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="printed more than 100000 bytes"):
        run("while True: print('x' * 1000)", tmp_path, limits=Limits(output=100_000))


def test_endless_complaints_are_kept_short(tmp_path: Path) -> None:
    answer = run(
        "import sys\nfor i in range(50_000): print('line', i, file=sys.stderr)", tmp_path, limits=Limits(errors=1000)
    )
    assert len(answer.errors) <= 1000
    assert answer.errors.endswith("line 49999\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_memory_is_bounded(tmp_path: Path) -> None:
    answer = run("x = bytearray(2 * 1024**3)", tmp_path, limits=Limits(amounts=Amounts(memory=1024**3)))
    assert answer.code == 1
    assert "MemoryError" in answer.errors


def test_processor_time_is_bounded(tmp_path: Path) -> None:
    answer = run("while True: pass", tmp_path, limits=Limits(amounts=Amounts(cpu=1)))
    assert answer.code in {-signal.SIGXCPU, -signal.SIGKILL}


def test_files_are_bounded(tmp_path: Path) -> None:
    answer = run("open('big', 'wb').write(b'x' * 10_000_000)", tmp_path, limits=Limits(amounts=Amounts(file=1_000_000)))
    assert answer.code != 0
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    text = tmp_path / "helm"
    text.write_text("no program")
    text.chmod(0o755)
    answer = tool.run([str(text)], home=tmp_path, subject="x")
    assert answer.code != 0


PARENT = """
import os, pathlib, signal, sys
from gitops_tui import children
from gitops_tui.render import tool
folder = pathlib.Path(sys.argv[1])
if sys.argv[2] == "soon":
    children._tie = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "watched":
    children._tie = lambda *_: False
python = [pathlib.Path(sys.prefix), pathlib.Path(sys.base_prefix)]
tool.run([sys.executable, "-c", sys.argv[3]], home=folder, subject="x", readable=python)
"""

PARENT_OF_ONE = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("part").write_text(f"{os.getpid()} {child.pid}")
pathlib.Path("part").rename("note")
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["tied", "watched"])
def test_a_renderer_dies_with_us_even_when_we_are_killed(tmp_path: Path, how: str) -> None:
    ours = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), how, PARENT_OF_ONE])
    note = tmp_path / "note"
    pids = [int(pid) for pid in wait_for(lambda: note.read_text().split() if note.exists() else [])]
    ours.kill()
    ours.wait()
    assert [gone(pid) for pid in pids] == [True, True], "the renderer, and what it started"


def test_a_renderer_does_not_begin_when_we_are_killed_before_it_is_tied_to_us(tmp_path: Path) -> None:
    """The shell that would become it finds that nobody is there."""
    command = [sys.executable, "-c", PARENT, str(tmp_path), "soon", "open('note', 'w').write('it ran')"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    children = [path for path in Path("/proc").glob("[0-9]*/cwd") if _links_to(path, tmp_path)]
    assert all(gone(int(path.parent.name)) for path in children)
    assert not (tmp_path / "note").exists()


def _links_to(path: Path, target: Path) -> bool:
    try:
        return path.readlink() == target
    except OSError:
        return False


def test_a_rendering_is_one_process_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    popen = subprocess.Popen

    def counted(*arguments: Any, **named: Any) -> Any:
        made.append(popen(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(subprocess, "Popen", counted)
    answer = run("import os; print(os.getpid(), os.getppid(), os.getsid(0))", tmp_path)
    [process] = made
    assert answer.output.split() == [str(number).encode() for number in (process.pid, os.getpid(), process.pid)]


def test_a_program_inherits_nothing_but_its_tie_to_us(tmp_path: Path) -> None:
    script = (
        "import os, stat\n"
        "for number in range(256):\n"
        "    try: print(stat.S_IFMT(os.fstat(number).st_mode) == stat.S_IFIFO)\n"
        "    except OSError: pass\n"
    )
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        answer = run(script, tmp_path)
    assert answer.output.split() == [b"False", b"True", b"True", b"True"], "no input, output, errors, the tie"


def test_no_program_is_started_by_closing_all_descriptors_that_there_may_be(tmp_path: Path) -> None:
    """As `Popen` does where the first one after the standard three is passed on, and /proc may not be read."""
    script = """
import os, pathlib, subprocess, sys
from gitops_tui.render import tool
os.closerange(3, 100)
passed = []
class Popen(subprocess.Popen):
    def __init__(self, *arguments, **options):
        passed.extend(options["pass_fds"])
        super().__init__(*arguments, **options)
subprocess.Popen = Popen
for _ in range(2):
    assert tool.run(["/bin/true"], home=pathlib.Path(sys.argv[1]), subject="shop").code == 0
print(*passed, *sorted(os.listdir("/proc/self/fd")))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # What is listed at the end is the standard three and the listing itself.
    assert [int(number) for number in done.stdout.split()] == [7, 7, 0, 1, 2, 3]


def test_a_home_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="cannot be started: No such file or directory"):
        run("", tmp_path / "absent")


def test_without_landlock_a_program_runs_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "_call", lambda *_: -1)
    (tmp_path / "outside").write_text("read")
    (tmp_path / "home").mkdir()
    assert run("print(open('../outside').read())", tmp_path / "home").output == b"read\n"


def has_landlock() -> bool:
    """Whether this kernel can confine a process, and which version of that it knows is new enough for TCP."""
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))) >= 4


needs_landlock = pytest.mark.skipif(not has_landlock(), reason="this kernel cannot confine a process")


@needs_landlock
def test_a_program_reads_only_what_it_is_given(tmp_path: Path) -> None:
    for name in ("given", "private", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "given" / "a.txt").write_text("for all")
    (tmp_path / "private" / "a.txt").write_text("for none")
    read = "import sys; print(open(sys.argv[1]).read())"
    command = [sys.executable, "-c", read]
    home, readable = tmp_path / "home", [*PYTHON, tmp_path / "given"]
    for target, code in (("given/a.txt", 0), ("private/a.txt", 1), ("home/../private/a.txt", 1)):
        answer = tool.run([*command, str(tmp_path / target)], home=home, subject="x", readable=readable)
        assert answer.code == code, answer
    for secret in ("/etc/shadow", f"/proc/{os.getpid()}/environ"):
        answer = tool.run([*command, secret], home=home, subject="x", readable=readable)
        assert "PermissionError" in answer.errors


@needs_landlock
@pytest.mark.parametrize(
    "action", ["open(p, 'w')", "open(p, 'a')", "os.remove(p)", "os.truncate(p, 0)", "os.mkdir(p + 'd')"]
)
def test_a_program_writes_only_at_home(tmp_path: Path, action: str) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "home").mkdir()
    kept = tmp_path / "given" / "kept"
    kept.write_text("kept")
    command = [sys.executable, "-c", f"import os, sys; p = sys.argv[1]; {action}"]
    answer = tool.run(
        [*command, str(kept)], home=tmp_path / "home", subject="x", readable=[*PYTHON, tmp_path / "given"]
    )
    assert "PermissionError" in answer.errors
    assert kept.read_text() == "kept"
    assert (
        run("open('mine', 'w').write('x'); import os; os.mkdir('d'); os.rename('mine', 'd/mine')", tmp_path).code == 0
    )


@needs_landlock
def test_we_are_not_confined_ourselves(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "other").write_text("ours")

    def reads() -> bool:
        try:
            return bool((tmp_path / "other").read_text())
        except PermissionError:
            return False

    assert not confine.confined(reads, [tmp_path / "given"], [])
    assert reads()
    (tmp_path / "given" / "new").write_text("ours")
    assert "NoNewPrivs:\t0" in Path("/proc/thread-self/status").read_text()


@needs_landlock
@pytest.mark.parametrize("is_enabled", [True, False])
def test_no_garbage_is_collected_by_a_thread_that_is_confined(*, is_enabled: bool) -> None:
    """Whose it was could not be tidied up. The screen lets it be looked for and not, many times a second."""
    collected: list[str] = []

    def noted(phase: str, _: object) -> None:
        collected.append(f"{phase} {threading.current_thread().name}")

    def litter() -> None:
        gc.set_threshold(700)
        for _ in range(10_000):
            knot: list[Any] = []
            knot.append(knot)

    thresholds = gc.get_threshold()
    if not is_enabled:
        gc.disable()
    gc.callbacks.append(noted)
    try:
        gc.set_threshold(0)
        confine.confined(litter, [], [])
        assert "start confined" not in collected
        assert gc.isenabled() is is_enabled
        gc.enable()
        litter()
        assert "start MainThread" in collected
    finally:
        gc.callbacks.remove(noted)
        gc.set_threshold(*thresholds)
        gc.enable()


@pytest.fixture
def take_descriptors() -> Iterator[Callable[[int], None]]:
    """Takes all that this process may still open, but for so many."""
    taken: list[int] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 200), hard))

    def take(left: int) -> None:
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(left):
            os.close(taken.pop())

    yield take
    for each in taken:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@needs_landlock
@pytest.mark.parametrize("left", [0, 1])
def test_nothing_runs_without_its_rules_for_want_of_a_descriptor(
    tmp_path: Path, take_descriptors: Callable[[int], None], left: int
) -> None:
    """One is for the rules, another for each of the paths in turn."""
    ran: list[str] = []
    confine.confined(lambda: None, [tmp_path], [])
    take_descriptors(left)
    for _ in range(2):
        with pytest.raises(OSError, match="Too many open files"):
            confine.confined(lambda: ran.append("unconfined"), [tmp_path], [])
    assert ran == []


@needs_landlock
def test_a_program_reaches_no_service_on_this_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = run(f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))", tmp_path)
    assert "PermissionError" in answer.errors


@needs_landlock
def test_a_kustomization_without_load_restrictions_still_cannot_leave(repository: Repository, tmp_path: Path) -> None:
    """The file is named where the survey before the start does not look: in the configuration of a plugin."""
    (tmp_path / "outside.txt").write_text("hunter2")
    plugin = "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: a}\nfiles: [../outside.txt]\n"
    repository.write({"kustomization.yaml": "generators: [g.yaml]\n", "g.yaml": plugin})
    error = repository.refusal("", kustomize={"load_restrictor": "LoadRestrictionsNone"})
    assert "permission denied" in error.message


def test_several_threads_render_at_once(
    repository: Repository, program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each fake helm waits until all others are there, so one after the other would never end."""
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    program(
        "helm",
        "import json, pathlib, sys, time\n"
        "pathlib.Path('here').touch()\n"
        "while not pathlib.Path('../go').exists(): time.sleep(0.01)\n"
        "print(json.dumps({'apiVersion': 'v1', 'kind': 'X', 'metadata': {'name': sys.argv[2]}}))",
    )
    monkeypatch.setattr(tool, "_READABLE", (*tool._READABLE, str(private)))
    repository.write({"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n"})
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(repository.names, "c", name=f"app-{i}") for i in range(6)]
        wait_for(lambda: len(list(private.glob("*/here"))) == 6)
        (private / "go").touch()
        found = [each.result() for each in running]
    assert found == [[f"app-{i}"] for i in range(6)]


def test_nothing_is_left_behind(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    repository.write({"k/kustomization.yaml": "resources: [x.yaml]\n", "k/x.yaml": CONFIG_MAP.format("web")})
    handles = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        repository.render("k")
    repository.write({"k/kustomization.yaml": "resources: [x.yaml]\nfoo: bar\n"})
    repository.refusal("k")
    assert list(private.iterdir()) == []
    assert len(list(Path("/dev/fd").iterdir())) == handles


def test_what_the_machine_lacks_for_a_moment_is_told_and_passes(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left open, and automation may try again."""
    repository.write({"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "c/templates/a.yaml": CONFIG_MAP})
    handles = len(list(Path("/dev/fd").iterdir()))

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def refusal(**options: Any) -> RenderError:
        error = repository.refusal("c", **options)
        assert error.temporary
        return error

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        assert refusal().message == "helm cannot be started: Resource temporarily unavailable"
    with monkeypatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(repository.root / "gone"))
        assert refusal().message == "it cannot be rendered: No such file or directory"
    with no_room():
        assert refusal(helm={"values": {"a": "b"}}).message == "it cannot be rendered: File too large"
    assert len(list(Path("/dev/fd").iterdir())) == handles


def test_an_argument_that_no_program_can_be_given_is_told(repository: Repository) -> None:
    repository.write({"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n"})
    for name in ("a\0b", "a\ud800b"):
        error = repository.refusal("c", helm={"parameters": {name: "x"}})
        assert error.message.startswith("helm cannot be started: an argument of it holds")


def test_a_shell_that_is_missing_is_not_taken_for_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (children, tool):
        monkeypatch.setattr(module, "SHELL", str(tmp_path / "sh"))
    with pytest.raises(RenderError, match=r"python\S* cannot be started: .*/sh: No such file or directory"):
        run("", tmp_path)


REFUSED = """
import ctypes, pathlib, platform, struct, sys
from gitops_tui.render import tool
F_SETSIG, fcntl = 10, {"x86_64": 72, "aarch64": 25}[platform.machine()]
LOAD, EQUAL, ANSWER = 0x20, 0x15, 0x06
call = int(sys.argv[1])
if call == F_SETSIG:
    look = [(LOAD, 0, 0, 0), (EQUAL, 0, 3, fcntl), (LOAD, 0, 0, 24), (EQUAL, 0, 1, call)]
else:
    look = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, call)]
steps = [*look, (ANSWER, 0, 0, 0x50001), (ANSWER, 0, 0, 0x7FFF0000)]
text = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("@HP", len(steps), ctypes.addressof(text)), 0, 0) == 0
print(tool.run(["/bin/echo", "rendered"], home=pathlib.Path(sys.argv[2]), subject="x").output)
"""
"""A program under a filter of system calls (seccomp) that answers EPERM to one of them, as a container's does."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what is refused here")
@pytest.mark.parametrize("call", [10, 444, 446], ids=["F_SETSIG", "landlock_create_ruleset", "landlock_restrict_self"])
def test_what_a_container_refuses_is_done_without(tmp_path: Path, call: int) -> None:
    command = [sys.executable, "-c", REFUSED, str(call), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "b'rendered\\n'\n", done.stderr


def test_what_a_killed_program_left_behind_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    for name in ("gitops-tui-render-old", "gitops-tui-render-new", "other", "elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "values.json").write_text("{}")
    (tmp_path / "gitops-tui-render-link").symlink_to(elsewhere)
    long_ago = time.time() - 4000
    for name in ("gitops-tui-render-old", "other", "elsewhere"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    tool._sweep.cache_clear()
    with tool.private_folder() as home:
        made = home.name
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("elsewhere", "gitops-tui-render-link", "gitops-tui-render-new", "other"),
    ]
    assert made.startswith("gitops-tui-render-")
    assert (elsewhere / "values.json").exists()
