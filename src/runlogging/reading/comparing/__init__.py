"""Comparing runs: parameters, environment, metrics, and logs by template. It knows the readers of runs only."""

from runlogging.reading.comparing._compare import compare
from runlogging.reading.comparing._data import MISSING, Missing
from runlogging.reading.comparing._goals import Goal, guessed_goal
from runlogging.reading.comparing._model import (
    Against,
    Comparison,
    Difference,
    Kind,
    LogDifference,
    MetricComparison,
    MetricFigures,
    RunError,
    RunIdentity,
)

__all__ = [
    "MISSING",
    "Against",
    "Comparison",
    "Difference",
    "Goal",
    "Kind",
    "LogDifference",
    "MetricComparison",
    "MetricFigures",
    "Missing",
    "RunError",
    "RunIdentity",
    "compare",
    "guessed_goal",
]
