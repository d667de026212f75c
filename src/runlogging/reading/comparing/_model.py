"""What a comparison gives: data classes, each as plain data too."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from runlogging.reading.comparing._data import MISSING, Data, plain
from runlogging.reading.comparing._goals import Goal

Kind = Literal["new", "gone", "multiplied"]


@dataclass(frozen=True)
class RunError(Data):
    """What ended a run: the type's qualified name and the message."""

    type: str
    message: str


@dataclass(frozen=True)
class RunIdentity(Data):
    """Which run was compared, and how it went.

    Attributes:
        id, experiment, name, status, started, path: as a `RunReader` says them.
        duration: seconds to the end, to now (Running) or to the last record; None where that is not known.
        error: what ended a Failed or Canceled run.
    """

    id: str
    experiment: str
    name: str | None
    status: str
    started: datetime | None
    duration: float | None
    error: RunError | None
    path: Path


@dataclass(frozen=True)
class Difference(Data):
    """One key, and what each run has for it.

    Attributes:
        key: the name; of nested mappings the names joined by dots.
        values: one a run, in the order of the runs; `MISSING` where a run lacks the key, which is not None.
        differs: whether the runs do not all have the same. 1 and 1.0 are the same, 0 and False are not.
    """

    key: str
    values: tuple[Any, ...]
    differs: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain data.

        In ``values`` a missing one is null, and ``missing`` has the places of those, from 0: null is a value as well.
        """
        missing = [place for place, value in enumerate(self.values) if value is MISSING]
        values = [None if value is MISSING else plain(value) for value in self.values]
        return {"key": self.key, "values": values, "missing": missing, "differs": self.differs}


@dataclass(frozen=True)
class Against(Data):
    """A run's curve against the baseline's.

    Attributes:
        delta: last minus the baseline's last; None unless both are finite.
        relative: delta by the size of the baseline's last; None also where that is 0.
        shared_steps: how many steps both logged.
        parts_at: the first of the shared steps from which on the curves stay apart, by more than the tolerance at every
            shared step; None where they are together at the last one, or share none. A step at which only one of them
            is finite is apart.
    """

    delta: float | None
    relative: float | None
    shared_steps: int
    parts_at: int | None


@dataclass(frozen=True)
class MetricFigures(Data):
    """One metric of one run.

    Attributes:
        count: how many points it has.
        nonfinite: how many of them are NaN or infinite; those are skipped in all that follows but ``last``.
        last, last_step: the last point that was logged.
        min, min_step, max, max_step: the first point with the least or greatest value.
        best, best_step: those of the end that the goal names; None without a goal.
        axis: "step" where every point has a step, else "index": the points' places, from 0.
        area: the area under the curve, by the trapezoid rule over the axis in ascending order; the last value counts
            where a step was logged again. Its unit is that of the value times steps.
        average: the area divided by the span of the axis, the curve's mean height; the value itself where the span
            is 0.
        against: against the baseline; None for the baseline itself, and where that lacks the metric.
    """

    count: int
    nonfinite: int
    last: float | int
    last_step: int | None
    min: float | int | None
    min_step: int | None
    max: float | int | None
    max_step: int | None
    best: float | int | None
    best_step: int | None
    axis: Literal["step", "index"]
    area: float | None
    average: float | None
    against: Against | None


@dataclass(frozen=True)
class MetricComparison(Data):
    """One metric in all runs.

    Attributes:
        name: the metric's name.
        goal: which end is better, as given or guessed by the name; None where nothing says so.
        runs: its figures, one a run; None where a run lacks the metric.
        winners: the places of the runs whose ``best`` is the best of all; empty without a goal, or where all are equal.
        differs: whether any figure differs between the runs.
    """

    name: str
    goal: Goal | None
    runs: tuple[MetricFigures | None, ...]
    winners: tuple[int, ...]
    differs: bool


@dataclass(frozen=True)
class LogDifference(Data):
    """The log entries of one template at one place.

    Attributes:
        level, level_number, logger: as in the entries.
        template: the message before its arguments went in. Where many entries of one place differ in their numbers
            only, as f-strings make them, the numbers are ``#``.
        file, line: the source line in the first run that has such entries.
        exception: the type of the entries' exception, or None.
        counts: how many entries, one a run.
        lines: the source line in each run; None where it has no such entries, or they have no line.
        kinds: one a run, against the baseline: "new" (the baseline has none), "gone" (only the baseline has some),
            "multiplied" (at least twice as many, or at most half) or None. Raw counts: a run that is twice as long may
            well warn twice as often.
        message, time, step: the first such entry of the first run that has some.
        differs: whether any kind is not None.
    """

    level: str
    level_number: int
    logger: str
    template: str
    file: str | None
    line: int | None
    exception: str | None
    counts: tuple[int, ...]
    lines: tuple[int | None, ...]
    kinds: tuple[Kind | None, ...]
    message: str
    time: datetime
    step: int | None
    differs: bool

    @property
    def kind(self) -> Kind | None:
        """The weightiest of the kinds: new, then gone, then multiplied; None where nothing differs."""
        order: tuple[Kind, ...] = ("new", "gone", "multiplied")
        return next((kind for kind in order if kind in self.kinds), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, and ``kind``, as plain data."""
        return {"kind": self.kind, **super().as_dict()}


@dataclass(frozen=True)
class Comparison(Data):
    """Runs compared. The first is the baseline; everything with an item a run has them in this order.

    Attributes:
        runs: the runs.
        parameters, tags: what they were started with. Mappings are split into dotted keys, lists stay whole.
        environment: what ``environment.json`` says (``python.version``, ``host.name``, ``command``, ``git.commit``,
            ``packages.NAME`` ...) and the id of the code's snapshot. A run without that file differs from no other.
        metrics: by name, in the order in which they first appear.
        logs: templates from a level on: new ones first, then multiplied and gone ones, the weightiest level first.
    """

    runs: tuple[RunIdentity, ...]
    parameters: tuple[Difference, ...]
    tags: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    metrics: tuple[MetricComparison, ...]
    logs: tuple[LogDifference, ...]

    @property
    def has_differences(self) -> bool:
        """Whether anything differs but the runs themselves."""
        kept = self.only_differences()
        return any((kept.parameters, kept.tags, kept.environment, kept.metrics, kept.logs))

    def only_differences(self) -> Comparison:
        """Return the comparison without all that is the same in every run."""
        return dataclasses.replace(
            self,
            parameters=tuple(item for item in self.parameters if item.differs),
            tags=tuple(item for item in self.tags if item.differs),
            environment=tuple(item for item in self.environment if item.differs),
            metrics=tuple(item for item in self.metrics if item.differs),
            logs=tuple(item for item in self.logs if item.differs),
        )
