"""Submitting: a prepared run, a snapshot of its code, and a supervisor that does the rest."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from runlogging._errors import InvalidValueError, RootError, RunLoggingError
from runlogging._sessions import session_of
from runlogging.folder import ErrorInfo, check_writable, end_from_outside, prepare_run, say, write_environment
from runlogging.run._command import command_line
from runlogging.run._environment import EnvironmentCapture
from runlogging.run._life import SUBMITTED
from runlogging.run._run import Run
from runlogging.run._start import RunOptions
from runlogging.submit._config import ScriptRunConfig
from runlogging.submit._request import MAX_CONCURRENT, Request
from runlogging.submit._snapshot import take_snapshot

_GIT_WAIT_S = 0.5
_LOG = ".supervisor.log"
_START = "import sys; sys.path[:0] = sys.argv[1:]; from runlogging.submit._supervisor import main; main()"

RunT = TypeVar("RunT", bound=Run)


class _Detached(subprocess.Popen[bytes]):
    """A process that is meant to outlive this one: that it still runs at the end is nothing to warn of."""

    def __del__(self, *_: object) -> None:
        return


# The supervisors that this process started, so that those that have ended are reaped at the next submit.
_supervisors: list[_Detached] = []


def submit(
    kind: type[RunT],
    folder: Path,
    config: ScriptRunConfig,
    tags: Mapping[str, object] | None = None,
    parent: str | None = None,
    name: str | None = None,
    max_concurrent: int | None = None,
) -> RunT:
    """Make a run and start its supervisor; return at once.

    What is wrong with the config (no script, a folder over the limits, ...) is how the run ends: Failed, with a message
    that says what to do; one sentence on stderr says it too.

    Args:
        kind: the class of the run.
        folder: the experiment's folder.
        config: what is run; later changes to it do not reach this run.
        tags: of the run.
        parent: the id of the parent run, or None.
        name: a name for people.
        max_concurrent: how many submitted runs of the root run at a time, more are Queued; None is 32.

    Raises:
        InvalidValueError: it is no ScriptRunConfig, or a tag is none.
        RootError: the root cannot be written.
    """
    if not isinstance(config, ScriptRunConfig):
        raise InvalidValueError(f"submit takes a ScriptRunConfig, not {type(config).__name__}")
    if max_concurrent is not None and (isinstance(max_concurrent, bool) or not max_concurrent >= 1):
        raise InvalidValueError(f"max_concurrent is how many run at a time, 1 or more, not {max_concurrent!r}")
    given = {"tags": tags or {}, "parent": parent, "name": name, "type": SUBMITTED}
    options = RunOptions.checked({key: value for key, value in given.items() if value is not None})
    spec = options.spec(folder, folder.name)
    check_writable(spec.path)
    try:
        prepare_run(spec, "Preparing")
    except OSError as error:
        raise RootError(f"the run folder {spec.path} cannot be made: {error}", spec.path) from error
    run = kind.__new__(kind)
    run._bind(session_of(spec, way="enter"))
    try:
        config.check()
        _keep_environment(run, config)
        take_snapshot(run, config.source_directory, **config.snapshot_limits)
        _start(
            Request(
                run.path, config, sys.executable, max_concurrent or MAX_CONCURRENT, [str(Path(__file__).parents[2])]
            )
        )
    except (RunLoggingError, OSError) as error:
        say(f"run {run.id} failed before it started: {error}")
        info = ErrorInfo(type(error).__name__, str(error))
        end_from_outside(run.path, "Failed", info)
    return run


def _settled(config: ScriptRunConfig) -> ScriptRunConfig:
    """Return a copy that depends neither on this process's working directory nor on later changes."""
    settled = copy.deepcopy(config)
    python, docker = settled.environment.python, settled.docker_runtime_config
    if python.interpreter_path is not None:
        python.interpreter_path = os.path.abspath(python.interpreter_path)  # noqa: PTH100  (links stay)
    if docker is not None:
        section = settled.environment.docker
        section.enabled = docker.use_docker
        section.shm_size = docker.shm_size or section.shm_size
        section.arguments = [*section.arguments, *(docker.arguments or [])]
    return settled


def _keep_environment(run: Run, config: ScriptRunConfig) -> None:
    """Write ``environment.json``: of the submitter's machine, and of the code where it lies."""
    capture = EnvironmentCapture(run._redactor, ignored=run.path.parent.parent, folder=config.source_directory)
    words = [config.command] if isinstance(config.command, str) else list(config.command or ())
    if config.script is not None:
        words = ["python", config.script, *config.arguments]
    capture.facts["command"] = command_line(words, run._redactor)
    capture.facts["program"] = config.script
    capture.facts["working_directory"] = str(config.source_directory)
    if not capture.collect(_GIT_WAIT_S):
        capture.give_up()
    write_environment(run.path, capture.facts)


def _start(request: Request) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "RUNLOGGING_RUN"}
    with (request.path / _LOG).open("ab") as log:
        process = _Detached(
            [sys.executable, "-c", _START, *request.search],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=request.path.parent.parent,
            env=environment,
            start_new_session=True,
        )
    _supervisors[:] = [one for one in _supervisors if one.poll() is None]
    _supervisors.append(process)
    pipe: Any = process.stdin
    request.send(pipe)
