"""Deleting what a plan says, after another look at each thing: much may have happened since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from runlogging._errors import RunActiveError, RunLoggingError
from runlogging.folder._locks import held_lock
from runlogging.keeping.collecting._leftovers import (
    is_being_built,
    is_empty,
    unused_environments,
    unused_snapshots,
    unused_work,
)
from runlogging.keeping.collecting._look import Found, look
from runlogging.keeping.collecting._model import Collected, GcPlan, Item, Kept
from runlogging.keeping.collecting._places import LOCK_FILE, TRASH_FOLDER, made_folder, random_name, store_lock
from runlogging.keeping.collecting._trash import BROKEN, NOT_STARTED, Stays, delete, move_to_trash, put_back

Progress = Callable[[str, int, int], object]
"""Is told what is at work, how much of it is done, and how much there is in all."""


def collect(plan: GcPlan, progress: Progress | None = None) -> Collected:
    """Delete what a plan says.

    A run is moved into ``.trash`` of the root as a whole and deleted there, so no reader ever sees half of one, and
    what a kill leaves the next gc removes. A run stays with its family if one of them changed since the plan was made,
    has a new child, or is in use by now.

    Args:
        plan: what `plan_gc` returned.
        progress: told of each family that was moved ("moving") and of each thing that is deleted next ("deleting").

    Returns:
        What is gone, what stays, and what could not be removed.

    Raises:
        RunActiveError: another gc is at work in this root (also a RuntimeError).
        OSError: the root cannot be written.
    """
    collection = _Collection(plan, progress or (lambda what, done, total: None))
    if not plan.items:
        return collection.result()
    try:
        # One at a time: what one moved and may put back, another would take for a rest and delete.
        with held_lock(made_folder(plan.root, TRASH_FOLDER) / LOCK_FILE, timeout_s=0):
            collection.run()
    except TimeoutError:
        raise RunActiveError(f"another gc is at work in {plan.root}; try again when it has ended") from None
    return collection.result()


class _Collection:
    def __init__(self, plan: GcPlan, progress: Progress) -> None:
        self._plan, self._root, self._progress = plan, plan.root, progress
        self._moved: list[tuple[Item, Path]] = []
        self._removed: list[Item] = []
        self._kept: list[Kept] = []
        self._failed: list[Kept] = []

    def run(self) -> None:
        plan = self._plan
        children = _children(look(self._root)) if plan.families else {}
        for number, family in enumerate(plan.families):
            self._take_family(family, children)
            self._progress("moving", number + 1, len(plan.families))
        self._delete_moved()
        # Only now do their snapshots have no other name.
        self._take_leftovers()
        self._delete_moved()

    def _delete_moved(self) -> None:
        moved, self._moved = self._moved, []
        for number, (item, path) in enumerate(moved):
            self._progress("deleting", number, len(moved))
            self._delete(item, path)

    def result(self) -> Collected:
        return Collected(tuple(self._removed), tuple(self._kept), tuple(self._failed))

    def _take_family(self, family: tuple[Item, ...], children: dict[tuple[str, str], set[Path]]) -> None:
        """Move a run and its children out of sight, or none of them."""
        moved: list[tuple[Item, Path]] = []
        item = family[0]
        try:
            known = {one.path for one in family}
            for item in family:
                if children.get((item.path.parent.name, item.run_id or ""), known) - known:
                    raise Stays("it has a new child")
                moved.append((item, self._to_trash(item)))
        except (Stays, RunLoggingError, OSError) as problem:
            self._stay(family[0], item, problem)
            for one, path in moved:
                self._put_back(one, path)
        else:
            self._moved += moved

    def _put_back(self, item: Item, trashed: Path) -> None:
        try:
            put_back(trashed, item.path)
        except OSError as error:
            reason = f"it lies in {trashed} and cannot be put back: {error.strerror or error}"
            self._failed.append(Kept(item.path, reason, item.run_id, item.experiment, item.status))

    def _to_trash(self, item: Item) -> Path:
        if item.mark is None:
            raise Stays("nothing is known of it")
        return move_to_trash(
            self._root,
            item.path,
            item.mark,
            takes_unstarted=item.status == NOT_STARTED,
            is_broken=item.status == BROKEN,
        )

    def _stay(self, top: Item, culprit: Item, problem: Exception) -> None:
        reason = str(problem) if culprit is top else f"its child {culprit.run_id}: {problem}"
        kept = Kept(top.path, reason, top.run_id, top.experiment, top.status)
        (self._kept if isinstance(problem, Stays) else self._failed).append(kept)

    # ------------------------------------------------------------------ what belongs to no run

    def _take_leftovers(self) -> None:
        if not self._plan.leftovers:
            return
        runs = look(self._root)
        unused = {*unused_snapshots(self._root, runs), *unused_work(self._root, runs)}
        unused |= set(unused_environments(self._root, runs))
        for item in self._plan.leftovers:
            try:
                self._take_leftover(item, unused)
            except Stays as problem:
                self._kept.append(Kept(item.path, str(problem)))
            except FileNotFoundError:
                continue  # another gc was at it
            except OSError as problem:
                self._failed.append(Kept(item.path, f"it cannot be deleted: {problem.strerror or problem}"))

    def _take_leftover(self, item: Item, unused: Iterable[Path]) -> None:
        path = item.path
        if item.kind in ("snapshot", "work", "environment") and path not in unused:
            raise Stays("something needs it by now")
        if item.kind == "snapshot":
            self._take_snapshot(item)
        elif item.kind in ("work", "environment"):
            self._take_folder(item, lambda trashed: item.kind == "environment" and is_being_built(path))
        elif item.kind == "experiment":
            if not is_empty(path):
                raise Stays("it has runs by now")
            self._take_folder(item, lambda trashed: not is_empty(trashed))
        else:
            self._moved.append((item, path))

    def _take_snapshot(self, item: Item) -> None:
        with store_lock(item.path.parent, item.path.name):
            if item.path.stat().st_nlink > 1:
                raise Stays("a run has it")
            item.path.unlink()
        self._removed.append(item)

    def _take_folder(self, item: Item, is_used: Callable[[Path], bool]) -> None:
        trashed = made_folder(self._root, TRASH_FOLDER) / random_name(item.path.name.lstrip("."))
        item.path.rename(trashed)
        if is_used(trashed):
            put_back(trashed, item.path)
            raise Stays("something needs it by now")
        self._moved.append((item, trashed))

    def _delete(self, item: Item, path: Path) -> None:
        problem = delete(path)
        if problem is None:
            self._removed.append(item)
        else:
            where = "" if path == item.path else f" (it is {path} now)"
            self._failed.append(Kept(item.path, f"{problem}{where}", item.run_id, item.experiment, item.status))


def _children(runs: Iterable[Found]) -> dict[tuple[str, str], set[Path]]:
    """Return the folders of the children of each run, by experiment and the run's id."""
    children: dict[tuple[str, str], set[Path]] = {}
    for run in runs:
        if run.manifest is not None and run.manifest.parent:
            children.setdefault((run.experiment, run.manifest.parent), set()).add(run.path)
    return children
