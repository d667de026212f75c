"""The pictures of a value that a run's verb for charts has logged. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runlogging.charts import AccuracyTable, ConfusionMatrix, Residuals, parse_chart
from runlogging.drawing._bars import residuals_chart
from runlogging.drawing._canvas import WIDTH
from runlogging.drawing._matrix import confusion_chart
from runlogging.drawing._predictions import predictions_chart
from runlogging.drawing._rates import precision_recall_chart, roc_chart

CHART_KINDS = ("confusion_matrix", "accuracy_table", "residuals", "predictions")


def charts_of(
    kind: str, value: str | bytes | Mapping[str, Any], *, title: str = "", width: float = WIDTH, ground: bool = False
) -> list[str]:
    """Draw a value of the Azure ML schemas: one picture, or two of an accuracy table (ROC, precision and recall).

    Args:
        kind: one of `CHART_KINDS`.
        value: an object with ``schema_type``, ``schema_version`` and ``data``, or JSON text of it.
        title: what stands above.
        width: of each drawing, in pixels.
        ground: whether the drawings have a white ground of their own.

    Returns:
        ``svg`` elements as text.

    Raises:
        InvalidValueError: there is no such kind, or the value is not as its schema says.
    """
    chart = parse_chart(kind, value)
    if isinstance(chart, ConfusionMatrix):
        return [confusion_chart(chart, title=title, width=width, ground=ground)]
    if isinstance(chart, AccuracyTable):
        return [
            roc_chart(chart, title=f"{title}: ROC" if title else "", width=width, ground=ground),
            precision_recall_chart(
                chart, title=f"{title}: precision, recall" if title else "", width=width, ground=ground
            ),
        ]
    if isinstance(chart, Residuals):
        return [residuals_chart(chart, title=title, width=width, ground=ground)]
    return [predictions_chart(chart, title=title, width=width, ground=ground)]
