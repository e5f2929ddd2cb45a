"""HTTP/1.1 as far as API clients speak it: requests read from a socket, responses written to it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_HEADER = 64 * 1024
MAX_BODY = 3 * 1024 * 1024
_NO_CONTENT = 204
_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class ProtocolError(Exception):
    """A request that cannot be read. `code` is the answer; the connection is closed after it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Request:
    """One request. Header names are in lower case, `query` has each parameter's last value, `target` is as sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    target: str = ""

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection stays open after the answer."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(slots=True)
class Response:
    """A complete answer. content_type: "" for one without a body."""

    body: bytes
    code: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    warnings: Iterable[str] = ()


class Connection:
    """A client's connection, blocking, read by one thread."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._buffer = b""

    def read(self) -> Request | None:
        """The next request; None when the client has closed. Raises ProtocolError, OSError."""
        head = self._head()
        if head is None:
            return None
        lines = head.split(b"\r\n")
        try:
            method, target, _ = lines[0].decode("ascii").split(" ", 2)
            headers = dict(_header(line) for line in lines[1:] if line)
            url = urlsplit(target)
        except ValueError:
            raise ProtocolError(400, "malformed request") from None
        request = Request(method, unquote(url.path), dict(parse_qsl(url.query, keep_blank_values=True)), headers)
        request.target = target
        if headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = self._body(headers)
        return request

    def _head(self) -> bytes | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEADER:
                raise ProtocolError(400, "request header is too large")
            if not self._receive():
                return None
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return head

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise ProtocolError(400, "malformed content length")
        if int(length) > MAX_BODY:
            raise ProtocolError(413, f"Request entity too large: limit is {MAX_BODY}")
        return self._take(int(length))

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size = self._line().partition(b";")[0]
            try:
                count = int(size, 16)
            except ValueError:
                raise ProtocolError(400, "malformed chunk") from None
            if len(body) + count > MAX_BODY:
                raise ProtocolError(413, f"Request entity too large: limit is {MAX_BODY}")
            body += self._take(count)
            self._line()
            if not count:
                return body

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_HEADER or not self._receive():
                raise ProtocolError(400, "cut request")
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if not self._receive():
                raise ProtocolError(400, "cut request")
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _receive(self) -> bool:
        data = self.socket.recv(65_536)
        self._buffer += data
        return bool(data)

    def write(self, response: Response, *, keep_alive: bool, head_only: bool = False, half: bool = False) -> None:
        """Send a complete answer; half: break off in the middle of it."""
        head = _status_line(response.code, response.content_type, response.headers, response.warnings)
        if response.code != _NO_CONTENT:
            head += f"Content-Length: {len(response.body)}\r\n"
        if not keep_alive:
            head += "Connection: close\r\n"
        body = b"" if head_only else response.body[: len(response.body) // 2] if half else response.body
        self.socket.sendall(head.encode("latin-1", "replace") + b"\r\n" + body)

    def start_stream(self, content_type: str) -> None:
        """Send the head of an answer whose body comes in chunks."""
        head = _status_line(200, content_type, {}, ())
        self.socket.sendall(head.encode("latin-1", "replace") + b"Transfer-Encoding: chunked\r\n\r\n")

    def send_chunk(self, data: bytes) -> None:
        """Send some of a body; b"" ends it."""
        self.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))


def _header(line: bytes) -> tuple[str, str]:
    name, found, value = line.decode("latin-1").partition(":")
    if not found:
        raise ValueError(name)
    return name.strip().lower(), value.strip()


def _status_line(code: int, content_type: str, headers: dict[str, str], warnings: Iterable[str]) -> str:
    lines = [
        f"HTTP/1.1 {code} {_REASONS.get(code, 'Unknown')}",
        *([f"Content-Type: {content_type}"] if content_type else ()),
        "Cache-Control: no-cache, private",
        *(f"{name}: {value}" for name, value in headers.items()),
        *(f'Warning: 299 - "{_quoted(text)}"' for text in warnings),
    ]
    return "\r\n".join(lines) + "\r\n"


def _quoted(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"')
