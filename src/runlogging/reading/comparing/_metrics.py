"""Metrics of several runs side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from runlogging.reading.comparing._curves import Curve, against_baseline
from runlogging.reading.comparing._goals import Goal, goal_for
from runlogging.reading.comparing._model import MetricComparison, MetricFigures

_APART = ("against", "best", "best_step")  # they follow from the others


class MetricTable:
    """The figures of one run after the other; only the baseline's curves are kept.

    Args:
        goals: goals by name, before the guess.
        tolerance: see `against_baseline`.
    """

    def __init__(self, goals: Mapping[str, Goal | None] | None, tolerance: float) -> None:
        self._goals, self._tolerance = goals, tolerance
        self._baseline: dict[str, Curve] | None = None
        self._rows: list[dict[str, MetricFigures]] = []

    def add(self, curves: Mapping[str, Curve]) -> None:
        """Take in the curves of the next run, by name; the first run is the baseline."""
        base = self._baseline or {}
        row = {}
        for name, curve in curves.items():
            against = against_baseline(base[name], curve, self._tolerance) if name in base else None
            row[name] = curve.figures(goal_for(name, self._goals), against)
        self._rows.append(row)
        if self._baseline is None:
            self._baseline = dict(curves)

    def comparisons(self) -> tuple[MetricComparison, ...]:
        """Return one item a metric."""
        names = dict.fromkeys(name for row in self._rows for name in row)
        return tuple(self._comparison(name, tuple(row.get(name) for row in self._rows)) for name in names)

    def _comparison(self, name: str, runs: tuple[MetricFigures | None, ...]) -> MetricComparison:
        goal = goal_for(name, self._goals)
        return MetricComparison(name, goal, runs, _winners(runs, goal), _differs(runs))


def _winners(runs: Sequence[MetricFigures | None], goal: Goal | None) -> tuple[int, ...]:
    bests = {place: run.best for place, run in enumerate(runs) if run is not None and run.best is not None}
    if not bests or goal is None:
        return ()
    best = min(bests.values()) if goal == "minimize" else max(bests.values())
    winners = tuple(place for place, value in bests.items() if value == best)
    return winners if len(winners) < len(bests) else ()


def _differs(runs: Sequence[MetricFigures | None]) -> bool:
    first = _key(runs[0])
    return any(_key(run) != first or (run and run.against and run.against.parts_at is not None) for run in runs[1:])


def _key(run: MetricFigures | None) -> tuple[object, ...] | None:
    if run is None:
        return None
    values = (getattr(run, item.name) for item in dataclasses.fields(run) if item.name not in _APART)
    return tuple("NaN" if value != value else value for value in values)
