"""One connection to a server, and the answers that come on it: HTTP/1.1 as RFC 9112 has it."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from gitops_tui.cluster.connection import wire
from gitops_tui.model.errors import UnreachableError

_PIECE: Final = 1 << 16
_HEAD: Final = 256 << 10
_SIZE_LINE: Final = 4096


class Head(NamedTuple):
    """What precedes a body. method: what it answers. headers: their names in small letters."""

    method: str
    version: str
    status: int
    headers: Sequence[tuple[str, str]]


class Line:
    """A connection. is_used: a request was sent on it. has_answered: a byte has come since the last request."""

    def __init__(self, connected: socket.socket) -> None:
        self.is_used = False
        self.has_answered = False
        self._socket = connected
        self._buffer = bytearray()

    def send(self, data: bytes, silence: float) -> None:
        """Send a request. OSError, TimeoutError after `silence` seconds without progress."""
        self.has_answered = False
        self._socket.settimeout(silence)
        self._socket.sendall(data)

    def reply(self, method: str, context: str, silence: float, give_back: Callable[[Line], None]) -> Reply:
        """Wait for the head of the answer. OSError; UnreachableError when it is none.

        give_back: called with the connection when the answer has ended and another request may follow.
        """
        while True:
            head = self._head(context)
            first, *rest = head.split("\r\n")
            version, _, status = first.partition(" ")
            if not version.startswith("HTTP/1.") or not status[:3].isdigit():
                raise wire.lost(context)
            code = int(status[:3])
            if code >= 200:
                break
        headers = [(name.strip().lower(), value.strip()) for name, _, value in (row.partition(":") for row in rest)]
        return Reply(self, Head(method, version, code, headers), (context, silence), give_back)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, as soon as there are any; b"" at the end. OSError."""
        if not self._buffer and not self._receive():
            return b""
        if len(self._buffer) <= size:
            data = bytes(self._buffer)
            self._buffer.clear()
            return data
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return data

    def read_line(self) -> bytes:
        """One short line without its end. OSError when there is none."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _SIZE_LINE or not self._receive():
                raise ConnectionError("the answer is malformed")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def is_quiet(self) -> bool:
        """Whether the server has sent nothing since its last answer, such as the end of the connection."""
        try:
            return not self._buffer and not select.select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def abort(self) -> None:
        """End whatever is read or sent on it, from any thread."""
        with suppress(OSError):
            # That of a TLS socket would take away what another thread is reading with.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):
            self._socket.close()

    def _receive(self) -> bool:
        try:
            data = self._socket.recv(_PIECE)
        except ssl.SSLEOFError:
            return False
        self._buffer += data
        self.has_answered = self.has_answered or bool(data)
        return bool(data)

    def _head(self, context: str) -> str:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _HEAD or not self._receive():
                raise wire.lost(context)
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        return head


class Reply:
    """An answer whose head has come."""

    def __init__(self, line: Line, head: Head, told: tuple[str, float], give_back: Callable[[Line], None]) -> None:
        self.status = head.status
        self._line = line
        self._headers = head.headers
        self._context, self._silence = told
        self._give_back = give_back
        self._stays = head.version == "HTTP/1.1" and "close" not in ",".join(self.values("Connection")).lower()
        self._is_open = True
        coding = ",".join(self.values("Transfer-Encoding")).lower()
        length = next(iter(self.values("Content-Length")), "")
        if head.method == "HEAD" or head.status in {204, 304}:
            self._body: Iterator[bytes] = iter(())
        elif coding:
            self._body = self._chunks()
        elif length.isdigit():
            self._body = self._measured(int(length))
        else:
            self._stays = False
            self._body = self._to_the_end()

    def values(self, name: str) -> Sequence[str]:
        """All headers of one name."""
        wanted = name.lower()
        return [value for known, value in self._headers if known == wanted]

    def pieces(self) -> Iterator[bytes]:
        """The body, as it comes."""
        try:
            yield from self._body
        except TimeoutError as error:
            raise wire.silent(self._context, self._silence) from error
        except (OSError, ValueError) as error:
            raise wire.lost(self._context) from error
        if self._stays and self._is_open:
            self._is_open = False
            self._give_back(self._line)

    def abort(self) -> None:
        """End the answer now, from another thread."""
        if self._is_open:
            self._line.abort()

    def close(self) -> None:
        """Let go of the connection."""
        if self._is_open:
            self._is_open = False
            self._line.close()

    def _measured(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._line.read(min(left, _PIECE))
            if not piece:
                raise self._cut()
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line.read_line().partition(b";")[0], 16):
            yield from self._measured(size)
            if self._line.read_line():
                raise self._cut()
        while self._line.read_line():
            pass

    def _to_the_end(self) -> Iterator[bytes]:
        while piece := self._line.read(_PIECE):
            yield piece

    def _cut(self) -> UnreachableError:
        return wire.lost(self._context)
