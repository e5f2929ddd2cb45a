"""What executing a plan needs from the world, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from gitops_tui.model.operations import OperationPhase, ResourceResult
from gitops_tui.model.resources import Body, Manifest, ResourceKey
from gitops_tui.model.values import dataclass


class Applied(Protocol):
    """The server's answer to an apply."""

    @property
    def body(self) -> Body:
        """The object as the server has it now."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings that came with the answer."""


class Cluster(Protocol):
    """Reading and writing one cluster; every method may be called from several threads, and raises ClusterError."""

    def read(self, key: ResourceKey, *, api_version: str = "") -> Body | None:
        """Return the live object, at that version if one is given; None when it is certainly not there."""

    def apply(
        self,
        manifest: Manifest,
        *,
        force: bool = False,
        dry_run: bool = False,
        validate: bool = True,
        secret: bool = False,
        anew: bool = False,
        resource_version: str = "",
    ) -> Applied:
        """Server-side apply as our field manager. validate: False drops unknown fields with a warning.

        secret: what the server says about it is not to be quoted. anew: only if there is no such object.
        resource_version: only if the live object has it.
        """

    def replace(
        self,
        manifest: Manifest,
        *,
        uid: str,
        resource_version: str,
        dry_run: bool = False,
        validate: bool = True,
        secret: bool = False,
    ) -> Applied:
        """Put the object in place of the live one, if that is still this very one, as it was."""

    def delete(
        self,
        key: ResourceKey,
        *,
        uid: str,
        resource_version: str = "",
        propagation: str = "foreground",
        dry_run: bool = False,
    ) -> None:
        """Delete the object if it is still this very one; already gone is no error."""

    def resource(self, group: str, kind: str) -> object:
        """Return how a kind is served; NotServedError when it is not."""


class Recorder(Protocol):
    """Writes down what happens, while it happens. Only called from the thread that executes."""

    def intend(self, application: str, keys: Sequence[ResourceKey]) -> None:
        """Add objects to the application's inventory, before the first of them is applied."""

    def applied(self, application: str, key: ResourceKey, uid: str) -> None:
        """An object was applied."""

    def strike(self, application: str, key: ResourceKey) -> None:
        """Take an object out of the inventory: its deletion is confirmed."""

    def result(self, result: ResourceResult) -> None:
        """One resource is done."""


Lookup = Callable[[ResourceKey], Body | None]
"""The current live object, from a cache or the server; None when there is none."""

Children = Callable[[Body], Iterable[Body]]
"""The live objects below a live object: ReplicaSets, Jobs, Pods."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears how an execution gets on; called in its thread.

    progress: writes done, writes in all, and what happens now. rests: true when it only waits, and has for a while;
    false when it goes on.
    """

    progress: Callable[[int, int, str], None] = lambda _done, _total, _what: None
    rests: Callable[[bool], None] = lambda _: None


NOBODY: Final = Audience()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended. resources: in the order of the plan, every one of them.

    permanent: it failed, and will again until Git, the cluster or a person changes something.
    """

    phase: OperationPhase
    resources: tuple[ResourceResult, ...] = ()
    message: str = ""
    verified: bool = False
    permanent: bool = False
