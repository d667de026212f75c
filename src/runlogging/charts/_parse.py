"""Reading a chart whose kind is known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runlogging.charts._accuracy_table import AccuracyTable
from runlogging.charts._checks import refusal
from runlogging.charts._confusion_matrix import ConfusionMatrix
from runlogging.charts._predictions import Predictions
from runlogging.charts._residuals import Residuals

AnyChart = ConfusionMatrix | AccuracyTable | Residuals | Predictions

_CHARTS: dict[str, type[AnyChart]] = {
    chart.schema_type: chart for chart in (ConfusionMatrix, AccuracyTable, Residuals, Predictions)
}


def parse_chart(kind: str, value: str | bytes | Mapping[str, Any] | AnyChart) -> AnyChart:
    """Read a chart of a kind.

    Args:
        kind: "confusion_matrix", "accuracy_table", "residuals" or "predictions".
        value: what the `parse` of that chart takes: JSON text, a mapping or an instance.

    Raises:
        InvalidValueError: there is no such kind, or the value is no chart of that kind.
    """
    chart = _CHARTS.get(kind) if isinstance(kind, str) else None
    if chart is None:
        raise refusal("kind", kind, f"one of {', '.join(map(repr, _CHARTS))}")
    return chart.parse(value)  # type: ignore[arg-type]  # an instance of another chart is refused there
