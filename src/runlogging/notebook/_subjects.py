"""What is shown in a cell: a run, or a table of runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from runlogging._errors import InvalidValueError
from runlogging._texts import short_number
from runlogging.drawing import experiment_html, run_html
from runlogging.drawing._numbers import counted
from runlogging.notebook._watch import MOST_METRICS, cut, is_open, run_facts
from runlogging.reading import RunReader

_MOST_RUNS = 20


class Subject(Protocol):
    """Something to show."""

    def html(self) -> str:
        """Return it as HTML that an untrusted notebook shows, too."""
        ...

    def text(self) -> str:
        """Return it as some lines of text."""
        ...

    def is_open(self) -> bool:
        """Tell whether it may change."""
        ...


def subject_of(given: Any) -> Subject:
    """Return what a run, a reader, an experiment or some runs are for the notebook.

    Raises:
        InvalidValueError: it is none of these (also a ValueError).
    """
    reader = reader_of(given)
    if reader is not None:
        return RunSubject(reader)
    get_runs = getattr(given, "get_runs", None)
    if callable(get_runs):
        return RunsSubject(str(getattr(given, "name", "")), (reader_of(run) for run in get_runs()))
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return RunsSubject("", map(reader_of, given))
    raise InvalidValueError(
        f"RunDetails shows a run, a RunReader, an experiment, or runs such as run.get_children(); "
        f"not {type(given).__name__}"
    )


def reader_of(given: Any) -> RunReader | None:
    """Return the reader of a run, a reader itself, or None for something else."""
    found = getattr(given, "reader", given)
    return found if isinstance(found, RunReader) else None


class RunSubject:
    """A run.

    Args:
        run: its reader.
    """

    def __init__(self, run: RunReader) -> None:
        self.run = run

    def html(self) -> str:
        """Return facts, latest metrics and small charts."""
        return run_html(self.run)

    def text(self) -> str:
        """Return facts and latest metrics, one a line."""
        facts = {"run": "", **run_facts(self.run)}
        facts["run"] = facts.pop("id")
        summary = self.run.summary()
        for name, metric in list(summary.items())[:MOST_METRICS]:
            last = "not finite" if metric.last is None and metric.count else short_number(metric.last, 5)
            facts[cut(name)] = f"{last}  ({counted(metric.count, 'point')})"
        if len(summary) > MOST_METRICS:
            facts["more metrics"] = f"{len(summary) - MOST_METRICS:,}"
        return _columns([(key, value) for key, value in facts.items() if value])

    def is_open(self) -> bool:
        """Tell whether the run has no end yet."""
        return is_open(self.run)

    def __repr__(self) -> str:
        return f"run {self.run.id}"


class RunsSubject:
    """A table of runs, the first 20 of those that are given.

    Args:
        title: what they are, such as an experiment's name.
        runs: their readers.

    Raises:
        InvalidValueError: one of them is no run (also a ValueError).
    """

    def __init__(self, title: str, runs: Iterable[RunReader | None]) -> None:
        found = [_checked(run) for run in runs]
        self._title = title or "runs"
        self._runs, self._total = found[:_MOST_RUNS], len(found)

    def html(self) -> str:
        """Return a table with a small curve each."""
        return experiment_html(self._title, self._runs, self._total)

    def text(self) -> str:
        """Return ids and statuses."""
        return _columns([("run", "status"), *((run.id, run.status) for run in self._runs)])

    def is_open(self) -> bool:
        """Tell whether one of the runs in the table has no end yet."""
        return any(map(is_open, self._runs))

    def __repr__(self) -> str:
        return f"{self._total} runs"


def _checked(run: RunReader | None) -> RunReader:
    if run is None:
        raise InvalidValueError("a table of runs has runs or readers of them, nothing else")
    return run


def _columns(rows: list[tuple[str, str]]) -> str:
    width = max(len(key) for key, _ in rows)
    return "\n".join(f"{key.ljust(width)}  {value}".rstrip() for key, value in rows)
