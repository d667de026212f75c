"""Predictions by bins of the true value. No I/O."""

from __future__ import annotations

from itertools import pairwise

from runlogging._texts import short_number
from runlogging.charts import Predictions
from runlogging.drawing._canvas import WIDTH, line, sheet
from runlogging.drawing._frame import Entry, framed, legend
from runlogging.drawing._markup import Markup, element, one_line
from runlogging.drawing._numbers import counted
from runlogging.drawing._palette import FAINT, RUN_COLOURS
from runlogging.drawing._scales import limits


def predictions_chart(predictions: Predictions, *, title: str = "", width: float = WIDTH, ground: bool = False) -> str:
    """Draw the mean prediction of each bin over the true value, with a bar of one standard deviation either way.

    Args:
        predictions: means, deviations and counts by bin. Bins without values are left out.
        title: what stands above.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.
    """
    edges = predictions.bin_edges
    columns = zip(
        predictions.bin_averages, predictions.bin_errors, predictions.bin_counts, pairwise(edges), strict=True
    )
    bins = [(low / 2 + high / 2, mean, error, count) for mean, error, count, (low, high) in columns if count]
    ends = [end for _, mean, error, _ in bins for end in (mean - error, mean + error)]
    both = limits([*edges, *ends])
    frame = framed(
        limits(edges),
        both,
        title=title or "predictions",
        x_title="true value",
        y_title="predicted",
        width=width,
        inner_height=220,
    )
    x, y, colour = frame.x, frame.y, RUN_COLOURS[0].hex
    parts = [line(x.place(x.low), y.place(x.low), x.place(x.high), y.place(x.high), FAINT, stroke_dasharray="2 3")]
    for at, mean, error, count in bins:
        parts.append(_whisker(x.at(at), y.at(mean - error), y.at(mean + error), colour))
        told = f"true about {short_number(at)}: {short_number(mean)} ± {short_number(error, 3)}, {count:,} values"
        parts.append(element("circle", element("title", one_line(told)), cx=x.at(at), cy=y.at(mean), r=4, fill=colour))
    entries = [Entry("mean and standard deviation", colour), Entry("exact", FAINT, "2 3")]
    keys, end = legend(entries, x.start - 4, frame.bottom + 10, width)
    told = f"{title or 'Predictions'}: mean predictions in {counted(len(bins), 'bin')} of the true value"
    return sheet(width, end + 4, title or "predictions", f"{told}.", frame.markup, *parts, keys, ground=ground)


def _whisker(x: float, low: float, high: float, colour: str) -> Markup:
    path = f"M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8"
    return element("path", d=path, stroke=colour, stroke_width=1.4, fill="none")
