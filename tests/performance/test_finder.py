"""Our own modules are found at once, and are just what Python itself would have loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path

import pytest

import gitops_tui
from gitops_tui.finder import Finder

ROOT = Path(gitops_tui.__file__).parent
WATCHED = """
import sys
compiled = []
sys.addaudithook(lambda event, told: compiled.append(told[1]) if event == "compile" else None)
from gitops_tui import finder
import sample
finder.install("sample")
from sample import inner
from sample.deep import deeper
names = [name for name in ("sample.inner", "sample.deep", "sample.deep.deeper")]
assert {type(sys.modules[name].__loader__).__module__ for name in names} == {"gitops_tui.finder"}
print(inner.value, deeper.value, sum("sample" in str(each) for each in compiled))
"""


def modules() -> Iterator[tuple[str, str]]:
    """Each module of the program but the first, and the folder that it is looked for in."""
    for file in sorted(ROOT.rglob("*.py")):
        place = file.parent if file.name == "__init__.py" else file.with_suffix("")
        if place != ROOT:
            yield ".".join(("gitops_tui", *place.relative_to(ROOT).parts)), str(place.parent)


def told(spec: ModuleSpec | None) -> tuple[object, ...]:
    assert spec is not None
    loader = spec.loader
    return (
        *(spec.name, spec.origin, spec.cached, spec.has_location, spec.parent, spec.submodule_search_locations),
        getattr(loader, "name", None),
        getattr(loader, "path", None),
    )


def test_every_module_is_found_where_python_would_find_it() -> None:
    finder, seen = Finder("gitops_tui"), 0
    for name, folder in modules():
        assert told(finder.find_spec(name, [folder])) == told(PathFinder.find_spec(name, [folder]))
        seen += 1
    assert seen > 200


@pytest.mark.parametrize("name", ["json", "gitops_tui_other", "gitops_tui.nothing", "gitops_tui"])
def test_what_is_not_ours_or_not_there_is_left_to_python(name: str) -> None:
    assert Finder("gitops_tui").find_spec(name, [str(ROOT)]) is None


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("moved", ["moved.py", "moved/__init__.py"]),  # a file that an update has left behind
        ("moved", ["moved.py", "moved/__init__.py", f"moved/__init__{EXTENSION_SUFFIXES[0]}"]),
        ("built", ["built.py", f"built{EXTENSION_SUFFIXES[-1]}"]),
        ("spread", ["spread.py", "spread/inner.py"]),
        ("folder", ["folder.py/inner.py"]),
        ("bare", ["bare.pyc"]),
        ("Case", ["case.py"]),
        ("file", ["file", "file.py"]),
    ],
)
def test_of_several_candidates_the_one_is_taken_that_python_takes(tmp_path: Path, name: str, files: list[str]) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / file).write_text("")
    found = Finder("sample").find_spec(f"sample.{name}", [str(tmp_path)])
    expected = PathFinder.find_spec(f"sample.{name}", [str(tmp_path)])
    assert found is None or told(found) == told(expected)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A package of modules, for a finder of its own."""
    package = tmp_path / "first" / "sample"
    (package / "deep").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "inner.py": "value = 1\ndef fail():\n    raise RuntimeError\n",
        "deep/__init__.py": "",
        "deep/deeper.py": "from sample.inner import value\n",
    }.items():
        (package / name).write_text(text)
    return package


def run(package: Path, script: str = WATCHED, *options: str) -> str:
    places = os.pathsep.join([str(package.parent), str(ROOT.parent)])
    environment = {**os.environ, "PYTHONPATH": places}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, *options, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_byte_code_is_made_once_and_used_from_then_on(sample: Path) -> None:
    assert [run(sample), run(sample)] == ["1 1 4", "1 1 0"]


def test_a_module_that_has_changed_is_compiled_anew(sample: Path) -> None:
    run(sample)
    (sample / "inner.py").write_text("value = 22\n")
    assert [run(sample), run(sample)] == ["22 22 1", "22 22 0"]


@pytest.mark.parametrize("damage", [b"", b"nothing of the kind"])
def test_what_is_no_byte_code_is_made_anew(sample: Path, damage: bytes) -> None:
    run(sample)
    (kept,) = (sample / "__pycache__").glob("inner.*.pyc")
    kept.write_bytes(damage)
    assert [run(sample), run(sample)] == ["1 1 1", "1 1 0"]


@pytest.mark.parametrize("kept", [b"\xe3", b"T"], ids=["cut off", "no code"])
def test_byte_code_that_python_refuses_is_refused_as_python_does(sample: Path, kept: bytes) -> None:
    run(sample)
    (place,) = (sample / "__pycache__").glob("inner.*.pyc")
    place.write_bytes(place.read_bytes()[:16] + kept)
    tried = "\ntry: from sample import inner\nexcept Exception as error: print(repr(error))"
    ours = "from gitops_tui import finder\nimport sample\nfinder.install('sample')"
    assert run(sample, ours + tried) == run(sample, "import sample" + tried) != ""


def test_a_copy_of_a_package_tells_its_own_files(sample: Path, tmp_path: Path) -> None:
    run(sample)
    copy = shutil.copytree(sample, tmp_path / "second" / "sample")
    fails = "import traceback\ntry: inner.fail()\nexcept RuntimeError: traceback.print_exc(file=sys.stdout)"
    assert f'File "{copy / "inner.py"}", line 3, in fail' in run(copy, f"{WATCHED}\n{fails}")


@pytest.mark.parametrize("option", ["-O", "-Xpycache_prefix=elsewhere"])
def test_byte_code_that_is_kept_elsewhere_is_left_to_python(sample: Path, option: str, tmp_path: Path) -> None:
    script = "import sys, gitops_tui; print(*[type(finder).__module__ for finder in sys.meta_path])"
    assert "gitops_tui.finder" in run(sample, script).split()
    option = option.replace("elsewhere", str(tmp_path / "elsewhere"))
    assert "gitops_tui.finder" not in run(sample, script, option).split()
