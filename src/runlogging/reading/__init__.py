"""Reading run folders, also while they are being written. It knows the folder, never the writing side."""

from runlogging.reading._around import Around, Moment
from runlogging.reading._artifacts import ArtifactEntry
from runlogging.reading._find import list_runs, resolve_run
from runlogging.reading._follow import LogFollower, follow_logs
from runlogging.reading._model import LogEntry, Point, Problem, Series, Value
from runlogging.reading._pages import LogPages
from runlogging.reading._queries import has_properties, has_tags
from runlogging.reading._run import RunReader, open_run
from runlogging.reading._select import children_of, find_run, select_runs
from runlogging.reading._shapes import metrics_in_shapes, rows
from runlogging.reading._wait import wait_for_end
from runlogging.reading.comparing import Comparison, compare
from runlogging.reading.search import RunRow, list_rows, runs_columns, runs_frame
from runlogging.reading.search._tokens import FilterError

__all__ = [
    "Around",
    "ArtifactEntry",
    "Comparison",
    "FilterError",
    "LogEntry",
    "LogFollower",
    "LogPages",
    "Moment",
    "Point",
    "Problem",
    "RunReader",
    "RunRow",
    "Series",
    "Value",
    "children_of",
    "compare",
    "find_run",
    "follow_logs",
    "has_properties",
    "has_tags",
    "list_rows",
    "list_runs",
    "metrics_in_shapes",
    "open_run",
    "resolve_run",
    "rows",
    "runs_columns",
    "runs_frame",
    "select_runs",
    "wait_for_end",
]
