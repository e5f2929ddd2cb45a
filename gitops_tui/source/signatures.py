"""Whether a commit is signed by somebody that its application trusts (reliability.md: Signatures)."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.private import write_private
from gitops_tui.source import signers
from gitops_tui.source.mirror import Mirror
from gitops_tui.source.signers import Signers
from gitops_tui.source.transport.runner import Access, Runner

_REMEMBERED: Final = 10_000
_CONFIGURATION: Final = """\
trust-model always
weak-digest SHA1
no-autostart
no-auto-key-retrieve
no-auto-key-locate
no-auto-check-trustdb
"""
"""Of gpg: the keyring holds exactly the keys that may sign, and nothing is asked or started for others."""
_GOOD: Final = re.compile(r"^\[GNUPG:\] VALIDSIG |^Good \"git\" signature for ", re.MULTILINE)
_PROGRAMS: Final = (("gpg", "for OpenPGP signatures"), ("ssh-keygen", "of OpenSSH 8.2 or newer for SSH signatures"))
_REASONS: Final = (
    (r"^\[GNUPG:\] BADSIG |^Could not verify signature|incorrect signature", "has a signature that is not of it"),
    (r"^\[GNUPG:\] REVKEYSIG ", "is signed with a key that was revoked"),
    (r"^\[GNUPG:\] (EXPKEYSIG|EXPSIG|KEYEXPIRED) ", "is signed with a key or signature that has expired"),
    (r"^\[GNUPG:\] NO_PUBKEY |^No principal matched", "is signed with a key that is not among those of `signedBy`"),
)
_UNSIGNED: Final = "is not signed with an OpenPGP or SSH key"


class Signatures:
    """Asks git about each commit and set of keys once. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], str] = {}

    def demand(self, mirror: Mirror, sha: str, files: Sequence[str], subject: str) -> None:
        """Raise SourceError about `subject` unless one of the keys in `files` has signed the commit.

        sha: in full. files: paths, read at each call, so that a key that is taken out counts no more.
        """
        trusted = signers.read(files)
        with self._lock:
            reason = self._known.get((sha, trusted.digest))
        if reason is None:
            reason = mirror.read(lambda runner, copy: _mistrust(runner, copy, sha, trusted))
            with self._lock:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[sha, trusted.digest] = reason
        if reason:
            hint = "it is not deployed: sign it or choose another commit, or look at `signedBy` in the configuration"
            raise SourceError(subject, f"commit {sha[:7]} {reason}", hint=hint)


def _mistrust(runner: Runner, copy: Path, sha: str, trusted: Signers) -> str:
    """Why a commit is not trusted, "" if it is."""
    with tempfile.TemporaryDirectory(prefix="gitops-tui-signers-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        write_private(home / "pubring.gpg", trusted.openpgp)
        write_private(home / "gpg.conf", _CONFIGURATION)
        write_private(home / "allowed_signers", "".join(f"{line}\n" for line in trusted.ssh))
        options = (
            "gpg.program=gpg",
            "gpg.ssh.program=ssh-keygen",
            "gpg.x509.program=false",
            f"gpg.ssh.allowedSignersFile={home / 'allowed_signers'}",
        )
        access = Access(options, {"GNUPGHOME": str(home)})
        answer = runner.run(copy, "verify-commit", "--raw", sha, access=access, accept=(0, 1))
    if answer.status == 0 and _GOOD.search(answer.stderr):
        return ""
    for program, purpose in _PROGRAMS:
        if re.search(rf"cannot (run|exec) '?{program}|{program} -Y .*is needed", answer.stderr):
            raise SourceError(program, "the program is not there", hint=f"install it: it is needed {purpose}")
    for mark, reason in _REASONS:
        if re.search(mark, answer.stderr, re.MULTILINE):
            return reason
    if "[GNUPG:]" in answer.stderr or answer.stderr.strip():
        return f"has a signature that cannot be verified: {one_line(answer.stderr, limit=200)}"
    return _UNSIGNED
