"""``runlogging report``: one HTML file of a run or of several."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from runlogging._texts import size_text
from runlogging.cli._escape import escape
from runlogging.cli._json import json_text
from runlogging.cli._output import Output
from runlogging.cli._progress import progress_bar
from runlogging.reading import RunReader

STDOUT = "-"


def report_runs(
    runs: Sequence[RunReader],
    out: str,
    output: Output,
    *,
    as_json: bool = False,
    title: str | None = None,
    metrics: Sequence[str] = (),
    max_charts: int = 40,
) -> None:
    """Write the report of some runs, and say where it is.

    Args:
        runs: one, or several of which the first is the baseline.
        out: the file; ``-`` writes the page to stdout, and nothing else.
        output: where it is said.
        as_json: whether that is a JSON object: ``path``, ``bytes``, ``runs``.
        title: of the page; None takes the run's.
        metrics: only these metrics; empty is all.
        max_charts: how many charts of metrics at most.
    """
    from runlogging.report import report_html, write_report

    with progress_bar("reporting") as progress:
        if out == STDOUT:
            page = report_html(runs, title=title, metrics=metrics, max_charts=max_charts, progress=progress)
        else:
            path = write_report(runs, out, title=title, metrics=metrics, max_charts=max_charts, progress=progress)
    if out == STDOUT:
        sys.stdout.buffer.write(page.encode("utf-8"))
        sys.stdout.buffer.flush()
        return
    size = path.stat().st_size
    if as_json:
        output.write(json_text({"path": path, "bytes": size, "runs": [run.id for run in runs]}))
    else:
        output.write(f"{escape(str(path))} ({size_text(size)})")
