"""What a power failure, a kill or a full disk leaves, and how it is mended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gitops_tui
from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Fetch, Mirror, Mirrors
from tests.support.git_https import GitServer, make_certificate, serving
from tests.support.git_origin import Origin

CopyOf = Callable[[], Path]
ANEW = "the local copy was damaged and was cloned anew"


@pytest.fixture
def filled(mirror: Mirror, origin: Origin, copy_of: CopyOf) -> str:
    """A mirror whose objects are in one pack, as a clone of any size has them."""
    for number in range(5):
        origin.commit({f"apps/{number}/x.yaml": os.urandom(3000).hex()}, f"Change {number}")
    mirror.fetch()
    subprocess.run(["git", "repack", "-a", "-d", "--quiet"], cwd=copy_of(), check=True)
    subprocess.run(["git", "prune-packed"], cwd=copy_of(), check=True)
    return origin.git("rev-parse", "HEAD")


def truncate_pack(copy: Path) -> None:
    (pack,) = (copy / "objects/pack").glob("*.pack")
    pack.chmod(0o600)
    os.truncate(pack, pack.stat().st_size // 2)


def scramble_pack(copy: Path) -> None:
    (pack,) = (copy / "objects/pack").glob("*.pack")
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.seek(40)
        file.write(b"\x5a" * (pack.stat().st_size - 80))


def remove_index(copy: Path) -> None:
    for path in (copy / "objects/pack").glob("*.idx"):
        path.unlink()


def remove_objects(copy: Path) -> None:
    shutil.rmtree(copy / "objects")


def empty_ref(copy: Path) -> None:
    (copy / "packed-refs").unlink(missing_ok=True)
    (copy / "refs/heads").mkdir(exist_ok=True, parents=True)
    (copy / "refs/heads/main").write_bytes(b"")


def garbage_ref(copy: Path) -> None:
    (copy / "refs/heads/main").write_bytes(b"\0" * 41)


def empty_head(copy: Path) -> None:
    (copy / "HEAD").write_bytes(b"")


def no_head(copy: Path) -> None:
    (copy / "HEAD").unlink()


def empty_config(copy: Path) -> None:
    (copy / "config").write_bytes(b"\0" * 80)


def garbage_packed_refs(copy: Path) -> None:
    shutil.rmtree(copy / "refs/heads")
    (copy / "refs/heads").mkdir()
    (copy / "packed-refs").write_bytes(b"\xff\xfe garbage\n")


DAMAGES = [
    truncate_pack,
    scramble_pack,
    remove_index,
    remove_objects,
    empty_ref,
    garbage_ref,
    empty_head,
    no_head,
    empty_config,
    garbage_packed_refs,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_found_at_the_start_is_mended_by_a_fresh_clone(
    filled: str, copy_of: CopyOf, state: Path, mirror: Mirror, damage: Callable[[Path], None]
) -> None:
    before = copy_of()
    damage(before)
    restarted = Mirrors(state).mirror(mirror.repository)
    assert restarted.fetch() in {Fetch(True, ANEW), Fetch(True)}
    assert restarted.resolve("main").sha == filled
    assert len(restarted.history(filled, "")) == 5
    assert len(list(restarted.checkout(filled).rglob("x.yaml"))) == 5
    assert copy_of() != before
    assert not before.exists()
    assert restarted.fetch() == Fetch(changed=False)


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage is not no_head])
def test_damage_met_while_reading_is_mended_at_once(
    filled: str, copy_of: CopyOf, state: Path, mirror: Mirror, damage: Callable[[Path], None]
) -> None:
    damage(copy_of())
    restarted = Mirrors(state).mirror(mirror.repository)
    assert restarted.resolve("main").sha == filled
    assert len(list(restarted.checkout(filled).rglob("x.yaml"))) == 5
    assert len(restarted.history(filled, "apps/1")) == 1


def test_a_copy_without_head_is_no_copy(filled: str, copy_of: CopyOf, mirror: Mirror, state: Path) -> None:
    no_head(copy_of())
    restarted = Mirrors(state).mirror(mirror.repository)
    assert not restarted.exists
    with pytest.raises(SourceError, match="it has not been fetched yet"):
        restarted.resolve("main")


def test_damage_met_by_a_running_process_is_mended(filled: str, copy_of: CopyOf, mirror: Mirror) -> None:
    assert mirror.resolve("main").sha == filled
    truncate_pack(copy_of())
    assert len(list(mirror.checkout(filled).rglob("x.yaml"))) == 5
    assert mirror.fetch() == Fetch(changed=True, note=ANEW)


@pytest.mark.parametrize("ask", ["tree_id", "folders", "history", "checkout"])
@pytest.mark.parametrize("name", ["apps/a.yaml", "apps", ""])
def test_what_is_lost_is_never_taken_for_what_never_was(
    origin: Origin, mirror: Mirror, *, copy_of: CopyOf, state: Path, name: str, ask: str
) -> None:
    sha = origin.commit({"apps/a.yaml": "a: 1\n", "apps/b.yaml": "b: 1\n", "apps/c/x": "1"})
    mirror.fetch()
    shutil.rmtree(copy_of() / "objects")
    shutil.copytree(origin.path / ".git/objects", copy_of() / "objects")
    identity = origin.git("rev-parse", f"{sha}:{name}")
    (copy_of() / "objects" / identity[:2] / identity[2:]).unlink()
    fresh = Mirrors(state).mirror(mirror.repository)
    match ask:
        case "tree_id":
            assert fresh.tree_id(sha, "apps/b.yaml") == origin.git("rev-parse", f"{sha}:apps/b.yaml")
        case "folders":
            assert fresh.folders(sha, "apps/*") == ("apps/c",)
        case "history":
            assert len(fresh.history(sha, "apps")) == 1
        case _:
            assert (fresh.checkout(sha) / "apps/a.yaml").read_text() == "a: 1\n"


def test_a_damaged_copy_of_a_lost_remote_says_both(
    filled: str, copy_of: CopyOf, origin: Origin, state: Path, mirror: Mirror
) -> None:
    truncate_pack(copy_of())
    origin.path.rename(origin.path.with_name("away"))
    restarted = Mirrors(state).mirror(mirror.repository)
    with pytest.raises(SourceError) as failure:
        restarted.checkout(filled)
    assert failure.value.message.startswith("the local copy is damaged, and cannot be cloned anew: there is no such")
    assert copy_of().is_dir(), "what is left of it is not thrown away"


def test_kept_commits_are_brought_over_from_a_damaged_copy(mirror: Mirror, origin: Origin, copy_of: CopyOf) -> None:
    first = origin.commit({"a": "1"})
    kept = origin.commit({"a": "kept"})
    mirror.fetch()
    mirror.keep([kept])
    origin.git("reset", "--quiet", "--hard", first)
    origin.commit({"a": "2"})
    mirror.fetch()
    garbage_ref(copy_of())
    restarted = Mirrors(copy_of().parents[2]).mirror(mirror.repository)
    assert restarted.fetch().note == ANEW
    assert (restarted.checkout(kept) / "a").read_text() == "kept"


def test_stale_locks_and_half_written_packs_are_swept(
    filled: str, origin: Origin, copy_of: CopyOf, state: Path
) -> None:
    left = [
        "HEAD.lock",
        "packed-refs.lock",
        "config.lock",
        "refs/heads/main.lock",
        "objects/pack/tmp_pack_abc",
        "objects/pack/tmp_idx_abc",
    ]
    for name in left:
        (copy_of() / name).parent.mkdir(parents=True, exist_ok=True)
        (copy_of() / name).write_bytes(b"half")
    beside = copy_of().with_name("copy-dead")
    beside.mkdir()
    new = origin.commit({"a": "new"})
    restarted = Mirrors(state).mirror(Repository(str(origin.path)))
    assert restarted.fetch() == Fetch(changed=True)
    assert restarted.resolve("main").sha == new
    assert [name for name in left if (copy_of() / name).exists()] == []
    assert not beside.exists()


# Processes that are killed.

SCRIPT = """
import sys
from pathlib import Path
from gitops_tui.source import Mirrors
from gitops_tui.model.application import Repository
mirror = Mirrors(Path(sys.argv[1])).mirror(Repository(sys.argv[2]))
print("ready", flush=True)
{body}
"""

Start = Callable[[str, str], "subprocess.Popen[str]"]


@pytest.fixture
def start(state: Path) -> Iterator[Start]:
    children: list[subprocess.Popen[str]] = []

    def run(body: str, url: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SCRIPT.format(body=textwrap.dedent(body)), str(state), url]
        environment = {**os.environ, "PYTHONPATH": str(Path(gitops_tui.__file__).parent.parent)}
        child = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("GIT_SSL_CAINFO", f"{certificate}.crt")
    with serving(tmp_path, certificate) as found:
        yield found


def descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found and child not in found}:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes")
@pytest.mark.parametrize("how", ["tied", "watched"])
def test_a_killed_process_leaves_no_git_behind(server: GitServer, start: Start, origin: Origin, how: str) -> None:
    origin.commit()
    server.silent = True
    watched = "import gitops_tui.children\ngitops_tui.children._tie = lambda *_: False\n" if how == "watched" else ""
    child = start(f"{watched}mirror.fetch()", f"{server.url}/origin")
    assert server.arrived.wait(90)
    children = descendants(child.pid)
    assert children
    child.send_signal(signal.SIGKILL)
    child.wait()
    until(lambda: not any(alive(pid) for pid in children), "git lives on")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes")
def test_closing_ends_every_git_and_says_so(server: GitServer, start: Start, origin: Origin) -> None:
    origin.commit()
    server.silent = True
    child = start(
        """
        import threading
        from gitops_tui.model.errors import SourceError
        mirrors = Mirrors(Path(sys.argv[1]))
        mirror = mirrors.mirror(mirror.repository)
        def work():
            try:
                mirror.fetch()
            except SourceError as error:
                print("ended:", error.temporary, flush=True)
        thread = threading.Thread(target=work)
        thread.start()
        import time
        while not mirrors._runner._running:
            time.sleep(0.01)
        mirrors.close()
        thread.join()
        try:
            mirror.fetch()
        except SourceError as error:
            print(error, flush=True)
        """,
        f"{server.url}/origin",
    )
    out, _ = child.communicate(timeout=180)
    assert out.splitlines() == ["ended: True", "git: the program is stopping"]
    assert descendants(child.pid) == set()


def test_a_kill_at_any_instant_of_a_clone_is_mended_by_the_next_one(start: Start, origin: Origin, state: Path) -> None:
    sha = origin.commit({f"apps/{number}/x.yaml": os.urandom(2000).hex() for number in range(60)})
    for delay in (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12):
        child = start("mirror.fetch(); mirror.checkout(mirror.resolve('main').sha)", str(origin.path))
        try:
            child.wait(delay)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    mirror = Mirrors(state).mirror(Repository(str(origin.path)))
    mirror.fetch()
    assert mirror.resolve("main").sha == sha
    assert len(list(mirror.checkout(sha).rglob("x.yaml"))) == 60
    assert len(list(state.glob("mirrors/*/copy-*"))) == 1
    assert list(state.glob("mirrors/*/next-*")) == []
    assert list(state.glob("checkouts/*/making-*")) == []


def test_a_fetch_without_room_changes_nothing_and_works_again_with_room(
    start: Start, origin: Origin, state: Path
) -> None:
    first = origin.commit({"a": "1"})
    mirror = Mirrors(state).mirror(Repository(str(origin.path)))
    mirror.fetch()
    second = origin.commit({"big": os.urandom(3 << 20)})
    child = start(
        """
        import resource
        from gitops_tui.model.errors import SourceError
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, unlimited[1]))
        try:
            mirror.fetch()
        except SourceError as error:
            print(error.message.partition(":")[0], error.temporary, flush=True)
        print(mirror.resolve("main").sha, flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        mirror.fetch()
        print(mirror.resolve("main").sha, flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, unlimited[1]))
        try:
            mirror.checkout(mirror.resolve("main").sha)
        except SourceError as error:
            print(error.message, flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        print((mirror.checkout(mirror.resolve("main").sha) / "big").stat().st_size, flush=True)
        """,
        str(origin.path),
    )
    out, _ = child.communicate(timeout=180)
    full = "no room is left on the disk"
    assert out.splitlines() == [f"{full} True", first, second, full, str(3 << 20)]
    assert list(state.glob("mirrors/*/copy-*/objects/pack/tmp_*")) == []


def test_a_submodule_is_absent_and_no_damage(mirror: Mirror, origin: Origin, copy_of: CopyOf) -> None:
    origin.commit({"a": "1"})
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    sha = origin.raw_commit(origin.git("write-tree"))
    origin.git("update-ref", "refs/heads/main", sha)
    mirror.fetch()
    before = copy_of()
    assert mirror.tree_ids(sha, ["module", "module/x", "a"]) == {
        "module": None,
        "module/x": None,
        "a": origin.git("rev-parse", f"{sha}:a"),
    }
    assert copy_of() == before
