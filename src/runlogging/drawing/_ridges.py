"""Histograms over steps as a heat map: a column a step, a row a range of values. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from runlogging._texts import short_number
from runlogging.drawing._bars import histogram_chart
from runlogging.drawing._canvas import WIDTH, sheet, tiles
from runlogging.drawing._frame import framed
from runlogging.drawing._numbers import counted
from runlogging.drawing._scales import limits

_MOST_COLUMNS, _ROWS = 80, 40


@dataclass(frozen=True)
class Histogram:
    """A histogram at a step: n counts between n + 1 finite edges that ascend. Without a step, None."""

    step: int | None
    counts: Sequence[int]
    edges: Sequence[float]


def histograms_chart(
    histograms: Sequence[Histogram], *, title: str = "", width: float = WIDTH, ground: bool = False
) -> str:
    """Draw histograms over steps; a single one as bars.

    Each column has its own scale: the darkest cell is the range that most of its values are in, per width.

    Args:
        histograms: in the order of their steps, at least one. Of more than 80, 80 are drawn at equal distances.
        title: what stands above.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.
    """
    if len(histograms) == 1:
        one = histograms[0]
        return histogram_chart(one.counts, one.edges, title=title, width=width, ground=ground)
    shown = _chosen(histograms)
    low, high = limits([edge for one in shown for edge in (one.edges[0], one.edges[-1])], room=0)
    count = len(shown)
    every = max(1, -(-count // 6))
    ticks = [(at + 0.5, _step_text(one, at)) for at, one in enumerate(shown)][::every]
    frame = framed(
        (0.0, float(count)), (low, high), title=title, x_title="step", width=width, inner_height=180, x_ticks=ticks
    )
    # Cells overlap by a little, so that no ground shines through between them.
    wide, tall = (frame.x.end - frame.x.start) / count, (frame.y.start - frame.y.end) / _ROWS
    cells = (
        (frame.x.start + at * wide, frame.y.start - (row + 1) * tall, share)
        for at, one in enumerate(shown)
        for row, share in _shares(one, low, high)
    )
    left_out = f", {count} of them drawn" if count < len(histograms) else ""
    told = f"{title or 'Histogram'}: {counted(len(histograms), 'histogram')} over steps{left_out}, values from "
    return sheet(
        width,
        frame.bottom + 4,
        title or "histograms over steps",
        f"{told}{short_number(low, 4)} to {short_number(high, 4)}.",
        frame.markup,
        tiles(cells, wide + 0.3, tall + 0.3),
        ground=ground,
    )


def _chosen(histograms: Sequence[Histogram]) -> list[Histogram]:
    if len(histograms) <= _MOST_COLUMNS:
        return list(histograms)
    last = len(histograms) - 1
    return [histograms[round(at * last / (_MOST_COLUMNS - 1))] for at in range(_MOST_COLUMNS)]


def _step_text(one: Histogram, at: int) -> str:
    return short_number(at if one.step is None else one.step)


def _shares(one: Histogram, low: float, high: float) -> list[tuple[int, float]]:
    """Return the rows that hold values, each with its share of the fullest one."""
    rows = _rebinned(one, low, high)
    most = max(rows, default=0.0)
    return [(row, 0.08 + 0.92 * value / most) for row, value in enumerate(rows) if value > 0]


def _rebinned(one: Histogram, low: float, high: float) -> list[float]:
    rows = [0.0] * _ROWS
    half = high / 2 - low / 2
    for number, (start, end) in zip(one.counts, pairwise(one.edges), strict=True):
        if not number:
            continue
        first = (start / 2 - low / 2) / half * _ROWS
        last = (end / 2 - low / 2) / half * _ROWS
        for row in range(max(0, int(first)), min(_ROWS, math.ceil(last) or 1)):
            share = (min(last, row + 1) - max(first, row)) / (last - first) if last > first else 1.0
            rows[row] += number * max(share, 0.0)
    return rows
