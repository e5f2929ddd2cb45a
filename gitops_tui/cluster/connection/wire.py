"""What carries requests to an API server, and why it may not.

There are two of them: `direct` for what a kubeconfig says by certificates and tokens, `library` for what only the
kubernetes package knows.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Protocol

from gitops_tui.model.errors import UnreachableError
from gitops_tui.model.text import one_line

NO_CONNECTION = "NoConnection"
"""Reason of an UnreachableError: no connection came about, so the whole cluster is out of reach."""

ANSWER_LOST = "AnswerLost"
"""Reason of an UnreachableError: the connection broke or fell silent, which may concern this request alone."""

BROKEN = "the connection broke before the answer was whole"

NO_NAME = ("the server's name is not found", "check the server URL, DNS and VPN")
REFUSED = ("connection refused or no route", "is the API server running?")
TOO_SLOW = ("no connection in time", "check the network and VPN")
NO_PROXY = ("the proxy makes no connection", "check proxy-url and HTTPS_PROXY")

Header = tuple[str, str]


class Response(Protocol):
    """An answer whose head has come. A failure is an UnreachableError."""

    @property
    def status(self) -> int:
        """The HTTP code."""
        ...

    def values(self, name: str) -> Sequence[str]:
        """All headers of one name, in any spelling of it."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """The body, as it comes."""
        ...

    def abort(self) -> None:
        """End the answer now, from another thread: whoever reads it gets an UnreachableError or its end."""
        ...

    def close(self) -> None:
        """Let go of the connection; what was not read of the body is lost."""
        ...


class Wire(Protocol):
    """The way to one API server. Thread-safe."""

    @property
    def identity(self) -> tuple[str, str]:
        """The cluster at the other end: a new one at an old address has another certificate authority."""
        ...

    def authorization(self) -> str:
        """The value of the `Authorization` header, "" for none."""
        ...

    def send(
        self, method: str, path: str, headers: Sequence[Header], body: bytes | None, *, connect: float, silence: float
    ) -> Response:
        """Send one request and wait for the head of its answer.

        connect, silence: seconds until a connection stands, and between two pieces of the answer. Redirects are
        not followed, and nothing is sent twice but to a server that closed an idle connection without an answer.
        UnreachableError when that fails; ValueError when the request cannot be sent at all.
        """
        ...

    def close(self) -> None:
        """Close the idle connections; one in use is closed when its answer ends."""
        ...


def no_connection(context: str, message: str, hint: str) -> UnreachableError:
    """The error of a connection that did not come about."""
    return UnreachableError(_subject(context), message, hint=hint, reason=NO_CONNECTION, temporary=True)


def no_tls(context: str, error: Exception) -> UnreachableError:
    """The error of a connection whose ends do not trust each other."""
    hint = "check certificate-authority, client certificate and server name in the kubeconfig"
    return no_connection(context, f"no TLS connection: {_certificate_problem(error)}", hint)


def silent(context: str, seconds: float) -> UnreachableError:
    """The error of an answer that does not go on."""
    return lost(context, f"no answer within {seconds:.0f} s")


def lost(context: str, message: str = BROKEN) -> UnreachableError:
    """The error of an answer that did not come, or not whole."""
    return UnreachableError(_subject(context), message, reason=ANSWER_LOST, temporary=True)


def _subject(context: str) -> str:
    return f"cluster {one_line(context)}"


def _certificate_problem(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return one_line(cause.verify_message, limit=200)
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return one_line(str(cause.reason).replace("_", " ").lower(), limit=200)
        nested = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else None
        cause = nested or cause.__context__
    return "the server's certificate or ours was not accepted"
