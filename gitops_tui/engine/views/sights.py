"""What the watches and the cluster show of one application, resource by resource, and what each of it rests on.

A look that finds the same ground as the one before (the same manifests, rules and watches) judges only what it cannot
take over: a finding stands while its live object, and all below that, are the very same objects in the cache. So a
look costs what has moved, and gives just what a look at everything would. What judges is imported
when there is something to judge.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from gitops_tui.cluster import Cluster, Family, Live, Scope, beneath
from gitops_tui.engine.views.findings import Finding, Heard, is_unwell, uid_of
from gitops_tui.engine.views.kept import Settled
from gitops_tui.engine.views.recalled import NOTHING, Known, Recalled
from gitops_tui.engine.views.verdicts import Verdicts
from gitops_tui.model.application import Application
from gitops_tui.model.errors import GitopsError
from gitops_tui.model.resources import Body, ResourceKey
from gitops_tui.model.revision import Revision
from gitops_tui.model.values import dataclass, replace

if TYPE_CHECKING:
    from gitops_tui.engine.views.asking import Submit
    from gitops_tui.engine.views.assessing import Frame
    from gitops_tui.engine.views.pairing import Pairing
    from gitops_tui.sync import Pair

# ruff: noqa: PLC0415

_NONE_SEEN: Final[Mapping[ResourceKey, Live]] = {}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a look is of, apart from what is live. revision: the commit that was rendered; latest: see `View`."""

    application: Application
    cluster: Cluster
    revision: Revision
    latest: Revision
    settled: Settled
    inventory: frozenset[ResourceKey]
    scopes: frozenset[Scope]

    def bears(self, last: Ground) -> bool:
        """Whether what was found on the last ground is so on this one; of another commit with the same content too."""
        return (
            self.application is last.application
            and self.cluster is last.cluster
            and self.settled is last.settled
            and self.inventory == last.inventory
            and self.scopes == last.scopes
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look found. own: of all that is desired, in that order, and of what else is the application's.

    below: of the live objects below these. failures: what could not be read, by resource. incomplete: why nothing may
    be pruned on the ground of this, "" if sound. family: what the watches had, where all is what Git says and well, as
    they alone tell: no time and no request can change that; None elsewhere.
    """

    ground: Ground
    own: tuple[Finding, ...]
    below: tuple[Finding, ...]
    failures: Mapping[ResourceKey, GitopsError]
    incomplete: str
    family: Family | None

    @property
    def is_in_order(self) -> bool:
        """Whether nothing but what the watches tell can change what was found."""
        return self.family is not None

    def again(self, ground: Ground, family: Family) -> Sight | None:
        """What a look finds that has this family on a ground like the last one, where that is the same; else None."""
        if self.family is None or not _is_same(self.family, family):
            return None
        is_of_these = ground.revision is self.ground.revision and ground.latest is self.ground.latest
        return self if is_of_these else replace(self, ground=ground)

    @property
    def uids(self) -> frozenset[str]:
        """Those of all that is live."""
        return frozenset([each.uid for each in (*self.own, *self.below) if each.uid])

    @property
    def warned(self) -> tuple[Finding, ...]:
        """What is not well, and may be explained by a warning."""
        return () if self.is_in_order else tuple(each for each in self.own if each.is_warned)


class Sights:
    """Makes Sights. Thread-safe."""

    def __init__(self, verdicts: Verdicts, recalled: Recalled, submit: Submit) -> None:
        self._verdicts = verdicts
        self._recalled = recalled
        self._submit = submit

    def look(self, ground: Ground, last: Sight | None, now: float) -> Sight:
        """Look at an application, and ask the cluster what the watches do not tell.

        last: what may be taken over as far as it stands, None for nothing. Raises GitopsError when nothing at all can
        be said; what cannot be read of single objects is in `failures`.
        """
        is_sound = ground.cluster.is_sound(ground.scopes)
        if last is not None and not (is_sound and ground.bears(last.ground)):
            last = None
        family = _family(ground)
        if last is not None and (same := last.again(ground, family)) is not None:
            return same
        known = Known(last.own, last.below) if last is not None else NOTHING
        if last is None and is_sound:
            known = self._taken(ground, family)
        look = _Look(ground, known, family, now, is_sound=is_sound)
        pairs: list[Pair] = []
        if look.has_moved or not is_sound:
            pairing = look.pairing = self.pairing(ground, look.seen)
            pairing.failures.update(ground.settled.unplaced)
            pairs = pairing.pairs(look.moved, for_plan=False)
            pairs += pairing.extras([live.key for live in look.more])
        return look.sight(pairs, waits=last is None)

    def _taken(self, ground: Ground, family: Family) -> Known:
        """What the process before found, where that stands as soon as the warnings are known that may explain it."""
        known = self._recalled.take(ground.application, ground.settled, family)
        for namespace in {each.status.key.namespace: None for each in known.own if each.is_warned}:
            ground.cluster.await_warnings(namespace)
        return known

    def glance(self, last: Sight, now: float) -> Sight | None:
        """Look again on the same ground, without a request and without a wait; None when that does not do.

        Raises InputError for an object that cannot be compared.
        """
        ground = last.ground
        if last.failures or last.incomplete or not ground.cluster.is_sound(ground.scopes):
            return None
        family = _family(ground)
        if (same := last.again(ground, family)) is not None:
            return same
        look = _Look(ground, Known(last.own, last.below), family, now, is_sound=True)
        if not look.has_moved:
            return look.sight([], waits=False)
        pairing = look.pairing = self.pairing(ground, look.seen)
        pairs = pairing.told(look.moved)
        if pairs is None:
            return None
        return look.sight([*pairs, *map(pairing.extra, look.more)], waits=False)

    def pairing(self, ground: Ground, seen: Mapping[ResourceKey, Live] = _NONE_SEEN) -> Pairing:
        """What pairs the desired objects of a look with what is live. seen: see `Pairing`."""
        from gitops_tui.engine.views.asking import Asking
        from gitops_tui.engine.views.judging import Judging
        from gitops_tui.engine.views.pairing import Pairing

        application, cluster = ground.application, ground.cluster
        judging = Judging(cluster, application, self._verdicts)
        return Pairing(cluster, application, judging, Asking(self._submit, cluster.context), seen)


class _Look:
    """One look.

    moved, more: what is desired, and what else is the application's, of which no finding stands. seen: what the
    watches have of these. is_sound: nothing that the watches have may be old. pairing: what pairs what has moved, None
    where nothing has.
    """

    def __init__(self, ground: Ground, last: Known, family: Family, now: float, *, is_sound: bool) -> None:
        self._ground = ground
        self._cluster = ground.cluster
        self._now = now
        self._is_sound = is_sound
        manifests = ground.settled.manifests
        self._keys = [manifest.key for manifest in manifests]
        self._family = family
        self._below = family.below
        self._last_below = {each.uid: each for each in last.below}
        self._kept: dict[ResourceKey, Finding] = {}
        self.pairing: Pairing | None = None
        self.seen: dict[ResourceKey, Live] = {}
        lives = {**dict(zip(self._keys, self._family.stated, strict=True)), **_by_key(self._family.others)}
        known = {each.status.key: each for each in last.own}
        for key, live in lives.items():
            if live is not None and not self._takes_over(known.get(key), live):
                self.seen[key] = live
        self.moved = [manifest for manifest in manifests if manifest.key not in self._kept]
        self.more = [live for live in self._family.others if live.key in self.seen]

    @property
    def has_moved(self) -> bool:
        """Whether anything has to be judged, apart from what is below."""
        return bool(self.moved or self.more)

    def _takes_over(self, last: Finding | None, live: Live) -> bool:
        """Take over what was found of a resource, if that stands."""
        if last is None or not self._stands(last, (live, *beneath(self._below, [live.uid]))):
            return False
        self._kept[live.key] = last
        return True

    def _stands(self, last: Finding, seen: Sequence[Live]) -> bool:
        status = last.status
        heard = self._cluster.warnings(status.key.namespace) if last.heard or is_unwell(status.health) else ()
        return last.stands(seen, heard)

    def sight(self, pairs: Sequence[Pair], *, waits: bool) -> Sight:
        """All that was found. pairs: of all that moved. waits: for warnings that nobody has asked for yet."""
        ground = self._ground
        self._read_below(pairs)
        found = {**self._kept, **(self._judged(pairs, waits=waits) if pairs else {})}
        places = (*self._keys, *(live.key for live in self._family.others))
        own = tuple(found[key] for key in places if key in found)
        below = self._found_below(own)
        incomplete = self._incomplete()
        is_in_order = not incomplete and all(each.is_in_order and each.seen for each in (*own, *below))
        return Sight(ground, own, below, self._failures, incomplete, self._family if is_in_order else None)

    @property
    def _failures(self) -> Mapping[ResourceKey, GitopsError]:
        return self.pairing.failures if self.pairing is not None else {}

    @cached_property
    def _frame(self) -> Frame:
        from gitops_tui.engine.views.assessing import Frame

        return Frame(self._ground.application, self._ground.inventory, self._failures, self._now)

    def _incomplete(self) -> str:
        if self.pairing is None or (self._is_sound and not self.pairing.failures):
            return ""
        return self.pairing.incomplete(self._cluster, self._ground.scopes)

    def _read_below(self, pairs: Iterable[Pair]) -> None:
        """Find what is below objects that no watch has, since they are not ours yet."""
        uids = [uid_of(pair.live) for pair in pairs if pair.live is not None and pair.key not in self.seen]
        if uids:
            self._below = {**self._below, **self._cluster.below(uids)}

    def _judged(self, pairs: Sequence[Pair], *, waits: bool) -> dict[ResourceKey, Finding]:
        below = {pair.key: self._bodies_below(pair) for pair in pairs}
        judged = {pair.key: self._found(pair, below[pair.key], ()) for pair in pairs}
        if waits:
            for namespace in {each.status.key.namespace: None for each in judged.values() if each.is_warned}:
                self._cluster.await_warnings(namespace)
        for pair in pairs:
            heard = self._cluster.warnings(pair.key.namespace) if is_unwell(judged[pair.key].status.health) else ()
            if heard:
                judged[pair.key] = self._found(pair, below[pair.key], heard)
        return judged

    def _found(self, pair: Pair, below: Sequence[Body], heard: Heard) -> Finding:
        from gitops_tui.engine.views.assessing import found

        live = self.seen.get(pair.key) if self._is_sound else None
        seen = (live, *beneath(self._below, [live.uid])) if live is not None else ()
        return found(pair, seen, below, heard, self._frame)

    def _bodies_below(self, pair: Pair) -> list[Body]:
        if pair.live is None or not self._below:
            return []
        return [child.body() for child in beneath(self._below, [uid_of(pair.live)]) if not self._old(child)]

    def _old(self, child: Live) -> str:
        """Why what is known of an object below may be old; "" when it is not."""
        problem = None if self._is_sound else self._cluster.problem(child.key)
        return problem.message if problem is not None else ""

    def _found_below(self, own: Sequence[Finding]) -> tuple[Finding, ...]:
        if not self._below:
            return ()
        children = beneath(self._below, [each.uid for each in own if each.uid])
        keys = {each.uid: each.status.key for each in own} | {child.uid: child.key for child in children}
        return tuple(
            self._child(child, next((keys[uid] for uid in child.owner_uids if uid in keys), None)) for child in children
        )

    def _child(self, child: Live, parent: ResourceKey | None) -> Finding:
        last = self._last_below.get(child.uid)
        if last is not None and last.status.parent == parent and self._stands(last, (child,)):
            return last
        from gitops_tui.engine.views.assessing import found_below

        return found_below(child, parent, self._old(child), self._frame)


def _family(ground: Ground) -> Family:
    return ground.cluster.family(ground.application.name, [manifest.key for manifest in ground.settled.manifests])


def _is_same(one: Family, other: Family) -> bool:
    """Whether two families are of the very same objects in the cache, each in the same place."""
    below = other.below
    return (
        _are(one.stated, other.stated)
        and _are(one.others, other.others)
        and one.below.keys() == below.keys()
        and all(_are(children, below[uid]) for uid, children in one.below.items())
    )


def _are(some: Sequence[Live | None], others: Sequence[Live | None]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def _by_key(lives: Iterable[Live]) -> dict[ResourceKey, Live]:
    return {live.key: live for live in lives}
