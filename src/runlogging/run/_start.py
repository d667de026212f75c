"""How runs begin."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from runlogging._errors import InvalidValueError, RootError, RunLoggingError
from runlogging._redaction import Redactor
from runlogging._sessions import Session, session_of, start_session
from runlogging.folder import (
    DURABILITIES,
    RUN_MANIFEST,
    RUN_VARIABLE,
    Durability,
    RunSpec,
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
from runlogging.run._context import add_open
from runlogging.run._organisation import checked_parameters, checked_properties, checked_tags
from runlogging.run._outputs import MAX_COLLECTED_BYTES, CollectedFolder

if TYPE_CHECKING:
    from runlogging.run._run import Run

_logger = logging.getLogger("runlogging")
_GIT_WAIT_S = 0.5

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

    Raises:
        InvalidNameError: the experiment or the run id is not allowed (also a ValueError).
        InvalidValueError: a tag, property, parameter or option is none (also a ValueError).
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
        if options.durability not in DURABILITIES:
            raise InvalidValueError(f"durability is one of {', '.join(DURABILITIES)}, not {options.durability!r}")
        if options.resume and options.run_id is None:
            raise InvalidValueError("resume=True needs the run_id of the run that goes on")
        return msgspec.structs.replace(
            options,
            tags=checked_tags(options.tags),
            properties=checked_properties(options.properties),
            parameters=checked_parameters(options.parameters, Redactor()),
        )

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
        )


def start(kind: type[RunT], experiment: str, root: str | os.PathLike[str], options: RunOptions) -> RunT:
    """Start or continue a run of a class; see `start_run`."""
    check_experiment(experiment)
    named = os.environ.get(RUN_VARIABLE)
    if named:
        path = find_root(named)
        if options.run_id not in (None, path.name) or experiment not in ("default", path.parent.name):
            _logger.info("%s names the run %s; it wins over the arguments", RUN_VARIABLE, path)
        return join_named(kind, path, options)
    folder = find_root(root)
    spec = options.spec(folder / experiment, experiment)
    if not options.resume:
        check_writable(spec.path)
    return _begin(kind, spec, options, "resume" if options.resume else "create")


def join_named(kind: type[RunT], path: Path, options: RunOptions) -> RunT:
    """Take part in the run of a folder, or make it there."""
    is_new = not (path / RUN_MANIFEST).exists()
    check_writable(path)
    spec = msgspec.structs.replace(
        options.spec(path.parent, suggest_experiment(path.parent.name)), path=path, run_id=clean_identifier(path.name)
    )
    return _begin(kind, spec, options, "join", is_member=not is_new)


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


def _begin(kind: type[RunT], spec: RunSpec, options: RunOptions, way: Any, *, is_member: bool = False) -> RunT:
    try:
        session = start_session(spec, way)
    except OSError as error:
        raise _start_error(spec, error) from error
    run = kind.__new__(kind)
    run._bind(session, is_member=is_member and not session.writer.is_owner)
    folders = _collected(options, spec)
    capture = _captured(spec, run) if options.environment and session.writer.is_owner else None
    session.before_end = _finisher(session, folders, capture)
    if options.logs is not None:
        live = folders[-1]
        session.on_second = lambda: live.collect_if_due(session.writer)
    add_open(run)  # type: ignore[arg-type]
    return run


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
        capture = EnvironmentCapture(run._redactor)
        write_environment(spec.path, capture.facts)
    except Exception as error:  # a description must not cost the run
        _logger.debug("the environment was not kept: %s", error)
        return None
    return capture


def _finisher(session: Session, folders: list[CollectedFolder], capture: Any) -> Callable[[], None]:
    pid = os.getpid()

    def finish() -> None:
        if os.getpid() != pid:  # a forked child: the folders and git are its parent's
            return
        for folder in folders:
            folder.collect(session.writer)
            folder.list_skipped(session.writer)
        if capture is not None and (capture.collect(_GIT_WAIT_S) or capture.give_up()):
            write_environment(session.spec.path, capture.facts)

    return finish
