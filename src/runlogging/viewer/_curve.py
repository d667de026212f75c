"""One curve of a run: a metric of a writer over some x, put together from the tables that hold it."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple, cast

from runlogging.reading._smoothing import Smoothed
from runlogging.viewer._curves import RunCurves
from runlogging.viewer._table import NO_STEP, Table

METRIC_AXIS = "metric:"
_KEPT_CURVES = 256


class Ref(NamedTuple):
    """Where a point stands: its table and row."""

    table: Table
    row: int


class Curve:
    """A metric of one writer over x, never falling in x.

    Args:
        name: the metric.
        tables: those of the writer that hold it.
        axis: "step", "wall", "index" or "metric:NAME".
        lookup: the tables that hold NAME, for "metric:NAME".

    Attributes:
        x: where the points are: steps, seconds since the epoch, numbers from 0, or values.
        y: their values.
        bad: the places of those that are not finite.
        left_out: how many points have no x.
        is_plain: whether a place is a row of the one table.
    """

    def __init__(self, name: str, tables: Sequence[Table], axis: str, lookup: Sequence[Table] = ()) -> None:
        self.name, self._tables, self._axis, self._lookup = name, tables, axis, lookup
        self.x: Sequence[float] = ()
        self.y = array("d")
        self.bad: Sequence[int] = ()
        self.left_out = 0
        self.is_plain = False
        self._refs: list[tuple[int, int]] = []
        self._lengths: tuple[int, ...] = ()
        self._smoothed: dict[float, Smoothed] = {}

    def __len__(self) -> int:
        return len(self.x)

    def refresh(self) -> bool:
        """Take in what came to the tables; False where a new curve is to be made instead.

        A curve that somebody draws from at this moment only ever grows at its end.
        """
        lengths = tuple(map(len, chain(self._tables, self._lookup)))
        if lengths == self._lengths:
            return True
        is_new, self._lengths = not self._lengths, lengths
        is_plain = self._is_plain()
        if not is_new and not (self.is_plain and is_plain):
            return False
        self.is_plain = is_plain
        if is_plain:
            self._take_table(self._tables[0])
        else:
            self._build()
        return True

    def _is_plain(self) -> bool:
        if len(self._tables) != 1 or not self._tables[0].is_rising:
            return False
        table = self._tables[0]
        if self._axis == "step":
            return table.steps_rise and not table.without_step
        return self._axis == "index" or (self._axis == "wall" and bool(table.walls()) and table.walls_rise)

    def _take_table(self, table: Table) -> None:
        columns = {"step": table.steps, "index": range(len(table))}
        self.x = columns[self._axis] if self._axis in columns else table.walls()
        self.y = table.values[self.name]
        self.bad = table.nonfinite.get(self.name, ())
        self.left_out = 0

    def _build(self) -> None:
        seqs = [
            (table.seqs[row], number, row) for number, table in enumerate(self._tables) for row in range(len(table))
        ]
        seqs.sort()
        xs = list(self._xs(seqs))
        is_there = [place for place, x in enumerate(xs) if x is not None and math.isfinite(x)]
        order = sorted(is_there, key=cast("list[float]", xs).__getitem__)
        self.left_out = len(xs) - len(order)
        self._refs = [seqs[place][1:] for place in order]
        placed = cast("list[int]", [xs[place] for place in order])
        self.x = array("q", placed) if self._axis in ("step", "index") else array("d", placed)
        columns = [table.values[self.name] for table in self._tables]
        self.y = array("d", [columns[number][row] for number, row in self._refs])
        self.bad = [place for place, value in enumerate(self.y) if value - value != 0]

    def _xs(self, seqs: list[tuple[int, int, int]]) -> Iterator[float | None]:
        if self._axis == "index":
            yield from range(len(seqs))
        elif self._axis == "step":
            steps = [table.steps for table in self._tables]
            yield from (None if steps[number][row] == NO_STEP else steps[number][row] for _, number, row in seqs)
        elif self._axis == "wall":
            walls = [table.walls() for table in self._tables]
            yield from (walls[number][row] for _, number, row in seqs)
        else:
            yield from self._latest(seqs)

    def _latest(self, seqs: list[tuple[int, int, int]]) -> Iterator[float | None]:
        """Yield for each line the value of the other metric in it, or the last one before it."""
        name = self._axis.removeprefix(METRIC_AXIS)
        known = sorted(
            (table.seqs[row], table.values[name][row]) for table in self._lookup for row in range(len(table))
        )
        latest, place = None, 0
        for seq, _, _ in seqs:
            while place < len(known) and known[place][0] <= seq:
                latest = known[place][1]
                place += 1
            yield latest

    def ref(self, place: int) -> Ref:
        """Return where a point stands."""
        if self.is_plain:
            return Ref(self._tables[0], place)
        number, row = self._refs[place]
        return Ref(self._tables[number], row)

    def smoothed(self, weight: float) -> Sequence[float]:
        """Return the smoothed values; see `Smoothed`."""
        smoothed = self._smoothed.get(weight)
        if smoothed is None:
            smoothed = self._smoothed[weight] = Smoothed(weight)
        smoothed.extend(self.x, self.y)
        return smoothed.values


def curve_of(curves: RunCurves, name: str, writer: str, axis: str) -> Curve:
    """Return the curve of a metric of a writer, as it is now; call it with the lock held."""
    made: OrderedDict[object, object] = curves.made
    tables = [table for table in curves.named.get(name, ()) if table.writer == writer]
    lookup: list[Table] = []
    if axis.startswith(METRIC_AXIS):
        other = axis.removeprefix(METRIC_AXIS)
        lookup = [table for table in curves.named.get(other, ()) if table.writer == writer]
    key = (name, writer, axis, len(tables), len(lookup))
    curve = made.get(key)
    if not isinstance(curve, Curve) or not curve.refresh():
        curve = made[key] = Curve(name, tables, axis, lookup)
        curve.refresh()
    made.move_to_end(key)
    while len(made) > _KEPT_CURVES:
        made.popitem(last=False)
    return curve


def writers_of(curves: RunCurves, name: str) -> list[str]:
    """Return the writers that logged a metric, in the order in which they were met."""
    return list(dict.fromkeys(table.writer for table in curves.named.get(name, ())))
