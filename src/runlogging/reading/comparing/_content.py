"""One pass over the streams of a run: the points of its metrics, and its log entries counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runlogging.folder import Line
from runlogging.reading._checking import Checked
from runlogging.reading._columns import columns_of
from runlogging.reading._levels import is_entry
from runlogging.reading._model import Record
from runlogging.reading._run import RunReader
from runlogging.reading._streams import stream_files
from runlogging.reading.comparing._curves import Curve, Number
from runlogging.reading.comparing._templates import LogTally


@dataclass
class LoggedPoints:
    """The points of one metric as columns, in the order of their lines; the numbers are those of their records."""

    steps: list[int | None] = field(default_factory=list)
    values: list[Number] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def curve(self) -> Curve:
        """Return them as a curve, in the order in which they were logged."""
        if sorted(self.numbers) == self.numbers:
            return Curve(self.steps, self.values)
        order = sorted(range(len(self.numbers)), key=self.numbers.__getitem__)
        return Curve([self.steps[place] for place in order], [self.values[place] for place in order])


class RunContent:
    """What is compared of a run's records. Nothing of them is held but the numbers.

    Args:
        run: the run.
        lowest: the number of the lowest level whose entries count.
        checked: the run, to be checked on the way.

    Attributes:
        logs: the log entries.
    """

    def __init__(self, run: RunReader, lowest: int, checked: Checked | None = None) -> None:
        self.logs = LogTally()
        self._run = run
        self._points: dict[str, LoggedPoints] = {}
        checked = checked or Checked(run)
        files = stream_files(run.path, ("logs", "metrics", "values"))
        self._writers = {file.writer for file in files}
        # The points of one writer need only their records' numbers to be in order.
        self._is_simple = len(self._writers) <= 1
        for file in files:
            for lines in checked.blocks(file):
                self._add(lines)
                for line in lines:
                    if is_entry(Record(line, file.writer, file.stream), lowest):
                        self.logs.add(line)

    def _add(self, lines: Sequence[Line]) -> None:
        if not self._is_simple or any(line.recorded and line.metrics for line in lines):
            self._is_simple = False  # the reader has the whole rule of who comes when
            self._points.clear()
            return
        for own, columns in columns_of(lines):
            steps, numbers = [line.step for line in own], [line.seq or 0 for line in own]
            for name, values in columns.items():
                points = self._points.get(name)
                if points is None:
                    points = self._points[name] = LoggedPoints()
                points.steps += steps
                points.values += values
                points.numbers += numbers

    def points_of(self, writer: str) -> Mapping[str, LoggedPoints] | None:
        """Return the points by metric where all lines are this writer's, and stand where they belong; else None."""
        return self._points if self._is_simple and self._writers <= {writer} else None

    def metrics(self) -> dict[str, Curve]:
        """Return the curve of each metric by name."""
        if not self._is_simple:
            return {name: Curve(series.steps, series.values) for name, series in self._run.metrics().items()}
        return {name: points.curve() for name, points in self._points.items()}
