"""What a run is and how it went: facts, parameters, tags, environment, children, files, problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from runlogging._texts import duration_text, size_text
from runlogging.drawing._markup import Markup, element, joined
from runlogging.drawing._numbers import counted, time_text
from runlogging.reading import Problem, RunReader, children_of
from runlogging.reading._digest import LogDigest
from runlogging.report._logs import bounded_end, last_lines
from runlogging.report._parts import (
    Section,
    bounded,
    facts,
    faint,
    label_text,
    paragraph,
    pre,
    section,
    table,
    value_text,
)

_MOST_FILES, _MOST_CHILDREN, _MOST_PROBLEMS, _MOST_FACTS = 300, 200, 50, 500
_ENDED_BADLY = frozenset({"Failed", "Canceled", "NotResponding"})
_STATUS_KINDS = {"Completed": "good", "Failed": "bad", "Canceled": "warn", "NotResponding": "lost", "Unknown": "lost"}


def status_text(status: str) -> Markup:
    """Return a status in its colour."""
    return element("span", status, class_=_STATUS_KINDS.get(status))


def seconds_of(run: RunReader) -> float | None:
    """Return how long a run took: to its end, to now where it runs, else to its last record; None if not known."""
    begin = run.started or run.created
    status = run.status
    end = run.ended or (datetime.now(UTC) if status == "Running" else run.last_record)
    return (end - begin).total_seconds() if begin and end else None


def ending_section(run: RunReader, log: LogDigest) -> Section | None:
    """Return what ended a run that did not end well, with the last lines of its log; None for others."""
    status = run.status
    error, faults = run.error, run.faults
    if status not in _ENDED_BADLY and not error and not faults:
        return None
    parts: list[str] = []
    if status == "NotResponding":
        last = run.last_record
        parts.append(
            paragraph(
                f"The process is gone without an end. {f'Its last record is of {time_text(last)}.' if last else ''}"
            )
        )
    if error is not None:
        text = f"{error.type}: {error.message}" if error.message else error.type
        stack = error.stacktrace or ""
        parts.append(pre(bounded_end(stack.rstrip("\n")) if stack.strip() else bounded(text), "error"))
        if stack.strip() and text not in stack:
            parts.append(paragraph(bounded(text)))
    for writer, text in faults.items():
        parts += [element("h3", f"Crash of {label_text(writer)}"), pre(bounded(text, 6_000), "error")]
    return section(f"How it ended: {status}", "end", *parts, last_lines(log))


def summary_section(run: RunReader) -> Section:
    """Return what a run is."""
    counts = ", ".join(f"{count:,} {name}" for name, count in run.counts.items() if count)
    dropped = run.dropped
    lost = f"{dropped.records:,} records could not be kept: {dropped.reason}" if dropped else ""
    shown = {
        "status": status_text(run.status),
        "experiment": run.experiment,
        "run": run.id,
        "name": run.name or "",
        "number": "" if run.number is None else str(run.number),
        "type": run.type or "",
        "about": run.description or "",
        "parent": run.parent or "",
        "started": time_text(run.started or run.created),
        "ended": time_text(run.ended),
        "took": duration_text(seconds_of(run)),
        "attempts": str(len(run.attempts)) if len(run.attempts) > 1 else "",
        "writers": str(len(run.writers)) if len(run.writers) > 1 else "",
        "lines": counts or "none",
        "dropped": lost,
    }
    return section("Summary", "summary", facts(shown))


def mapping_section(title: str, anchor: str, values: Mapping[str, Any]) -> Section | None:
    """Return names and values as a section, nested mappings with dotted names; None where there are none."""
    flat = dict(_flat(values, ""))
    if not flat:
        return None
    rows = {label_text(name): _shown(value) for name, value in list(flat.items())[:_MOST_FACTS]}
    more = faint(f"{len(flat) - _MOST_FACTS:,} more are left out.") if len(flat) > _MOST_FACTS else ""
    return section(title, anchor, facts(rows), more)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return value_text(value, 1_000) or '""'


def _flat(values: Mapping[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value and depth < 8:
            yield from _flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value


def environment_section(run: RunReader) -> Section | None:
    """Return the section of host, Python, code and packages; None where the run has kept nothing of them."""
    environment = run.environment
    packages = environment.get("packages")
    command = environment.get("command")
    rest = {key: value for key, value in environment.items() if key not in ("packages", "command") and value}
    if isinstance(command, list):
        rest = {"command": " ".join(map(str, command)), **rest}
    made = mapping_section("Environment", "environment", rest)
    if not isinstance(packages, Mapping) or not packages:
        return made
    text = ", ".join(f"{name} {version}" for name, version in packages.items())
    parts = [element("h3", counted(len(packages), "package")), paragraph(bounded(text, 20_000), kind="faint")]
    return section("Environment", "environment", *([made.body] if made else []), *parts)


def children_section(run: RunReader) -> Section | None:
    """Return the section of a run's children; None where it has none."""
    children = children_of(run)
    if not children:
        return None
    rows = [
        [
            label_text(child.name or child.id),
            status_text(child.status),
            time_text(child.started or child.created),
            duration_text(seconds_of(child)),
        ]
        for child in children[:_MOST_CHILDREN]
    ]
    more = faint(f"{len(children) - len(rows):,} more are left out.") if len(children) > len(rows) else ""
    return section(
        "Children", "children", table(["run", "status", "started", "took"], rows, numbers=[3], unbroken=[2]), more
    )


def files_section(run: RunReader) -> Section | None:
    """Return the list of the files kept with a run; None where there are none."""
    entries = list(run.artifacts().values())
    if not entries:
        return None
    rows = [[label_text(entry.name), size_text(entry.size), time_text(entry.time)] for entry in entries[:_MOST_FILES]]
    total = f"{counted(len(entries), 'file')}, {size_text(sum(entry.size for entry in entries))}"
    more = f"; the first {len(rows)} are listed" if len(entries) > len(rows) else ""
    shown = table(["file", "size", "kept"], rows, numbers=[1], unbroken=[2])
    return section("Files", "files", faint(f"{total}{more}."), shown)


def problems_section(problems: Mapping[str, Sequence[Problem]]) -> Section | None:
    """Return what is wrong in the folders of runs; None where all is well.

    Args:
        problems: what a run is called to its problems; of a single run the name is not said.
    """
    parts = []
    for name, found in problems.items():
        heading = element("h3", name) if len(problems) > 1 else ""
        parts += [heading, _problems(found)] if found else []
    title = "Problems of the folder" if len(problems) == 1 else "Problems of the folders"
    return section(title, "problems", *parts) if parts else None


def _problems(problems: Sequence[Problem]) -> Markup:
    items = [
        element(
            "li", f"{problem.file}{'' if problem.offset is None else f' at byte {problem.offset:,}'}: {problem.text}"
        )
        for problem in problems[:_MOST_PROBLEMS]
    ]
    more = faint(f"And {len(problems) - len(items):,} more.") if len(problems) > len(items) else ""
    return joined([element("ul", *items), more])
