"""Which picture a table makes: bars by name, or a line over its first numeric column. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from runlogging.drawing._bars import bar_chart
from runlogging.drawing._canvas import WIDTH
from runlogging.drawing._curves import Curve
from runlogging.drawing._lines import line_chart
from runlogging.reading._sampling import as_float

_MOST_BARS = 30


def table_chart(
    columns: Mapping[str, Sequence[Any]], *, title: str = "", width: float = WIDTH, ground: bool = False
) -> str | None:
    """Draw a table: bars where its first column is text, else its second numeric column over the first.

    Args:
        columns: column to its cells, all of one length; None where a row lacks it.
        title: what stands above.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text; None where the table has fewer than two rows, or not the columns for either.
    """
    rows = max(map(len, columns.values()), default=0)
    numeric = {name: cells for name, cells in columns.items() if _is_numeric(cells)}
    if rows < 2 or not numeric:
        return None
    first, cells = next(iter(columns.items()))
    if first not in numeric and rows <= _MOST_BARS and all(isinstance(cell, str) for cell in cells):
        return bar_chart(list(cells), numeric, title=title, width=width, ground=ground)
    return _line(numeric, title, width, ground) if len(numeric) > 1 else None


def _line(numeric: Mapping[str, Sequence[Any]], title: str, width: float, ground: bool) -> str | None:
    (x_name, xs), (y_name, ys) = list(numeric.items())[:2]
    points = [(as_float(x), y) for x, y in zip(xs, ys, strict=False) if x is not None and math.isfinite(as_float(x))]
    if len(points) < 2:
        return None
    curve = Curve(y_name, [x for x, _ in points], [math.nan if y is None else y for _, y in points])
    return line_chart([curve], title=title, x_kind="number", x_title=x_name, width=width, ground=ground)


def _is_numeric(cells: Sequence[Any]) -> bool:
    kept = [cell for cell in cells if cell is not None]
    return bool(kept) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in kept)
