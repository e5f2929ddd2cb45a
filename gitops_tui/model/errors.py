"""The one family of errors.

Every error names its subject first, says what went wrong, and what to do next. Errors of libraries are
wrapped where they come in, with the original as `__cause__`; above that edge only this family is seen.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """The step of a pass in which something failed."""

    CONFIG = "config"
    FETCH = "fetch"
    RENDER = "render"
    CONNECT = "connect"
    OBSERVE = "observe"
    PREDICT = "predict"
    COMPARE = "compare"
    PLAN = "plan"
    EXECUTE = "execute"
    JOURNAL = "journal"
    INTERNAL = "internal"


class GitopsError(Exception):
    """A failure that a user can understand.

    subject: what it is about, as a user would name it ("apps/Deployment shop/web", "repository x"); already
    sanitised. message: what went wrong. hint: what to do next, or "". temporary: whether trying again without
    a change by a person may help.
    """

    stage: Stage = Stage.INTERNAL

    def __init__(
        self,
        subject: str,
        message: str,
        *,
        hint: str = "",
        temporary: bool = False,
        stage: Stage | None = None,
    ) -> None:
        super().__init__(subject, message)
        self.subject = subject
        self.message = message
        self.hint = hint
        self.temporary = temporary
        if stage is not None:
            self.stage = stage

    def __str__(self) -> str:
        text = f"{self.subject}: {self.message}" if self.subject else self.message
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(GitopsError):
    """The user's configuration cannot be used. `mistakes` holds all of them, each with its place."""

    stage = Stage.CONFIG

    def __init__(self, subject: str, message: str, *, mistakes: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(subject, message, hint=hint)
        self.mistakes = mistakes


class InputError(GitopsError):
    """A text (YAML, a manifest) is malformed, too large, or ambiguous."""

    stage = Stage.RENDER


class SourceError(GitopsError):
    """A repository, ref or path cannot be read or written."""

    stage = Stage.FETCH


class RenderError(GitopsError):
    """A folder cannot be turned into manifests."""

    stage = Stage.RENDER


class ClusterError(GitopsError):
    """A cluster did not do what was asked. status: the HTTP code, 0 when no answer came."""

    stage = Stage.OBSERVE

    def __init__(
        self,
        subject: str,
        message: str,
        *,
        status: int = 0,
        reason: str = "",
        hint: str = "",
        temporary: bool = False,
        stage: Stage | None = None,
        retry_after: float | None = None,
        causes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(subject, message, hint=hint, temporary=temporary, stage=stage)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        self.causes = causes


class UnreachableError(ClusterError):
    """No answer: refused, name not found, TLS, deadline. Unreachable is unknown, never empty."""

    stage = Stage.CONNECT


class ForbiddenError(ClusterError):
    """401 or 403: the credentials do not allow it."""


class ConflictError(ClusterError):
    """409: another field manager owns the fields (`causes` lists "field: manager"), or the object moved."""


class InvalidError(ClusterError):
    """400 or 422: the API server refuses the object. `causes` lists "field: message"."""


class DryRunRefusedError(ClusterError):
    """A webhook that is asked about the object supports no dry-run, so nothing can be predicted."""


class NotServedError(ClusterError):
    """The cluster serves no such group and kind."""


class PlanError(GitopsError):
    """A plan cannot be made, is stale, or is held by a guard."""

    stage = Stage.PLAN


class HeldError(PlanError):
    """A guard holds the plan until a person approves it."""


class StalePlanError(PlanError):
    """The cluster moved since the plan was made: plan again, nothing was written."""


class JournalError(GitopsError):
    """The journal cannot be read or written."""

    stage = Stage.JOURNAL


class UsageError(GitopsError):
    """The command line or a request names something that does not exist or cannot be combined."""

    stage = Stage.CONFIG
