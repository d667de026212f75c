"""What stands in the tables of ``runlogging compare``: pure functions from a comparison to cells and columns."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from os.path import commonprefix
from typing import Any, NamedTuple

from rich.cells import cell_len

from runlogging._texts import short_number
from runlogging.cli._escape import escape_cell
from runlogging.cli._json import json_text
from runlogging.cli._output import Output
from runlogging.cli._tables import Cell, Column, cut, natural_widths, table_lines, total_width
from runlogging.cli._text import exact_number
from runlogging.reading.comparing import MISSING, LogDifference, MetricComparison, MetricFigures

MISSING_TEXT = "missing"
BEST = "*"
FEW = 4
"""So many runs stand side by side as columns; more of them are rows."""

_MOST = 10  # times the baseline: more is not said in percent
_CONTEXT = 8  # characters before the place at which long texts begin to differ


class Table(NamedTuple):
    columns: list[Column]
    rows: list[list[Cell]]


def without(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], titles: Iterable[str] = ()) -> Table:
    """Return a table without some columns, and without those that say nothing."""
    left_out = set(titles)
    kept = [
        at
        for at, column in enumerate(columns)
        if column.title not in left_out and (at == 0 or any(row[at].text for row in rows))
    ]
    return Table([columns[at] for at in kept], [[row[at] for at in kept] for row in rows])


def filled_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], output: Output, left_out: Iterable[str] = ()
) -> Iterator[str]:
    return table_lines(*without(columns, rows, left_out), output)


def blocks(
    columns: Sequence[tuple[Column, list[Cell]]], names: Sequence[Cell], output: Output
) -> Iterator[list[tuple[Column, list[Cell]]]]:
    """Yield so many columns at a time as fit beside the runs' names."""
    block: list[tuple[Column, list[Cell]]] = []
    start = natural_widths([[name] for name in names])
    widths = list(start)
    for column, cells in columns:
        width = max(cell_len(text) for text in (column.title, *(cell.text for cell in cells)))
        if block and output.width is not None and total_width([*widths, width]) > output.width:
            yield block
            block, widths = [], list(start)
        block.append((column, cells))
        widths.append(width)
    if block:
        yield block


def value_text(value: Any, *, is_command: bool = False) -> str:
    """Return a value so that a missing one, null, false, 0 and texts that look like them are all told apart."""
    if value is MISSING:
        return MISSING_TEXT
    if is_command and isinstance(value, list):
        return escape_cell(shlex.join(map(str, value)))
    return escape_cell(value) if isinstance(value, str) and _is_plain(value) else escape_cell(json_text(value))


def _is_plain(text: str) -> bool:
    """Tell whether a text is a text also without quotes."""
    if text != text.strip() or not text or text[0] in "\"'[{" or text in ("true", "false", "null", MISSING_TEXT):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def told_apart(texts: Sequence[str], room: int, output: Output) -> list[str]:
    """Return texts that still differ when each is cut to some columns: without the beginning that they share."""
    longest = max(map(len, texts))
    common = len(commonprefix([text for text in texts if text != MISSING_TEXT]))  # noqa: RUF071  (characters are meant)
    if longest > room and len(set(texts)) > 1 and common >= room - _CONTEXT:
        start = max(common - _CONTEXT, min(common, longest - room + 1))
        texts = [text if text == MISSING_TEXT else output.ellipsis + text[start:] for text in texts]
    return [cut(Cell(text), room, output.ellipsis) for text in texts]


def figure_cells(metric: MetricComparison, run: MetricFigures, digits: int, *, wins: bool, leads: bool) -> list[Cell]:
    against = run.against
    parting = "" if against is None or not against.shared_steps else "never"
    if against is not None and against.parts_at is not None:
        parting = exact_number(against.parts_at)
    return [
        Cell(str(run.count)),
        Cell(str(run.nonfinite or "")),
        _marked(short_number(run.last, digits), is_best=leads),
        _change_cell(metric, run, digits),
        _marked(short_number(run.best, digits), is_best=wins),
        Cell(exact_number(run.best_step)),
        Cell(short_number(run.min, digits)),
        Cell(short_number(run.max, digits)),
        Cell(short_number(run.average, digits)),
        Cell(parting),
    ]


def _marked(text: str, *, is_best: bool) -> Cell:
    return Cell(text + BEST, "green") if is_best else Cell(text)


def _change_cell(metric: MetricComparison, run: MetricFigures, digits: int) -> Cell:
    against = run.against
    if against is None or against.delta is None:
        return Cell("")
    is_share = against.relative is not None and abs(against.relative) < _MOST
    text = f"{(against.relative or 0) * 100:+.3g}%" if is_share else f"{against.delta:+.{digits}g}"
    is_better = against.delta < 0 if metric.goal == "minimize" else against.delta > 0
    return Cell(text, None if metric.goal is None or not against.delta else "green" if is_better else "red")


def winners(metric: MetricComparison, value: Callable[[MetricFigures], float | int]) -> set[int]:
    """Return the places of the runs with the best of a value; nothing without a goal, or where all are equal."""
    values = {at: value(run) for at, run in enumerate(metric.runs) if run is not None}
    values = {at: number for at, number in values.items() if number == number}
    if metric.goal is None or not values:
        return set()
    best = (min if metric.goal == "minimize" else max)(values.values())
    winners = {at for at, number in values.items() if number == best}
    return winners if len(winners) < len(values) else set()


def counts_text(counts: Sequence[int]) -> str:
    base, *others = counts
    if len(others) < FEW:
        return f"{base} -> {', '.join(map(str, others))}"
    changed = sum(count != base for count in others)
    return f"{base} -> {min(others)}..{max(others)}, {changed} of {len(others)} runs"


def place_text(item: LogDifference) -> str:
    if item.file is None:
        return ""
    name = item.file.replace("\\", "/").rpartition("/")[2]
    lines = list(dict.fromkeys(line for line in item.lines if line is not None))
    return f"{name}:{' -> '.join(map(str, lines))}" if lines else name
