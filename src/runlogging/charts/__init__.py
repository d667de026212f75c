"""The charts of Azure ML's run verbs as plain data: checked, derived from predictions, turned to and from JSON."""

from runlogging.charts._accuracy_table import AccuracyTable
from runlogging.charts._confusion_matrix import ConfusionMatrix
from runlogging.charts._parse import parse_chart
from runlogging.charts._predictions import Predictions
from runlogging.charts._residuals import Residuals

__all__ = ["AccuracyTable", "ConfusionMatrix", "Predictions", "Residuals", "parse_chart"]
