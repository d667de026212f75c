"""One good chart of each kind in Azure ML's schema, made anew at each call."""

from __future__ import annotations

import copy
from typing import Any

from runlogging.charts import AccuracyTable, ConfusionMatrix, Predictions, Residuals

Chart = ConfusionMatrix | AccuracyTable | Residuals | Predictions

CLASSES: dict[str, type[Chart]] = {
    "confusion_matrix": ConfusionMatrix,
    "accuracy_table": AccuracyTable,
    "residuals": Residuals,
    "predictions": Predictions,
}
_DATA: dict[str, tuple[str, dict[str, Any]]] = {
    "confusion_matrix": ("1.0.0", {"class_labels": ["cat", "dog"], "matrix": [[5, 1], [2, 7]]}),
    "accuracy_table": (
        "1.0.1",
        {
            "probability_tables": [
                [[4, 6, 0, 0], [3, 1, 5, 1], [0, 0, 6, 4]],
                [[6, 4, 0, 0], [5, 1, 3, 1], [0, 0, 4, 6]],
            ],
            "percentile_tables": [
                [[4, 6, 0, 0], [4, 2, 4, 0], [1, 0, 6, 3]],
                [[6, 4, 0, 0], [5, 2, 2, 1], [1, 0, 4, 5]],
            ],
            "probability_thresholds": [0.0, 0.5, 1.0],
            "percentile_thresholds": [0.1, 0.4, 0.9],
            "class_labels": ["cat", "dog"],
        },
    ),
    "residuals": ("1.0.0", {"bin_edges": [-1.0, 0.0, 2.5], "bin_counts": [3, 4]}),
    "predictions": (
        "1.0.0",
        {"bin_averages": [0.25, 0.75], "bin_errors": [0.01, 0.04], "bin_counts": [56, 34], "bin_edges": [0, 0.5, 1]},
    ),
}


def example(kind: str) -> dict[str, Any]:
    """Return a good chart of a kind as a mapping of its own."""
    version, data = _DATA[kind]
    return {"schema_type": kind, "schema_version": version, "data": copy.deepcopy(data)}


def put(chart: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the chart with another value at a path such as ``data.matrix.1.0``."""
    *above, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place: Any = chart
    for part in above:
        place = place[part]
    place[last] = value
    return chart
