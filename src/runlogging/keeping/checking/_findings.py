"""What verifying finds in a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

Severity = Literal["damage", "note"]
Progress = Callable[[str, int, int], object]
"""What long work tells: (what it works on, how much is done, how much there is in all)."""

MOST_OF_A_KIND = 50


class Finding(NamedTuple):
    """Something in a run that is not as it was written.

    Attributes:
        severity: "damage": something is lost or was changed; "note": nothing is, and it is good to know.
        kind: a word for programs, such as "bad", "torn", "gap", "missing", "changed" or "unreadable".
        file: the name of the file in the run folder.
        offset: where in the file, in bytes from its start; None where it has no place.
        text: a sentence for people.
    """

    severity: Severity
    kind: str
    file: str
    offset: int | None
    text: str


class Report(NamedTuple):
    """What verifying found in one run.

    Attributes:
        path: the run folder.
        findings: damages first; no more than 50 of a kind in one file, behind them how many more there are.
    """

    path: Path
    findings: list[Finding]

    @property
    def damages(self) -> list[Finding]:
        """What is lost or was changed."""
        return [finding for finding in self.findings if finding.severity == "damage"]

    @property
    def notes(self) -> list[Finding]:
        """What is good to know."""
        return [finding for finding in self.findings if finding.severity == "note"]

    @property
    def is_sound(self) -> bool:
        """Whether there is no damage."""
        return not self.damages


class Findings:
    """The findings of one run as they come, so that a file of nothing but bad lines does not fill the memory."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._counts: Counter[tuple[Severity, str, str]] = Counter()

    def damage(self, kind: str, file: str, text: str, offset: int | None = None) -> None:
        """Say that something is lost or was changed."""
        self._add(Finding("damage", kind, file, offset, text))

    def note(self, kind: str, file: str, text: str, offset: int | None = None) -> None:
        """Say something that is good to know."""
        self._add(Finding("note", kind, file, offset, text))

    def count_more(self, kind: str, file: str, count: int) -> None:
        """Count further damages of a kind, of which nobody kept the places."""
        self._counts["damage", kind, file] += count

    def _add(self, finding: Finding) -> None:
        self._counts[finding[:3]] += 1
        if self._counts[finding[:3]] <= MOST_OF_A_KIND:
            self._kept.append(finding)

    def has_damage(self, file: str) -> bool:
        """Tell whether there is damage in a file."""
        return any(severity == "damage" and name == file for severity, _, name in self._counts)

    def all(self) -> list[Finding]:
        """Return the findings, damages first."""
        more = [
            Finding(severity, kind, file, None, f"{count - MOST_OF_A_KIND:,} more of this kind")
            for (severity, kind, file), count in self._counts.items()
            if count > MOST_OF_A_KIND
        ]
        return sorted([*self._kept, *more], key=lambda finding: finding.severity)


class Told:
    """How far the work on one thing is, in bytes.

    Args:
        what: the thing, such as a run's id.
        total: the bytes in all.
        progress: who is told; None tells nobody.
        done: the bytes of what was done before.
    """

    def __init__(self, what: str, total: int, progress: Progress | None, done: int = 0) -> None:
        self._what, self._total, self._progress, self._done = what, total, progress, done

    def add(self, size: int) -> None:
        """Say that so many bytes more are done."""
        self._done += size
        if self._progress is not None:
            self._progress(self._what, min(self._done, self._total), self._total)
