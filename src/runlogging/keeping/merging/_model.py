"""What `plan_merge` and `merge` return."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runlogging.keeping.collecting._model import Mark

Action = Literal["copy", "replace", "same", "older", "conflict", "left out"]
"""What becomes of something: it is copied; it takes the place of an older state of the same; the target has the same,
or a later state; both were changed; or it is left out."""

TO_DO = frozenset({"copy", "replace"})
LEFT = frozenset({"conflict", "left out"})
"""The actions after which something of a source is not in the target."""


@dataclass(frozen=True)
class Step:
    """What is to become of one run, or of one version of a model.

    Attributes:
        kind: which of the two.
        action: what becomes of it.
        source: the folder that it comes from.
        target: the folder that it becomes, or is compared with.
        reason: why, for people; empty where it is just copied.
        bytes: how many are copied.
        new_id: the run id, or the version, that it gets in place of its own; None where it keeps its own.
        parent: the id that the run's parent got; None where the parent keeps its own.
        unfit: names of what in it is not copied: links, and what is no file.
        root: where the source lies: a root, or the folder around a single run.
        mark, target_mark: the states of the manifests that were looked at.
    """

    kind: Literal["run", "model"]
    action: Action
    source: Path
    target: Path
    reason: str = ""
    bytes: int = 0
    new_id: str | None = None
    parent: str | None = None
    unfit: tuple[str, ...] = ()
    root: Path | None = None
    mark: Mark | None = field(default=None, repr=False)
    target_mark: Mark | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Experiment and run id, or name and version of the model, as the source has them."""
        return f"{self.source.parent.name}/{self.source.name}"


@dataclass(frozen=True)
class MergePlan:
    """What would be copied; nothing has been.

    Attributes:
        into: the root that it goes into, absolute.
        steps: what becomes of each run, sources in the order in which they were given, then of each model.
        numbers: the highest number of a run that the sources know of, by experiment.
        archived: experiments that are archived in each source that has them.
        move: whether what is in the target afterwards is deleted from the sources.
    """

    into: Path
    steps: tuple[Step, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict)
    archived: frozenset[str] = frozenset()
    move: bool = False

    @property
    def to_do(self) -> tuple[Step, ...]:
        """What would be copied."""
        return tuple(step for step in self.steps if step.action in TO_DO)

    @property
    def left(self) -> tuple[Step, ...]:
        """What would not be in the target: conflicts and what is left out."""
        return tuple(step for step in self.steps if step.action in LEFT)

    @property
    def bytes(self) -> int:
        """How many bytes would be copied."""
        return sum(step.bytes for step in self.to_do)


@dataclass(frozen=True)
class Merged:
    """What `merge` did.

    Attributes:
        done: what was copied, whole and verified.
        removed: the folders of the sources that were deleted (``move``).
        failed: what could not be copied or deleted, and why.
    """

    done: tuple[Step, ...]
    removed: tuple[Path, ...] = ()
    failed: tuple[tuple[Step, str], ...] = ()
