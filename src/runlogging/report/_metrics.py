"""The metrics: charts of the first ones by families, and a table of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from runlogging._errors import MetricNotFoundError
from runlogging._texts import short_number
from runlogging.drawing import DASHES, Curve, line_chart, styles_of
from runlogging.drawing._families import families
from runlogging.drawing._markup import Markup
from runlogging.drawing._numbers import counted
from runlogging.drawing._palette import RunStyle, line_styles
from runlogging.drawing._points import Points, RunPoints
from runlogging.folder import MAIN_WRITER, MetricSummary
from runlogging.reading import RunReader
from runlogging.report._parts import Section, faint, figures, label_text, section, table

MAX_CHARTS = 40
_MOST_CURVES = 40  # of one chart
_MOST_ROWS = 20_000


class Charted(NamedTuple):
    """Which metrics are drawn.

    Attributes:
        groups: family to the metrics that share its chart.
        total: how many metrics there are in all.
        left_out: how many metrics have no chart for want of room.
    """

    groups: dict[str, list[str]]
    total: int
    left_out: int

    @property
    def names(self) -> list[str]:
        """The metrics that are drawn."""
        return [name for members in self.groups.values() for name in members]


def chosen(
    runs: Sequence[RunReader],
    summaries: Sequence[Mapping[str, MetricSummary]],
    names: Sequence[str],
    max_charts: int,
) -> Charted:
    """Return which metrics are drawn: those of two points or more, the first families of them.

    Raises:
        MetricNotFoundError: none of the runs has a metric of one of `names` (also a KeyError).
    """
    known = dict.fromkeys(name for summary in summaries for name in summary)
    for name in names:
        if name not in known:
            raise MetricNotFoundError(name, tuple(near(name, known)))
    wanted = [name for name in known if not names or name in names]
    drawable = [name for name in wanted if any(name in one and one[name].count > 1 for one in summaries)]
    groups = families(drawable)
    kept = dict(islice(groups.items(), max_charts))
    return Charted(kept, len(wanted), len(drawable) - sum(map(len, kept.values())))


def near(name: str, known: Mapping[str, object]) -> list[str]:
    """Return names that come near."""
    import difflib

    return difflib.get_close_matches(name, known)


def metric_charts(labels: Mapping[str, str], charted: Charted, points: Mapping[str, RunPoints]) -> Markup:
    """Return the charts: a metric's curves of all runs overlaid, `train/loss` beside `val/loss`.

    Args:
        labels: run id to what the run is called; more than one are told apart by colour.
        charted: what is drawn.
        points: run id to metric to writer to points.
    """
    lines = _Lines(labels, points)
    return figures(lines.chart(family, members) for family, members in charted.groups.items())


_Line = tuple[str, int, str, Points]
"""The run, the place of the metric among those of the chart, the writer, the points."""


class _Lines:
    """The curves of charts.

    Args:
        labels: run id to what the run is called; more than one are told apart by colour.
        points: run id to metric to writer to points.
    """

    def __init__(self, labels: Mapping[str, str], points: Mapping[str, RunPoints]) -> None:
        self._labels, self._points = labels, points
        self._styles = styles_of(points)

    def chart(self, family: str, members: Sequence[str]) -> str:
        """Return the chart of a family."""
        lines = list(self._lines(members))
        by_place = not all(points.has_steps for *_, points in lines)
        curves = [
            Curve(self._name(one, members), *one[-1].columns(by_place), style.colour.hex, DASHES[style.dash])
            for one, style in zip(lines[:_MOST_CURVES], self._styles_of(lines), strict=False)
        ]
        left_out = f" ({len(lines) - _MOST_CURVES} more lines)" if len(lines) > _MOST_CURVES else ""
        title = members[0] if len(members) == 1 else family
        return line_chart(curves, title=f"{title}{left_out}", x_title="point" if by_place else None)

    def _lines(self, members: Sequence[str]) -> Iterator[_Line]:
        for place, name in enumerate(members):
            for run_id, metrics in self._points.items():
                for writer, points in metrics.get(name, {}).items():
                    yield run_id, place, writer, points

    def _name(self, line: _Line, members: Sequence[str]) -> str:
        run_id, place, writer, _ = line
        rank = "" if writer == MAIN_WRITER else f", {writer}"
        if len(self._points) == 1:
            return f"{members[place]}{rank}"
        metric = f" {members[place]}" if len(members) > 1 else ""
        return f"{self._labels[run_id]}{metric}{rank}"

    def _styles_of(self, lines: Sequence[_Line]) -> Iterator[RunStyle]:
        if len(self._points) == 1:
            return line_styles(next(iter(self._points)))
        styles = ((self._styles[run_id], place) for run_id, place, *_ in lines)
        return (RunStyle(style.colour, (style.dash + place) % len(DASHES)) for style, place in styles)


def metric_table(summary: Mapping[str, MetricSummary], names: Sequence[str]) -> Markup:
    """Return the table of a run's metrics."""
    kept = [name for name in summary if not names or name in names]
    has_nonfinite = any(summary[name].nonfinite for name in kept)
    titles = [
        "metric",
        "points",
        "last",
        "least",
        "greatest",
        "mean",
        "step",
        *(["not finite"] if has_nonfinite else []),
    ]
    rows = ([label_text(name), *_cells(summary[name], has_nonfinite)] for name in kept[:_MOST_ROWS])
    shown = table(titles, rows, numbers=range(1, len(titles)))
    more = f"{len(kept) - _MOST_ROWS:,} more metrics are left out." if len(kept) > _MOST_ROWS else ""
    return Markup(shown + (faint(more) if more else ""))


def _cells(metric: MetricSummary, has_nonfinite: bool) -> list[str]:
    last = "not finite" if metric.last is None and metric.count else short_number(metric.last)
    numbers = [short_number(value) for value in (metric.min, metric.max, metric.mean)]
    rest = [short_number(metric.nonfinite or None)] if has_nonfinite else []
    return [f"{metric.count:,}", last, *numbers, short_number(metric.step), *rest]


def metrics_section(charts: Markup, tables: Sequence[str], charted: Charted) -> Section:
    """Return the section of charts and tables, which says what is left out."""
    said = ""
    if charted.left_out:
        said = faint(
            f"{counted(charted.total, 'metric')}: the first {len(charted.names):,} are drawn, in "
            f"{counted(len(charted.groups), 'chart')}; the table has all of them."
        )
    return section("Metrics", "metrics", said, charts, *tables)
