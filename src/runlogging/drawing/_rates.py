"""ROC and precision-recall curves of an accuracy table. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from runlogging.charts import AccuracyTable
from runlogging.drawing._curves import Curve
from runlogging.drawing._lines import line_chart

_MOST_CLASSES = 8


def roc_chart(table: AccuracyTable, *, title: str = "", width: float = 460, ground: bool = False) -> str:
    """Draw the receiver operating characteristic of each class, with the area under it in the legend.

    Args:
        table: the counts. Of more than 8 classes the first 8 are drawn, and the x axis says so.
        title: what stands above.
        width: of the drawing, in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.
    """
    shown = {name: table.roc(name) for name in table.class_labels[:_MOST_CLASSES]}
    curves = [
        Curve(f"{name}, AUC {area(points):.3f}" if points else f"{name}, no curve: one class only", *_columns(points))
        for name, points in shown.items()
    ]
    chance = Curve("chance", (0.0, 1.0), (0.0, 1.0), "#586070", "2 3")
    x_title = f"false positive rate{_left_out(table)}"
    return line_chart(
        [*curves, chance],
        title=title or "ROC",
        x_kind="number",
        x_title=x_title,
        y_title="true positive rate",
        width=width,
        height=220,
        ground=ground,
    )


def precision_recall_chart(table: AccuracyTable, *, title: str = "", width: float = 460, ground: bool = False) -> str:
    """Draw precision over recall of each class; see `roc_chart` for the arguments."""
    curves = [Curve(f"{name}", *_columns(table.precision_recall(name))) for name in table.class_labels[:_MOST_CLASSES]]
    return line_chart(
        curves,
        title=title or "precision and recall",
        x_kind="number",
        x_title=f"recall{_left_out(table)}",
        y_title="precision",
        width=width,
        height=220,
        from_zero=True,
        ground=ground,
    )


def area(points: Sequence[tuple[float, float]]) -> float:
    """Return the area under a curve by the trapezoid rule; its points ascend in x."""
    return sum((right[0] - left[0]) * (right[1] + left[1]) / 2 for left, right in pairwise(points))


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _left_out(table: AccuracyTable) -> str:
    count = len(table.class_labels)
    return f" (the first {_MOST_CLASSES} of {count} classes)" if count > _MOST_CLASSES else ""
