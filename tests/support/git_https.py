"""Git's own HTTP backend behind a TLS server on loopback, which misbehaves on demand."""

from __future__ import annotations

import base64
import gzip
import os
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from gitops_tui.embedded.tls import self_signed

REFS, PACK = "/info/refs", "/git-upload-pack"
"""What is asked when a client looks, and when it fetches."""

_COMMAND = rb"command=([a-z-]+)"


@dataclass
class Misbehaviour:
    """What happens to matching requests until it is taken back.

    answer: with this code and a page of HTML. hang: no answer. cut: the connection ends in the middle of the answer.
    truncate: half of the answer, as if it was all. asks: the regular expression on the path and, for git's second
    protocol, on the command in the body (`ls-refs`, `fetch`).
    """

    action: Literal["answer", "hang", "cut", "truncate"]
    asks: str = ""
    code: int = 500
    hits: int = 0
    met: threading.Event = field(default_factory=threading.Event)


class GitServer:
    """Serves the repositories below `root`.

    password: demanded of everybody, with any user name, when it is not empty. redirect: every request is sent
    there. silent: requests are taken and never answered. seen: the Authorization headers that came.
    """

    def __init__(self, root: Path, certificate: Path) -> None:
        self.root = root
        self.password = ""
        self.redirect = ""
        self.silent = False
        self.seen: list[str] = []
        self.requests = 0
        self.misbehaviour: Misbehaviour | None = None
        self.arrived = threading.Event()
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def misbehave(self, misbehaviour: Misbehaviour) -> Misbehaviour:
        self.released.clear()
        self.misbehaviour = misbehaviour
        return misbehaviour

    def behave(self) -> None:
        """Be a good server again; what hangs is let go."""
        self.misbehaviour = None
        self.password, self.redirect, self.silent = "", "", False
        self.released.set()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(root: Path, certificate: Path) -> Iterator[GitServer]:
    server = GitServer(root, certificate)
    try:
        yield server
    finally:
        server.close()


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    path, made = folder / "server.pem", self_signed()
    path.write_text(made.certificate + made.key)
    Path(f"{path}.crt").write_text(made.certificate)
    return path


class _Handler(BaseHTTPRequestHandler):
    owner: GitServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.owner.requests += 1
        self.owner.arrived.set()
        if header := self.headers.get("Authorization"):
            self.owner.seen.append(header)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self._met(body)
        if self.owner.silent or (found and found.action == "hang"):
            self.owner.released.wait()
            self.close_connection = True
        elif found and found.action == "answer":
            self._say(found.code, {"Content-Type": "text/html"}, b"<html><h1>It is not our day</h1></html>")
        elif self.owner.redirect:
            self._say(302, {"Location": self.owner.redirect + self.path})
        elif self.owner.password and not self._is_allowed(header or ""):
            self._say(401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._answer(body, found)

    do_POST = do_GET  # noqa: N815 - the name is the base class's

    def _is_allowed(self, header: str) -> bool:
        return base64.b64decode(header.removeprefix("Basic ")).decode().endswith(f":{self.owner.password}")

    def _met(self, body: bytes) -> Misbehaviour | None:
        found = self.owner.misbehaviour
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        command = re.search(_COMMAND, plain)
        asked = f"{self.path} {command[1].decode() if command else ''}"
        if found is None or not re.search(found.asks, asked):
            return None
        found.hits += 1
        found.met.set()
        return found

    def _answer(self, body: bytes, found: Misbehaviour | None) -> None:
        url = urlsplit(self.path)
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "REQUEST_METHOD": self.command,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        said = content[: len(content) // 2] if found else content
        length = len(content) if found and found.action == "cut" else len(said)
        self._say(int(fields.pop("Status", "200").split()[0]), fields, said, length)
        self.close_connection = found is not None

    def _say(self, status: int, fields: Mapping[str, str], content: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        promised = len(content) if length is None else length
        for name, value in {**fields, "Content-Length": str(promised)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Nothing on the tests' screen."""
