"""``runlogging plot``: curves of metrics in the terminal, several runs over each other."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.cells import cell_len

from runlogging._errors import InvalidValueError
from runlogging._texts import short_number
from runlogging.cli._canvas import DOTS_A_COLUMN, Line, Picture, drawn
from runlogging.cli._escape import escape, escape_cell
from runlogging.cli._json import json_text
from runlogging.cli._labels import labels_of
from runlogging.cli._output import Output
from runlogging.cli._points import Axis, Curve, Points, apart_text, curve_of, read_points
from runlogging.cli._progress import progress_bar
from runlogging.cli._sparks import ASCII_NAN_MARK, NAN_MARK, stdout_has_blocks
from runlogging.cli._tables import Cell, cut, natural_widths
from runlogging.drawing._palette import RunColour, colours_of
from runlogging.drawing._ticks import Ticks, duration_ticks, log_ticks, number_ticks, time_ticks
from runlogging.reading import RunReader

WIDTH, HEIGHT = 80, 24  # where output is no terminal
_LEAST_WIDTH, _LEAST_HEIGHT = 20, 6
_KEYS = "abcdefghijklmnopqrstuvwxyz"
_LABELS = {"time": "time", "relative": "since the start"}


@dataclass(frozen=True)
class View:
    """How curves are to be shown.

    Attributes:
        axis: what x is.
        is_log: whether y is logarithmic.
        weight: how much the past counts in smoothing; None: not smoothed.
        low, high: the ends of the y axis; None: those of the points.
        width, height: the size in characters; None: that of the terminal.
    """

    axis: Axis = "step"
    is_log: bool = False
    weight: float | None = None
    low: float | None = None
    high: float | None = None
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise InvalidValueError(f"--min {self.low:g} is not below --max {self.high:g}.")
        ends = [end for end in (self.low, self.high) if end is not None]
        if not all(map(math.isfinite, ends)) or (self.is_log and any(end <= 0 for end in ends)):
            raise InvalidValueError("--min and --max are finite, and above 0 with --log.")
        if self.weight is not None and not 0 <= self.weight < 1:
            raise InvalidValueError(f"--smooth is none, or from 0 to below 1; {self.weight:g} is not.")


def smoothing(text: str) -> float | None:
    """Return the weight of ``--smooth``.

    Raises:
        InvalidValueError: it is neither ``none`` nor a number (also a ValueError).
    """
    try:
        return None if text.lower() == "none" else float(text)
    except ValueError:
        raise InvalidValueError(f"--smooth is none, or a number from 0 to below 1; {text!r} is neither.") from None


def plot_metric(runs: Sequence[RunReader], pattern: str, view: View, output: Output, *, as_json: bool) -> None:
    """Draw the metrics that a name or pattern means, one picture each, all runs in it.

    Raises:
        MetricNotFoundError: no run has such a metric (also a KeyError).
        MissingExtraError: plotext is not installed (also an ImportError).
    """
    runs = list({run.id: run for run in runs}.values())
    with progress_bar("reading") as progress:
        found = read_points(runs, pattern, view.axis, progress)
    if as_json:
        output.write(json_text([_facts(name, parts, runs, view) for name, parts in found.items()], indent=None))
        return
    for number, (name, parts) in enumerate(found.items()):
        for run in runs:
            if run.id not in parts:
                click.echo(f"{escape(run.id)} has no metric {escape(repr(name))}.", err=True)
        output.write_all([""] if number else [])
        output.write_all(_Plot(name, parts, runs, view, output).lines())


def _curves(parts: Mapping[str, Points], buckets: int, view: View) -> dict[str, Curve]:
    return {
        writer: curve_of(points, buckets, weight=view.weight, is_log=view.is_log) for writer, points in parts.items()
    }


def _facts(name: str, parts: Mapping[str, Mapping[str, Points]], runs: Sequence[RunReader], view: View) -> Any:
    colours = colours_of(run.id for run in runs)
    shown = [
        {
            "id": run.id,
            "experiment": run.experiment,
            "name": run.name,
            "colour": colours[run.id].hex,
            "curves": [
                {
                    "writer": writer,
                    "count": len(parts[run.id][writer].ys),
                    "points": list(zip(curve.xs, curve.ys, strict=True)),
                    "apart": curve.apart,
                }
                for writer, curve in _curves(parts[run.id], view.width or WIDTH, view).items()
            ],
        }
        for run in runs
        if run.id in parts
    ]
    return {"metric": name, "x": view.axis, "smooth": view.weight, "runs": shown}


class _Plot:
    """One metric of some runs."""

    def __init__(
        self,
        name: str,
        parts: Mapping[str, Mapping[str, Points]],
        runs: Sequence[RunReader],
        view: View,
        output: Output,
    ) -> None:
        self._name, self._view, self._output = name, view, output
        self._runs = [run for run in runs if run.id in parts]
        self._width = max(view.width or output.width or WIDTH, _LEAST_WIDTH)
        self._dots = stdout_has_blocks()
        self._curves = {
            run.id: _curves(parts[run.id], self._width * DOTS_A_COLUMN, view).values() for run in self._runs
        }
        self._counts = {run.id: sum(len(points.ys) for points in parts[run.id].values()) for run in self._runs}
        self._lasts = {run.id: [points.ys[-1] for points in parts[run.id].values()][-1] for run in self._runs}
        self._has_steps = all(points.has_steps for writers in parts.values() for points in writers.values())
        self._colours: dict[str, RunColour] = colours_of(run.id for run in runs)
        are_apart = len(self._runs) > 1 and not output.has_colours
        self._keys = {run.id: _KEYS[at % len(_KEYS)] if are_apart else None for at, run in enumerate(self._runs)}

    def lines(self) -> Iterator[str]:
        """Yield title, legend and picture."""
        output = self._output
        yield output.paint(self._cut(self._title()), bold=True)
        yield from self._legend()
        if any(curve.xs for curves in self._curves.values() for curve in curves):
            height = self._view.height or self._free_height()
            height = max(height, _LEAST_HEIGHT)
            picture = self._picture(height)
            yield from drawn(picture, self._width, height, colours=output.has_colours, dots=self._dots)
        else:
            click.echo(f"{escape(self._name)} has no value that can be drawn.", err=True)

    def _free_height(self) -> int:
        # The title, the prompt, and an empty line that plots of several metrics have between them.
        total = shutil.get_terminal_size().lines if self._output.width is not None else HEIGHT
        return total - len(self._runs) - 2

    def _title(self) -> str:
        notes = [
            *(["logarithmic"] if self._view.is_log else []),
            *([f"smoothed by {self._view.weight:g}"] if self._view.weight is not None else []),
        ]
        return escape_cell(self._name) + (f"  ({', '.join(notes)})" if notes else "")

    def _legend(self) -> Iterator[str]:
        rows = [self._said(run) for run in self._runs]
        widths = natural_widths(rows)
        for run, row in zip(self._runs, rows, strict=True):
            key = self._keys[run.id] or ("━━" if self._dots else "--")
            padded = [cell.text + " " * (width - cell_len(cell.text)) for cell, width in zip(row, widths, strict=True)]
            yield f"{self._painted(key, run.id)} {self._cut('  '.join(padded).rstrip(), self._width - len(key) - 1)}"

    def _said(self, run: RunReader) -> list[Cell]:
        label = labels_of({run.id: run.name for run in self._runs})[run.id]
        apart, count = apart_text(list(self._curves[run.id])), self._counts[run.id]
        texts = (
            label,
            escape_cell(run.experiment),
            f"{count} point{'s' if count > 1 else ''}",
            f"last {short_number(self._lasts[run.id])}",
            f"{self._mark()} {apart}" if apart else "",
        )
        return [Cell(text) for text in texts]

    def _painted(self, text: str, run_id: str) -> str:
        return click.style(text, fg=self._colours[run_id].number) if self._output.has_colours else text

    def _cut(self, text: str, width: int | None = None) -> str:
        return text if self._output.width is None else cut(Cell(text), width or self._width, self._output.ellipsis)

    def _mark(self) -> str:
        return NAN_MARK if self._dots else ASCII_NAN_MARK

    def _picture(self, height: int) -> Picture:
        x, y = self._ends()
        lines = [
            Line(curve.xs, self._scaled(curve.ys), self._keys[run.id], self._colours[run.id].number)
            for run in self._runs
            for curve in self._curves[run.id]
            if curve.xs
        ]
        marks = [
            (at, self._mark(), self._colours[run.id].number)
            for run in self._runs
            for curve in self._curves[run.id]
            for at in _thinned([at for at, _ in curve.apart], x, self._width)
        ]
        ticks = self._ticks(x, y, height)
        return Picture(lines, x, y, marks, *ticks, self._x_label())

    def _scaled(self, ys: Sequence[float]) -> list[float]:
        return [math.log10(y) for y in ys] if self._view.is_log else list(ys)

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        curves = [curve for curves in self._curves.values() for curve in curves]
        xs = [x for curve in curves for x in (*curve.xs[:1], *curve.xs[-1:], *(at for at, _ in curve.apart))]
        ys = [y for curve in curves for y in self._scaled(curve.ys)]
        given = [None if end is None else self._scaled([end])[0] for end in (self._view.low, self._view.high)]
        low = min(ys) if given[0] is None else given[0]
        high = max(ys) if given[1] is None else given[1]
        return _apart(min(xs), max(xs)), _apart(low, high)

    def _ticks(self, x: tuple[float, float], y: tuple[float, float], height: int) -> tuple[Ticks, Ticks]:
        most_x, most_y = max(self._width // 13, 2), max(height // 3, 2)
        if self._view.axis == "step":
            x_ticks = number_ticks(*x, most_x, whole=True)
        else:
            x_ticks = (time_ticks if self._view.axis == "time" else duration_ticks)(*x, most_x)
        return x_ticks, (log_ticks if self._view.is_log else number_ticks)(*y, most_y)

    def _x_label(self) -> str:
        return _LABELS.get(self._view.axis) or ("step" if self._has_steps else "point")


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis, with room on both sides where they are one, or where they are given the wrong way."""
    if low < high:
        return low, high
    room = max(abs(low), 1.0) / 2
    return low - room, low + room


def _thinned(places: Sequence[float], ends: tuple[float, float], width: int) -> list[float]:
    """Return one place a column at most."""
    low, high = ends
    return list({int((at - low) / (high - low) * width): at for at in places}.values())
