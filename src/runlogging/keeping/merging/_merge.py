"""``runlogging merge``: the runs and models of several roots in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import msgspec

from runlogging._errors import RunLoggingError
from runlogging.folder import RUN_MANIFEST, check_writable, find_root, read_manifest
from runlogging.keeping.collecting._look import Found
from runlogging.keeping.collecting._places import ARCHIVED_FILE
from runlogging.keeping.collecting._trash import use_of
from runlogging.keeping.merging._doing import Progress, merge
from runlogging.keeping.merging._model import Merged, MergePlan, Step
from runlogging.keeping.merging._models import model_steps
from runlogging.keeping.merging._numbers import highest_number
from runlogging.keeping.merging._sources import Origin, origins_of, problem_of
from runlogging.keeping.merging._state import MERGED_FROM, State, relation

__all__ = ["MergePlan", "Merged", "Progress", "Step", "merge", "plan_merge"]


def plan_merge(
    sources: Sequence[str | PathLike[str]],
    into: str | PathLike[str],
    *,
    rename: bool = False,
    move: bool = False,
) -> MergePlan:
    """Say what merging roots into one would do; nothing is copied.

    A run of a source becomes ``<into>/<experiment>/<run id>``. Where there is one already: the same is skipped; of two
    states of one run the later one wins; two that were both changed are a conflict, and the target's stays.

    Args:
        sources: roots, or single run folders.
        into: the root that they go into; it need not exist.
        rename: whether a run in conflict is copied under another id, with the property ``merged.from`` that says its
            own; its children follow it. A model version in conflict becomes the next free version.
        move: whether what is in the target afterwards is deleted from the sources.

    Raises:
        InvalidValueError: there is no source, or one and the target lie in each other (also a ValueError).
        RootError: a source is no folder of runs, or the target cannot be written (also an OSError).
    """
    target = find_root(into)
    origins = origins_of(sources, target)
    check_writable(target)
    planner = _Planner(target, rename=rename)
    for origin in origins:
        planner.take(origin)
    models = model_steps([origin.root for origin in origins if origin.only is None], target, planner.ids, rename=rename)
    return MergePlan(
        target, (*planner.steps, *models), planner.numbers, frozenset(planner.archived - planner.active), move
    )


class _Planner:
    """The steps for one source after another; a run of a later one is compared with what an earlier one brings."""

    def __init__(self, into: Path, *, rename: bool) -> None:
        self._into, self._rename = into, rename
        self._coming: dict[Path, tuple[int, State]] = {}
        self.steps: list[Step] = []
        self.numbers: dict[str, int] = {}
        self.archived: set[str] = set()
        self.active: set[str] = set()
        self.ids: dict[Path, str] = {}

    def take(self, origin: Origin) -> None:
        for found in origin.runs():
            self._take_run(found, origin.root if origin.only is None else found.path.parent)
            experiment = found.experiment
            self.numbers[experiment] = max(self.numbers.get(experiment, 0), highest_number(found))
            is_archived = origin.only is None and (found.path.parent / ARCHIVED_FILE).exists()
            (self.archived if is_archived else self.active).add(experiment)

    def _take_run(self, found: Found, root: Path) -> None:
        target = self._into / found.experiment / found.id
        step = Step("run", "left out", found.path, target, root=root, mark=found.mark)
        problem = problem_of(found)
        if problem:
            self.steps.append(replace(step, reason=problem))
            return
        try:
            self._compare(step, found)
        except (RunLoggingError, OSError, msgspec.DecodeError) as error:
            self.steps.append(replace(step, reason=f"it cannot be compared: {error}"))

    def _compare(self, step: Step, found: Found) -> None:
        own = State.of(step.source)
        step = replace(step, unfit=own.unfit, bytes=own.size, mark=own.mark)
        # As it is first: a child that is in the target already stays below the parent that is there.
        if self._fits(step, own):
            return
        parent = found.manifest.parent if found.manifest else None
        new_parent = self.ids.get(step.source.with_name(parent)) if parent else None
        moved = own.renamed(None, new_parent) if new_parent else own
        step = replace(step, parent=new_parent)
        if new_parent and self._fits(step, moved):
            return
        if self._current(step.target) is None:
            self._add(replace(step, action="copy"), moved)
        else:
            self._evade(step, own, new_parent)

    def _fits(self, step: Step, state: State) -> bool:
        """Settle a run of which the target has the same, or another state; tell whether that is so."""
        there = self._current(step.target)
        if there is None:
            return False
        found = relation(state, there)
        if found.kind == "conflict":
            return False
        if found.kind == "newer":
            self._supersede(step, state, there)
        else:
            reason = "the target has the same" if found.kind == "same" else "the target has a later state"
            self._add(replace(step, action=found.kind, reason=reason), None)  # type: ignore[arg-type]  # it is one
        return True

    def _supersede(self, step: Step, state: State, there: State) -> None:
        step = replace(step, action="replace", reason="the target has an older state", target_mark=there.mark)
        coming = self._coming.get(step.target)
        if coming is not None:
            # An earlier source has an older state, which is not copied then.
            number, _ = coming
            before = self.steps[number]
            self.steps[number] = replace(before, action="older", reason=f"{step.source} has a later state")
            self._add(replace(step, action=before.action, target_mark=before.target_mark), state)
            return
        use = use_of(there.path, read_manifest(there.path))
        if use:
            self._add(replace(step, action="left out", reason=f"the target has an older state, and {use}"), None)
        else:
            self._add(step, state)

    def _evade(self, step: Step, own: State, new_parent: str | None) -> None:
        """Find a copy under another id that an earlier merge made, or make one."""
        conflict = step.target
        number = 2
        while True:
            new_id = f"{step.source.name[:58]}-{number}"
            renamed = own.renamed(new_id, new_parent)
            step = replace(step, target=conflict.with_name(new_id), new_id=new_id)
            there = self._current(step.target)
            if there is None:
                break
            if _is_copy(there, step) and self._fits(step, renamed):
                self.ids[step.source] = new_id
                return
            number += 1
        reason = self._reason(conflict, own)
        if self._rename:
            self.ids[step.source] = new_id
            self._add(replace(step, action="copy", reason=f"conflict: {reason}"), renamed)
        else:
            self._add(replace(step, action="conflict", target=conflict, new_id=None, reason=reason), None)

    def _reason(self, target: Path, own: State) -> str:
        there = self._current(target)
        return relation(own, there).reason if there else ""

    def _add(self, step: Step, state: State | None) -> None:
        if state is not None:
            self._coming[step.target] = len(self.steps), state
        self.steps.append(step)

    def _current(self, target: Path) -> State | None:
        """Return what will lie in a place when the steps so far are done; None where nothing will."""
        if target in self._coming:
            return self._coming[target][1]
        return State.of(target) if (target / RUN_MANIFEST).exists() else None


def _is_copy(there: State, step: Step) -> bool:
    return (there.manifest.get("properties") or {}).get(MERGED_FROM) == step.source.name
