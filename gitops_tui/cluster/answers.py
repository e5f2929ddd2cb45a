"""What an API server answers, read as errors of the family and as warnings.

Texts of a cluster are outside text: made harmless here. An API server quotes values in its messages, so what
is said about a Secret is rebuilt from field names and reasons alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gitops_tui.model.errors import (
    ClusterError,
    ConflictError,
    DryRunRefusedError,
    ForbiddenError,
    InvalidError,
    NotServedError,
)
from gitops_tui.model.patterns import pattern
from gitops_tui.model.resources import ResourceKey
from gitops_tui.model.text import one_line

_TEXT = 600
_CAUSE = 300
_END = 100
"""Characters at the end of a long text that are kept: a server says there what is wrong with a value that it quotes."""
_CAUSES = 20
_MANAGER = pattern(r'conflicts? with "((?:[^"\\]|\\.)*)"')
_WARNING = pattern(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_HARMLESS = pattern(r'(?:unknown|duplicate) field "[^"]*"')
"""Warnings that name fields alone."""

_RBAC = pattern(r'^secrets(?: "[^"]*")? is forbidden: User "[^"]*" cannot \w+ resource "secrets" in API group ""')
_MISFIT = pattern(
    r"failed to (?:create typed (?:patch|live) object|convert new object) \([^)]*\)(?: to proper version)?: (.*)", re.S
)
"""What an apply that does not fit the schema is answered with: a 500 without a reason, as of Kubernetes 1.36."""

_NO_DRY_RUN = "does not support dry run"
"""How the API server says that it will not ask a webhook with side effects in a dry-run."""

_MISFIT_FIELD = pattern(r"^\s*(\.[^\n]*?): ([^\n]*)$", re.M)
UNDECLARED = "field not declared in schema"
"""What is said of an unknown field; it quotes no value."""

_IMMUTABLE = "field is immutable"
_REFUSED = "refused"
_HIDDEN = "(not shown: it may quote hidden values)"


def is_secret(key: ResourceKey) -> bool:
    """Whether texts about this object may hold secret values."""
    return key.kind == "Secret" and key.group == ""


def error_of(
    subject: str, code: int, status: Mapping[str, Any], *, retry_after: float | None = None, secret: bool = False
) -> ClusterError:
    """The error for an answer with HTTP code `code` and a `Status` object; {} when the body was none."""
    reason = one_line(str(status.get("reason") or ""), limit=80)
    text = str(status.get("message") or "")
    details = _mapping(status.get("details"))
    misfit = _MISFIT.match(text) if code == 500 else None
    if misfit:
        code, reason, text = 422, "Invalid", misfit.group(1)
    family, hint = _family(code, text, details)
    return family(
        subject,
        _message(code, reason, text, secret),
        status=code,
        reason=reason,
        hint=hint,
        temporary=code in {408, 429} or code >= 500 or (code == 409 and reason != "AlreadyExists"),
        retry_after=retry_after if retry_after is not None else _number(details.get("retryAfterSeconds")),
        causes=_misfits(text, secret) if misfit else _causes(code, details, secret),
    )


def _family(code: int, message: str, details: Mapping[str, Any]) -> tuple[type[ClusterError], str]:
    if code == 401:
        return ForbiddenError, "the credentials of this context are refused or have expired: log in again"
    if code == 403:
        hint = "the user of this context lacks this permission" if " cannot " in message else ""
        return ForbiddenError, hint
    if code == 404 and not details.get("name"):
        return NotServedError, "the API is not there, or not there yet: is its CustomResourceDefinition installed?"
    if code == 404 and details.get("kind") == "namespaces":
        return ClusterError, "create the namespace first, or let the application's policy do so"
    if code == 409:
        return ConflictError, ""
    if code == 400 and _NO_DRY_RUN in message:
        return DryRunRefusedError, "the webhook has to declare sideEffects: None or NoneOnDryRun"
    if code in {400, 422}:
        return InvalidError, ""
    return ClusterError, ""


def _message(code: int, reason: str, message: str, secret: bool) -> str:
    text = _short(message, _TEXT)
    if secret and not (code == 404 or (code == 403 and _RBAC.match(text))):
        text = f"{_MEANINGS.get(code, f'refused with {code}')} {_HIDDEN}"
    return text or _MEANINGS.get(code) or f"the API server answered {code} {reason}".rstrip()


_MEANINGS: Mapping[int, str] = {
    400: "the API server refuses it as a bad request",
    401: "not logged in",
    403: "forbidden",
    404: "not found",
    409: "conflicts with what is live",
    410: "too old a state was asked for",
    422: "the API server finds it invalid",
    429: "the API server asks for fewer requests",
    500: "the API server has an internal error",
    502: "a proxy reached no API server",
    503: "the API server is not available",
    504: "the API server timed out",
}


def _causes(code: int, details: Mapping[str, Any], secret: bool) -> tuple[str, ...]:
    causes = details.get("causes")
    if not isinstance(causes, list):
        return ()
    lines = (_cause(code, cause, secret) for cause in causes[:_CAUSES] if isinstance(cause, dict))
    return tuple(dict.fromkeys(line for line in lines if line))


def _cause(code: int, cause: Mapping[str, Any], secret: bool) -> str:
    field = one_line(str(cause.get("field") or ""), limit=200)
    message = str(cause.get("message") or "")
    manager = _MANAGER.search(message) if code == 409 else None
    if manager:
        text = one_line(manager.group(1), limit=100)
    elif secret and message.endswith(_IMMUTABLE):
        text = _IMMUTABLE
    elif secret:
        text = one_line(str(cause.get("reason") or _REFUSED), limit=80)
    else:
        text = _short(message, _CAUSE)
    return f"{field}: {text}" if field else text


def _short(text: str, limit: int) -> str:
    """A text on one line; of a long one the beginning and the end."""
    line = one_line(text, limit=len(text))
    return line if len(line) <= limit else f"{line[: limit - _END - 3]} … {line[-_END:]}"


def _misfits(text: str, secret: bool) -> tuple[str, ...]:
    found = _MISFIT_FIELD.findall(text)[:_CAUSES]
    shown = ((field, _REFUSED if secret and message != UNDECLARED else one_line(message)) for field, message in found)
    return tuple(f"{one_line(field)}: {message}" for field, message in shown)


def warnings_of(headers: Iterable[str], *, secret: bool = False) -> tuple[str, ...]:
    """The texts of `Warning` headers (RFC 7234, 5.5), each once; about a Secret only those that quote no value."""
    texts = (match.group(1) for header in headers for match in _WARNING.finditer(header))
    plain = (re.sub(r"\\(.)", r"\1", text) for text in texts)
    shown = (text if not secret or _HARMLESS.fullmatch(text) else f"a warning {_HIDDEN}" for text in plain)
    return tuple(dict.fromkeys(one_line(text) for text in shown))[:_CAUSES]


def retry_after_of(value: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for (a number or a date), at most an hour; None without one."""
    if not value:
        return None
    seconds = _number(value.strip())
    if seconds is None:
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - most servers say a number

        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), 3600.0)


def _number(value: object) -> float | None:
    if not isinstance(value, (int, float, str)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
