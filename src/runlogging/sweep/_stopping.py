"""How a child is stopped from outside, and what that is called."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runlogging._errors import RunEndedError, RunLoggingError
from runlogging.folder import ErrorInfo, changed_manifest, end_from_outside
from runlogging.run import Run

STOPPED_TAG = "stopped_early"


class StoppedEarly(RunLoggingError, RuntimeError):  # noqa: N818  (it is no error of the function's)
    """Say that a point of a sweep is not worth going on with.

    A function that raises it has its child run end as Canceled, tagged ``stopped_early`` with the message, instead of
    Failed. (What a verb raises in a child that a policy stopped is a RunEndedError.)
    """


def stop_child(run: Path, reason: str) -> bool:
    """End a child as Canceled, with the reason as its tag; its writer notices within about a second of logging.

    Returns:
        Whether it was stopped: False where it had ended already.
    """
    with suppress(RunEndedError):
        end_from_outside(run, "Canceled", ErrorInfo(STOPPED_TAG, reason))
        tag_stopped(run, reason)
        return True
    return False


def tag_stopped(run: Path, reason: str) -> None:
    """Tag a run as stopped; one whose folder is gone is left alone."""
    with suppress(OSError, RunLoggingError), changed_manifest(run) as manifest:
        manifest.tags[STOPPED_TAG] = reason


def end_child(run: Run, status: str, error: ErrorInfo | None = None) -> None:
    """End a child for which nobody else does; one that has ended stays as it is."""
    with suppress(RunLoggingError, OSError):
        end_from_outside(run.path, status, error)
