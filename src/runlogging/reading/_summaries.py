"""The summary of a run: from what its writers kept at their ends, else from its series."""

from __future__ import annotations

from pathlib import Path

import msgspec

from runlogging.folder import MetricSummary, WriterInfo, WriterSummary, summarise, summary_path
from runlogging.reading._model import Series


def kept_summary(run: Path, writer: WriterInfo) -> WriterSummary | None:
    """Return a writer's summary file where the writer ended with it, else None: it may be older than the streams."""
    try:
        data = summary_path(run, writer.name).read_bytes()
        summary = msgspec.json.decode(data, type=WriterSummary)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return summary if writer.ended and writer.counts == summary.counts else None


def summarised(series: Series) -> MetricSummary:
    """Return the summary of a series."""
    return summarise(series.values, series.steps[-1])
