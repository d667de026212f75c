"""Several runs read once: what differs, the points of their charts, what is wrong in their folders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from runlogging.drawing._points import RunPoints, points_of, read_points
from runlogging.folder import MAIN_WRITER
from runlogging.reading import Problem, RunReader
from runlogging.reading._checking import Checked
from runlogging.reading._digest import Progress
from runlogging.reading.comparing import Comparison
from runlogging.reading.comparing._compare import Comparing
from runlogging.reading.comparing._content import RunContent


class Compared(NamedTuple):
    """What several runs say side by side.

    Attributes:
        comparison: what differs.
        points: run id to metric to writer to points.
        problems: run id to what is wrong in its folder.
    """

    comparison: Comparison
    points: dict[str, RunPoints]
    problems: dict[str, list[Problem]]


def compared(
    runs: Sequence[RunReader], metrics: Sequence[str], charted: Collection[str], progress: Progress | None
) -> Compared:
    """Read runs, each once unless several writers or recorded lines need an order.

    Args:
        runs: two runs or more; the first is what the others are compared with.
        metrics: only these metrics are compared; empty is all.
        charted: the metrics whose points are wanted.
        progress: is told how far it is.

    Raises:
        InvalidValueError: a run is given twice (also a ValueError).
        MetricNotFoundError: no run has a metric of one of the names (also a KeyError).
    """
    comparing = Comparing(runs, metrics=metrics or None)
    points: dict[str, RunPoints] = {}
    problems: dict[str, list[Problem]] = {}
    for done, run in enumerate(runs):
        if progress is not None:
            progress(run.id, done, len(runs))
        checked = Checked(run)
        found = _taken_in(comparing, run, charted, checked)
        if found is None:
            checked = Checked(run)  # what was read for the comparison must not count twice
            found = read_points(run, charted, "step", progress, checked)
        points[run.id], problems[run.id] = found, checked.problems()
    return Compared(comparing.result(), points, problems)


def _taken_in(comparing: Comparing, run: RunReader, charted: Collection[str], checked: Checked) -> RunPoints | None:
    """Have a run compared, and return its points as `read_points` does; None where they need an order."""
    content = RunContent(run, comparing.lowest, checked)
    comparing.add(content)
    found = content.points_of(MAIN_WRITER)
    if found is None:
        return None
    return {name: {MAIN_WRITER: points_of(found[name].steps, found[name].values)} for name in charted if name in found}
