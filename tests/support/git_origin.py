"""A Git repository that somebody else works in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_CLEAN = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class Origin:
    """A repository that somebody else works in, with the real git."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.clock = 1_700_000_000
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", *options, ".")

    def git(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] = {}) -> str:
        output = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**_CLEAN, **environment},
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert output.returncode == 0, output.stderr.decode()
        return output.stdout.decode(errors="surrogateescape").strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(
        self,
        files: Mapping[str, str | bytes | None] | None = None,
        message: str = "change",
        author: str = "Alice",
        email: str = "alice@example.org",
    ) -> str:
        self.write(files or {})
        self.clock += 60
        self.git("add", "--all")
        who = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": f"{self.clock} +0000"}
        committer = {
            "GIT_COMMITTER_NAME": "c",
            "GIT_COMMITTER_EMAIL": "c@c",
            "GIT_COMMITTER_DATE": f"{self.clock} +0000",
        }
        self.git("commit", "--quiet", "--allow-empty", "-m", message, environment={**who, **committer})
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, *, annotated: bool = False) -> None:
        who = {"GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@c"}
        self.git("tag", *(["-a", "-m", "release"] if annotated else []), name, environment=who)

    def raw_commit(self, tree: str, message: bytes = b"raw\n") -> str:
        """A commit made byte by byte, as no git would make it."""
        body = b"tree %s\nauthor A <a@a> 1700000000 +0000\ncommitter A <a@a> 1700000000 +0000\n\n%s"
        return self.git(
            "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=body % (tree.encode(), message)
        )
