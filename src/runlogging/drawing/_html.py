"""How a run or an experiment looks as the last line of a notebook's cell.

A notebook that is not trusted loses ``svg`` and ``style`` elements, scripts and style variables; pictures with
``data:`` addresses, tables and plain texts stay (JupyterLab's sanitizer). So the charts are pictures with a ground of
their own, and everything else has the colours of the theme.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter

from runlogging._texts import duration_text, short_number
from runlogging.drawing._curves import Curve
from runlogging.drawing._families import families
from runlogging.drawing._lines import line_chart
from runlogging.drawing._markup import Markup, element, joined, one_line
from runlogging.drawing._numbers import counted, time_text
from runlogging.drawing._palette import DASHES, colours_of
from runlogging.drawing._points import Points, RunPoints, read_points
from runlogging.drawing._sparkline import sparkline
from runlogging.folder import MAIN_WRITER, MetricSummary
from runlogging.reading import RunReader

_MOST_BYTES = 90_000
_MOST_METRICS, _MOST_CHARTS, _MOST_RUNS = 15, 4, 20
_MOST_CURVES = len(DASHES)  # all lines of a chart have the run's colour, and no two the same dashes
_LINES = 8
_LONGEST = 400
_LARGE = 50_000_000  # bytes of streams from which on no curve is read, so that a cell does not wait
_LEFT = "text-align:left"


def run_html(run: RunReader) -> str:
    """Return a run as HTML for a notebook: facts, latest metrics, small charts, and the last lines if it failed.

    It has at most 100 KB, no script, no ``style`` element, and never raises.

    Args:
        run: the run.
    """
    try:
        return str(_within(_run_parts(run)))  # marimo drops what is only like a str
    except Exception as error:  # a notebook's display hook would only say that there was one
        return _excuse(str(run.path), error)


def experiment_html(name: str, runs: Sequence[RunReader], total: int | None = None) -> str:
    """Return an experiment as HTML for a notebook: a table of its newest runs with a small curve each.

    It has at most 100 KB, no script, no ``style`` element, and never raises.

    Args:
        name: the experiment's name.
        runs: its runs, newest first. The first 20 are shown.
        total: how many runs it has; None: as many as `runs`.
    """
    try:
        return str(_within(_experiment_parts(name, runs[:_MOST_RUNS], len(runs) if total is None else total)))
    except Exception as error:
        return _excuse(name, error)


def _excuse(what: str, error: Exception) -> str:
    return str(element("div", f"{one_line(what)} cannot be shown: {type(error).__name__}: {str(error)[:_LONGEST]}"))


def _within(parts: Iterable[Markup]) -> str:
    """Return the parts that have room, in order."""
    kept: list[Markup] = []
    left = _MOST_BYTES
    for part in parts:
        size = len(part.encode())
        if size <= left:
            kept.append(part)
            left -= size
    return element("div", *kept)


def _run_parts(run: RunReader) -> Iterable[Markup]:
    status = run.status
    yield _facts(run, status)
    error = run.error
    if error is not None or status in ("Failed", "NotResponding"):
        yield from _ending(run, f"{error.type}: {error.message}" if error else "The process is gone without an end.")
    summary = run.summary()
    if not summary:
        return
    yield _metrics(summary)
    yield from _charts(run, summary)


def _facts(run: RunReader, status: str) -> Markup:
    begin = run.started or run.created
    end = run.ended or (datetime.now(UTC) if status == "Running" else run.last_record)
    took = duration_text((end - begin).total_seconds()) if begin and end else ""
    values = {
        "run": run.id,
        "experiment": run.experiment,
        "name": run.name or "",
        "status": status,
        "started": time_text(begin),
        "took": took,
        "parent": run.parent or "",
        "tags": ", ".join(key if value is None else f"{key}={value}" for key, value in run.tags.items()),
    }
    rows = [
        element("tr", element("th", key, style=_LEFT), element("td", _cut(value), style=_LEFT))
        for key, value in values.items()
        if value
    ]
    return element("table", *rows)


def _cut(text: str) -> str:
    return one_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def _ending(run: RunReader, said: str) -> Iterable[Markup]:
    entries = run.log_pages().page(-_LINES, _LINES)
    lines = [f"{entry.time:%H:%M:%S} {entry.level:8} {_cut(f'{entry.logger}  {entry.message}')}" for entry in entries]
    yield element("pre", "\n".join([*lines, _cut(said)]))


def _metrics(summary: Mapping[str, MetricSummary]) -> Markup:
    titles = ("metric", "last", "least", "greatest", "step", "points")
    head = element("tr", *(element("th", title, style=_LEFT) for title in titles))
    rows = [_metric(name, metric) for name, metric in islice(summary.items(), _MOST_METRICS)]
    more = counted(len(summary) - _MOST_METRICS, "more metric") if len(summary) > _MOST_METRICS else ""
    return joined([element("table", head, *rows), element("p", more) if more else ""])


def _metric(name: str, metric: MetricSummary) -> Markup:
    last = "not finite" if metric.last is None and metric.count else short_number(metric.last, 5)
    ends = [short_number(value, 5) for value in (metric.min, metric.max)]
    cells = (_cut(name), last, *ends, short_number(metric.step), f"{metric.count:,}")
    return element("tr", *(element("td", cell, style=_LEFT) for cell in cells))


def _charts(run: RunReader, summary: Mapping[str, MetricSummary]) -> Iterable[Markup]:
    if run.stream_bytes > _LARGE:
        yield element("p", "The run is large: runlogging view or run.plot() draws its curves.")
        return
    groups = families(name for name, metric in summary.items() if metric.count > 1)
    shown = dict(islice(groups.items(), _MOST_CHARTS))
    points = read_points(run, {name for members in shown.values() for name in members})
    colour = colours_of([run.id])[run.id].hex
    for family, members in shown.items():
        yield _chart(family, members, points, colour)


def _chart(family: str, members: Sequence[str], points: RunPoints, colour: str) -> Markup:
    lines = _lines(members, points)
    left_out = f" ({counted(len(lines) - _MOST_CURVES, 'more line')})" if len(lines) > _MOST_CURVES else ""
    title = f"{family if len(members) > 1 else members[0]}{left_out}"
    return picture(line_chart(_curves(lines, colour), title=title, width=340, height=130, ground=True), title, 340)


def _lines(members: Sequence[str], points: RunPoints) -> list[tuple[str, str, Points]]:
    """Return the lines of some metrics: first one of each, then their further writers."""
    found = [
        (place, name, writer, line)
        for name in members
        for place, (writer, line) in enumerate(points.get(name, {}).items())
    ]
    return [(name, writer, line) for _, name, writer, line in sorted(found, key=itemgetter(0))]


def _curves(lines: Sequence[tuple[str, str, Points]], colour: str) -> list[Curve]:
    by_place = not all(points.has_steps for *_, points in lines)
    return [
        Curve(name if writer == MAIN_WRITER else f"{name}, {writer}", *points.columns(by_place), colour, dash)
        for (name, writer, points), dash in zip(lines, DASHES, strict=False)
    ]


def picture(svg: str, text: str, width: int) -> Markup:
    """Return a drawing as an ``img`` with its content inside, for pages that take no ``svg`` element.

    Args:
        svg: the drawing, with a ground of its own.
        text: what is said where it is not seen.
        width: how wide it is shown, in pixels.
    """
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return joined([element("img", src=source, alt=_cut(text), width=width), " "])


def _experiment_parts(name: str, runs: Sequence[RunReader], total: int) -> Iterable[Markup]:
    yield element("p", element("b", _cut(name)), f": {counted(total, 'run')}")
    if not runs:
        return
    summaries = {run.id: run.summary() for run in runs}
    metrics = list(dict.fromkeys(metric for summary in summaries.values() for metric in summary))[:4]
    titles = ("", "run", "status", "started", *map(_cut, metrics))
    head = element("tr", *(element("th", title, style=_LEFT) for title in titles))
    colours = colours_of(summaries)
    rows = [_run_row(run, summaries[run.id], metrics, colours[run.id].hex) for run in runs]
    yield element("table", head, *rows)
    if total > len(runs):
        yield element("p", f"{total - len(runs):,} more runs")


def _run_row(run: RunReader, summary: Mapping[str, MetricSummary], metrics: Sequence[str], colour: str) -> Markup:
    lasts = [short_number(summary[name].last, 5) if name in summary else "" for name in metrics]
    texts = (_cut(run.name or run.id), run.status, time_text(run.started or run.created), *lasts)
    cells = (_spark(run, metrics, colour), *texts)
    return element("tr", *(element("td", cell, style=_LEFT) for cell in cells))


def _spark(run: RunReader, metrics: Sequence[str], colour: str) -> Markup:
    if not metrics or run.stream_bytes > _LARGE // _MOST_RUNS:
        return Markup()
    lines = list(read_points(run, {metrics[0]}).get(metrics[0], {}).values())
    if not lines or len(lines[0].ys) < 2:
        return Markup()
    return picture(
        sparkline(lines[0].ys, name=metrics[0], colour=colour, width=90, height=22, ground=True), metrics[0], 90
    )
