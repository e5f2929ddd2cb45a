"""Whether a commit is signed by somebody that its application trusts (reliability.md: Signatures)."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gitops_tui.model.errors import SourceError
from gitops_tui.model.text import one_line
from gitops_tui.private import write_private
from gitops_tui.source import signers
from gitops_tui.source.mirror import Mirror
from gitops_tui.source.signers import Signers
from gitops_tui.source.transport.failures import GitFailedError
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
_GONE: Final = re.compile(r"^error: [0-9a-f]{40,64}: unable to read", re.MULTILINE)
"""What is said with status 1, as of an unsigned commit, where the commit is missing from the copy."""
_HOLDS: Final = 3600.0
"""Seconds for which a verdict is believed: keys and signatures expire."""


class Signatures:
    """Asks git about each commit and set of keys once an hour. Safe for several threads. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, str]] = {}

    def demand(self, mirror: Mirror, sha: str, files: Sequence[str], subject: str) -> None:
        """Raise SourceError about `subject` unless one of the keys in `files` has signed the commit.

        sha: in full. files: paths, read at each call, so that a key that is taken out counts no more.
        """
        trusted = signers.read(files)
        slot, now = (sha, trusted.digest), self._clock()
        with self._lock:
            until, reason = self._known.get(slot, (now, ""))
        if until <= now:
            reason, is_certain = mirror.read(lambda runner, copy: _mistrust(runner, copy, sha, trusted))
            with self._lock:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                if is_certain:
                    self._known[slot] = now + _HOLDS, reason
        if reason:
            hint = "it is not deployed: sign it or choose another commit, or look at `signedBy` in the configuration"
            raise SourceError(subject, f"commit {sha[:7]} {reason}", hint=hint)


def _mistrust(runner: Runner, copy: Path, sha: str, trusted: Signers) -> tuple[str, bool]:
    """Why a commit is not trusted, "" if it is; and whether asking again would tell the same."""
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
        return "", True
    if _GONE.search(answer.stderr):
        raise GitFailedError("verify-commit", answer.status, answer.stderr)
    for program, purpose in _PROGRAMS:
        if re.search(rf"cannot (run|exec) '?{program}|{program} -Y .*is needed", answer.stderr):
            raise SourceError(program, "the program is not there", hint=f"install it: it is needed {purpose}")
    for mark, reason in _REASONS:
        if re.search(mark, answer.stderr, re.MULTILINE):
            return reason, True
    if answer.stderr.strip():
        return f"has a signature that cannot be verified: {one_line(answer.stderr, limit=200)}", False
    return _UNSIGNED, True
