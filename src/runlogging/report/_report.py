"""The report: one page of some runs that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from runlogging._errors import InvalidValueError
from runlogging._version import __version__
from runlogging.drawing._markup import Markup, element, joined, one_line
from runlogging.drawing._numbers import time_text
from runlogging.drawing._points import read_points
from runlogging.folder._atomic import write_atomic
from runlogging.reading import RunReader
from runlogging.reading._checking import Checked
from runlogging.reading._digest import LogDigest, Progress
from runlogging.report._facts import (
    children_section,
    ending_section,
    environment_section,
    files_section,
    mapping_section,
    problems_section,
    summary_section,
)
from runlogging.report._images import images_section
from runlogging.report._labels import labels_of
from runlogging.report._logs import logs_section
from runlogging.report._metrics import MAX_CHARTS, chosen, metric_charts, metric_table, metrics_section
from runlogging.report._parts import Section
from runlogging.report._style import CSP, style
from runlogging.report._values import values_section


def report_html(
    runs: RunReader | Sequence[RunReader],
    *,
    title: str | None = None,
    metrics: Sequence[str] = (),
    max_charts: int = MAX_CHARTS,
    progress: Progress | None = None,
) -> str:
    """Return a page of one run, or of several side by side.

    It is one HTML document with its pictures inside: it has no script, makes no request, and prints uncut.

    Args:
        runs: a run, or several; the first is what the others are compared with.
        title: of the page; None takes the run's name and experiment.
        metrics: only these metrics; empty is all.
        max_charts: of so many families of metrics a chart is drawn, `train/loss` and `val/loss` being one; the others
            stand in the table.
        progress: is told how far it is.

    Raises:
        InvalidValueError: there is no run, one is given twice, or `max_charts` is negative (also a ValueError).
        MetricNotFoundError: no run has a metric of one of the names (also a KeyError).
    """
    given = [runs] if isinstance(runs, RunReader) else list(runs)
    if not given or max_charts < 0:
        raise InvalidValueError(
            f"a report takes one run at least and 0 charts at least; not {len(given)}, {max_charts}"
        )
    if len(given) == 1:
        sections = _single(given[0], metrics, max_charts, progress)
    else:
        sections = _several(given, metrics, max_charts, progress)
    return _page(title or _title(given), list(sections))


def write_report(
    runs: RunReader | Sequence[RunReader],
    out: str | PathLike[str],
    *,
    title: str | None = None,
    metrics: Sequence[str] = (),
    max_charts: int = MAX_CHARTS,
    progress: Progress | None = None,
) -> Path:
    """Write the page of `report_html` to a file, whole or not at all; an existing file is replaced.

    Args:
        runs: as for `report_html`, as all other arguments.
        out: the file. Folders on its way are made.
        title: see there.
        metrics: see there.
        max_charts: see there.
        progress: see there.

    Returns:
        The absolute path of the file.

    Raises:
        RunLoggingError: see `report_html`.
        OSError: the file cannot be written; one that was there is as it was.
    """
    page = report_html(runs, title=title, metrics=metrics, max_charts=max_charts, progress=progress)
    path = Path(out).expanduser().absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, page.encode("utf-8"))
    return path


def _title(runs: Sequence[RunReader]) -> str:
    first = runs[0]
    if len(runs) == 1:
        return f"{first.name or first.id} ({first.experiment})"
    experiments = ", ".join(dict.fromkeys(run.experiment for run in runs))
    return f"{len(runs)} runs of {experiments}"


def _single(run: RunReader, metrics: Sequence[str], max_charts: int, progress: Progress | None) -> Iterator[Section]:
    summary = run.summary()
    charted = chosen([run], [summary], metrics, max_charts)
    # The numbers are read before all else, so that what is wrong in their files is known without a second reading.
    checked = Checked(run)
    points = read_points(run, charted.names, "step", progress, checked)
    charts = metric_charts(labels_of({run.id: run.name}), charted, {run.id: points})
    values, log = run.values(), LogDigest(run.path, progress)
    found = (
        ending_section(run, log),
        summary_section(run),
        metrics_section(charts, [metric_table(summary, metrics)], charted) if charted.total else None,
        values_section(values),
        images_section(run, values),
        logs_section(log),
        mapping_section("Parameters", "parameters", run.parameters),
        mapping_section("Tags", "tags", run.tags),
        mapping_section("Properties", "properties", run.properties),
        children_section(run),
        files_section(run),
        environment_section(run),
        problems_section({run.id: checked.problems()}),
    )
    return (part for part in found if part is not None)


def _several(
    runs: Sequence[RunReader], metrics: Sequence[str], max_charts: int, progress: Progress | None
) -> Iterator[Section]:
    from runlogging.report import _several as parts
    from runlogging.report._comparing import compared

    labels = labels_of({run.id: run.name for run in runs})
    names = [labels[run.id] for run in runs]
    charted = chosen(runs, [run.summary() for run in runs], metrics, max_charts)
    found, points, problems = compared(runs, metrics, charted.names, progress)
    charts = metric_charts(labels, charted, points)
    sections = (
        parts.runs_section(runs, labels),
        parts.endings_section(runs, labels),
        parts.differences_section(found, names),
        metrics_section(charts, [parts.metrics_table(found, names, metrics)], charted) if charted.total else None,
        parts.log_differences_section(found, names),
        problems_section({labels[run_id]: of_run for run_id, of_run in problems.items()}),
    )
    return (part for part in sections if part is not None)


def _page(title: str, sections: Sequence[Section]) -> str:
    links = (element("a", one_line(part.title), href=f"#{part.anchor}") for part in sections)
    body = (element("section", element("h2", one_line(part.title)), part.body, id=part.anchor) for part in sections)
    made = f"Written {time_text(datetime.now(UTC))} by runlogging {__version__}. Times are in UTC."
    head = joined(
        [
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=CSP),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", one_line(title)),
            element("style", Markup(style())),
        ]
    )
    header = element("header", element("h1", one_line(title)), element("p", made, class_="faint"))
    inside = [header, element("nav", *links, aria_label="Contents"), element("main", *body)]
    return f"<!doctype html>\n{element('html', element('head', head), element('body', *inside), lang='en')}\n"
