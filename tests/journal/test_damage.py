"""What becomes of a journal whose file is broken, foreign, too new, or has no room."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gitops_tui.journal import Journal
from gitops_tui.model.errors import JournalError
from gitops_tui.model.operations import Pin
from gitops_tui.model.resources import ResourceKey

Process = Callable[[str], "subprocess.Popen[str]"]

PIN = Pin("shop", "a" * 40, "b" * 40, "alice", "crash loop")


def keys(count: int) -> list[ResourceKey]:
    return [ResourceKey("", "ConfigMap", "shop", f"settings-{number:06}") for number in range(count)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files_are_for_their_owner_alone(journal: Journal, folder: Path) -> None:
    journal.pin(PIN)
    assert mode(folder) == 0o700
    files = {path.name: mode(path) for path in folder.iterdir()}
    assert {"journal.db", "journal.db-wal", "writer.lock"} <= set(files)
    assert set(files.values()) == {0o600}


def test_a_folder_open_to_others_is_closed(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    Journal.open(folder).close()
    assert mode(folder) == 0o700


@pytest.mark.parametrize("content", [b"not a database " * 500, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_file_that_is_no_database_is_moved_aside(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "journal.db").write_bytes(content)
    journal = Journal.open(folder)
    assert journal.notes[0].startswith("the journal was damaged: moved aside to journal.db.damaged-")
    assert journal.claim_writer("the test")
    journal.pin(PIN)
    assert journal.verify().intact
    journal.close()
    aside = [path for path in folder.iterdir() if path.name.startswith("journal.db.damaged-")]
    assert [path.read_bytes() for path in aside if not path.name.endswith("-wal")] == [content]

    again = Journal.open(folder)
    assert again.notes == ()
    assert set(again.pins()) == {"shop"}
    again.close()


def test_what_can_still_be_read_of_a_damaged_file_is_saved(journal: Journal, folder: Path) -> None:
    journal.pin(PIN)
    for number, key in enumerate(keys(600)):
        journal.intend(f"app-{number % 7}", "prod", [key])
    whole = journal.verify().events
    journal.close()
    file = folder / "journal.db"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = b"\xa5" * 20_000
    file.write_bytes(content)

    again = Journal.open(folder)
    assert "was damaged" in again.notes[0]
    found = again.verify()
    assert found.intact
    assert 1 < found.events <= whole
    assert again.pins() == {"shop": PIN}, "a pin is a person's decision and must outlive the file"
    again.close()


def test_a_truncated_file_is_rebuilt(journal: Journal, folder: Path) -> None:
    journal.pin(PIN)
    journal.intend("shop", "prod", keys(2000))
    journal.close()
    file = folder / "journal.db"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2 + 100])
    again = Journal.open(folder)
    assert "was damaged" in again.notes[0]
    assert again.verify().intact
    again.close()


def test_a_damaged_file_is_left_to_the_process_that_writes_it(journal: Journal, folder: Path) -> None:
    journal.pin(PIN)
    journal.verify()
    file = folder / "journal.db"
    with file.open("r+b") as handle:
        handle.write(b"garbage garbage garbage garbage " * 200)
    (folder / "journal.db-wal").write_bytes(b"")
    with pytest.raises(JournalError, match="damaged") as failure:
        Journal.open(folder)
    assert "the test" in failure.value.hint
    assert file.exists()


def test_a_newer_format_is_refused_and_not_touched(folder: Path) -> None:
    Journal.open(folder).close()
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = (folder / "journal.db").read_bytes()
    with pytest.raises(JournalError, match="a newer gitops-tui wrote it") as failure:
        Journal.open(folder)
    assert "update gitops-tui" in failure.value.hint
    assert (folder / "journal.db").read_bytes() == before


def test_another_programs_database_is_refused_and_not_touched(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = (folder / "journal.db").read_bytes()
    with pytest.raises(JournalError, match="another program's database"):
        Journal.open(folder)
    assert (folder / "journal.db").read_bytes() == before


def test_a_state_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "state")


def test_without_room_it_is_read_only_and_says_so_and_recovers(process: Process) -> None:
    # A limit on the size of files is as good as a full disk, and needs no privilege to set.
    child = process("""
        import resource
        journal.claim_writer("me")
        journal.pin(Pin("shop", "a" * 40, "", "alice"))
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = sum(path.stat().st_size for path in Path(sys.argv[1]).iterdir() if path.name.endswith("-wal"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, unlimited[1]))
        written = 0
        try:
            for written in range(1000):
                journal.intend("shop", "prod", [ResourceKey("", "ConfigMap", "shop", f"{written}-" + "x" * 900)])
        except JournalError as error:
            say(f"refused {written > 0} {error.temporary} {error.hint}")
        say(journal.notes[0].startswith("the journal is read-only: "))
        say(len(journal.inventory("shop", "prod")) == written)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        journal.intend("shop", "prod", [KEY])
        say(KEY in journal.inventory("shop", "prod"))
        say(f"{journal.notes} {journal.verify().intact} {journal.verify().events == written + 2}")
    """)
    out, _ = child.communicate(timeout=180)
    assert out.splitlines() == [
        "refused True True make room on the disk, or mend its permissions",
        "True",
        "True",
        "True",
        "() True True",
    ]


def test_a_journal_is_readable_when_there_was_no_room_from_the_start(journal: Journal, process: Process) -> None:
    journal.pin(PIN)
    journal.close()
    child = process("""
        import resource
        journal.close()
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, unlimited[1]))
        journal = Journal.open(Path(sys.argv[1]))
        say(sorted(journal.pins()))
        say(journal.notes[0].startswith("the journal is read-only: "))
        say(f"{journal.claim_writer('me')} {journal.is_writer} {journal.writer!r}")
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        say(journal.claim_writer("me"))
        journal.unpin("shop", "bob")
        say(f"{journal.notes} {dict(journal.pins())} {journal.verify().intact}")
    """)
    out, _ = child.communicate(timeout=180)
    assert out.splitlines() == ["['shop']", "True", "False False ''", "True", "() {} True"]
