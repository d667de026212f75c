"""How runs begin."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from runlogging._errors import InvalidValueError, RootError, RunLoggingError
from runlogging._flight import FlightRecorder
from runlogging._recorder import Recorder, Silent
from runlogging._redaction import Redactor
from runlogging._sessions import Session, session_of, start_session
from runlogging.capture import LOGGING, Sources, checked_sources
from runlogging.folder import (
    DEFAULT_ROOT,
    DURABILITIES,
    RUN_MANIFEST,
    RUN_VARIABLE,
    Durability,
    Manifest,
    RunSpec,
    Way,
    check_bound,
    check_experiment,
    check_identifier,
    check_writable,
    clean_identifier,
    find_root,
    new_run_id,
    prepare_run,
    suggest_experiment,
    write_environment,
)
from runlogging.run._base import RunBase
from runlogging.run._context import add_open, source_recorder
from runlogging.run._organisation import check_properties, checked_parameters, checked_properties, checked_tags
from runlogging.run._outputs import MAX_COLLECTED_BYTES, CollectedFolder

if TYPE_CHECKING:
    from runlogging.run._run import Run
    from runlogging.submit._snapshot import Snapshot

_logger = logging.getLogger("runlogging")
_GIT_WAIT_S = 0.5
# The runs of which it was said that RUNLOGGING_RUN names them.
_said: set[Path] = set()

RunT = TypeVar("RunT", bound=RunBase)


def start_run(
    experiment: str = "default",
    root: str | os.PathLike[str] = "runs",
    name: str | None = None,
    tags: Mapping[str, object] | None = None,
    *,
    description: str | None = None,
    type: str | None = None,  # noqa: A002  (Azure's name)
    properties: Mapping[str, object] | None = None,
    parameters: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    resume: bool = False,
    parent: str | None = None,
    durability: Durability = "process",
    outputs: str | os.PathLike[str] | None = None,
    logs: str | os.PathLike[str] | None = None,
    max_output_bytes: int = MAX_COLLECTED_BYTES,
    environment: bool = True,
    capture: object = None,
    level: str | int = 0,
    flight_recorder: int = 0,
    flight_when: str | None = None,
    redact: bool = True,
    snapshot: str | os.PathLike[str] | None = None,
    max_bytes: int | None = None,
    rotate_bytes: int | None = None,
) -> Run:
    """Start a run, or continue one, and return it open.

    Use it in a ``with`` block, or call `Run.complete`; a run still open at the exit of the process ends then.

    Args:
        experiment: 1 to 128 of letters, digits, ``. _ -`` and space.
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT. When
            RUNLOGGING_RUN names a run folder, that run is joined or made, whatever the other arguments say.
        name: a name for people.
        tags: text to text or None.
        description: text for people.
        type: what kind of run it is.
        properties: text to text; they never change.
        parameters: name to any value that JSON has.
        run_id: 1 to 64 of letters, digits, ``_`` and ``-``; None makes a new one.
        resume: whether the run of ``run_id`` is continued: one that was cut off, or that ended.
        parent: the id of the parent run, in the same experiment.
        durability: "process", "power" or "lazy"; see `RunHandler`.
        outputs: a folder whose new and changed files are kept at the end, such as "outputs"; None keeps none.
        logs: a folder whose new and changed files are kept while the run goes; None keeps none.
        max_output_bytes: how much of each folder is kept; what is over is listed in the run's log.
        environment: whether ``environment.json`` is written.
        capture: what comes into the run by itself: names of "logging" (every record that passes its logger's level),
            "errors" (exceptions that nobody caught), "warnings", "stdout", "stderr" ("output" is both), "asyncio",
            "faulthandler"; None is logging and errors, True or "all" everything, False nothing.
        level: captured records below it are left out.
        flight_recorder: how many records below the level are kept in memory and written, marked ``recorded``, only
            before an ERROR, an uncaught error or a metric that is not finite; 0 keeps none.
        flight_when: a metric condition that also has them written, such as ``"loss > 10"``.
        redact: whether secrets are taken out of texts.
        snapshot: a folder whose code is kept with the run, such as "."; see `Run.take_snapshot`, which has the limits.
            None keeps none, and a run that has a snapshot keeps the one it has.
        max_bytes: a budget of all streams of the run together that records without metrics keep to, DEBUG first; see
            `RunHandler`.
        rotate_bytes: how long a file of the log gets before the next one is begun; None keeps one file.

    Raises:
        InvalidNameError: the experiment or the run id is not allowed (also a ValueError).
        InvalidValueError: a tag, property, parameter or option is none (also a ValueError).
        ArtifactNotFoundError, SourceError, MissingExtraError: of the snapshot, as `Run.take_snapshot`; no run is made.
        RootError: the root is a file, or cannot be written (also an OSError).
        ExistsError: there is a run of this id, and ``resume`` is False (also a FileExistsError).
        RunNotFoundError: ``resume`` is True, and there is no such run (also a FileNotFoundError).
        RunActiveError: the run that is to be resumed is being written (also a RuntimeError).
    """
    given = locals()
    from runlogging.run._run import Run

    options = RunOptions.checked({key: given[key] for key in RunOptions.__struct_fields__})
    return start(Run, experiment, root, options)


class RunOptions(msgspec.Struct, frozen=True):
    """What can be said of a run when it starts; `start_run` explains each."""

    name: str | None = None
    tags: dict[str, str | None] = {}
    description: str | None = None
    type: str | None = None
    properties: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    run_id: str | None = None
    resume: bool = False
    parent: str | None = None
    durability: Durability = "process"
    outputs: str | os.PathLike[str] | None = None
    logs: str | os.PathLike[str] | None = None
    max_output_bytes: int = MAX_COLLECTED_BYTES
    environment: bool = True
    capture: Any = None
    level: Any = 0
    flight_recorder: int = 0
    flight_when: str | None = None
    redact: bool = True
    snapshot: str | os.PathLike[str] | None = None
    max_bytes: int | None = None
    rotate_bytes: int | None = None

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> RunOptions:
        """Return options that were checked.

        Raises:
            InvalidValueError: one is unknown, or of a wrong type.
            InvalidNameError: a run id is not allowed.
        """
        unknown = set(given) - set(cls.__struct_fields__)
        if unknown:
            known = ", ".join(cls.__struct_fields__)
            raise InvalidValueError(f"a run has no option {sorted(unknown)[0]!r}; there are {known}")
        options = cls(**{key: value for key, value in given.items() if value is not None})
        for key in ("name", "description", "type"):
            if not isinstance(getattr(options, key), str | None):
                raise InvalidValueError(f"the {key} of a run is text, not {type(getattr(options, key)).__name__}")
        for key in ("run_id", "parent"):
            if getattr(options, key) is not None:
                check_identifier(getattr(options, key), "run id")
        for key in ("outputs", "logs", "snapshot"):
            if not isinstance(getattr(options, key), str | os.PathLike | None):
                raise InvalidValueError(f"{key} names a folder, it is no {type(getattr(options, key)).__name__}")
        limit = options.max_output_bytes
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise InvalidValueError(f"max_output_bytes is a whole number of bytes, 0 or more, not {limit!r:.80}")
        for key in ("max_bytes", "rotate_bytes"):
            check_bound(getattr(options, key), key)
        for key in ("environment", "resume", "redact"):
            if not isinstance(getattr(options, key), bool):
                raise InvalidValueError(f"{key} is True or False, not {getattr(options, key)!r:.80}")
        if options.durability not in DURABILITIES:
            raise InvalidValueError(f"durability is one of {', '.join(DURABILITIES)}, not {options.durability!r}")
        if options.resume and options.run_id is None:
            raise InvalidValueError("resume=True needs the run_id of the run that goes on")
        return msgspec.structs.replace(
            options,
            tags=checked_tags(options.tags),
            properties=checked_properties(options.properties),
            parameters=checked_parameters(options.parameters, Redactor()),
            capture=checked_sources(options.capture),
            level=_checked_level(options.level),
            flight_recorder=_checked_flight(options.flight_recorder, options.flight_when),
        )

    def recorder(self, session: Session) -> Recorder | Silent:
        """Return what takes the records that a run captures."""
        flight = FlightRecorder(self.flight_recorder, self.flight_when) if self.flight_recorder else None
        recorder = Recorder(session, Redactor() if self.redact else None, self.level, flight)
        if LOGGING in self.capture:
            return recorder
        return Silent(recorder if self.capture else None)

    def spec(self, experiment: Path, name: str) -> RunSpec:
        """Return the run that is to be made in an experiment's folder."""
        run_id = self.run_id or new_run_id()
        return RunSpec(
            path=experiment / run_id,
            run_id=run_id,
            experiment=name,
            name=self.name,
            tags=self.tags,
            durability=self.durability,
            parent=self.parent,
            description=self.description,
            type=self.type,
            properties=self.properties,
            parameters=self.parameters,
            is_numbered=True,
            max_bytes=self.max_bytes,
            rotate_bytes=self.rotate_bytes,
        )


def start(kind: type[RunT], experiment: str, root: str | os.PathLike[str], options: RunOptions) -> RunT:
    """Start or continue a run of a class; see `start_run`."""
    check_experiment(experiment)
    named = os.environ.get(RUN_VARIABLE)
    if named:
        path = find_root(named)
        if _is_other(path, experiment, root, options):
            _say_once(path)
        return join_named(kind, path, options)
    folder = find_root(root)
    spec = options.spec(folder / experiment, experiment)
    if options.resume:
        _check_known(spec)
    else:
        check_writable(spec.path)
    return _begin(kind, spec, options, "resume" if options.resume else "create")


def _is_other(named: Path, experiment: str, root: str | os.PathLike[str], options: RunOptions) -> bool:
    """Tell whether arguments that were given mean another run than the one that the environment names."""
    if os.fspath(root) != DEFAULT_ROOT and find_root(root) != named.parent.parent:
        return True
    return options.run_id not in (None, named.name) or experiment not in ("default", named.parent.name)


def _say_once(named: Path) -> None:
    if named not in _said:
        _said.add(named)
        _logger.info("%s names the run %s; it wins over the arguments", RUN_VARIABLE, named)


def _check_known(spec: RunSpec) -> None:
    """Check that there is a run to resume.

    Raises:
        RunNotFoundError: there is none; the error names ids that come near.
        RootError: the root is a file.
    """
    root = spec.path.parent.parent
    if root.exists() and not root.is_dir():
        raise RootError(f"{root} is a file; name a folder of runs", root)
    if not (spec.path / RUN_MANIFEST).exists():
        from runlogging.reading import find_run

        find_run(root, spec.run_id, spec.experiment)


def join_named(kind: type[RunT], path: Path, options: RunOptions) -> RunT:
    """Take part in the run of a folder, or make it there."""
    check_writable(path)
    spec = msgspec.structs.replace(
        options.spec(path.parent, suggest_experiment(path.parent.name)), path=path, run_id=clean_identifier(path.name)
    )
    return _begin(kind, spec, options, "join")


def start_child(parent: RunT, **given: Any) -> RunT:
    """Start a child of a run, beside it in the same experiment."""
    options = RunOptions.checked({**given, "parent": parent.id, "durability": parent._spec.durability})
    spec = options.spec(parent.path.parent, parent._spec.experiment)
    return _begin(type(parent), spec, options, "create")


def prepare_child(parent: RunT, tags: Mapping[str, object]) -> RunT:
    """Make a child of a run that starts with its first verb."""
    options = RunOptions.checked({"parent": parent.id, "tags": tags, "durability": parent._spec.durability})
    spec = options.spec(parent.path.parent, parent._spec.experiment)
    try:
        prepare_run(spec)
    except OSError as error:
        raise _start_error(spec, error) from error
    run = type(parent).__new__(type(parent))
    run._bind(session_of(spec, way="enter"), is_member=True)
    return run


def _begin(kind: type[RunT], spec: RunSpec, options: RunOptions, way: Way) -> RunT:
    snapshot = _stored_snapshot(options, spec)
    try:
        session = start_session(spec, way, captures=LOGGING in options.capture)
    except OSError as error:
        raise _start_error(spec, error) from error
    session.recorder, session.redacts = options.recorder(session), options.redact
    run = kind.__new__(kind)
    run._bind(session, is_member=not session.writer.is_owner)
    folders = _collected(options, spec)
    capture = _captured(spec, run) if options.environment and session.writer.is_owner else None
    sources = Sources(options.capture, spec.path, session.writer.name, source_recorder, redact=options.redact)
    session.before_end = _finisher(session, sources, folders, capture)
    if options.logs is not None:
        live = folders[-1]
        session.on_second = lambda: live.collect_if_due(session.writer) if os.getpid() == run._pid else None
    if way == "resume" or run._is_member:
        _add_options(run, options)
    if snapshot is not None and not run._is_member:
        _keep_snapshot(run, snapshot)
    add_open(run)  # type: ignore[arg-type]
    sources.start()
    return run


def _stored_snapshot(options: RunOptions, spec: RunSpec) -> Snapshot | None:
    """Store the code before there is a run, so that a folder that is refused leaves none behind."""
    if options.snapshot is None:
        return None
    from runlogging.submit._snapshot import has_snapshot, store_snapshot

    return None if has_snapshot(spec.path) else store_snapshot(options.snapshot, spec.path.parent.parent)


def _keep_snapshot(run: RunBase, snapshot: Snapshot) -> None:
    from runlogging.submit._snapshot import keep_snapshot, log_snapshot

    try:
        keep_snapshot(run.path, snapshot)
    except OSError as error:  # the run goes on without it
        run._tolerate(error.__cause__ if isinstance(error.__cause__, OSError) else error, "the snapshot")
    else:
        log_snapshot(run)


def _add_options(run: RunBase, options: RunOptions) -> None:
    """Add what was said of a run that was there before."""

    def add(manifest: Manifest) -> None:
        manifest.tags.update(options.tags)
        manifest.parameters.update(options.parameters)
        check_properties(manifest, options.properties)
        manifest.properties.update(options.properties)
        manifest.name = options.name if options.name is not None else manifest.name
        manifest.description = options.description if options.description is not None else manifest.description

    given = (options.tags, options.parameters, options.properties, options.name, options.description)
    if any(given):
        run._change("what was said", add)


def _checked_level(level: object) -> int:
    """Return a level's number.

    Raises:
        InvalidValueError: there is no such level.
    """
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    number = logging.getLevelNamesMapping().get(level.upper()) if isinstance(level, str) else None
    if number is None:
        raise InvalidValueError(f"{level!r:.80} is no level; use DEBUG, INFO, WARNING, ERROR, CRITICAL or a number")
    return number


def _checked_flight(size: Any, when: str | None) -> int:
    if size != 0 or when is not None:
        FlightRecorder(size, when)
    return int(size)


def _start_error(spec: RunSpec, error: OSError) -> OSError:
    if isinstance(error, RunLoggingError):
        return error
    return RootError(f"the run folder {spec.path} cannot be made: {type(error).__name__}: {error}", spec.path)


def _collected(options: RunOptions, spec: RunSpec) -> list[CollectedFolder]:
    folders = [("outputs", options.outputs), ("logs", options.logs)]
    return [
        CollectedFolder(Path(folder).absolute(), name, spec.path.parent.parent, options.max_output_bytes)
        for name, folder in folders
        if folder is not None
    ]


def _captured(spec: RunSpec, run: RunBase) -> Any:
    from runlogging.run._environment import EnvironmentCapture

    try:
        capture = EnvironmentCapture(run._redactor, ignored=spec.path.parent.parent)
        write_environment(spec.path, capture.facts)
    except Exception as error:  # a description must not cost the run
        _logger.debug("the environment was not kept: %s", error)
        return None
    return capture


def _finisher(session: Session, sources: Sources, folders: list[CollectedFolder], capture: Any) -> Callable[[], None]:
    pid = os.getpid()

    def finish() -> None:
        if os.getpid() != pid:  # a forked child: the folders and git are its parent's
            return
        sources.stop()
        try:
            for folder in folders:
                folder.collect(session.writer)
                folder.list_skipped(session.writer)
        finally:
            if capture is not None and (capture.collect(_GIT_WAIT_S) or capture.give_up()):
                write_environment(session.spec.path, capture.facts)

    return finish
