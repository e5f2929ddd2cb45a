"""What a request is, and those that take no more of the engine than a look; all others are in `requests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gitops_tui.model.values import dataclass

if TYPE_CHECKING:
    from gitops_tui.config import Config


@dataclass(frozen=True, slots=True)
class Request:
    """Anything that can be submitted."""

    is_write: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Refresh(Request):
    """Look at these applications (none named: at all) now. Answer: the Snapshot in which they are.

    hard: forget kept renderings, predictions and discovery first.
    """

    applications: tuple[str, ...] = ()
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Reload(Request):
    """Take over another configuration. Answer: None."""

    config: Config
