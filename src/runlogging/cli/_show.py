"""``runlogging show``: what one run is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, compress, islice
from operator import itemgetter
from typing import Any

import msgspec

from runlogging._texts import duration_text, short_number
from runlogging.cli._escape import escape, escape_cell, escape_lines
from runlogging.cli._json import fields_of, json_text
from runlogging.cli._late import METRIC_STREAMS, last_of, late_files
from runlogging.cli._list import elapsed
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._sparks import curves_of, spark, stdout_has_blocks
from runlogging.cli._tables import Cell, Column, fits, table_lines
from runlogging.cli._text import exact_number, full_text
from runlogging.folder import Dropped, MetricSummary, WriterInfo
from runlogging.reading import RunReader, Value
from runlogging.reading._model import numbers_of
from runlogging.reading._sampling import Bucket, columns_of

_LABEL_WIDTH = 10
_LONGEST_PARAMETER = 60
# Digits of a number and characters of a curve, the first of them with which the table fits.
_DIGITS_AND_CURVES = ((6, 20), (4, 20), (4, 14), (3, 14), (3, 8), (6, 0), (4, 0), (3, 0))
_METRIC_COLUMNS = (
    Column("METRIC", least=12),
    *(Column(title, is_number=True) for title in ("COUNT", "LAST", "MIN", "MAX", "MEAN", "STEP", "NONFINITE")),
    Column("CURVE"),
)
SHOWN_METRICS = 200  # in a terminal
SHOWN_CURVES = 100
_VALUE_COLUMNS = (Column("VALUE", least=12), Column("TYPE"), Column("COUNT", is_number=True), Column("STEP", True))
_RUN_FIELDS = (
    *("id", "experiment", "name", "number", "type", "description", "parent", "status", "created", "started", "ended"),
    *("last_record", "tags", "properties", "parameters", "counts"),
)


def show_run(run: RunReader, output: Output, *, as_json: bool) -> None:
    """Show a run: a page for people, or one JSON object."""
    if as_json:
        output.write(json_text(_facts(run), indent=2))
        return
    output.write_all(_identity(run, output))
    for title, lines in _sections(run, output):
        content = list(lines)
        if content:
            output.write_all(["", *([output.paint(title, bold=True)] if title else []), *content])


def _sections(run: RunReader, output: Output) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Error", _error_lines(run)
    yield "Crash", _fault_lines(run)
    yield "", _metric_lines(run, output)
    yield "", _value_lines(run.values(), output)
    yield "Problems", _problem_lines(run)


def _identity(run: RunReader, output: Output) -> Iterator[str]:
    yield output.paint(escape(run.id), bold=True)
    for label, text in _facts_for_people(run, output):
        if text:
            yield f"{output.paint(label.ljust(_LABEL_WIDTH), dim=True)}  {text}"


def _facts_for_people(run: RunReader, output: Output) -> Iterator[tuple[str, str]]:
    status = run.status
    yield "experiment", escape(run.experiment)
    yield "name", escape(run.name or "")
    yield "number", exact_number(run.number)
    yield "about", escape(run.description or "")
    yield "parent", escape(run.parent or "")
    yield "status", output.paint(escape(status), STATUS_COLOURS.get(status)) + _after_status(run, status)
    yield "started", full_text(run.started or run.created)
    yield "ended", full_text(run.ended)
    yield "duration", duration_text(elapsed(run, status))
    yield "tags", _tags_text(run.tags)
    yield "properties", _tags_text(run.properties)
    yield "parameters", _parameters_text(run.parameters)
    yield "records", ", ".join(f"{count} {escape(name)}" for name, count in run.counts.items() if count) or "none"
    for label, writer in zip(["writers", *[" "] * len(run.writers)], run.writers, strict=False):
        yield label, _writer_text(writer)
    yield "dropped", _dropped_text(run.dropped)
    yield "folder", escape(str(run.path))


def _after_status(run: RunReader, status: str) -> str:
    if status == "NotResponding":
        last = run.last_record
        return f": its process is gone, last record {full_text(last)}" if last else ": its process is gone, no records"
    error = run.error
    return f": {escape(error.type)}" if error and status in ("Failed", "Canceled") else ""


def _parameters_text(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{escape(name)}={escape(_short(json_text(value)))}" for name, value in parameters.items())


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PARAMETER else f"{text[:_LONGEST_PARAMETER]}..."


def _tags_text(tags: Mapping[str, str | None]) -> str:
    return ", ".join(escape(key) if value is None else f"{escape(key)}={escape(value)}" for key, value in tags.items())


def _writer_text(writer: WriterInfo) -> str:
    where = f" (process {writer.pid} on {escape(writer.host or '?')})" if writer.pid is not None else ""
    return f"{escape(writer.name)}{where}{f': {escape(writer.status)}' if writer.status else ''}"


def _dropped_text(dropped: Dropped | None) -> str:
    if dropped is None:
        return ""
    span = f"{escape(dropped.first)} to {escape(dropped.last)}"
    return f"{dropped.records} records could not be kept, {span}: {escape(dropped.reason)}"


def _error_lines(run: RunReader) -> Iterator[str]:
    error = run.error
    if error is None:
        return
    first, *rest = escape_lines(f"{error.type}: {error.message}" if error.message else error.type)
    yield from (f"  {line}" for line in (first, *rest))
    if error.stacktrace:
        yield from (f"    {line}" for line in escape_lines(error.stacktrace.rstrip("\n")))


def _fault_lines(run: RunReader) -> Iterator[str]:
    for writer, text in run.faults.items():
        yield f"  {escape(writer)}"
        yield from (f"    {line}" for line in escape_lines(text.rstrip("\n")))


def _metric_lines(run: RunReader, output: Output) -> Iterable[str]:
    summaries = run.summary()
    if not summaries:
        return ()
    shown = summaries if output.width is None else dict(islice(summaries.items(), SHOWN_METRICS))
    curves = curves_of(run, list(islice(summaries, SHOWN_CURVES)))
    table = _metric_table(run, shown, curves, output)
    return chain(table, [output.paint(_left_out(summaries), dim=True)] if len(shown) < len(summaries) else [])


def _left_out(summaries: Mapping[str, MetricSummary]) -> str:
    return f"{len(summaries) - SHOWN_METRICS} more metrics; they are all in a pipe, and with --json."


def _metric_table(
    run: RunReader, summaries: Mapping[str, MetricSummary], curves: Mapping[str, list[Bucket]], output: Output
) -> Iterator[str]:
    lasts = {name: _last(run, name, summary) for name, summary in summaries.items()}
    has_nonfinite = any(summary.nonfinite for summary in summaries.values())
    has_curves = any(len(buckets) > 1 for buckets in curves.values())
    for digits, width in _DIGITS_AND_CURVES:
        is_wanted = [True] * (len(_METRIC_COLUMNS) - 2) + [has_nonfinite, bool(width) and has_curves]
        rows = [
            [*_metric_row(name, lasts[name], summary, digits), _curve_cell(curves.get(name, []), width)]
            for name, summary in summaries.items()
        ]
        columns, rows = list(compress(_METRIC_COLUMNS, is_wanted)), [list(compress(row, is_wanted)) for row in rows]
        if fits(columns, rows, output):
            break
    return table_lines(columns, rows, output)


def _curve_cell(buckets: list[Bucket], width: int) -> Cell:
    columns = columns_of(buckets, min(width, len(buckets)))
    return Cell(spark(columns, blocks=stdout_has_blocks()) if len(columns) > 1 else "")  # one point is no curve


def _last(run: RunReader, name: str, summary: MetricSummary) -> float | int | None:
    if summary.last is not None or not summary.count:
        return summary.last
    # A summary does not say which one that is not finite it was.
    found = [
        (record.line.time, dict(numbers_of(record.line))[name])
        for file in late_files(run.path, METRIC_STREAMS)
        for record in last_of(file, 1, lambda record: name in (record.line.metrics or ()))
    ]
    return max(found, key=itemgetter(0))[1] if found else run.series(name).values[-1]


def _metric_row(name: str, last: float | int | None, summary: MetricSummary, digits: int) -> list[Cell]:
    numbers = [short_number(number, digits) for number in (last, summary.min, summary.max, summary.mean)]
    texts = (str(summary.count), *numbers, exact_number(summary.step), short_number(summary.nonfinite or None))
    return [Cell(escape_cell(name)), *map(Cell, texts)]


def _value_lines(values: Iterable[Value], output: Output) -> Iterable[str]:
    rows: dict[tuple[str, str], tuple[int, int | None]] = {}
    for value in values:
        count, _ = rows.get((value.name, value.type), (0, None))
        rows[value.name, value.type] = (count + 1, value.step)
    cells = [
        [Cell(escape_cell(name)), Cell(escape_cell(kind)), Cell(str(count)), Cell(exact_number(step))]
        for (name, kind), (count, step) in rows.items()
    ]
    return table_lines(_VALUE_COLUMNS, cells, output) if cells else ()


def _problem_lines(run: RunReader) -> Iterator[str]:
    for problem in run.problems:
        place = f"{problem.file}:{problem.offset}" if problem.offset is not None else problem.file
        yield f"  {escape(place)}  {escape(problem.kind)}: {escape(problem.text)}"


def _facts(run: RunReader) -> dict[str, Any]:
    status = run.status
    return {
        **fields_of(run, _RUN_FIELDS),
        "seconds": elapsed(run, status),
        "writers": [msgspec.to_builtins(writer) for writer in run.writers],
        "dropped": msgspec.to_builtins(run.dropped),
        "error": msgspec.to_builtins(run.error),
        "metrics": {name: _metric_facts(run, name, summary) for name, summary in run.summary().items()},
        "values": [fields_of(value, ("name", "type", "step", "time", "seq", "writer")) for value in run.values()],
        "faults": run.faults,
        "problems": [fields_of(problem, ("file", "offset", "kind", "text")) for problem in run.problems],
        "path": run.path,
    }


def _metric_facts(run: RunReader, name: str, summary: MetricSummary) -> dict[str, Any]:
    return {**msgspec.structs.asdict(summary), "last": _last(run, name, summary)}
