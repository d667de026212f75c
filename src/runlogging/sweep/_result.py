"""What a sweep gives back."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from runlogging._errors import InvalidValueError, MetricNotFoundError, RunNotFoundError
from runlogging.run import Run
from runlogging.sweep._launching import NUMBER_TAG, SWEEP_TAG
from runlogging.sweep._table import html_table, text_table

GOALS = ("minimize", "maximize")
FACTS = "sweep"
"""The parameter of the parent that says what its sweep was."""

By = Literal["last", "min", "max"]


class Sweep:
    """A sweep: its parent run, and a child run for each point. Everything is read from the folders as they are now.

    Args:
        run: the parent run, also one of an earlier program.

    Attributes:
        run: the parent run.
        metric: the primary metric, or None.
        goal: "minimize" or "maximize".
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        facts = run.parameters.get(FACTS)
        facts = facts if isinstance(facts, dict) else {}
        self.metric: str | None = facts.get("metric")
        self.goal: str = facts.get("goal") or GOALS[0]
        self._children: list[Run] | None = None

    @classmethod
    def _of(cls, run: Run, children: Sequence[Run]) -> Sweep:
        made = cls(run)
        made._children = list(children)
        return made

    @property
    def children(self) -> list[Run]:
        """The child runs in the order of their points."""
        if self._children is not None:
            return list(self._children)
        mine = [child for child in self.run.get_children() if child.tags.get(SWEEP_TAG) == self.run.id]
        return sorted(mine, key=lambda child: _number(child) or 0)

    @property
    def counts(self) -> dict[str, int]:
        """How many children there are of each status."""
        return dict(Counter(child.status for child in self.children))

    def best(self, metric: str | None = None, *, by: By = "last", goal: str | None = None) -> Run:
        """Return the completed child with the best value of a metric; of several the first.

        Args:
            metric: its name; None takes that of the sweep.
            by: which value of a child counts: its "last", or the least ("min") or greatest ("max") that is finite.
            goal: "minimize" or "maximize"; None takes that of the sweep.

        Raises:
            InvalidValueError: neither this call nor the sweep names a metric; or an argument is none of the above.
            RunNotFoundError: no child completed (also a FileNotFoundError).
            MetricNotFoundError: no completed child has a finite value of it (also a KeyError).
        """
        name, sign = self._named(metric), -1 if _checked_goal(goal or self.goal) == "minimize" else 1
        if by not in ("last", "min", "max"):
            raise InvalidValueError(f"by is 'last', 'min' or 'max', not {by!r:.80}")
        completed = [child for child in self.children if child.status == "Completed"]
        if not completed:
            raise RunNotFoundError(f"no child of the sweep {self.run.id} completed.")
        values = [(child, _value(child, name, by)) for child in completed]
        finite = [(child, value) for child, value in values if value is not None and math.isfinite(value)]
        if not finite:
            known = sorted({one for child in completed for one in child.reader.summary()})
            raise MetricNotFoundError(name, tuple(difflib.get_close_matches(name, known) or known[:5]))
        return max(finite, key=lambda item: item[1] * sign)[0]

    def _named(self, metric: str | None) -> str:
        name = metric if metric is not None else self.metric
        if name is None:
            raise InvalidValueError("which metric? give best('loss'), or sweep(..., metric='loss')")
        return name

    def frame(self, metric: str | None = None) -> dict[str, list[Any]]:
        """Return a column each for the number, run id and status of the children, every parameter, and a metric.

        ``pandas.DataFrame(sweep.frame())`` and ``polars.DataFrame(sweep.frame())`` make a frame of it.

        Args:
            metric: a metric's name; None takes that of the sweep, and leaves the column out where there is none. Its
                cells are the last values; None where a child has none.
        """
        children = self.children
        columns: dict[str, list[Any]] = {
            "number": [_number(child) for child in children],
            "run_id": [child.id for child in children],
            "status": [child.status for child in children],
        }
        parameters = [child.parameters for child in children]
        for name in dict.fromkeys(name for point in parameters for name in point):
            columns[_unused(name, "parameter", columns)] = [point.get(name) for point in parameters]
        named = metric if metric is not None else self.metric
        if named is not None:
            columns[_unused(named, "metric", columns)] = [_value(child, named, "last") for child in children]
        return columns

    def __len__(self) -> int:
        return len(self.children)

    def __str__(self) -> str:
        return f"{self._title()}\n{text_table(self.frame())}"

    def _repr_html_(self) -> str:
        return html_table(self._title(), self.frame())

    def __repr__(self) -> str:
        return f"<Sweep {self.run.id} of {len(self)} points in {self.run.path.parent}>"

    def _title(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        return f"sweep {self.run.id} ({self.run.status}): {counts or 'no points'}"


def _checked_goal(goal: object) -> str:
    text = goal.lower() if isinstance(goal, str) else goal
    if text not in GOALS:
        raise InvalidValueError(f"goal is 'minimize' or 'maximize', not {goal!r:.80}")
    return str(text)


def _number(child: Run) -> int | None:
    text = child.tags.get(NUMBER_TAG) or ""
    return int(text) if text.isdecimal() else None


def _value(child: Run, name: str, by: By) -> float | int | None:
    summary = child.reader.summary().get(name)
    value: float | int | None = getattr(summary, by) if summary is not None else None
    return value


def _unused(name: str, kind: str, columns: dict[str, list[Any]]) -> str:
    while name in columns:
        name = f"{kind}.{name}"
    return name
