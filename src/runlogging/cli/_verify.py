"""``runlogging verify``: whether all that runs wrote is there as it was written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runlogging.cli._escape import escape
from runlogging.cli._json import json_array
from runlogging.cli._output import Output
from runlogging.cli._progress import progress_bar
from runlogging.folder import DEFAULT_ROOT, find_root
from runlogging.folder._zip import zip_place
from runlogging.keeping.checking._findings import Finding, Progress, Report
from runlogging.keeping.checking._verify import is_run, verify, verify_root
from runlogging.reading import resolve_run

_COLOURS = {"damage": "red", "note": "yellow"}


def verify_runs(target: str, root: str, output: Output, *, as_json: bool) -> bool:
    """Verify a run, or all runs of a root or a zip, and print what was found; return whether there is no damage.

    Args:
        target: the path of a run, a root, an experiment or a zip; else what means a run below the root.
        root: where runs are looked for that are no path.
        output: where it is printed.
        as_json: one array of all reports.

    Raises:
        RunLoggingError, OSError: as `verify` and `verify_root`.
    """
    damaged = total = 0

    def counted(reports: Iterator[Report]) -> Iterator[Report]:
        nonlocal damaged, total
        for report in reports:
            total += 1
            damaged += not report.is_sound
            yield report

    with progress_bar("verifying") as progress:
        reports = counted(_reports(target, root, progress))
        if as_json:
            output.write_all(json_array(map(_as_json, reports)))
            return not damaged
        for report in reports:
            output.write_all(_lines(report, output))
    if total != 1:
        output.write(f"{total:,} runs, {damaged:,} damaged")
    return not damaged


def _reports(target: str, root: str, progress: Progress) -> Iterator[Report]:
    path = Path(target).expanduser().absolute()
    if target == DEFAULT_ROOT:
        path = find_root(target)
    if is_run(path):
        yield verify(path, progress=progress)
    elif os.path.lexists(path):
        yield from verify_root(path, progress=progress)
    elif zip_place(path) is not None:  # one of several runs in a zip
        yield verify(path, progress=progress)
    else:
        yield verify(resolve_run(target, root), progress=progress)


def _lines(report: Report, output: Output) -> Iterator[str]:
    name = escape("/".join(report.path.parts[-2:]))
    if report.is_sound:
        yield f"{name}  {output.paint('ok', 'green')}"
    else:
        yield f"{name}  {output.paint('damaged', 'red', bold=True)}"
    for finding in report.findings:
        severity = output.paint(finding.severity.ljust(6), _COLOURS[finding.severity])
        yield f"  {severity}  {escape(_place(finding))}: {escape(finding.text)}"


def _place(finding: Finding) -> str:
    return finding.file if finding.offset is None else f"{finding.file}:{finding.offset}"


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "ok": report.is_sound,
        "findings": [finding._asdict() for finding in report.findings],
    }
