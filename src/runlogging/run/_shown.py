"""What the verbs show to the user's filters and handlers on the logger ``runlogging.metrics``.

A verb writes to its own run whatever the configuration says. Where the user put a filter or a handler onto this logger,
or lets it propagate, the verb also makes a full standard record and offers it; a filter there can hold the metric back.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from runlogging._values import digits, safe_str

metrics_logger = logging.getLogger("runlogging.metrics")

_OWN_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # noqa: PTH100, PTH120


def is_watched() -> bool:
    """Tell whether anybody would see a record of the metrics logger."""
    logger = metrics_logger
    return bool(logger.filters or logger.handlers or (logger.propagate and logger.hasHandlers()))


def make_record(metrics: Mapping[str, Any], step: int | None, description: str | None, mark: str | None) -> Any:
    """Return the standard record of a verb, with the place of the code that called it.

    Args:
        metrics: name to value, as for ``extra``.
        step: the step, or None.
        description: what the caller said of the values, or None.
        mark: the mark of the run that has the values already, where a handler of that run could get the record.
    """
    extra: dict[str, Any] = {"metrics": metrics}
    if step is not None:
        extra["step"] = step
    if description:
        extra["description"] = description
    if mark is not None:
        extra["runlogging_run"] = mark
    frame = _caller(sys._getframe(1))
    code = frame.f_code
    return metrics_logger.makeRecord(
        metrics_logger.name,
        logging.INFO,
        code.co_filename,
        frame.f_lineno,
        _text(metrics, step),
        (),
        None,
        code.co_name,
        extra,
    )


def pass_filters(record: logging.LogRecord) -> logging.LogRecord | None:
    """Return the record that the logger's filters let through, or None."""
    kept: Any = metrics_logger.filter(record)
    if isinstance(kept, logging.LogRecord):  # Python 3.12 and later
        return kept
    return record if kept else None


def show(record: logging.LogRecord) -> None:
    """Give a record to the handlers that the configuration has for it."""
    if metrics_logger.isEnabledFor(record.levelno):
        metrics_logger.callHandlers(record)


def _text(metrics: Mapping[str, Any], step: int | None) -> str:
    parts = [f"{name}={_short(value)}" for name, value in metrics.items()]
    return " ".join(parts if step is None else [*parts, f"step={step}"])


def _short(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        text = digits(value)  # str refuses thousands of digits
    else:
        text = f"{value:.6g}" if isinstance(value, float) else safe_str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _caller(frame: FrameType) -> FrameType:
    """Return the nearest frame that is no code of this package."""
    current: FrameType | None = frame
    while current is not None and current.f_code.co_filename.startswith(_OWN_FOLDER):
        current = current.f_back
    return current or frame
