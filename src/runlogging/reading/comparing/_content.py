"""One pass over the streams of a run: the points of its metrics, and its log entries counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from runlogging.folder import Line
from runlogging.reading._levels import is_entry
from runlogging.reading._model import numbers_of
from runlogging.reading._run import RunReader
from runlogging.reading._streams import stream_files
from runlogging.reading.comparing._curves import Curve, Number
from runlogging.reading.comparing._templates import LogTally


@dataclass
class _Points:
    """The points of one metric as columns; the numbers are those of their records."""

    steps: list[int | None] = field(default_factory=list)
    values: list[Number] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def put_in_order(self) -> None:
        if sorted(self.numbers) != self.numbers:
            order = sorted(range(len(self.numbers)), key=self.numbers.__getitem__)
            self.steps = [self.steps[place] for place in order]
            self.values = [self.values[place] for place in order]


class RunContent:
    """What is compared of a run's records. Nothing of them is held but the numbers.

    Args:
        run: the run.
        lowest: the number of the lowest level whose entries count.

    Attributes:
        logs: the log entries.
    """

    def __init__(self, run: RunReader, lowest: int) -> None:
        self.logs = LogTally()
        self._run = run
        self._points: dict[str, _Points] = {}
        files = stream_files(run.path, ("logs", "metrics", "values"))
        # The points of one writer need only their records' numbers to be in order.
        self._is_simple = len({file.writer for file in files}) <= 1
        for file in files:
            for record in file.new_records():
                if record.line.metrics:
                    self._add(record.line)
                if is_entry(record, lowest):
                    self.logs.add(record.line)

    def _add(self, line: Line) -> None:
        if not self._is_simple or line.recorded:
            self._is_simple = False  # the reader has the whole rule of who comes when
            return
        for name, value in numbers_of(line):
            points = self._points.get(name)
            if points is None:
                points = self._points[name] = _Points()
            points.steps.append(line.step)
            points.values.append(value)
            points.numbers.append(line.seq or 0)

    def metrics(self) -> dict[str, Curve]:
        """Return the curve of each metric by name."""
        if not self._is_simple:
            return {name: Curve(series.steps, series.values) for name, series in self._run.metrics().items()}
        for points in self._points.values():
            points.put_in_order()
        return {name: Curve(points.steps, points.values) for name, points in self._points.items()}
