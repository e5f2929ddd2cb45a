"""What a start imports: no more than it takes, for every module is paid for at each start."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.manifests import config_map, deployment
from tests.support.program import Program
from tests.support.real_cluster import RealCluster
from tests.support.work_tree import WorkTree

ANYTIME = {
    *("textual", "rich", "kubernetes", "urllib3", "requests", "git", "deepdiff", "jsonschema", "pygments", "yaml"),
    *("asyncio", "email", "http", "dataclasses", "inspect", "uuid", "secrets", "getpass", "difflib", "stringprep"),
}
"""What no verb imports that finds all as it expects it."""

FOR_A_LOOK = ANYTIME | {
    *("logging", "concurrent", "traceback", "string", "textwrap"),
    *("tempfile", "random", "shutil", "bz2", "lzma", "zlib", "argparse", "gettext", "locale", "subprocess"),
}
"""What a verb that only looks does not import either."""

FOR_MORE_THAN_A_LOOK = re.compile(
    r"gitops_tui\.(engine\.acting|engine\.requests|engine\.operations\.(?!halt)|engine\.rollback\.(?!relapse)"
    r"|sync\.(execution|plan|deletion|guards|order|ports)|journal\.(deeds|retention)|model\.windows\.cron|source\.writing|diff\.authorship|render\.(?!checkout|request)|cli\.(change|look|shapes|differences|deletion)"
    r"|config\.(schema|mistakes|checks|allowing)|diff\.lines|cluster\.undeclared|model\.(rules|differences|explanation)|embedded|headless|tui|yamlio\.events|cluster\.connection\.(library|plugin))"
)
"""What of the program is there for changes, for questions, and for what few clusters and files have."""

FOR_JUDGING = re.compile(
    r"gitops_tui\.(health|diff|sync|engine\.views\.(asking|assessing|judging|pairing|settling))(\.|$)"
)
"""What tells whether a resource is what Git says and how it is, where nobody has told that yet."""


@pytest.fixture
def repository(tmp_path: Path, namespace: str) -> WorkTree:
    tree = WorkTree(tmp_path / "repository")
    files = {"settings.yaml": config_map("settings", colour="blue"), "web.yaml": deployment("web", "x:1", replicas=0)}
    tree.commit("First release", {f"apps/{namespace}/{name}": text for name, text in files.items()})
    return tree


@pytest.fixture
def gitops(tmp_path: Path, control_plane: RealCluster, repository: WorkTree, namespace: str) -> Program:
    program = Program(
        (
            *("--repo", str(repository.path), "--path", "apps/*"),
            *("--kubeconfig", str(control_plane.kubeconfig), "--state-dir", str(tmp_path / "state")),
        )
    )
    program("sync", namespace, "--timeout", "0", code=0)
    return program


def imported(program: Program, *arguments: str) -> set[str]:
    """The modules that a verb imports from its start to its end, by the interpreter's own account."""
    python, *rest = program.command(*arguments)
    done = subprocess.run([python, "-X", "importtime", *rest], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE))


def heavy(modules: set[str], unwanted: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] in unwanted}


def test_a_look_imports_what_a_look_takes(gitops: Program) -> None:
    modules = imported(gitops, "status")
    assert heavy(modules, FOR_A_LOOK) == set()
    assert {name for name in modules if FOR_MORE_THAN_A_LOOK.match(name)} == set()


def test_a_look_at_what_has_not_moved_imports_nothing_that_judges(
    gitops: Program, control_plane: RealCluster, namespace: str
) -> None:
    gitops("status", code=0)
    assert {name for name in imported(gitops, "status") if FOR_JUDGING.match(name)} == set()
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    change = {"data": {"colour": "red"}}
    assert control_plane.request("PATCH", path, change, content_type="application/merge-patch+json")[0] == 200
    assert gitops("status", code=1).out
    restored = {"data": {"colour": "blue"}}
    assert control_plane.request("PATCH", path, restored, content_type="application/merge-patch+json")[0] == 200
    assert "gitops_tui.diff.compare" in imported(gitops, "status")
    assert {name for name in imported(gitops, "status") if FOR_JUDGING.match(name)} == set()


def test_a_configuration_without_mistakes_takes_no_parser(
    gitops: Program, control_plane: RealCluster, tmp_path: Path, namespace: str
) -> None:
    (tmp_path / "gitops-tui.yaml").write_text(f"""\
# what is deployed
applications:
  - name: {namespace}
    source: {{repository: ./repository, path: apps/{namespace}}}
    destination:
      namespace: "{namespace}"
    ignore:
      - kind: Deployment
        pointers: [/spec/replicas]
settings:
  kubeconfig: {control_plane.kubeconfig}
  stateDir: ./state
""")
    written = Program(("--config", str(tmp_path / "gitops-tui.yaml")))
    assert heavy(imported(written, "status"), ANYTIME) == set()


def test_a_sync_imports_nothing_that_only_others_need(gitops: Program, repository: WorkTree, namespace: str) -> None:
    repository.commit("Second", {f"apps/{namespace}/settings.yaml": config_map("settings", colour="red")})
    modules = imported(gitops, "sync", namespace, "--timeout", "0")
    assert heavy(modules, ANYTIME) == set()
    assert {"gitops_tui.engine.acting", "gitops_tui.sync.execution"} <= modules


def test_the_version_is_told_by_the_command_line_alone(gitops: Program) -> None:
    modules = imported(gitops, "--version")
    ours = {name for name in modules if name.startswith("gitops_tui") and not name.startswith("gitops_tui.cli")}
    model = {f"gitops_tui.model.{name}" for name in ("errors", "patterns", "text", "values")}
    assert ours == {"gitops_tui", "gitops_tui.finder", "gitops_tui.model", *model}
    assert heavy(modules, {"json", "hashlib", "socket", "ssl", "subprocess", "sqlite3"}) == set()
