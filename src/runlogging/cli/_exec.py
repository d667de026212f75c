"""``runlogging exec``: a command whose output becomes a run."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from runlogging._errors import InvalidValueError, RunEndedError
from runlogging.cli._escape import escape

if TYPE_CHECKING:
    from runlogging.processes._child import ChildOutput
    from runlogging.run import Run

NOT_FOUND = 127  # as shells say it
NOT_EXECUTABLE = 126
_KILLED = 128
_FORWARDED = ("SIGTERM", "SIGINT", "SIGHUP")


def execute(
    command: Sequence[str],
    root: str,
    *,
    experiment: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    resume: str | None = None,
) -> int:
    """Run a command, keep its output in a run of its own, and return the exit status for the shell.

    Args:
        command: the program and its arguments.
        root: the folder of runs.
        experiment: the run's experiment.
        name: the run's name.
        tags: texts ``key=value``, or ``key``.
        resume: the run that goes on, as a person names it; None starts a new one.

    Raises:
        InvalidValueError: a tag is none.
        RunLoggingError, OSError: the run cannot be started or resumed.
    """
    from runlogging.capture._keeper import DEFAULT_MAX_BYTES
    from runlogging.processes._child import ChildOutput

    run = _started_run(root, experiment, name, tags_of(tags), resume)
    child = ChildOutput(run, show=True, max_bytes=DEFAULT_MAX_BYTES, gives_way=True)
    with _forwarding(child) as received:
        try:
            child.start(command)
        except OSError as error:
            return _not_started(run, command[0], error)
        for number in received:  # before there was somebody to hand them on to
            child.send_signal(number)
        code = child.wait()
    _end(run, command, child, code, was_interrupted=signal.SIGINT in received)
    return code if code >= 0 else _KILLED - code


def _started_run(
    root: str, experiment: str | None, name: str | None, tags: dict[str, str | None], resume: str | None
) -> Run:
    from runlogging.run import start_run

    # What this process logs itself is none of the command's.
    options: dict[str, Any] = {"name": name, "tags": tags or None, "capture": ()}
    if resume is None:
        return start_run(experiment or "default", root, **options)
    from runlogging.reading import resolve_run

    path = resolve_run(resume, root)
    return start_run(path.parent.name, path.parent.parent, run_id=path.name, resume=True, **options)


def tags_of(texts: Sequence[str]) -> dict[str, str | None]:
    tags: dict[str, str | None] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not key:
            raise InvalidValueError(f"{text!r} is no tag; write --tag key=value")
        tags[key] = value if sign else None
    return tags


@contextmanager
def _forwarding(child: ChildOutput) -> Iterator[list[int]]:
    """Hand on signals to the command; give the list of those that came."""
    received: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:
        received.append(number)
        # A command that shares our terminal has had its Ctrl-C already.
        if child.pid and (child.has_group or number != signal.SIGINT):
            child.send_signal(number)

    before = {}
    for name in _FORWARDED:
        number = getattr(signal, name, None)
        # One that is ignored, as under nohup, stays so, for the command as well.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, forward)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _not_started(run: Run, program: str, error: OSError) -> int:
    from runlogging.processes._process import end_run

    is_missing = isinstance(error, FileNotFoundError)
    sentence = f"{program}: {'command not found' if is_missing else error.strerror or error}"
    click.echo(f"runlogging: {escape(sentence)}", err=True)
    with suppress(RunEndedError):
        end_run(run, "Failed", sentence)
    return NOT_FOUND if is_missing else NOT_EXECUTABLE


def _end(run: Run, command: Sequence[str], child: ChildOutput, code: int, *, was_interrupted: bool) -> None:
    from runlogging.processes._child import ended_text
    from runlogging.processes._process import end_run

    # The command may have ended the run itself.
    with suppress(RunEndedError):
        if code == 0:
            end_run(run, "Completed", None)
        elif was_interrupted or code == -signal.SIGINT:
            end_run(run, "Canceled", None)
        else:
            end_run(run, "Failed", ended_text(shlex.join(command), code), child.last_lines)
