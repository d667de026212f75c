"""Metrics, logs and tables of one run as data frames, or as plain Python columns. It knows the reading side only."""

from runlogging.reading._engines import Engine
from runlogging.reading.frames._logs import logs_columns, logs_frame
from runlogging.reading.frames._metrics import Form, metrics_columns, metrics_frame, scan_metrics
from runlogging.reading.frames._tables import table_frame

__all__ = [
    "Engine",
    "Form",
    "logs_columns",
    "logs_frame",
    "metrics_columns",
    "metrics_frame",
    "scan_metrics",
    "table_frame",
]
