"""Reading run folders, also while they are being written. It knows the folder, never the writing side."""

from runlogging.reading._find import list_runs, resolve_run
from runlogging.reading._follow import LogFollower, follow_logs
from runlogging.reading._model import LogEntry, Point, Problem, Series, Value
from runlogging.reading._run import RunReader, open_run

__all__ = [
    "LogEntry",
    "LogFollower",
    "Point",
    "Problem",
    "RunReader",
    "Series",
    "Value",
    "follow_logs",
    "list_runs",
    "open_run",
    "resolve_run",
]
