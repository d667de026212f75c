"""``runlogging doctor``: which loggers lose records under a configuration file."""

from __future__ import annotations

from collections.abc import Iterator

from runlogging.cli._escape import escape_cell
from runlogging.cli._json import json_text
from runlogging.cli._output import Output
from runlogging.cli._tables import Cell, Column, table_lines
from runlogging.doctor import Report, check_file
from runlogging.doctor._findings import NOTHING, Group, grouped

_COLOURS = {"lost": "red", "hidden": "yellow", "hint": "cyan"}
_COLUMNS = (Column("SEVERITY"), Column("LOGGER", least=12), Column("LEVELS", least=10), Column("WHY", least=30))
_FIELDS = ("severity", "code", "logger", "levels", "what", "why", "where", "fix")


def check_configuration(
    path: str, level: str, loggers: tuple[str, ...], output: Output, *, captured: bool, as_json: bool
) -> bool:
    """Print what a configuration loses; return whether it loses anything."""
    report = check_file(path, level=_level(level), loggers=loggers, captured=captured)
    if as_json:
        findings = [{name: getattr(finding, name) for name in _FIELDS} for finding in report]
        output.write(json_text({"file": path, "lost": bool(report), "findings": findings}, indent=2))
    else:
        output.write_all(_shown(report, output))
    return bool(report)


def _level(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _shown(report: Report, output: Output) -> Iterator[str]:
    if not len(report):
        yield NOTHING
        return
    groups = grouped(report)
    titles, *lines = table_lines(_COLUMNS, [_row(group) for group in groups], output)
    yield titles
    for group, line in zip(groups, lines, strict=True):
        yield line
        # The line to take over is never cut.
        place = output.paint(escape_cell(group.finding.where), dim=True)
        yield f"  {place}" if group.finding.where else ""
        yield f"    {escape_cell(group.finding.fix)}"


def _row(group: Group) -> list[Cell]:
    finding = group.finding
    return [
        Cell(finding.severity, _COLOURS[finding.severity]),
        Cell(escape_cell(group.named)),
        Cell(escape_cell(" ".join(finding.levels))),
        Cell(escape_cell(finding.why)),
    ]
