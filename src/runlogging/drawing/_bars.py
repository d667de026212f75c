"""Bars: histograms, residuals, tables with a column of names. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from runlogging._errors import InvalidValueError
from runlogging._texts import short_number
from runlogging.charts import Residuals
from runlogging.drawing._canvas import WIDTH, box, cut, heading, label, line, note, sheet, text_width
from runlogging.drawing._frame import Entry, Frame, framed, legend
from runlogging.drawing._markup import Markup
from runlogging.drawing._numbers import counted
from runlogging.drawing._palette import FAINT, LINE, RUN_COLOURS
from runlogging.drawing._scales import Scale, limits
from runlogging.drawing._ticks import number_ticks
from runlogging.reading._sampling import as_float

_MOST_BARS = 400
_MOST_ROWS, _MOST_COLUMNS = 30, 6


def histogram_chart(
    counts: Sequence[int],
    edges: Sequence[float],
    *,
    title: str = "",
    x_title: str = "",
    about: str = "histogram",
    width: float = WIDTH,
    ground: bool = False,
) -> str:
    """Draw how often values fall between edges.

    Args:
        counts: n counts. Neighbours are joined where there are more than 400.
        edges: n + 1 numbers, ascending (two may be equal) and finite.
        title: what stands above.
        x_title: what stands below, such as a unit.
        about: what the sentence calls it.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.

    Raises:
        InvalidValueError: there is not one more edge than counts.
    """
    if len(edges) != len(counts) + 1:
        raise InvalidValueError(f"{len(counts)} counts need {len(counts) + 1} edges, not {len(edges)}")
    size = -(-len(counts) // _MOST_BARS) or 1
    kept = [sum(counts[at : at + size]) for at in range(0, len(counts), size)]
    ends = [*edges[:-1:size], edges[-1]]
    frame = framed(
        limits(ends, room=0.01),
        (0.0, max(kept, default=0) * 1.04 or 1.0),
        title=title,
        x_title=x_title,
        y_title="count",
        width=width,
        inner_height=160,
    )
    bars = [_bar(count, ends[at], ends[at + 1], frame) for at, count in enumerate(kept)]
    total = sum(counts)
    told = f"{title or about}: {about} of {counted(total, 'value')} in {counted(len(counts), 'bin')}"
    spread = f", from {short_number(edges[0], 4)} to {short_number(edges[-1], 4)}" if edges else ""
    return sheet(width, frame.bottom + 6, title or about, f"{told}{spread}.", frame.markup, *bars, ground=ground)


def _bar(count: int, low: float, high: float, frame: Frame) -> Markup:
    left, right, top = frame.x.at(low), frame.x.at(high), frame.y.at(count)
    told = f"{short_number(low)} to {short_number(high)}: {count:,}"
    gap = 1 if right - left > 4 else 0
    return box(left, top, max(right - left - gap, 0.5), frame.y.start - top, RUN_COLOURS[0].hex, title=told)


def residuals_chart(residuals: Residuals, *, title: str = "", width: float = WIDTH, ground: bool = False) -> str:
    """Draw how far predictions were from the true values; see `histogram_chart`."""
    return histogram_chart(
        residuals.bin_counts,
        residuals.bin_edges,
        title=title or "residuals",
        x_title="predicted minus true",
        about="residuals",
        width=width,
        ground=ground,
    )


def bar_chart(
    names: Sequence[str],
    columns: Mapping[str, Sequence[float | int | None]],
    *,
    title: str = "",
    width: float = WIDTH,
    ground: bool = False,
) -> str:
    """Draw numbers by name as horizontal bars.

    Args:
        names: one a row. The first 30 are drawn.
        columns: column to its numbers, one a row; None and what is not finite has no bar, and is said. The first 6 are
            drawn.
        title: what stands above.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.
    """
    rows = list(names[:_MOST_ROWS])
    shown = {
        name: [_number(cell) for cell in cells[:_MOST_ROWS]] for name, cells in list(columns.items())[:_MOST_COLUMNS]
    }
    values = [value for cells in shown.values() for value in cells if math.isfinite(value)]
    low, high = limits([0.0, *values], room=0)
    left = min(max((text_width(name, 11) for name in rows), default=0) + 16, width * 0.35)
    top = 30.0 if title else 12.0
    thick = 12 if len(shown) > 1 else 16
    room = thick * len(shown) + 8
    x = Scale(low, high, left, width - 56)
    bottom = top + room * len(rows)
    parts = [heading(title, width), *_grid(x, top, bottom)]
    for number, name in enumerate(rows):
        y = top + number * room
        parts.append(label(cut(name, left - 10, 11), left - 6, y + room / 2 + 2, anchor="end", size=11))
        parts += _row(number, name, shown, x, y + 4, thick)
    parts.append(line(x.at(0.0), top, x.at(0.0), bottom, FAINT))
    entries = [Entry(name, RUN_COLOURS[place].hex, is_area=True) for place, name in enumerate(shown)]
    keys, end = legend(entries, left - 4, bottom + 30, width) if len(shown) > 1 else (Markup(), bottom + 20)
    told = f"{title or 'Table'}: {', '.join(shown)} of {counted(len(names), 'row')}"
    more = f"; the first {_MOST_ROWS} are drawn" if len(names) > _MOST_ROWS else ""
    return sheet(width, end + 4, title or "bar chart", f"{told}{more}.", *parts, keys, ground=ground)


def _number(cell: float | int | None) -> float:
    return math.nan if cell is None else as_float(cell)


def _grid(x: Scale, top: float, bottom: float) -> list[Markup]:
    parts = []
    for place, text in number_ticks(x.low, x.high, 5):
        at = x.place(place)
        parts += [line(at, top, at, bottom, LINE), note(text, at, bottom + 14, 80, anchor="middle")]
    return parts


def _row(
    number: int, name: str, columns: Mapping[str, Sequence[float]], x: Scale, top: float, thick: float
) -> list[Markup]:
    parts = []
    for place, (column, cells) in enumerate(columns.items()):
        value = cells[number] if number < len(cells) else math.nan
        told = f"{name}, {column}: {short_number(value)}"
        parts += _row_bar(value, x, top + place * thick, thick - 2, RUN_COLOURS[place].hex, told)
    return parts


def _row_bar(value: float, x: Scale, y: float, thick: float, colour: str, told: str) -> list[Markup]:
    if not math.isfinite(value):
        return [note(short_number(value) if not math.isnan(value) else "none", x.at(0.0) + 4, y + thick - 1, 60)]
    start, end = sorted((x.at(0.0), x.at(value)))
    text = label(short_number(value, 4), end + 4, y + thick - 1, fill=FAINT, size=10)
    return [box(start, y, max(end - start, 0.8), thick, colour, title=told), text]
