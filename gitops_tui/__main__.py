"""Composition root: builds the real parts from the command line and picks a face."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gitops_tui import __version__
from gitops_tui.cli import diagnostics
from gitops_tui.model.errors import GitopsError, UsageError
from gitops_tui.model.values import dataclass, replace

if TYPE_CHECKING:
    from argparse import Namespace

    from gitops_tui.cluster import Clusters
    from gitops_tui.config import Config
    from gitops_tui.embedded.demo import Demo
    from gitops_tui.engine import Store
    from gitops_tui.engine.future import Future
    from gitops_tui.engine.requests import Request
    from gitops_tui.engine.schedule.lanes import Lanes
    from gitops_tui.engine.worker import Worker
    from gitops_tui.journal import Journal
    from gitops_tui.model.status import Snapshot
    from gitops_tui.source import Mirrors

_INTERRUPTED = 130
_STOP_TIMEOUT = 9.0
_MOST_AHEAD = 8
"""Repositories, and clusters, that are asked before the engine is there to ask them."""
_RARELY = 200_000
"""Objects that a verb makes before the garbage collector looks at them."""

# Each face imports what it needs when it is picked: `--version` and a mistyped verb are answered at once, and only
# the terminal face loads textual.
# ruff: noqa: PLC0415


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code: 0 done or in sync, 1 differences found, 2 error."""
    # What is imported stays: to look for garbage in it is a twentieth of a start. Each face enables it when it begins.
    gc.disable()
    try:
        arguments = _arguments(sys.argv[1:] if argv is None else argv)
        code = _told(arguments)
    finally:
        gc.enable()
    if argv is None and arguments.verb:
        _leave(code)
    return code


def _arguments(words: Sequence[str]) -> Namespace:
    from gitops_tui.cli.plain import plainly

    said: Namespace | None = plainly(words)
    if said is not None:
        return said
    from gitops_tui.cli.parser import build_parser

    return build_parser(__version__).parse_args(words)


def _leave(code: int) -> NoReturn:
    """End at once: everything is closed, and the interpreter would only take itself apart, object by object.

    That is a tenth of the time of a verb.
    """
    for stream in (sys.stdout, sys.stderr):
        # A reader that has gone was noticed, and answered with a code, before.
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _told(arguments: Namespace) -> int:
    try:
        return _dispatch(arguments)
    except GitopsError as error:
        return diagnostics.fail(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: whatever it is, a user gets a line and no stack trace
        return diagnostics.fault(error)


def _dispatch(arguments: Namespace) -> int:
    if arguments.verb == "demo":
        return _demo(arguments)
    if arguments.verb == "config":
        from gitops_tui.cli.run import run_config

        return run_config(arguments)
    with ExitStack() as stack:
        if arguments.headless or arguments.once:
            return _headless(arguments, stack)
        if arguments.verb:
            return _verb(arguments, stack)
        return _terminal(arguments, stack)


# -- faces -----------------------------------------------------------------------------------------------------


def _terminal(arguments: Namespace, stack: ExitStack) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the terminal application",
            "needs a terminal",
            hint="use a verb such as `status`, or --headless",
        )
    if not sys.stderr.isatty():
        # Textual paints where stderr was at the start; `2> log` would have the screen in a file.
        vars(sys)["__stderr__"] = sys.__stdout__
    # A mistake in a file is told before the screen is taken; the rest is built behind the first picture.
    config = None if arguments.demo else _config(arguments)
    from gitops_tui.engine.boot import BootingEngine
    from gitops_tui.engine.courtesy import Courtesy
    from gitops_tui.engine.schedule.lanes import ThreadLanes
    from gitops_tui.tui import loop
    from gitops_tui.tui.app import GitopsApp

    setting = _Setting(arguments, stack)
    courtesy = Courtesy()
    lanes = ThreadLanes(courtesy.give_way)
    engine = BootingEngine(lambda store: setting.worker(store, config=config, automate=True, lanes=lanes))
    app = GitopsApp(engine, info=_facts(arguments, config), read_only=arguments.read_only, actor=_actor())
    engine.start()
    try:
        gc.freeze()
        gc.enable()
        app.collector.take_over()
        loop.run(app.run_async(), courtesy, app.collector, sys.stdin.fileno())
    finally:
        engine.stop(_STOP_TIMEOUT)
    failure = engine.failure or app.fault
    if failure is not None:
        raise failure
    return app.return_code or 0


def _headless(arguments: Namespace, stack: ExitStack) -> int:
    from gitops_tui.engine import Store
    from gitops_tui.headless import Daemon
    from gitops_tui.headless.log import Log

    setting = _Setting(arguments, stack)
    worker = setting.worker(Store(), config=None, automate=True)
    daemon = Daemon(
        worker,
        log=Log(sys.stderr),
        listen=arguments.listen or setting.listen,
        reload=setting.read_config,
        is_told_where=bool(arguments.listen),
    )
    gc.enable()
    code = daemon.run(once=arguments.once)
    if worker.failure is not None:
        raise worker.failure
    return code


def collect_rarely() -> None:
    """Collect garbage as a verb does.

    It is gone before there is garbage worth looking for, and a look costs as much as comparing a hundred objects.
    """
    gc.set_threshold(_RARELY, 50, 100)
    gc.enable()


def _verb(arguments: Namespace, stack: ExitStack) -> int:
    from gitops_tui.engine.store import Store

    collect_rarely()
    worker = _Setting(arguments, stack).worker(Store(), config=None, automate=False)
    stack.callback(worker.stop, _STOP_TIMEOUT)
    worker.start()
    from gitops_tui.cli.run import run

    if arguments.verb != "status":
        # Meanwhile the worker looks; when it is asked for more, all that it takes is there.
        import gitops_tui.engine.acting  # noqa: F401

    return run(arguments, _Session(worker, _actor()))


def _demo(arguments: Namespace) -> int:
    from gitops_tui.cli.output import facts
    from gitops_tui.embedded import demo

    state = _state_dir(arguments)
    if arguments.action == "info":
        facts(demo.facts(state), arguments.output)
    elif arguments.action == "stop":
        demo.stop(state)
    else:
        demo.reset(state)
    return 0


@dataclass(frozen=True, slots=True)
class _Session:
    """The engine as the command line asks it."""

    worker: Worker
    actor: str

    @property
    def current(self) -> Snapshot:
        """The newest Snapshot."""
        return self.worker.store.current

    @property
    def failure(self) -> BaseException | None:
        """The fault of ours that stopped the engine, if one did."""
        return self.worker.failure

    def submit(self, request: Request) -> Future[Any]:
        """Ask for something."""
        return self.worker.submit(request)


# -- parts -----------------------------------------------------------------------------------------------------


class _Setting:
    """Builds the worker from the command line; what it opens is closed by the stack."""

    def __init__(self, arguments: Namespace, stack: ExitStack) -> None:
        self._arguments = arguments
        self._stack = stack
        self._demo: Demo | None = None
        self._file: Path | None = None
        self.listen = ""
        import signal

        # Whoever started us may have asked to hear of no child, which is inherited: none could say how it ended.
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def read_config(self) -> Config:
        """The configuration as it is now: the same file, once one was found. ConfigError with all its mistakes."""
        found = _config(self._arguments, self._demo, self._file)
        self._file = found.path
        return found

    def worker(self, store: Store, *, config: Config | None, automate: bool, lanes: Lanes | None = None) -> Worker:
        """A worker that is not started yet."""
        if self._arguments.demo:
            self._demo = self._start_demo()
        config = config or self.read_config()
        settings = config.settings
        self.listen = settings.listen
        mirrors = self._mirrors(config, ahead=not automate)
        clusters = self._clusters(config, lanes, ahead=not automate)
        # Git and the cluster answer while the rest is imported.
        from gitops_tui.engine.worker import Parts, Worker
        from gitops_tui.journal import Journal

        journal = self._stack.enter_context(closing(Journal.open(settings.state_dir)))
        who = _process(self._arguments)
        if self._demo is not None:
            _tell_past(journal, self._demo, who, clusters.current)
        return Worker(Parts(config, clusters, mirrors, journal, store, who, automate, lanes))

    def _mirrors(self, config: Config, *, ahead: bool) -> Mirrors:
        from gitops_tui.source import Mirrors

        mirrors = self._stack.enter_context(closing(Mirrors(config.settings.state_dir)))
        for repository in config.repositories[:_MOST_AHEAD] if ahead else ():
            with suppress(GitopsError, OSError):
                # Whoever fetches is told.
                mirrors.mirror(repository).ask_ahead()
        return mirrors

    def _clusters(self, config: Config, lanes: Lanes | None, *, ahead: bool) -> Clusters:
        from gitops_tui.cluster import Clusters

        settings = config.settings
        folder = settings.state_dir / "served"
        made = Clusters(settings.kubeconfig, folder=folder, give_way=lanes.give_way if lanes else lambda: None)
        clusters = self._stack.enter_context(closing(made))
        destinations = [each.destination.context for each in config.applications]
        contexts = dict.fromkeys([*destinations, *(each.context for each in config.folders)])
        for context in list(contexts)[:_MOST_AHEAD] if ahead else ():
            with suppress(GitopsError):
                clusters.get(context).watch_ahead()
        return clusters

    def _start_demo(self) -> Demo:
        from gitops_tui.embedded import demo

        return self._stack.enter_context(
            closing(demo.prepare(_state_dir(self._arguments), reset=self._arguments.reset))
        )


def _tell_past(journal: Journal, demo: Demo, who: str, context: str) -> None:
    """Tell an empty journal how the demo's cluster came to be: history, receipts and inventory have a beginning."""
    if journal.receipts(limit=1) or not journal.claim_writer(who):
        return
    from gitops_tui.model.operations import OperationPhase

    for receipt in demo.past():
        journal.intend(receipt.application, context, [row.key for row in receipt.resources])
        journal.begin(replace(receipt, phase=OperationPhase.RUNNING, finished=None, resources=()))
        journal.finish(receipt)


def _config(arguments: Namespace, running_demo: Demo | None = None, file: Path | None = None) -> Config:
    """What the command line names: the demo's file, a repository, or the user's file. file: the one that is in use."""
    from gitops_tui import config as configuration

    if arguments.repo and (arguments.config or arguments.demo):
        raise UsageError("--repo", "stands instead of a configuration", hint="leave out --config and --demo")
    if running_demo is not None:
        found = configuration.load(running_demo.config)
    elif arguments.repo:
        found = configuration.from_repository(
            arguments.repo,
            arguments.revision or "",
            arguments.path or "",
            arguments.namespace or "",
            arguments.context or "",
        )
    else:
        path = file or configuration.find(arguments.config, os.environ, Path.cwd())
        if path is None:
            raise UsageError(
                "gitops-tui",
                "has nothing to look at",
                hint="--demo shows a sample, --repo URL a repository, `config init` writes a configuration",
            )
        found = configuration.load(path)
    settings = found.settings
    if arguments.kubeconfig:
        settings = replace(settings, kubeconfig=Path(arguments.kubeconfig).expanduser())
    if arguments.state_dir and running_demo is None:
        settings = replace(settings, state_dir=_state_dir(arguments))
    return replace(found, settings=replace(settings, read_only=settings.read_only or arguments.read_only))


def _state_dir(arguments: Namespace) -> Path:
    from gitops_tui.config import state_folder

    return Path(arguments.state_dir).expanduser().absolute() if arguments.state_dir else state_folder()


def _facts(arguments: Namespace, config: Config | None) -> tuple[tuple[str, str], ...]:
    """What the help screen tells beside the keys."""
    if arguments.demo:
        from gitops_tui.embedded import demo

        return tuple(demo.facts(_state_dir(arguments)))
    if config is None:
        return ()
    where = str(config.path) if config.path else f"--repo {arguments.repo}"
    return (("configuration", where), ("state", str(config.settings.state_dir)))


def _actor() -> str:
    """Who does what this process does: user@host."""
    return f"{_user()}@{os.uname().nodename}"


def _user() -> str:
    named = (os.environ.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME"))
    found = next(filter(None, named), "")
    if found:
        return found
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A container may run as a number without a name.
        return str(os.getuid())


def _process(arguments: Namespace) -> str:
    """What others are told of this process, after its number and its host."""
    face = "--headless" if arguments.headless or arguments.once else arguments.verb or "terminal"
    return f"gitops-tui {face} of {_user()}"


if __name__ == "__main__":
    sys.exit(main())
