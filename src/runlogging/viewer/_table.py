"""The numbers of a writer that log together, as columns: a row a line, a column a metric."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from runlogging.reading._streams import TIME_LENGTH

NO_STEP = -(2**63)
"""Stands in the column of steps where a line has none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Every whole number up to here is a double; of those beyond, the digits are kept beside it.
EXACT_BELOW = 2**53

Number = float | int


class Column(NamedTuple):
    """Some numbers of a metric, with the least and the greatest of them; with a NaN among them both may be anything."""

    numbers: Sequence[Number]
    low: Number
    high: Number


def column_of(numbers: Sequence[Number]) -> Column:
    """Return a column of some numbers, one at least."""
    return Column(numbers, min(numbers), max(numbers))


class Stats:
    """What a column of finite numbers comes to: how many, the least, the greatest, the sum."""

    def __init__(self) -> None:
        self.count, self.low, self.high, self.total = 0, math.inf, -math.inf, 0.0

    def add(self, count: int, low: float, high: float, total: float) -> None:
        """Take some numbers: how many, their least and greatest, and their sum."""
        self.count += count
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += total


class Table:
    """Lines of one writer with the same metrics, in the order of its files.

    Args:
        writer: whose.
        names: the metrics of each line.

    Attributes:
        seqs, steps: of each line; 0 and `NO_STEP` stand for none.
        values: name to column. NaN and infinities stand as they are.
        nonfinite: name to the rows whose value is not finite, rising.
        exact: name to the digits of whole numbers that no double holds, by row.
        stats: name to what its finite numbers come to.
        without_step: how many lines have no step.
        is_rising: whether the numbers of the lines rise.
        steps_rise: whether no step is lower than the one before it.
        walls_rise: whether no time of `walls` is earlier than the one before it.
    """

    def __init__(self, writer: str, names: tuple[str, ...]) -> None:
        self.writer, self.names = writer, names
        self.seqs, self.steps = array("q"), array("q")
        self.values = {name: array("d") for name in names}
        self.nonfinite: dict[str, list[int]] = {}
        self.exact: dict[str, dict[int, str]] = {}
        self.stats = {name: Stats() for name in names}
        self.without_step = 0
        self.is_rising = self.steps_rise = self.walls_rise = True
        # As text: most times are never asked for, and parsing them would take longer than all the rest.
        self._times = bytearray()
        self._walls = array("d")

    def __len__(self) -> int:
        return len(self.seqs)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self) * (8 * (2 + len(self.names)) + TIME_LENGTH) + 8 * len(self._walls)

    def add(
        self,
        seqs: Sequence[int | None],
        steps: Sequence[int | None],
        times: str,
        columns: Sequence[Column],
    ) -> None:
        """Append lines.

        Args:
            seqs: the number of each line.
            steps: the step of each.
            times: the times of all, each 27 characters long.
            columns: a column a metric, in the order of the names.
        """
        begin = len(self)
        self.without_step += steps.count(None)
        self._times += times.encode("ascii", "replace")
        for name, column in zip(self.names, columns, strict=True):
            self._add_column(name, column, begin)
        self.is_rising = _extend(self.seqs, seqs, 0) and self.is_rising
        # The steps last: who looks at the same time goes by them, and finds the rest there.
        self.steps_rise = _extend(self.steps, steps, NO_STEP) and self.steps_rise

    def _add_column(self, name: str, column: Column, begin: int) -> None:
        numbers, low, high = column
        total = sum(numbers) if low > -EXACT_BELOW and high < EXACT_BELOW else math.nan
        if total == total:  # one NaN anywhere makes it NaN
            self.values[name] += array("d", numbers)
            self.stats[name].add(len(numbers), low, high, total)
            return
        for row, number in enumerate(numbers, begin):
            self._add_odd(name, number, row)

    def _add_odd(self, name: str, number: Number, row: int) -> None:
        double = as_double(number)
        self.values[name].append(double)
        if isinstance(number, int) and abs(number) > EXACT_BELOW and number != double:
            self.exact.setdefault(name, {})[row] = _digits(number)
        if math.isfinite(double):
            self.stats[name].add(1, double, double, double)
        else:
            self.nonfinite.setdefault(name, []).append(row)

    def time_us(self, row: int) -> int:
        """Return the time of a row in microseconds since the epoch; 0 where its text is no time."""
        text = self._times[row * TIME_LENGTH : (row + 1) * TIME_LENGTH]
        try:
            return (datetime.fromisoformat(text.decode()) - _EPOCH) // _MICROSECOND
        except (ValueError, TypeError):
            return 0

    def walls(self) -> array[float]:
        """Return the times of all rows in seconds since the epoch."""
        known: dict[bytes, float] = {}
        times, walls = bytes(self._times[len(self._walls) * TIME_LENGTH :]), self._walls
        for begin in range(0, len(times), TIME_LENGTH):
            # Most lines share their second with others.
            second = times[begin : begin + 19]
            if second not in known:
                known = {second: self.time_us(len(walls)) // 1_000_000}
            try:
                wall = known[second] + int(times[begin + 20 : begin + 26]) / 1e6
            except ValueError:  # a time of another form, or none
                wall = self.time_us(len(walls)) / 1e6
            self.walls_rise = self.walls_rise and (not walls or walls[-1] <= wall)
            walls.append(wall)
        return walls


def as_double(number: Number) -> float:
    """Return a number as the nearest double; beyond all doubles it is an infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # beyond 4,300 digits
        return hex(number)


def _extend(column: array[int], numbers: Sequence[int | None], otherwise: int) -> bool:
    """Append whole numbers, where there is none or a longer one another; tell whether they rise, equal ones too."""
    try:
        new = array("q", cast("Sequence[int]", numbers))
        ordered = cast("list[int]", numbers)
    except (TypeError, OverflowError):
        ordered = [number if number is not None and NO_STEP < number < -NO_STEP else otherwise for number in numbers]
        new = array("q", ordered)
    rises = not column or column[-1] <= new[0]
    column += new
    return rises and ordered == sorted(ordered)
