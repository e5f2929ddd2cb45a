"""Given keys that an application trusts: which commits are trusted, and what is said of the others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gitops_tui.model.application import Repository
from gitops_tui.model.errors import SourceError
from gitops_tui.source import Mirror, Mirrors, signers
from gitops_tui.source.signatures import Signatures
from tests.support.git_commands import git_commands
from tests.support.keys import Ssh, needs_gpg, needs_ssh, openpgp, sign
from tests.support.work_tree import WorkTree


class Signed:
    """A repository, its mirror, and the question whether a commit is trusted."""

    def __init__(self, folder: Path, mirrors: Mirrors) -> None:
        self.repository = WorkTree(folder / "repository")
        self._folder = folder
        self._mirrors = mirrors
        self.signatures = Signatures()
        self.repository.commit("First", {"a.yaml": "a: 1\n"})

    @property
    def mirror(self) -> Mirror:
        mirror = self._mirrors.mirror(Repository(str(self.repository.path)))
        mirror.fetch()
        return mirror

    @contextmanager
    def where(self, monkeypatch: pytest.MonkeyPatch, path: str) -> Iterator[Mirror]:
        """The mirror as a process has it that finds its programs in `path`."""
        with monkeypatch.context() as patched:
            patched.setenv("PATH", path)
            with closing(Mirrors(self._folder / "state")) as mirrors:
                yield mirrors.mirror(Repository(str(self.repository.path)))

    def refusal(self, sha: str, *files: Path) -> str:
        """Why a commit is not trusted, "" if it is."""
        try:
            self.signatures.demand(self.mirror, sha, [str(file) for file in files], "application shop")
        except SourceError as error:
            return str(error)
        return ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Signed]:
    with closing(Mirrors(tmp_path / "state")) as mirrors:
        yield Signed(tmp_path, mirrors)


@needs_gpg
@pytest.mark.parametrize("armoured", [True, False])
def test_a_commit_with_the_openpgp_signature_of_a_trusted_key_is_trusted(
    world: Signed, tmp_path: Path, armoured: bool
) -> None:
    with openpgp("Anna <anna@example.org>") as anna:
        keys = anna.public(tmp_path / "anna.key", armoured=armoured)
        assert world.refusal(sign(world.repository, anna), keys) == ""


@needs_ssh
def test_a_commit_with_the_ssh_signature_of_a_trusted_key_is_trusted(world: Signed, tmp_path: Path) -> None:
    ben = Ssh(tmp_path, "ben, the 'second' *")
    assert world.refusal(sign(world.repository, ben), ben.public) == ""


@needs_gpg
@needs_ssh
def test_any_key_of_any_file_will_do(world: Signed, tmp_path: Path) -> None:
    cleo, dora = Ssh(tmp_path, "cleo"), Ssh(tmp_path, "dora")
    both = tmp_path / "team.pub"
    both.write_text(f"# the team\n\n{cleo.public.read_text()}{dora.public.read_text()}")
    with openpgp("anna") as anna, openpgp("bert") as bert:
        pair = tmp_path / "pair.asc"
        pair.write_bytes(b"Two keys:\n\n" + b"\n".join(one.public(tmp_path / "k").read_bytes() for one in (anna, bert)))
        for who in (anna, bert, cleo, dora):
            assert world.refusal(sign(world.repository, who), pair, both) == ""


def test_a_commit_without_signature_is_not(world: Signed, tmp_path: Path) -> None:
    keys = tmp_path / "anna.pub"
    keys.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFZ4HgUAWKddKsPsRnUlwfEIj8qPsy36z73/8M7HEGTy anna\n")
    sha = world.repository.commit("Second", {})
    assert world.refusal(sha, keys) == (
        f"application shop: commit {sha[:7]} is not signed with an OpenPGP or SSH key"
        " (it is not deployed: sign it or choose another commit, or look at `signedBy` in the configuration)"
    )


@needs_gpg
@needs_ssh
def test_nor_is_one_that_somebody_else_has_signed(world: Signed, tmp_path: Path) -> None:
    ben, eve = Ssh(tmp_path, "ben"), Ssh(tmp_path, "eve")
    with openpgp("anna") as anna, openpgp("mallory") as mallory:
        keys = anna.public(tmp_path / "anna.asc")
        for who in (eve, mallory):
            assert "is signed with a key that is not among those of `signedBy`" in world.refusal(
                sign(world.repository, who), keys, ben.public
            )
        # A kind of key that none of the trusted ones is.
        assert "not among those of `signedBy`" in world.refusal(sign(world.repository, anna), ben.public)
        assert "not among those of `signedBy`" in world.refusal(sign(world.repository, ben), keys)


@needs_gpg
def test_nor_is_one_whose_key_was_revoked(world: Signed, tmp_path: Path) -> None:
    with openpgp("anna") as anna:
        sha = sign(world.repository, anna)
        assert world.refusal(sha, anna.public(tmp_path / "anna.asc")) == ""
        anna.revoke()
        assert "is signed with a key that was revoked" in world.refusal(sha, anna.public(tmp_path / "anna.asc"))


@needs_gpg
def test_nor_is_one_whose_key_has_expired(world: Signed, tmp_path: Path) -> None:
    with openpgp("anna", at="20200101T000000", expires="1d") as anna:
        keys = anna.public(tmp_path / "anna.asc")
        assert "expired" in world.refusal(sign(world.repository, anna), keys)


@needs_gpg
@needs_ssh
@pytest.mark.parametrize("kind", ["openpgp", "ssh"])
def test_nor_is_one_that_carries_the_signature_of_another_commit(world: Signed, tmp_path: Path, kind: str) -> None:
    ben = Ssh(tmp_path, "ben")
    with openpgp("anna") as anna:
        keys = anna.public(tmp_path / "anna.asc")
        sign(world.repository, anna if kind == "openpgp" else ben)
        forged = world.repository.git("cat-file", "commit", "HEAD").replace("First", "Another")
        file = tmp_path / "forged"
        file.write_text(f"{forged}\n")
        sha = world.repository.git("hash-object", "-t", "commit", "-w", str(file))
        world.repository.git("update-ref", "refs/heads/main", sha)
        assert "has a signature that is not of it" in world.refusal(sha, keys, ben.public)


@needs_ssh
def test_a_signature_for_another_purpose_is_none(world: Signed, tmp_path: Path) -> None:
    """`ssh-keygen -Y sign -n file` of the very commit: what was signed for something else is no approval of it."""
    ben = Ssh(tmp_path, "ben")
    text = tmp_path / "commit"
    text.write_text(world.repository.git("cat-file", "commit", "HEAD") + "\n")
    program = tmp_path / "sign-for-files"
    program.write_text('#!/bin/sh\nshift 2; shift 2\nexec ssh-keygen -Y sign -n file "$@"\n')
    program.chmod(0o700)
    world.repository.git("-c", f"gpg.ssh.program={program}", *ben.options, "commit", "--amend", "--no-edit", "-S")
    sha = world.repository.git("rev-parse", "HEAD")
    assert "SSH SIGNATURE" in world.repository.git("cat-file", "commit", sha)
    assert world.refusal(sha, ben.public).startswith(f"application shop: commit {sha[:7]} ")


@needs_ssh
def test_git_is_asked_once_about_a_commit_and_anew_when_the_keys_change(
    world: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, eve = Ssh(tmp_path, "ben"), Ssh(tmp_path, "eve")
    keys = tmp_path / "team.pub"
    keys.write_text(ben.public.read_text() + eve.public.read_text())
    sha, mirror = sign(world.repository, eve), world.mirror
    commands = git_commands(monkeypatch)
    for _ in range(3):
        world.signatures.demand(mirror, sha, [str(keys)], "shop")
    assert commands == ["verify-commit"]
    keys.write_text(ben.public.read_text())
    for _ in range(3):
        with pytest.raises(SourceError, match="not among those"):
            world.signatures.demand(mirror, sha, [str(keys)], "shop")
    assert commands == ["verify-commit"] * 2


@needs_gpg
def test_a_key_that_expires_while_the_program_runs_counts_no_more(world: Signed, tmp_path: Path) -> None:
    now = [0.0]
    world.signatures = Signatures(lambda: now[0])
    with openpgp("anna", expires="seconds=2") as anna:
        keys, sha = anna.public(tmp_path / "anna.asc"), sign(world.repository, anna)
        assert world.refusal(sha, keys) == ""
        anna.wait_until_expired()
        assert world.refusal(sha, keys) == ""
        now[0] += 3600
        assert "is signed with a key or signature that has expired" in world.refusal(sha, keys)


@needs_ssh
def test_what_could_not_be_verified_for_a_passing_reason_is_verified_again(
    world: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = Ssh(tmp_path, "ben")
    sha, mirror = sign(world.repository, ben), world.mirror
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "ssh-keygen").write_text("#!/bin/sh\necho out of memory >&2\nexit 255\n")
    (broken / "ssh-keygen").chmod(0o700)
    with (
        world.where(monkeypatch, f"{broken}:{os.environ['PATH']}") as there,
        pytest.raises(SourceError, match=r"has a signature that cannot be verified: .*out of memory"),
    ):
        world.signatures.demand(there, sha, [str(ben.public)], "shop")
    world.signatures.demand(mirror, sha, [str(ben.public)], "shop")


@needs_ssh
def test_a_commit_that_the_copy_has_lost_is_fetched_anew_and_not_called_unsigned(world: Signed, tmp_path: Path) -> None:
    ben = Ssh(tmp_path, "ben")
    sha, mirror = sign(world.repository, ben), world.mirror
    for each in mirror.read(lambda _, copy: list((copy / "objects").rglob("*"))):
        if each.is_file():
            each.unlink()
    world.signatures.demand(mirror, sha, [str(ben.public)], "shop")


# -- files of keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no public key"),
        (b"\n# nobody yet\n", "holds no public key"),
        (b"ssh-ed25519 !!!! anna\n", "line 1 is no SSH public key"),
        (b'anna namespaces="git" ssh-ed25519 AAAA\n', "line 1 is no SSH public key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "holds a private key"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n", "a private key"),
        (b"\x95\x01\x00", "holds a private key"),
        (b"\xc5\x01\x00", "holds a private key"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "is damaged"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "is no public key"),
        (b"#" * 1_100_000, "is larger than 1 MiB"),
    ],
)
def test_a_file_without_usable_keys_is_told_and_trusts_nobody(
    world: Signed, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    refusal = world.refusal(world.repository.commit("Second", {}), file)
    assert refusal.startswith(f"signers {file}: ")
    assert said in refusal


@pytest.mark.parametrize("tag", [0x98, 0x99, 0xC6], ids=["short", "long", "of RFC 4880 and later"])
def test_keys_that_are_not_armoured_are_known_by_either_form_of_their_first_packet(tmp_path: Path, tag: int) -> None:
    file = tmp_path / "keys"
    file.write_bytes(bytes([tag, 1, 0]))
    assert (signers.read([str(file)]).openpgp, signers.read([str(file)]).ssh) == (file.read_bytes(), ())


def test_a_file_that_is_not_there_is_told(world: Signed, tmp_path: Path) -> None:
    refusal = world.refusal(world.repository.commit("Second", {}), tmp_path / "none")
    assert refusal == f"signers {tmp_path / 'none'}: no such file or directory (`signedBy` names files of public keys)"


@needs_gpg
@needs_ssh
def test_a_program_that_is_missing_is_told_and_asked_for_again(
    world: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = Ssh(tmp_path, "ben")
    with openpgp("anna") as anna:
        keys = anna.public(tmp_path / "anna.asc")
        shas = {"gpg": sign(world.repository, anna), "ssh-keygen": sign(world.repository, ben)}
        world.repository.git("branch", "other", shas["gpg"])
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("git", "sh", "false"):
            (programs / name).symlink_to(f"/usr/bin/{name}")
        elsewhere = {name: shutil.which(name) or "" for name in shas}
        with monkeypatch.context() as patched:
            patched.setenv("PATH", str(programs))
            mirror = world.mirror
            for program, sha in shas.items():
                with pytest.raises(SourceError, match=f"^{program}: the program is not there .install it"):
                    world.signatures.demand(mirror, sha, [str(keys), str(ben.public)], "shop")
            for program, place in elsewhere.items():
                (programs / program).symlink_to(place)
            for sha in shas.values():
                world.signatures.demand(mirror, sha, [str(keys), str(ben.public)], "shop")
