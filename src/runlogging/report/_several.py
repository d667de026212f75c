"""The sections of a report on several runs: which they are, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runlogging._texts import duration_text, short_number
from runlogging.drawing import DASHES, styles_of
from runlogging.drawing._canvas import line
from runlogging.drawing._markup import Markup, element, joined, one_line
from runlogging.drawing._numbers import time_text
from runlogging.reading import RunReader
from runlogging.reading._digest import LogDigest
from runlogging.reading.comparing import MISSING, Comparison, Difference, LogDifference, MetricComparison
from runlogging.report._facts import seconds_of, status_text
from runlogging.report._logs import bounded_end, last_lines
from runlogging.report._parts import Section, bounded, faint, label_text, pre, section, table, value_text

_MOST_ROWS = 1_000
_MOST_LOGS = 60


def key(run_id: str, run_ids: Sequence[str]) -> Markup:
    """Return a short line in a run's colour."""
    colour, dash = styles_of(run_ids)[run_id]
    stroke = line(1, 6, 27, 6, colour.hex, stroke_width=3, stroke_dasharray=DASHES[dash] or None)
    return element("svg", stroke, class_="key", width=28, height=12, viewBox="0 0 28 12", aria_hidden="true")


def runs_section(runs: Sequence[RunReader], labels: Mapping[str, str]) -> Section:
    """Return the table of the runs, each with the colour of its curves."""
    ids = [run.id for run in runs]
    rows = [
        [
            joined([key(run.id, ids), labels[run.id]]),
            label_text(run.experiment),
            run.id,
            status_text(run.status),
            time_text(run.started or run.created),
            duration_text(seconds_of(run)),
        ]
        for run in runs
    ]
    base = faint(f"{labels[ids[0]]} is what the others are compared with.")
    titles = ["run", "experiment", "id", "status", "started", "took"]
    return section("Runs", "runs", base, table(titles, rows, numbers=[5], unbroken=[2, 4]))


def endings_section(runs: Sequence[RunReader], labels: Mapping[str, str]) -> Section | None:
    """Return what ended the runs that failed; None where none did."""
    parts = []
    for run in runs:
        error = run.error
        if error is not None or run.status in ("Failed", "NotResponding"):
            stack = (error.stacktrace or f"{error.type}: {error.message}") if error else "The process is gone."
            parts += [element("h3", f"{labels[run.id]}: {run.status}"), pre(bounded_end(stack.strip()), "error")]
            parts.append(last_lines(LogDigest(run.path), 8))
    return section("How they ended", "end", *parts) if parts else None


def differences_section(found: Comparison, labels: Sequence[str]) -> Section:
    """Return the parameters, tags and environment that differ."""
    only = found.only_differences()
    parts = []
    for title, items in (("Parameters", only.parameters), ("Tags", only.tags), ("Environment", only.environment)):
        if items:
            parts += [element("h3", title), _differences(items, labels)]
    nothing = faint("Parameters, tags and environment are the same.") if not parts else ""
    return section("What differs", "differences", *parts, nothing)


def _headings(labels: Sequence[str]) -> list[Markup]:
    return [element("span", label, class_="label") for label in labels]


def _differences(items: Sequence[Difference], labels: Sequence[str]) -> Markup:
    rows = [[label_text(item.key), *map(_value, item.values)] for item in items[:_MOST_ROWS]]
    more = faint(f"{len(items) - _MOST_ROWS:,} more are left out.") if len(items) > _MOST_ROWS else ""
    return Markup(table(["name", *_headings(labels)], rows) + more)


def _value(value: Any) -> str:
    if value is MISSING:
        return element("span", "missing", class_="faint")
    if isinstance(value, bool) or value is None:
        return value_text(value)
    if value == "" or (isinstance(value, str) and value in ("missing", "null", "true", "false")):
        return f'"{value}"'
    return value_text(value, 300)


def metrics_table(found: Comparison, labels: Sequence[str], names: Sequence[str]) -> Markup:
    """Return last and best value of each metric in each run, the best of all in bold."""
    kept = [item for item in found.metrics if not names or item.name in names]
    rows = [_metric(item) for item in kept[:_MOST_ROWS]]
    more = faint(f"{len(kept) - _MOST_ROWS:,} more metrics are left out.") if len(kept) > _MOST_ROWS else ""
    said = faint("The last value of each run; below it the best, where the name of the metric says what is better.")
    shown = table(["metric", *_headings(labels)], rows, numbers=range(1, len(labels) + 1))
    return Markup(said + shown + more) if rows else Markup()


def _metric(item: MetricComparison) -> list[str]:
    cells: list[str] = [label_text(item.name)]
    for place, figures in enumerate(item.runs):
        if figures is None:
            cells.append(element("span", "missing", class_="faint"))
            continue
        best = "" if figures.best is None else f"best {short_number(figures.best, 5)}"
        at = "" if figures.best_step is None or not best else f" at {short_number(figures.best_step)}"
        kind = "best" if place in item.winners else "faint"
        last = short_number(figures.last, 5)
        cells.append(joined([last, element("br"), element("span", f"{best}{at}", class_=kind)]) if best else last)
    return cells


def log_differences_section(found: Comparison, labels: Sequence[str]) -> Section | None:
    """Return the warnings and errors that are new, gone or multiplied; None where none are."""
    items = [item for item in found.logs if item.differs]
    if not items:
        return None
    rows = [_log(item) for item in items[:_MOST_LOGS]]
    more = faint(f"{len(items) - _MOST_LOGS:,} more are left out.") if len(items) > _MOST_LOGS else ""
    titles = ["", "level", "message", *_headings(labels)]
    return section("Warnings that differ", "log", table(titles, rows, numbers=range(3, len(titles))), more)


def _log(item: LogDifference) -> list[str]:
    place = f"{item.file.rpartition('/')[2]}:{item.line}" if item.file else ""
    where = " ".join(filter(None, (item.logger, place, item.exception)))
    text = joined(
        [one_line(bounded(item.template, 300)), element("br"), element("span", one_line(where), class_="faint")]
    )
    return [item.kind or "", item.level, text, *(f"{count:,}" for count in item.counts)]
