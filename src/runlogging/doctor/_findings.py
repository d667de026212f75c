"""What the doctor says: findings, and the list of them as text and as HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["lost", "hidden", "hint"]
SEVERITIES: tuple[Severity, ...] = ("lost", "hidden", "hint")

_SHOWN_LOGGERS = 3
_WIDTH = 118


@dataclass(frozen=True)
class Finding:
    """One reason why records of one logger are lost, and what mends it.

    Attributes:
        code: the kind of reason, a word of the table in docs/doctor.md.
        logger: the logger's name; ``root``, or ``*`` for all loggers that were made before a configuration is loaded.
        what: what happens, as one sentence.
        why: what does it, and where.
        fix: one line that mends it: of Python, with ``import logging.handlers, runlogging`` before it, or of the file.
        levels: the names of the levels that are concerned, lowest first; empty where it is no matter of levels.
        severity: "lost" (nothing that counts keeps the records), "hidden" (they are kept, and one place loses them) or
            "hint".
        where: what is at fault: an expression of Python, or the path of a key in the file.
    """

    code: str
    logger: str
    what: str
    why: str
    fix: str
    levels: tuple[str, ...] = ()
    severity: Severity = "lost"
    where: str = ""


class Report(list[Finding]):
    """Findings, the worst first. It is true when records are lost, not when it has findings."""

    def __bool__(self) -> bool:
        return any(finding.severity == "lost" for finding in self)

    def __str__(self) -> str:
        if not len(self):
            return NOTHING
        return "\n".join(line for group in grouped(self) for line in _lines(group))

    def _repr_html_(self) -> str:
        if not len(self):
            return f"<p>{NOTHING}</p>"
        titles = "".join(f"<th>{title}</th>" for title in ("", "loggers", "levels", "why", "fix"))
        return f"<table><tr>{titles}</tr>{''.join(map(_html_row, grouped(self)))}</table>"


NOTHING = "Nothing is lost."


@dataclass(frozen=True)
class Group:
    """Findings that one cause has and one line mends.

    Attributes:
        finding: the first of them.
        loggers: the names of all their loggers.
    """

    finding: Finding
    loggers: tuple[str, ...]

    @property
    def named(self) -> str:
        """The loggers for people: the first ones, and how many more."""
        more = len(self.loggers) - _SHOWN_LOGGERS
        names = visible(", ".join(self.loggers[:_SHOWN_LOGGERS]))
        return f"{names} and {more} more" if more > 0 else names


def grouped(findings: Sequence[Finding]) -> list[Group]:
    """Return findings with those together that differ only in the logger, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.severity, one.code, one.where, one.why, one.fix, one.levels), []).append(one)
    return [Group(group[0], tuple(dict.fromkeys(one.logger for one in group))) for group in groups.values()]


def visible(text: str) -> str:
    """Return text on one line in which nothing steers a terminal: what cannot be printed is escaped."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _lines(group: Group) -> Iterator[str]:
    finding = group.finding
    levels = f" [{' '.join(finding.levels)}]" if finding.levels else ""
    said = f"{finding.severity:<6}  {group.named}{levels}: {visible(finding.why)} ({finding.code})"
    yield from textwrap.wrap(said, _WIDTH, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False)
    place = "" if finding.where in finding.fix else f"{visible(finding.where)}:  "
    yield f"        {place}{visible(finding.fix)}"


def _html_row(group: Group) -> str:
    finding = group.finding
    cells = [finding.severity, group.named, " ".join(finding.levels), finding.why]
    made = "".join(f"<td>{html.escape(visible(cell))}</td>" for cell in cells)
    place = "" if finding.where in finding.fix else f"{html.escape(visible(finding.where))}: "
    return f"<tr>{made}<td>{place}<code>{html.escape(visible(finding.fix))}</code></td></tr>"
