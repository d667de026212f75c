"""runlogging: Python's own logging as the experiment tracker."""

from typing import TYPE_CHECKING, Any

from runlogging._errors import (
    ArtifactNotFoundError,
    EnvironmentBuildError,
    ExistsError,
    FormatVersionError,
    InvalidNameError,
    InvalidValueError,
    MetricNotFoundError,
    MissingExtraError,
    RootError,
    RunActiveError,
    RunEndedError,
    RunFailedError,
    RunLoggingError,
    RunNotFoundError,
    SourceError,
)
from runlogging._version import __version__
from runlogging.formatters import RunFormatter
from runlogging.handlers import RunHandler

if TYPE_CHECKING:
    from runlogging.adopting import Adopted, adopt
    from runlogging.doctor import doctor
    from runlogging.filters import ContextFilter, MetricFilter, RedactFilter, SampleFilter
    from runlogging.processes import CompletedCapture, capture_process
    from runlogging.queues import RunQueueHandler, SnapshotFilter
    from runlogging.reading import FilterError, RunReader, RunRow, compare, list_rows, list_runs, open_run, runs_frame
    from runlogging.run import Experiment, Model, Run, Workspace, start_run
    from runlogging.run._bridges import loguru_sink, structlog_processor
    from runlogging.sweep import sweep

__all__ = [
    "Adopted",
    "ArtifactNotFoundError",
    "CompletedCapture",
    "ContextFilter",
    "EnvironmentBuildError",
    "ExistsError",
    "Experiment",
    "FilterError",
    "FormatVersionError",
    "InvalidNameError",
    "InvalidValueError",
    "MetricFilter",
    "MetricNotFoundError",
    "MissingExtraError",
    "Model",
    "RedactFilter",
    "RootError",
    "Run",
    "RunActiveError",
    "RunEndedError",
    "RunFailedError",
    "RunFormatter",
    "RunHandler",
    "RunLoggingError",
    "RunNotFoundError",
    "RunQueueHandler",
    "RunReader",
    "RunRow",
    "SampleFilter",
    "SnapshotFilter",
    "SourceError",
    "Workspace",
    "__version__",
    "adopt",
    "capture_process",
    "compare",
    "doctor",
    "list_rows",
    "list_runs",
    "loguru_sink",
    "open_run",
    "runs_frame",
    "start_run",
    "structlog_processor",
    "sweep",
]

# Imported when they are first asked for: a program that only logs does not pay for them.
_LATE = {
    **dict.fromkeys(("Adopted", "adopt"), "runlogging.adopting"),
    **dict.fromkeys(("CompletedCapture", "capture_process"), "runlogging.processes"),
    "doctor": "runlogging.doctor",
    **dict.fromkeys(("ContextFilter", "MetricFilter", "RedactFilter", "SampleFilter"), "runlogging.filters"),
    **dict.fromkeys(("RunQueueHandler", "SnapshotFilter"), "runlogging.queues"),
    **dict.fromkeys(
        ("FilterError", "RunReader", "RunRow", "compare", "list_rows", "list_runs", "open_run", "runs_frame"),
        "runlogging.reading",
    ),
    **dict.fromkeys(("Experiment", "Model", "Run", "Workspace", "start_run"), "runlogging.run"),
    **dict.fromkeys(("loguru_sink", "structlog_processor"), "runlogging.run._bridges"),
    "sweep": "runlogging.sweep",
}


_LATE_MODULES = ("azureml", "charts", "drawing", "keeping", "notebook", "report", "viewer")


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _LATE_MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LATE[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
