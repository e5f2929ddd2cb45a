"""When each repository is asked, and what comes of it."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from gitops_tui.config import Config
from gitops_tui.engine.schedule.backoff import spread
from gitops_tui.engine.schedule.desk import Desk
from gitops_tui.engine.schedule.tracking import Fetching
from gitops_tui.engine.views.folders import applications_from
from gitops_tui.engine.views.reconcile import Reconciler
from gitops_tui.engine.views.statuses import problem_of
from gitops_tui.engine.views.watches import Watches
from gitops_tui.model.application import Application, FolderTemplate, Repository
from gitops_tui.model.errors import GitopsError, SourceError
from gitops_tui.model.status import Problem, RepositoryStatus
from gitops_tui.model.text import one_line
from gitops_tui.model.values import dataclass, replace
from gitops_tui.source import Mirror


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought back. error: why only what was known before could be used. unfound: whose folders could
    not be found, so that the applications known before stay.
    """

    changed: bool
    note: str
    expanded: dict[FolderTemplate, tuple[Application, ...]]
    error: GitopsError | None = None
    unfound: tuple[GitopsError, ...] = ()


class Fetches:
    """Asks each repository once per interval, and keeps the list of tracked applications."""

    def __init__(self, desk: Desk, reconciler: Reconciler, watches: Watches) -> None:
        self._desk = desk
        self._reconciler = reconciler
        self._watches = watches
        self._kept: dict[str, frozenset[str]] = {}

    def use(self, config: Config) -> None:
        """Take over a configuration: what it names is tracked, what it no longer names is left alone."""
        self._desk.books.config = config
        self._reconciler.use_repositories(config.repositories)
        self._desk.books.repositories(_all_repositories(config))
        for fetching in self._desk.books.fetching.values():
            if any(t.repository == fetching.repository.url for t in config.folders):
                fetching.due = self._desk.clock()
        self._track()

    def _track(self) -> None:
        found = {application.name: application for application in self._desk.books.config.applications}
        namesakes: list[GitopsError] = []
        for application in self._of_folders():
            holder = found.setdefault(application.name, application)
            if holder is not application:
                namesakes.append(_left_out(application, holder))
        books = self._desk.books
        books.namesakes = _problems(namesakes, books.namesakes, time.time())
        for name in books.track(found.values()):
            self._watches.drop(name)
        paths: defaultdict[str, set[str]] = defaultdict(set)
        for application in found.values():
            paths[application.source.repository].add(application.source.path)
        for url, some in paths.items():
            self._reconciler.renderings.expect(url, some)

    def _of_folders(self) -> list[Application]:
        """What the folders are made into. Those that are tracked already come first: nobody takes over their names."""
        books = self._desk.books
        made = [
            application
            for template in books.config.folders
            if (fetching := books.fetching.get(template.repository)) is not None
            for application in fetching.expanded.get(template, ())
        ]
        names = Counter(application.name for application in made)
        if len(names) == len(made):
            return made
        return sorted(made, key=lambda each: names[each.name] > 1 and not self._is_tracked(each))

    def _is_tracked(self, application: Application) -> bool:
        tracked = self._desk.books.tracked.get(application.name)
        return tracked is not None and _place(tracked.application) == _place(application)

    def start_due(self, now: float) -> bool:
        """Start every fetch that is due; returns whether any was."""
        due = [f for f in self._desk.books.fetching.values() if not f.busy and f.due <= now]
        for fetching in due:
            self._start(fetching)
        return bool(due)

    def next_due(self) -> float:
        """Monotonic seconds at which a fetch is due next."""
        due = (fetching.due for fetching in self._desk.books.fetching.values() if not fetching.busy)
        return min(due, default=float("inf"))

    def _start(self, fetching: Fetching) -> None:
        fetching.busy = True
        self._desk.books.changed = True
        repository = fetching.repository
        templates = tuple(t for t in self._desk.books.config.folders if t.repository == repository.url)
        in_use = self._desk.books.in_use(repository.url)
        known, unsure = dict(fetching.expanded), bool(fetching.unfound) or not fetching.tried
        self._desk.run(
            f"fetch {repository.url}",
            1,
            lambda: self._fetch(repository, templates, in_use, known, unsure=unsure),
            lambda fetched: self._fetched(fetching, fetched),
            lambda error: self._fetched(fetching, Fetched(False, "", fetching.expanded, error)),
        )

    def _fetch(
        self,
        repository: Repository,
        templates: tuple[FolderTemplate, ...],
        in_use: frozenset[str],
        known: dict[FolderTemplate, tuple[Application, ...]],
        *,
        unsure: bool,
    ) -> Fetched:
        """unsure: what is known of the folders is not what the last commit has."""
        mirror = self._reconciler.mirror(repository.url)
        failed: GitopsError | None = None
        changed, note = False, ""
        try:
            self._keep(mirror, in_use)
            fetch = mirror.fetch()
            changed, note = fetch.changed, fetch.note
        except SourceError as error:
            if not mirror.exists:
                raise
            failed = error
        expanded: dict[FolderTemplate, tuple[Application, ...]] = {}
        unfound: list[GitopsError] = []
        for template in templates:
            if template in known and not changed and not unsure:
                expanded[template] = known[template]
                continue
            try:
                expanded[template] = applications_from(
                    template, self._folders(mirror, template, is_known=bool(known.get(template)))
                )
            except SourceError as error:
                expanded[template] = known.get(template, ())
                unfound.append(error)
        return Fetched(changed, note, expanded, failed, tuple(unfound))

    def _folders(self, mirror: Mirror, template: FolderTemplate, *, is_known: bool) -> tuple[str, ...]:
        """The folders of a template at what it tracks. SourceError for an unknown ref, and when there is none.

        is_known: a list is there that stays where this commit is not signed. Without one all are shown, and held.
        """
        revision = mirror.resolve(template.revision)
        if is_known:
            what = f"folders {one_line(template.pattern or '.')} of {mirror.subject}"
            self._reconciler.demand_signature(template.repository, revision.sha, template.signed_by, what)
        found = mirror.folders(revision.sha, template.pattern)
        if not found:
            raise SourceError(
                mirror.subject,
                f"no folder matches {one_line(template.pattern)} at {one_line(template.revision)} {revision.short}",
                hint="a pattern such as apps/* names folders, never files",
            )
        return found

    def _keep(self, mirror: Mirror, in_use: frozenset[str]) -> None:
        """Guard what is deployed, pinned or shown against a force-push and Git's own clean-up."""
        url = mirror.repository.url
        if in_use and self._kept.get(url) != in_use and mirror.exists:
            mirror.keep(in_use)
            self._kept[url] = in_use

    def _fetched(self, fetching: Fetching, fetched: Fetched) -> None:
        now, wall = self._desk.clock(), time.time()
        first, before = not fetching.tried, fetching.status.problem
        fetching.busy, fetching.tried = False, True
        recovered = fetching.status.problem is not None and fetched.error is None
        if fetched.error is None:
            fetching.backoff.succeed()
            fetching.due = now + spread(fetching.repository.interval)
            note = fetched.note or ("" if fetched.changed else fetching.status.note)
            fetching.status = RepositoryStatus(fetching.repository.url, wall, wall + fetching.due - now, note=note)
        else:
            delay = fetching.backoff.fail()
            fetching.due = now + delay
            since = fetching.status.problem.since if fetching.status.problem else wall
            problem = problem_of(fetched.error, since, retry_at=wall + delay)
            fetching.status = replace(fetching.status, problem=problem, next_at=wall + delay)
        if fetching.again:
            fetching.again, fetching.due = False, now
        fetching.unfound = _problems(fetched.unfound, fetching.unfound, wall)
        self._desk.books.changed = True
        if fetching.status.problem is not before:
            self._desk.books.show_all()
        if fetched.expanded != fetching.expanded:
            fetching.expanded = fetched.expanded
            self._track()
        if first or fetched.changed or recovered:
            for tracked in self._desk.books.tracked.values():
                if tracked.application.source.repository == fetching.repository.url:
                    tracked.touch(now)
        then, fetching.then = fetching.then, []
        for call in then:
            call()


def _place(application: Application) -> tuple[str, str, str]:
    source = application.source
    return source.repository, source.revision, source.path


def _left_out(application: Application, holder: Application) -> GitopsError:
    return SourceError(
        f"application {application.name}",
        f"{_where(application)} is left out: {_where(holder)} has this name",
        hint="rename one of the two",
    )


def _where(application: Application) -> str:
    source = application.source
    return one_line(f"{source.path or '.'} at {source.revision} of {source.repository}")


def _problems(errors: Iterable[GitopsError], before: Iterable[Problem], now: float) -> tuple[Problem, ...]:
    """Errors as problems; what was told before keeps its beginning."""
    known = {(problem.subject, problem.message): problem.since for problem in before}
    told = (problem_of(error, now) for error in errors)
    return tuple(replace(each, since=known.get((each.subject, each.message), now)) for each in told)


def _all_repositories(config: Config) -> Iterable[Repository]:
    known = {repository.url: repository for repository in config.repositories}
    used = [a.source.repository for a in config.applications] + [t.repository for t in config.folders]
    interval = config.settings.interval
    return [known.get(url) or Repository(url, interval=interval) for url in dict.fromkeys(used)]
