"""The run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from runlogging._errors import RunNotFoundError
from runlogging.folder import RUN_VARIABLE, find_root
from runlogging.run._context import current_run
from runlogging.run._details import ReadingBack
from runlogging.run._files import FileVerbs
from runlogging.run._life import Life
from runlogging.run._organisation import Organisation
from runlogging.run._snapshots import Snapshots
from runlogging.run._start import RunOptions, join_named, start
from runlogging.run._tasks import Tasks
from runlogging.run._verbs import LoggingVerbs

if TYPE_CHECKING:
    from typing import Self

    from matplotlib.figure import Figure

    from runlogging.run._experiment import Experiment
    from runlogging.run._workspace import Workspace


class Run(LoggingVerbs, FileVerbs, Snapshots, Organisation, Tasks, Life, ReadingBack):
    """A run: its logging verbs, files, tags, children, end, and what it gives back.

    `start_run`, `Experiment.start_logging` and `Run.get_context` give an open one. The constructor looks up one that is
    there, of whatever process; logging to it makes this process a further writer of it. A run works from any thread,
    task and forked child, and pickles as a reference that another process can join.

    Args:
        experiment: its experiment.
        run_id: its id.

    Raises:
        RunNotFoundError: there is no such run; the error names ids that come near (also a FileNotFoundError).
    """

    # What a run that this class starts keeps of the working directory.
    _outputs: ClassVar[str | None] = None
    _logs: ClassVar[str | None] = None

    def __init__(self, experiment: Experiment, run_id: str) -> None:
        from runlogging.reading import find_run

        found = find_run(experiment.workspace.path, run_id, experiment.name)
        self._bind_path(found.path)

    @classmethod
    def get_context(cls, allow_offline: bool = True) -> Self:
        """Return the open run of this task or process, the one that RUNLOGGING_RUN names, or a new local one.

        Args:
            allow_offline: whether a new run is started where there is none.

        Raises:
            RunNotFoundError: there is none, and ``allow_offline`` is False (also a FileNotFoundError).
        """
        run = current_run()
        if run is not None:
            return cls._like(run)
        named = os.environ.get(RUN_VARIABLE)
        options = RunOptions.checked({"outputs": cls._outputs, "logs": cls._logs})
        if named:
            return join_named(cls, find_root(named), options)
        if not allow_offline:
            raise RunNotFoundError(f"no run is open in this process, and {RUN_VARIABLE} names none.")
        return start(cls, "default", "runs", options)

    @classmethod
    def _like(cls, run: Run) -> Self:
        if isinstance(run, cls):
            return run
        other = cls.__new__(cls)
        other._bind(run._session, is_member=run._is_member)
        return other

    @classmethod
    def get(cls, workspace: Workspace, run_id: str) -> Self:
        """Return the run of an id, in whatever experiment of a workspace it is.

        Raises:
            RunNotFoundError: there is no such run; the error names ids that come near (also a FileNotFoundError).
        """
        from runlogging.reading import find_run

        return cls._at(find_run(workspace.path, run_id).path)

    @classmethod
    def list(
        cls,
        experiment: Experiment,
        type: str | None = None,  # noqa: A002  (Azure's name)
        tags: Any = None,
        properties: Any = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> Iterator[Self]:
        """Yield the runs of an experiment, newest first.

        Args:
            experiment: the experiment.
            type: only runs of this type.
            tags: a text (the tag is there), a list of texts (all are), or a mapping (all have these values).
            properties: likewise.
            status: only runs of this status.
            include_children: whether runs that have a parent come too.

        Raises:
            InvalidValueError: the tags or properties are none of these.
        """
        from runlogging.reading import select_runs

        found = select_runs(
            experiment.workspace.path,
            experiment.name,
            type=type,
            tags=tags,
            properties=properties,
            status=status,
            include_children=include_children,
        )
        return (cls._at(run.path) for run in found)

    def _repr_html_(self) -> str:
        from runlogging.drawing import run_html

        return run_html(self.reader)

    def plot(
        self, names: str | Sequence[str], x: Literal["step", "time", "relative"] = "step", *, log_y: bool = False
    ) -> Figure:
        """Return the curves of metrics as a figure of matplotlib; see `runlogging.drawing.plot`.

        Args:
            names: a metric, or several.
            x: "step", "time" or "relative" (seconds since the start).
            log_y: whether y is logarithmic.

        Raises:
            MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
            MissingExtraError: matplotlib is not installed (also an ImportError).
        """
        from runlogging.drawing import plot

        return plot(self.reader, names, x, log_y=log_y)

    @classmethod
    def _at(cls, path: Path) -> Self:
        run = cls.__new__(cls)
        run._bind_path(path)
        return run
