"""``runlogging compare``: what differs between runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from runlogging._texts import duration_text
from runlogging.cli._compare_cells import (
    BEST,
    FEW,
    MISSING_TEXT,
    blocks,
    counts_text,
    figure_cells,
    filled_table,
    place_text,
    told_apart,
    value_text,
    winners,
    without,
)
from runlogging.cli._escape import escape_cell
from runlogging.cli._json import json_text
from runlogging.cli._labels import labels_of
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._progress import progress_bar
from runlogging.cli._tables import GAP, Cell, Column, cut, fits, table_lines
from runlogging.cli._text import full_text, short_text
from runlogging.reading import RunReader
from runlogging.reading.comparing import (
    MISSING,
    Comparison,
    Difference,
    LogDifference,
    MetricComparison,
    compare,
)

_WIDE = 119  # columns in which a log's template has room in the row of its counts
_LONGEST_KEY = 32
_LONGEST_NAME = 15  # of a run in a table of metrics that has little room
_LONGEST_VALUE = 24  # of a column where runs are rows
_LEAST = 8  # columns that are left of a value
_KIND_COLOURS = {"new": "red", "multiplied": "yellow", "gone": "green"}
_METRIC_COLUMNS = (
    *(Column("METRICS", least=12), Column("RUN", least=_LEAST)),
    *(Column(title, is_number=True) for title in ("COUNT", "NONFINITE", "LAST", "CHANGE", "BEST", "AT", "MIN", "MAX")),
    *(Column("AREA/STEP", is_number=True), Column("PARTS", is_number=True)),
)
# The digits of a number and the columns left out, the first with which the table fits.
_METRIC_FORMS: tuple[tuple[int, frozenset[str]], ...] = (
    *((6, frozenset[str]()), (4, frozenset[str]())),
    *((6, frozenset({"COUNT", "MIN", "MAX"})), (4, frozenset({"COUNT", "MIN", "MAX"}))),
    (3, frozenset({"COUNT", "MIN", "MAX", "AT"})),
    (3, frozenset({"COUNT", "MIN", "MAX", "AT", "NONFINITE"})),
)
_LOG_COLUMNS = (
    *(Column("LOGS"), Column("COUNT"), Column("LEVEL"), Column("LOGGER", least=_LEAST), Column("PLACE", least=_LEAST)),
    *(Column("TEMPLATE", least=20), Column("EXAMPLE", least=12)),
)


def compare_runs(
    runs: Sequence[RunReader],
    output: Output,
    *,
    as_json: bool,
    level: str | int = "WARNING",
    shows_all: bool = False,
    metrics: Sequence[str] = (),
) -> None:
    """Compare runs with the first of them: tables of what differs, or one JSON object.

    Args:
        runs: two or more.
        output: where to.
        as_json: whether it is JSON.
        level: log entries below it are left out.
        shows_all: whether what is the same in all runs is shown, too.
        metrics: only these metrics; empty is all.
    """
    with progress_bar("comparing") as progress:
        found = compare(*runs, level=level, metrics=metrics or None, progress=progress)
    shown = found if shows_all else found.only_differences()
    if as_json:
        output.write(json_text(shown.as_dict(), indent=2))
        return
    names = _names(found)
    output.write_all(_runs_lines(found, names, output))
    page = _Page(names, output, marks=shows_all)
    for lines in page.sections(shown):
        output.write_all(["", *lines])
    output.write_all(["", *page.notes(found, level)])


def _names(found: Comparison) -> list[str]:
    """Return what each run is called, escaped; by its folder where two have one id."""
    labels = labels_of({run.id: run.name for run in found.runs})
    if len(labels) < len(found.runs):
        return [escape_cell(str(run.path)) for run in found.runs]
    return [labels[run.id] for run in found.runs]


def _runs_lines(found: Comparison, names: Sequence[str], output: Output) -> Iterator[str]:
    columns = (
        *(Column("RUN", least=_LEAST), Column("EXPERIMENT", least=10), Column("ID"), Column("STATUS")),
        *(Column("STARTED"), Column("TOOK", is_number=True), Column("ERROR", least=_LEAST)),
    )
    now = datetime.now(UTC)
    rows = [
        [
            *(Cell(name), Cell(escape_cell(run.experiment)), Cell(escape_cell(run.id))),
            Cell(escape_cell(run.status), STATUS_COLOURS.get(run.status)),
            Cell(full_text(run.started) if output.width is None else short_text(run.started, now)),
            Cell(duration_text(run.duration)),
            Cell(escape_cell(f"{run.error.type}: {run.error.message}" if run.error else "")),
        ]
        for name, run in zip(names, found.runs, strict=True)
    ]
    left_out = {"ID"} if output.width is not None and output.width < _WIDE else set()
    yield f"Compared with {output.paint(names[0], bold=True)}:"
    yield from filled_table(columns, rows, output, left_out)


class _Page:
    """The tables below that of the runs.

    Args:
        names: what each run is called, escaped.
        output: where they go.
        marks: whether rows that differ are marked, because others stand beside them.
    """

    def __init__(self, names: Sequence[str], output: Output, *, marks: bool) -> None:
        self._names, self._output, self._marks = names, output, marks
        self._is_wide = output.width is None or output.width >= _WIDE

    def sections(self, shown: Comparison) -> Iterator[Iterable[str]]:
        """Yield the lines of each section that has any."""
        for title, items in _keyed(shown):
            if items:
                yield self._keyed_lines(title.upper(), items)
        if shown.metrics:
            yield self._metric_lines(shown.metrics)
        if shown.logs:
            yield self._log_lines(shown.logs)

    def notes(self, found: Comparison, level: str | int) -> Iterator[str]:
        """Yield what has no differences, and what cannot be compared."""
        unknown = [
            name for at, name in enumerate(self._names) if all(item.values[at] is MISSING for item in found.environment)
        ]
        if unknown and len(unknown) < len(self._names):
            yield f"No environment is known of {', '.join(unknown)}."
        kept = found.only_differences()
        same = [title for title, items in _keyed(kept) if not items]
        same += [] if kept.metrics else ["metrics"]
        same += [] if kept.logs else [f"logs from {escape_cell(str(level).upper())} on"]
        if not kept.has_differences:
            yield f"No differences ({', '.join(same)})."
        elif same:
            yield f"No differences in {', '.join(same)}."

    # ------------------------------------------------------------------ keys and values

    def _keyed_lines(self, title: str, items: Sequence[Difference]) -> Iterator[str]:
        if len(self._names) <= FEW:
            return self._side_by_side(title, items)
        return self._run_by_run(title, items)

    def _side_by_side(self, title: str, items: Sequence[Difference]) -> Iterator[str]:
        room = self._room(max(len(title), *(min(len(item.key), _LONGEST_KEY) for item in items)))
        names = told_apart(self._names, room, self._output)
        columns = [Column(title, least=12), *(Column(name, least=_LEAST) for name in names)]
        rows = [[Cell(self._key(item)), *self._values(item, room)] for item in items]
        return table_lines(columns, rows, self._output)

    def _room(self, before: int) -> int:
        """Return how wide the column of a run may be, so that all of them fit."""
        count, width = len(self._names), self._output.width
        return 1 << 30 if width is None else max(_LEAST, (width - before) // count - len(GAP))

    def _run_by_run(self, title: str, items: Sequence[Difference]) -> Iterator[str]:
        yield self._output.paint(title, bold=True)
        names = [Cell(name) for name in self._names]
        columns = [(Column(self._key(item)), self._values(item, _LONGEST_VALUE)) for item in items]
        for block in blocks(columns, [Cell("RUN"), *names], self._output):
            rows = [[name, *(cells[at] for _, cells in block)] for at, name in enumerate(names)]
            yield from table_lines([Column("RUN"), *(column for column, _ in block)], rows, self._output)

    def _key(self, item: Difference) -> str:
        return escape_cell(item.key) + (" !=" if self._marks and item.differs else "")

    def _values(self, item: Difference, room: int) -> list[Cell]:
        texts = [value_text(value, is_command=item.key == "command") for value in item.values]
        if self._output.width is not None:
            texts = told_apart(texts, room, self._output)
        return [
            Cell(text, "yellow" if value is MISSING else None) for text, value in zip(texts, item.values, strict=True)
        ]

    # ------------------------------------------------------------------ metrics

    def _metric_lines(self, metrics: Sequence[MetricComparison]) -> Iterator[str]:
        for digits, left_out in _METRIC_FORMS:
            rows = [row for metric in metrics for row in self._metric_rows(metric, digits)]
            table = without(_METRIC_COLUMNS, rows, left_out)
            if fits(table.columns, table.rows, self._output):
                break
        yield from table_lines(table.columns, table.rows, self._output)
        if any(cell.text.endswith(BEST) for row in table.rows for cell in row[2:]):
            yield self._output.paint(f"{BEST} the best of the runs", dim=True)

    def _metric_rows(self, metric: MetricComparison, digits: int) -> Iterator[list[Cell]]:
        name = escape_cell(metric.name) + (" !=" if self._marks and metric.differs else "")
        lasts = winners(metric, lambda run: run.last)
        names = self._names if self._is_wide else told_apart(self._names, _LONGEST_NAME, self._output)
        for at, run in enumerate(metric.runs):
            shown = name if not at or self._output.width is None else ""
            cells = (
                [Cell(MISSING_TEXT, "yellow") if column.title == "LAST" else Cell("") for column in _METRIC_COLUMNS[2:]]
                if run is None
                else figure_cells(metric, run, digits, wins=at in metric.winners, leads=at in lasts)
            )
            yield [Cell(shown), Cell(names[at]), *cells]

    # ------------------------------------------------------------------ logs

    def _log_lines(self, logs: Sequence[LogDifference]) -> Iterator[str]:
        rows = [self._log_row(item) for item in logs]
        if self._is_wide:
            yield from filled_table(_LOG_COLUMNS, rows, self._output)
            return
        columns, short = without(_LOG_COLUMNS, rows, {"TEMPLATE", "EXAMPLE"})
        title, *lines = table_lines(columns, short, self._output)
        yield title
        for line, row in zip(lines, rows, strict=True):
            yield line
            for cell in row[-2:]:
                if cell.text:
                    yield "  " + self._output.paint(self._cut_to_width(cell), dim=cell is row[-1])

    def _cut_to_width(self, cell: Cell) -> str:
        return cut(cell, (self._output.width or _WIDE) - 2, self._output.ellipsis)

    def _log_row(self, item: LogDifference) -> list[Cell]:
        exception = f" ({item.exception})" if item.exception else ""
        example = "" if item.message == item.template else item.message
        return [
            Cell(item.kind or "", _KIND_COLOURS.get(item.kind or "")),
            Cell(counts_text(item.counts)),
            Cell(escape_cell(item.level)),
            Cell(escape_cell(item.logger)),
            Cell(escape_cell(place_text(item))),
            Cell(escape_cell(item.template + exception)),
            Cell(escape_cell(example if self._is_wide or not example else f"e.g. {example}")),
        ]


def _keyed(found: Comparison) -> Iterator[tuple[str, tuple[Difference, ...]]]:
    yield "parameters", found.parameters
    yield "tags", found.tags
    yield "environment", found.environment
