"""A user goes back in Git: one path as it was, in a commit of its own, on top of what the branch is now."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_tui.model.application import CredentialKind, Credentials, Repository
from gitops_tui.model.errors import SourceError, StalePlanError
from gitops_tui.model.revision import Author, Restoration, RollbackMode
from gitops_tui.source import Mirror, Mirrors
from gitops_tui.source.writing import Place, Restored, Restorer
from tests.support.git_https import make_certificate, serving
from tests.support.git_origin import Origin

SHOP = Place("shop", "main", "apps/shop")
BOT = Author("Fleet Bot", "bot@example.org")
REVERT, BRANCH = RollbackMode.REVERT, RollbackMode.BRANCH


@dataclass
class World:
    """Somebody who commits and pushes, the server that they push to, and our mirror of it."""

    origin: Origin
    served: Path
    mirror: Mirror
    restorer: Restorer

    @property
    def first(self) -> str:
        return self.origin.git("rev-list", "--max-parents=0", "HEAD")

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "Change") -> str:
        """Somebody else's push, not seen by us yet."""
        sha = self.origin.commit(files, message)
        self.origin.git("push", "--quiet", "--force", "server", "HEAD:main")
        return sha

    def change(self, files: Mapping[str, str | bytes | None], message: str = "Change") -> str:
        """Somebody else's push, and we have seen it."""
        sha = self.commit(files, message)
        self.mirror.fetch()
        return sha

    def plan(self, mode: RollbackMode = REVERT) -> Restoration:
        return self.restorer.plan(SHOP, self.first, mode)

    def restore(self, plan: Restoration, message: str = "Go back") -> Restored:
        """What a person does who has seen the plan."""
        again = self.restorer.renew(SHOP, plan.revision.sha, plan.mode, plan.hash)
        return self.restorer.perform(SHOP, again, lambda _: message)

    def git(self, *arguments: str) -> str:
        """git on the server."""
        command = ["git", f"--git-dir={self.served}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def hook(self, name: str, script: str) -> None:
        path = self.served / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o755)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    made = Origin(tmp_path / "work")
    made.commit({"apps/shop/web.yaml": "v1\n", "apps/shop/old.yaml": "here\n", "apps/cart/web.yaml": "v1\n"}, "First")
    return made


@pytest.fixture
def world(origin: Origin, mirrors: Mirrors, tmp_path: Path) -> World:
    served = tmp_path / "served.git"
    origin.git("clone", "--quiet", "--bare", ".", str(served))
    origin.git("remote", "add", "server", str(served))
    mirror = mirrors.mirror(Repository(str(served)))
    mirror.fetch()
    return World(origin, served, mirror, Restorer(mirror, author=BOT))


def test_the_plan_names_every_file_and_counts_its_lines(world: World) -> None:
    world.commit(
        {"apps/shop/web.yaml": "v2\nmore\n", "apps/shop/old.yaml": None, "apps/cart/web.yaml": "v2\n"}, "Second"
    )
    tip = world.change({"apps/shop/new.yaml": "new\n", "apps/shop/logo.png": b"\x00\x01"}, "Third")
    plan = world.restorer.plan(SHOP, world.first[:8], REVERT)
    assert [(each.letter, each.path, each.added, each.removed) for each in plan.files] == [
        ("D", "apps/shop/logo.png", None, None),
        ("D", "apps/shop/new.yaml", 0, 1),
        ("A", "apps/shop/old.yaml", 1, 0),
        ("M", "apps/shop/web.yaml", 1, 2),
    ]
    assert (plan.branch, plan.target, plan.tip.sha, plan.revision.subject) == ("main", "main", tip, "First")
    assert plan.replaced.subject == "Third"
    assert plan.author == "Fleet Bot <bot@example.org>"


def test_the_path_is_restored_and_nothing_else_is_touched(world: World) -> None:
    world.commit({"apps/shop/web.yaml": "v2\n", "apps/shop/old.yaml": None, "apps/shop/new.yaml": "n\n"})
    tip = world.change({"apps/cart/web.yaml": "v2\n", "apps/shopping/web.yaml": "other\n"})
    made = world.restore(world.plan(), "Go back\n\nReason: it crashed")
    assert world.git("rev-parse", "main") == made.sha
    assert world.git("rev-parse", "main^") == tip, "one commit, on top"
    assert world.git("rev-parse", "main:apps/shop") == world.origin.git("rev-parse", f"{world.first}:apps/shop")
    assert world.git("diff", "--name-only", tip, "main").splitlines() == [
        "apps/shop/new.yaml",
        "apps/shop/old.yaml",
        "apps/shop/web.yaml",
    ]
    assert world.git("log", "-1", "--format=%an <%ae>|%cn|%B", "main") == (
        "Fleet Bot <bot@example.org>|Fleet Bot|Go back\n\nReason: it crashed"
    )
    assert not list(Path(world.served).glob("*.lock"))
    assert (
        subprocess.run(["git", "fsck", "--strict"], cwd=world.served, check=False, capture_output=True).returncode == 0
    )


def test_a_folder_that_became_a_file_and_one_that_is_gone_come_back(world: World) -> None:
    both = world.commit({"apps/shop/part/a.yaml": "a\n", "apps/shop/a b\tc.yaml": "odd\n"})
    world.commit({"apps/shop/part/a.yaml": None, "apps/shop/a b\tc.yaml": None})
    shutil.rmtree(world.origin.path / "apps/shop")
    world.change({"apps/shop": "a file now\n"})
    world.restore(world.restorer.plan(SHOP, both, REVERT))
    assert world.git("rev-parse", "main:apps/shop") == world.origin.git("rev-parse", f"{both}:apps/shop")


def test_an_application_at_the_root_restores_everything(world: World) -> None:
    world.change({"apps/cart/web.yaml": "v2\n", "top.yaml": "t\n"})
    whole = Place("fleet", "HEAD", "")
    world.restorer.perform(whole, world.restorer.plan(whole, world.first, REVERT), lambda _: "Go back")
    assert world.git("rev-parse", "main^{tree}") == world.origin.git("rev-parse", f"{world.first}^{{tree}}")


def test_executable_files_and_links_keep_what_they_are(world: World) -> None:
    script = world.origin.path / "apps/shop/run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (world.origin.path / "apps/shop/link").symlink_to("web.yaml")
    kept = world.commit({})
    script.unlink()
    (world.origin.path / "apps/shop/link").unlink()
    world.change({})
    world.restore(world.restorer.plan(SHOP, kept, REVERT))
    assert world.git("ls-tree", "main", "apps/shop/") == world.origin.git("ls-tree", kept, "apps/shop/")


def test_nothing_differs(world: World) -> None:
    assert world.plan().files == ()


# -- others push too -------------------------------------------------------------------------------------------


def test_a_push_to_another_path_since_the_plan_is_kept(world: World) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    theirs = world.commit({"apps/cart/web.yaml": "theirs\n"})
    world.restore(plan)
    assert world.git("rev-parse", "main^") == theirs
    assert world.git("show", "main:apps/cart/web.yaml") == "theirs"
    assert world.git("show", "main:apps/shop/web.yaml") == "v1"


def test_a_push_to_the_same_path_since_the_plan_makes_it_stale(world: World) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    theirs = world.commit({"apps/shop/web.yaml": "v3\n"})
    with pytest.raises(StalePlanError, match="branch main has other files there"):
        world.restore(plan)
    assert world.git("rev-parse", "main") == theirs


def racing(world: World, count: Path, times: int) -> None:
    """The server pushes for somebody else in the moment in which it gets our push."""
    who = " ".join(f"GIT_{role}_{field}=t@t" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL"))
    world.hook(
        "pre-receive",
        f"[ $(cat {count} 2>/dev/null | wc -l) -ge {times} ] && exit 0\n"
        f"echo race >> {count}\n"
        "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
        "tip=$(git rev-parse main)\n"
        f'theirs=$({who} git commit-tree -p "$tip" -m theirs "$tip^{{tree}}")\n'
        'git update-ref refs/heads/main "$theirs"\n',
    )


def test_a_race_with_another_push_is_survived_once(world: World, tmp_path: Path) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    count = tmp_path / "raced"
    racing(world, count, 1)
    made = world.restore(plan)
    assert count.read_text().split() == ["race"]
    assert world.git("log", "-3", "--format=%s", "main").splitlines() == ["Go back", "theirs", "Change"]
    assert world.git("rev-parse", "main") == made.sha


def test_a_race_that_is_lost_twice_is_told(world: World, tmp_path: Path) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    racing(world, tmp_path / "raced", 5)
    with pytest.raises(SourceError, match="pushed to at the same time, twice") as failure:
        world.restore(plan)
    assert failure.value.temporary
    assert world.git("log", "-3", "--format=%s", "main").splitlines() == ["theirs", "theirs", "Change"]


def test_a_server_that_is_slow_to_take_a_push_keeps_nobody_from_fetching(world: World, tmp_path: Path) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    os.mkfifo(begun)
    os.mkfifo(go_on)
    world.hook("pre-receive", f"echo begun > {begun}\nread -r _ < {go_on}\n")
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(world.restore, plan)
        assert begun.read_text() == "begun\n"
        world.mirror.fetch()
        assert not pushing.done()
        go_on.write_text("go on\n")
        made = pushing.result(60)
    assert world.git("rev-parse", "main") == made.sha


def test_a_branch_that_was_set_back_is_not_brought_forward(world: World) -> None:
    """Our commit would be a fast-forward of it, and yet bring back what somebody took away."""
    world.commit({"apps/shop/web.yaml": "v2\n"})
    world.change({"apps/shop/web.yaml": "v3\n"})
    plan = world.plan()
    world.git("update-ref", "refs/heads/main", world.first)
    with pytest.raises(StalePlanError):
        world.restorer.perform(SHOP, plan, lambda _: "Go back")
    assert world.git("rev-parse", "main") == world.first


# -- a branch of its own ---------------------------------------------------------------------------------------


def test_the_branch_mode_leaves_the_tracked_branch_alone(world: World) -> None:
    tip = world.change({"apps/shop/web.yaml": "v2\n"})
    name = f"revert/shop-{world.first[:7]}"
    plan = world.plan(BRANCH)
    assert (plan.branch, plan.target) == ("main", name)
    made = world.restore(plan)
    assert world.git("rev-parse", "main") == tip
    assert world.git("rev-parse", name) == made.sha
    assert world.git("rev-parse", f"{name}^") == tip
    assert made.url == "", "a folder has no page for pull requests"
    world.mirror.fetch()
    with pytest.raises(SourceError, match=f"there is a branch {name} already") as failure:
        world.plan(BRANCH)
    assert "merge its pull request" in failure.value.hint


def test_a_branch_made_by_another_meanwhile_is_not_overwritten(world: World) -> None:
    tip = world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan(BRANCH)
    world.git("update-ref", f"refs/heads/{plan.target}", tip)
    with pytest.raises(SourceError, match="already"):
        world.restore(plan)
    assert world.git("rev-parse", plan.target) == tip


# -- what is refused -------------------------------------------------------------------------------------------


def test_only_a_branch_can_be_committed_to(world: World) -> None:
    world.git("tag", "v1", "main")
    world.mirror.fetch()
    for tracked in ("v1", world.first, ">=1"):
        with pytest.raises(SourceError, match="which is no branch") as failure:
            world.restorer.plan(Place("shop", tracked, "apps/shop"), world.first, REVERT)
        assert failure.value.hint == "pin it instead"


def test_a_commit_without_the_path(world: World) -> None:
    world.change({"apps/late/web.yaml": "v1\n"})
    with pytest.raises(SourceError, match="has no path apps/late"):
        world.restorer.plan(Place("late", "main", "apps/late"), world.first, REVERT)


def test_a_branch_checked_out_in_a_working_tree_is_told_with_the_remedy(mirrors: Mirrors, origin: Origin) -> None:
    """The repository is the very folder in which somebody works."""
    origin.commit({"apps/shop/web.yaml": "v2\n"})
    mirror = mirrors.mirror(Repository(str(origin.path)))
    mirror.fetch()
    home = World(origin, origin.path, mirror, Restorer(mirror, author=BOT))
    plan = home.plan()
    with pytest.raises(SourceError, match="main is checked out there in a working tree") as failure:
        home.restore(plan)
    remedy = failure.value.hint.split("`")[1]
    subprocess.run(remedy, shell=True, check=True)  # noqa: S602 - the hint, as a user pastes it
    (origin.path / "apps/shop/web.yaml").write_text("edited\n")
    with pytest.raises(SourceError, match="changes that are not committed"):
        home.restore(plan)
    origin.git("checkout", "--quiet", "--", ".")
    made = home.restore(plan)
    assert origin.git("rev-parse", "HEAD") == made.sha
    assert (origin.path / "apps/shop/web.yaml").read_text() == "v1\n", "the working tree follows"


def test_a_protected_branch_points_to_the_branch_mode(world: World) -> None:
    tip = world.change({"apps/shop/web.yaml": "v2\n"})
    world.hook("update", "echo 'main is protected' >&2\nexit 1\n")
    with pytest.raises(SourceError, match=r"refuses the push to main: .*main is protected") as failure:
        world.restore(world.plan())
    assert "--mode branch" in failure.value.hint
    assert world.git("rev-parse", "main") == tip


def test_a_push_that_arrived_is_told_as_one_although_the_answer_was_lost(world: World) -> None:
    """The server takes the commit and dies before it says so."""
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    world.hook("reference-transaction", '[ "$1" = committed ] && kill -KILL $PPID\nexit 0\n')
    made = world.restore(plan)
    assert world.git("rev-parse", "main") == made.sha


def test_a_push_that_did_not_arrive_is_told_as_none(world: World) -> None:
    tip = world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    world.hook("reference-transaction", "kill -KILL $PPID\n")
    with pytest.raises(SourceError, match="cannot be reached"):
        world.restore(plan)
    assert world.git("rev-parse", "main") == tip


def test_a_remote_that_is_gone(world: World) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    plan = world.plan()
    shutil.rmtree(world.served)
    with pytest.raises(SourceError, match="no such"):
        world.restore(plan)


# -- who, signed, and with which password ----------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose Git configuration is the only one."""
    made = tmp_path / "home"
    made.mkdir()
    monkeypatch.setenv("HOME", str(made))
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"):
        monkeypatch.delenv(name, raising=False)
    return made


def test_without_a_setting_the_users_git_says_who(home: Path, world: World) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    world.restorer = Restorer(world.mirror)
    with pytest.raises(SourceError, match="the author of the commit: is not known") as failure:
        world.plan()
    assert "git config --global user.name" in failure.value.hint
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[core]\n\thooksPath = /nowhere\n"
    )
    plan = world.plan()
    assert (plan.author, plan.signed) == ("Ada Lovelace <ada@example.org>", False)
    world.restore(plan)
    assert world.git("log", "-1", "--format=%an <%ae>", "main") == "Ada Lovelace <ada@example.org>"


def test_a_repository_on_this_machine_may_name_the_user_and_nothing_else(home: Path, world: World) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@home.org\n")
    for name, value in (("user.email", "ada@work.org"), ("commit.gpgsign", "true"), ("gpg.program", "/bin/evil")):
        world.git("config", name, value)
    world.restorer = Restorer(world.mirror)
    plan = world.plan()
    assert (plan.author, plan.signed) == ("Ada <ada@work.org>", False)
    world.restore(plan)
    assert world.git("log", "-1", "--format=%an <%ae>", "main") == "Ada <ada@work.org>"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen to sign with")
@pytest.mark.parametrize(("setting", "signed"), [(None, True), (False, False), (True, True)])
def test_it_is_signed_where_git_or_a_setting_says_so(
    home: Path,
    world: World,
    *,
    setting: bool | None,
    signed: bool,
) -> None:
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (home / ".gitconfig").write_text(
        f"[user]\n\tname = Ada\n\temail = a@b\n\tsigningkey = {key}.pub\n"
        f"[gpg]\n\tformat = ssh\n[commit]\n\tgpgsign = {'true' if setting is not True else 'false'}\n"
    )
    world.change({"apps/shop/web.yaml": "v2\n"})
    world.restorer = Restorer(world.mirror, signs=setting)
    plan = world.plan()
    assert plan.signed is signed
    world.restore(plan)
    assert ("BEGIN SSH SIGNATURE" in world.git("cat-file", "commit", "main")) is signed


def test_a_key_that_cannot_be_used_is_told_and_nothing_is_pushed(home: Path, world: World) -> None:
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = a@b\n\tsigningkey = /no/such/key\n[gpg]\n\tformat = ssh\n"
    )
    tip = world.change({"apps/shop/web.yaml": "v2\n"})
    world.restorer = Restorer(world.mirror, signs=True)
    with pytest.raises(SourceError, match="it could not be signed") as failure:
        world.restore(world.plan())
    assert "signCommits: false" in failure.value.hint
    assert world.git("rev-parse", "main") == tip


def test_over_https_with_a_password_that_stays_secret(
    tmp_path: Path, state: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "s3cr3t-c4n4ry"
    tip = world.commit({"apps/shop/web.yaml": "v2\n"})
    world.git("config", "http.receivepack", "true")
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("GIT_SSL_CAINFO", f"{certificate}.crt")
    monkeypatch.setenv("SHOP_TOKEN", canary)
    with serving(tmp_path, certificate) as server, closing(Mirrors(state)) as mirrors:
        server.password = canary
        credentials = Credentials(CredentialKind.ENVIRONMENT, "SHOP_TOKEN", "bob")
        mirror = mirrors.mirror(Repository(f"{server.url}/served.git", credentials=credentials))
        mirror.fetch()
        world.restorer = Restorer(mirror, author=BOT)
        plan = world.plan()
        world.hook("update", f"echo '{canary} may not push' >&2\nexit 1\n")
        with pytest.raises(SourceError, match=r"\*\*\* may not push") as refused:
            world.restore(plan)
        assert canary not in str(refused.value)
        (world.served / "hooks/update").unlink()
        made = world.restore(plan)
        assert world.git("rev-parse", "main") == made.sha
        world.origin.git("push", "--quiet", "--force", "server", f"{tip}:main")
        server.password = "another"
        with pytest.raises(SourceError, match="access was refused"):
            world.restore(plan)
    for path in state.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert canary.encode() not in path.read_bytes(), path


def test_what_the_environment_says_about_git_does_not_matter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.change({"apps/shop/web.yaml": "v2\n"})
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "/nowhere")
    world.restore(world.plan())
    monkeypatch.undo()
    assert world.git("log", "-1", "--format=%an", "main") == "Fleet Bot"
    assert os.environ.get("GIT_DIR") is None
