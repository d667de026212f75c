"""Confusion matrices as heat maps. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runlogging._texts import short_number
from runlogging.charts import ConfusionMatrix
from runlogging.drawing._canvas import WIDTH, box, cut, heading, label, note, sheet, text_width, tiles
from runlogging.drawing._markup import Markup, joined
from runlogging.drawing._numbers import counted
from runlogging.drawing._palette import FAINT, shade, text_on, tile_shade

_MOST_WITH_TEXT = 12  # classes whose cells have room for numbers
_MOST_CELLS = 64  # rows and columns; neighbouring classes share one beyond that


def confusion_chart(matrix: ConfusionMatrix, *, title: str = "", width: float = WIDTH, ground: bool = False) -> str:
    """Draw how often each class was taken for each.

    A cell's colour is its share of its row, the true class. Up to 12 classes have count and share in the cell; beyond
    64 classes neighbours share a cell, and the picture says so.

    Args:
        matrix: the counts.
        title: what stands above.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.
    """
    size = -(-len(matrix.class_labels) // _MOST_CELLS)
    rows, names = _merged(matrix.matrix, size), _merged_names(matrix.class_labels, size)
    left = min(max(text_width(name, 11) for name in names) + 10, width * 0.28) + 18
    top = 44.0 if title else 26.0
    cell = min((width - left - 12) / len(names), 72.0)
    parts = [
        heading(title, width),
        note("predicted", left + cell * len(names) / 2, top - 6, width, anchor="middle"),
        label("true", 12, top + cell * len(names) / 2, anchor="middle", fill=FAINT, size=11, turned=True),
        *_cells(rows, names, left, top, cell),
        *_names(names, left, top, cell),
    ]
    bottom = top + cell * len(names) + (18 if cell >= 18 else 6)
    parts.append(_key(left, bottom + 2, shade if len(names) <= _MOST_WITH_TEXT else tile_shade))
    if size > 1:
        parts.append(note(f"{len(matrix.class_labels):,} classes, {size} to a cell", left, bottom + 34, width - left))
    return sheet(
        width, bottom + (42 if size > 1 else 26), title or "confusion matrix", _sentence(matrix), *parts, ground=ground
    )


def _merged(matrix: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    if size == 1:
        return [list(row) for row in matrix]
    count = -(-len(matrix) // size)
    rows = [[0] * count for _ in range(count)]
    for number, row in enumerate(matrix):
        target = rows[number // size]
        for place, value in enumerate(row):
            target[place // size] += value
    return rows


def _merged_names(names: Sequence[str], size: int) -> list[str]:
    return [names[at] if size == 1 else f"{names[at]} ..." for at in range(0, len(names), size)]


def _cells(rows: Sequence[Sequence[int]], names: Sequence[str], left: float, top: float, cell: float) -> list[Markup]:
    gap = 1 if cell > 8 else -0.3
    shares = [[count / (sum(row) or 1) for count in row] for row in rows]
    if len(rows) > _MOST_WITH_TEXT:
        side = len(rows) * cell
        places = (
            (left + place * cell, top + number * cell, share)
            for number, row in enumerate(shares)
            for place, share in enumerate(row)
            if share
        )
        return [box(left, top, side, side, tile_shade(0.0)), tiles(places, cell - gap, cell - gap)]
    parts = []
    for number, row in enumerate(rows):
        for place, count in enumerate(row):
            x, y, share = left + place * cell, top + number * cell, shares[number][place]
            told = f"true {names[number]}, predicted {names[place]}: {count:,} ({share:.1%})"
            parts.append(box(x, y, cell - gap, cell - gap, shade(share), title=told))
            parts += _numbers(count, share, x + cell / 2, y + cell / 2, cell)
    return parts


def _numbers(count: int, share: float, x: float, y: float, cell: float) -> list[Markup]:
    text = f"{count:,}" if text_width(f"{count:,}", 11) <= cell - 4 else short_number(float(count), 2)
    colour = text_on(shade(share))
    if cell < 30:
        return [label(text, x, y + 4, anchor="middle", fill=colour, size=9)]
    return [
        label(text, x, y, anchor="middle", fill=colour, size=11, bold=True),
        label(f"{share:.0%}", x, y + 13, anchor="middle", fill=colour, size=10),
    ]


def _names(names: Sequence[str], left: float, top: float, cell: float) -> list[Markup]:
    every = max(1, -(-12 // int(cell + 1)))
    parts = []
    for number in range(0, len(names), every):
        middle = top + (number + 0.5) * cell
        parts.append(label(cut(names[number], left - 26, 11), left - 6, middle + 4, anchor="end", size=11))
        if cell >= 18:
            parts.append(
                label(
                    cut(names[number], cell - 2, 11),
                    left + (number + 0.5) * cell,
                    top + len(names) * cell + 13,
                    anchor="middle",
                    size=11,
                )
            )
    return parts


def _key(x: float, y: float, colour_of: Callable[[float], str]) -> Markup:
    boxes = [box(x + 30 + 12 * number, y, 12, 10, colour_of(number / 9)) for number in range(10)]
    ends = [
        label("0%", x + 26, y + 9, anchor="end", fill=FAINT, size=11),
        label("100% of the true class", x + 155, y + 9, fill=FAINT, size=11),
    ]
    return joined([*boxes, *ends])


def _sentence(matrix: ConfusionMatrix) -> str:
    total = sum(map(sum, matrix.matrix))
    right = sum(row[place] for place, row in enumerate(matrix.matrix))
    head = f"Confusion matrix of {counted(len(matrix.class_labels), 'class', 'classes')}, {counted(total, 'sample')}"
    worst = confusions(matrix, 1)
    told = f"; most often confused: {worst[0][0]} taken for {worst[0][1]}, {worst[0][2]:,} times" if worst else ""
    return f"{head}, {right / total:.1%} right{told}." if total else f"{head}."


def confusions(matrix: ConfusionMatrix, most: int) -> list[tuple[str, str, int]]:
    """Return the pairs of classes that were confused most often: true class, predicted class, count."""
    labels = matrix.class_labels
    pairs = [
        (count, -number, -place)
        for number, row in enumerate(matrix.matrix)
        for place, count in enumerate(row)
        if count and number != place
    ]
    return [(labels[-number], labels[-place], count) for count, number, place in sorted(pairs, reverse=True)[:most]]
