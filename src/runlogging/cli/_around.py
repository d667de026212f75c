"""``runlogging around`` and ``runlogging when``: what the log says at a metric, and the metrics at a log entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.cells import cell_len

from runlogging._texts import short_number
from runlogging.cli._escape import escape
from runlogging.cli._json import json_text
from runlogging.cli._logs import PlainLines, entry_facts
from runlogging.cli._output import Output
from runlogging.reading import Around, LogEntry, Moment, Point, RunReader

# Further lines of an entry are indented by four columns, so none of them can feign one of ours at two.
_AT = "  at"
_PLAIN, _MARKED = "  ", "> "


def print_around(run: RunReader, found: Around, output: Output, *, as_json: bool) -> None:
    """Print a point of a metric between the log entries before and after it."""
    if as_json:
        output.write(json_text(_around_facts(found), indent=2))
        return
    lines = PlainLines(run, output)
    # The number that was asked for comes first on its line.
    found.entry.metrics = {found.name: found.point.value, **found.entry.metrics}
    for entry in (*found.before, found.entry, *found.after):
        output.write_all(_with_margin(entry, lines, output, is_marked=entry is found.entry))


def _with_margin(entry: LogEntry, lines: PlainLines, output: Output, *, is_marked: bool) -> Iterator[str]:
    for line in lines.new_day(entry):
        yield _PLAIN + line
    mark = output.paint(_MARKED, "cyan", bold=True) if is_marked else _PLAIN
    for line in lines.of_entry(entry):
        yield mark + line
        mark = _PLAIN


def _around_facts(found: Around) -> dict[str, Any]:
    return {
        "name": found.name,
        "point": found.point._asdict(),
        "entry": entry_facts(found.entry),
        "before": [entry_facts(entry) for entry in found.before],
        "after": [entry_facts(entry) for entry in found.after],
    }


def print_moments(run: RunReader, moments: Sequence[Moment], output: Output, *, as_json: bool) -> None:
    """Print log entries, and below each what the metrics were."""
    lines = PlainLines(run, output)
    for moment in moments:
        if as_json:
            output.write(json_text(_moment_facts(moment)))
        else:
            output.write_all(lines(moment.entry))
            output.write_all(_metric_lines(moment.metrics, output))
    if not moments and not as_json:
        click.echo("This run has no entry of that level: ask for a lower one with --level.", err=True)


def _moment_facts(moment: Moment) -> dict[str, Any]:
    points = {name: point._asdict() for name, point in moment.metrics.items()}
    return {"entry": entry_facts(moment.entry), "metrics": points}


def _metric_lines(metrics: Mapping[str, Point], output: Output) -> Iterator[str]:
    """Yield the metrics as ``name=value``, those of one step together, folded to the width of a terminal."""
    by_step: dict[int | None, list[tuple[str, str]]] = {}
    for name, point in metrics.items():
        text, number = escape(name), short_number(point.value)
        shown = f"{text}={number}", f"{output.paint(text, 'cyan')}={number}"
        by_step.setdefault(point.step, []).append(shown)
    for step, parts in by_step.items():
        if step is not None:
            parts.append((f"step={step}", output.paint(f"step={step}", dim=True)))
        yield from _folded(parts, output.width)
    if not metrics:
        yield f"{_AT}  {output.paint('no metric yet', dim=True)}"


def _folded(parts: Sequence[tuple[str, str]], width: int | None) -> Iterator[str]:
    """Yield lines of parts, each given as it measures and as it is written."""
    line, used = _AT, len(_AT)
    for measured, written in parts:
        needed = 2 + cell_len(measured)
        if width is not None and used > len(_AT) and used + needed > width:
            yield line
            line, used = " " * len(_AT), len(_AT)
        line, used = f"{line}  {written}", used + needed
    yield line
