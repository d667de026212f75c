"""What `plan_gc` and `collect` return."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["run", "snapshot", "environment", "work", "temporary", "trash", "experiment"]
"""What can go: a run; a snapshot that no run has; an environment that nothing used for long; the working folder of a
submitted run; the temporary file of a process that was killed; what was deleted in part; an empty experiment."""


@dataclass(frozen=True)
class Mark:
    """What tells one state of a file from another without reading it."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Mark:
        """Take the mark of a file.

        Raises:
            OSError: there is none.
        """
        status = path.stat()
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Item:
    """Something that would go.

    Attributes:
        kind: what it is.
        path: the folder or file.
        reason: why it goes.
        bytes: the room that comes free when it goes after those before it in the plan; a file with several names counts
            where its last name goes.
        age_s: seconds since its end, or since it last changed.
        run_id, experiment, status: of a run; None of anything else.
        mark: of a run, the state of its manifest that was looked at.
    """

    kind: Kind
    path: Path
    reason: str
    bytes: int
    age_s: float
    run_id: str | None = None
    experiment: str | None = None
    status: str | None = None
    mark: Mark | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Kept:
    """Something that fits what was asked for, and stays all the same; or a run that cannot be read.

    Attributes:
        path: the folder or file.
        reason: why it stays.
        run_id, experiment, status: of a run; None of anything else. The status is None where it cannot be read.
    """

    path: Path
    reason: str
    run_id: str | None = None
    experiment: str | None = None
    status: str | None = None


@dataclass(frozen=True)
class GcPlan:
    """What would be deleted; nothing has been.

    Attributes:
        root: the root, absolute.
        families: the runs that would go, oldest first; each with its children, which go with it or stay with it.
        leftovers: what else would go.
        kept: what fits and stays.
        size: the bytes of the whole root on the disk; None where no size was asked for.
        max_size: how many bytes the root may have; None where no size was asked for.
    """

    root: Path
    families: tuple[tuple[Item, ...], ...] = ()
    leftovers: tuple[Item, ...] = ()
    kept: tuple[Kept, ...] = ()
    size: int | None = None
    max_size: int | None = None

    @property
    def runs(self) -> tuple[Item, ...]:
        """The runs that would go, children behind their parents."""
        return tuple(item for family in self.families for item in family)

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that would go."""
        return self.runs + self.leftovers

    @property
    def bytes(self) -> int:
        """The room that would come free on the disk."""
        return sum(item.bytes for item in self.items)


@dataclass(frozen=True)
class Collected:
    """What `collect` did.

    Attributes:
        removed: what is gone.
        kept: what was planned and stays, because it changed meanwhile.
        failed: what could not be removed; the reason says what is left of it.
    """

    removed: tuple[Item, ...]
    kept: tuple[Kept, ...] = ()
    failed: tuple[Kept, ...] = ()

    @property
    def bytes(self) -> int:
        """The room that came free, as the plan had it."""
        return sum(item.bytes for item in self.removed)
