"""Pictures of runs as SVG text: pure functions that other parts put into pages, reports and notebooks.

They know the readers of runs and the data of charts only, and touch no file.
"""

from runlogging.drawing._bars import bar_chart, histogram_chart, residuals_chart
from runlogging.drawing._charts import CHART_KINDS, charts_of
from runlogging.drawing._curves import Curve, Mark
from runlogging.drawing._figure import plot
from runlogging.drawing._html import experiment_html, run_html
from runlogging.drawing._lines import line_chart
from runlogging.drawing._matrix import confusion_chart
from runlogging.drawing._palette import (
    DASHES,
    RUN_COLOURS,
    RunColour,
    RunColours,
    colours_of,
    dark_rules,
    darkened,
    styles_of,
)
from runlogging.drawing._predictions import predictions_chart
from runlogging.drawing._rates import precision_recall_chart, roc_chart
from runlogging.drawing._ridges import Histogram, histograms_chart
from runlogging.drawing._sparkline import sparkline
from runlogging.drawing._tables import table_chart

__all__ = [
    "CHART_KINDS",
    "DASHES",
    "RUN_COLOURS",
    "Curve",
    "Histogram",
    "Mark",
    "RunColour",
    "RunColours",
    "bar_chart",
    "charts_of",
    "colours_of",
    "confusion_chart",
    "dark_rules",
    "darkened",
    "experiment_html",
    "histogram_chart",
    "histograms_chart",
    "line_chart",
    "plot",
    "precision_recall_chart",
    "predictions_chart",
    "residuals_chart",
    "roc_chart",
    "run_html",
    "sparkline",
    "styles_of",
    "table_chart",
]
