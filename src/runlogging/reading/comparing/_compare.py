"""Two or more runs compared with the first of them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from runlogging._errors import InvalidValueError, MetricNotFoundError
from runlogging.reading._levels import lowest_level
from runlogging.reading._run import RunReader, open_run
from runlogging.reading.comparing._content import RunContent
from runlogging.reading.comparing._environment import environment_differences
from runlogging.reading.comparing._goals import Goal, checked_goals
from runlogging.reading.comparing._matching import matched
from runlogging.reading.comparing._metrics import MetricTable
from runlogging.reading.comparing._model import Comparison, RunError, RunIdentity
from runlogging.reading.comparing._parameters import differences, flattened
from runlogging.reading.comparing._templates import LogKey, Tally

Progress = Callable[[str, int, int], object]


def compare(
    *runs: RunReader | str | PathLike[str],
    level: str | int = "WARNING",
    metrics: str | Collection[str] | None = None,
    goal: Mapping[str, Goal | None] | None = None,
    tolerance: float = 0.05,
    progress: Progress | None = None,
) -> Comparison:
    """Compare runs with the first of them, the baseline.

    Each run's records are read once, and only the baseline's curves are kept, so that a hundred runs can be compared.

    Args:
        runs: two or more runs, or paths of run folders.
        level: a level's name or number; log entries below it are left out.
        metrics: only these metrics; None is all.
        goal: name of a metric to "minimize", "maximize" or None; the others are guessed, see `guessed_goal`.
        tolerance: how far apart curves may be and still be together, as a part of the spread of the baseline's finite
            values (greatest minus least), 0 or more; of their size where they are all equal.
        progress: told (the id of the run in work, how many are done, how many there are).

    Raises:
        InvalidValueError: fewer than two runs, a run twice, or an argument that is none of the above (also a
            ValueError).
        MetricNotFoundError: none of the runs has a metric of one of the names (also a KeyError).
        RunNotFoundError, FormatVersionError, RootError: a run cannot be read; see `RunReader`.
    """
    comparing = Comparing(runs, level, metrics, goal, tolerance)
    for done, run in enumerate(comparing.readers):
        if progress is not None:
            progress(run.id, done, len(comparing.readers))
        comparing.add(RunContent(run, comparing.lowest))
    return comparing.result()


class Comparing:
    """A comparison under way: it takes in what the runs recorded, one after the other.

    Args:
        runs: see `compare`, as all other arguments.
        level: see there.
        metrics: see there.
        goal: see there.
        tolerance: see there.

    Attributes:
        readers: the runs.
        lowest: the number of the lowest level whose entries count.

    Raises:
        InvalidValueError: see there.
    """

    def __init__(
        self,
        runs: Sequence[RunReader | str | PathLike[str]],
        level: str | int = "WARNING",
        metrics: str | Collection[str] | None = None,
        goal: Mapping[str, Goal | None] | None = None,
        tolerance: float = 0.05,
    ) -> None:
        checked_goals(goal)
        if not 0 <= tolerance < math.inf:
            raise InvalidValueError(f"tolerance is a finite number of at least 0, not {tolerance!r:.80}")
        self.lowest, self.readers = lowest_level(level), _readers(runs)
        self._names = [metrics] if isinstance(metrics, str) else metrics
        self._table, self._known = MetricTable(goal, tolerance), set[str]()
        self._tallies: list[dict[LogKey, Tally]] = []

    def add(self, content: RunContent) -> None:
        """Take in the content of the next of the runs."""
        curves = content.metrics()
        self._known |= curves.keys()
        names = self._names
        self._table.add({name: curve for name, curve in curves.items() if names is None or name in names})
        self._tallies.append(content.logs.tallies)

    def result(self) -> Comparison:
        """Return the comparison, once all runs are taken in.

        Raises:
            MetricNotFoundError: none of the runs has a metric of one of the names (also a KeyError).
        """
        for name in self._names or ():
            if name not in self._known:
                raise MetricNotFoundError(name, tuple(difflib.get_close_matches(name, self._known)))
        return Comparison(
            runs=tuple(map(_identity, self.readers)),
            parameters=differences([flattened(run.parameters) for run in self.readers]),
            tags=differences([run.tags for run in self.readers]),
            environment=environment_differences(self.readers),
            metrics=self._table.comparisons(),
            logs=matched(self._tallies),
        )


def _readers(runs: Sequence[RunReader | str | PathLike[str]]) -> list[RunReader]:
    if len(runs) < 2:
        raise InvalidValueError(f"comparing takes two runs or more, not {len(runs)}")
    readers = [run if isinstance(run, RunReader) else open_run(run) for run in runs]
    seen: set[Path] = set()
    for run in readers:
        place = run.path.resolve()
        if place in seen:
            raise InvalidValueError(f"{run.path} is given twice; name each run once")
        seen.add(place)
    return readers


def _identity(run: RunReader) -> RunIdentity:
    status, started, error = run.status, run.started or run.created, run.error
    end = run.ended or (datetime.now(UTC) if status == "Running" else run.last_record)
    return RunIdentity(
        id=run.id,
        experiment=run.experiment,
        name=run.name,
        status=status,
        started=started,
        duration=(end - started).total_seconds() if end and started else None,
        error=RunError(error.type, error.message) if error is not None else None,
        path=run.path,
    )
