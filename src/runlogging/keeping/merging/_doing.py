"""Doing what a plan of a merge says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from runlogging._errors import RootError, RunActiveError, RunLoggingError
from runlogging.folder import RUN_MANIFEST, WRITERS_FOLDER, check_writable, read_manifest
from runlogging.folder._atomic import sync_folder, write_atomic
from runlogging.folder._locks import held_lock
from runlogging.folder._manifest import manifest_lock
from runlogging.keeping.collecting._model import Mark
from runlogging.keeping.collecting._places import (
    ARCHIVED_FILE,
    LOCK_FILE,
    MERGING_FOLDER,
    SNAPSHOT_FILE,
    SNAPSHOT_PROPERTY,
    made_folder,
    random_name,
)
from runlogging.keeping.collecting._trash import Stays, delete, move_to_trash, use_of, writing_in
from runlogging.keeping.merging._copy import FULL, copy_files
from runlogging.keeping.merging._exchange import exchange
from runlogging.keeping.merging._model import Merged, MergePlan, Step
from runlogging.keeping.merging._models import FACTS, Version
from runlogging.keeping.merging._numbers import raise_number
from runlogging.keeping.merging._snapshots import keep, stored
from runlogging.keeping.merging._sources import use_of_source
from runlogging.keeping.merging._state import State

Progress = Callable[[str, int, int], object]
"""Is told what is copied now, how many bytes are done, and how many there are in all."""

_IN_TARGET = frozenset({"same", "older"})


def merge(plan: MergePlan, progress: Progress | None = None) -> Merged:
    """Do what a plan says.

    A run is copied beside the others, each file is read back and compared by size and SHA-256, and only then it gets
    its name, all at once. So a kill at any time leaves whole runs only; another merge does the rest.

    Args:
        plan: what `plan_merge` returned.
        progress: told now and then.

    Returns:
        What was copied and deleted, and what could not be.

    Raises:
        RunActiveError: another merge into the same root is at work (also a RuntimeError).
        RootError: the target cannot be written, or its disk is full: what was copied whole stays (also an OSError).
    """
    check_writable(plan.into)
    if not plan.to_do and not plan.move:
        return Merged(())
    plan.into.mkdir(parents=True, exist_ok=True)
    merging = made_folder(plan.into, MERGING_FOLDER)
    try:
        with held_lock(merging / LOCK_FILE, timeout_s=0):
            return _Merge(plan, merging, progress).run()
    except TimeoutError:
        raise RunActiveError(f"another merge into {plan.into} is at work; try again when it has ended") from None


class _Merge:
    def __init__(self, plan: MergePlan, merging: Path, progress: Progress | None) -> None:
        self._plan, self._merging = plan, merging
        self._progress = progress or (lambda what, done, total: None)
        self._bytes, self._total = 0, plan.bytes
        self._done: list[Step] = []
        self._removed: list[Path] = []
        self._failed: list[tuple[Step, str]] = []

    def run(self) -> Merged:
        for rest in self._merging.iterdir():  # of a merge that was killed: nobody else is at work here
            if rest.name != LOCK_FILE:
                delete(rest)
        for step in self._plan.to_do:
            self._try(step, self._copy_run if step.kind == "run" else self._copy_model)
        self._finish_experiments()
        if self._plan.move:
            merged = set(map(id, self._done))
            for step in self._plan.steps:
                if step.kind == "run" and (step.action in _IN_TARGET or id(step) in merged):
                    self._remove(step)
        return Merged(tuple(self._done), tuple(self._removed), tuple(self._failed))

    def _try(self, step: Step, do: Callable[[Step, Path], None]) -> None:
        temporary = self._merging / random_name(step.source.name)
        try:
            do(step, temporary)
        except (Stays, RunLoggingError, msgspec.DecodeError) as problem:
            self._failed.append((step, str(problem)))
        except OSError as error:
            if error.errno in FULL:
                raise self._full(step, error) from error
            self._failed.append((step, f"it cannot be copied: {error}"))
        else:
            self._done.append(step)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _full(self, step: Step, error: OSError) -> RootError:
        count = len(self._done)
        whole = f"{count} of {len(self._plan.to_do)} {'was' if count == 1 else 'were'} copied whole and stay"
        text = f"{error.strerror} while {step.name} was copied into {self._plan.into}; {whole}, nothing else is left"
        return RootError(f"{text}. Make room and merge again.", self._plan.into)

    def _told(self, step: Step) -> Callable[[int], object]:
        def on_bytes(count: int) -> None:
            self._bytes += count
            self._progress(step.source.name, min(self._bytes, self._total), self._total)

        return on_bytes

    # ------------------------------------------------------------------ runs

    def _copy_run(self, step: Step, temporary: Path) -> None:
        state = State.of(step.source)
        if step.mark != state.mark:
            raise Stays("it changed meanwhile; merge again")
        snapshot = (state.manifest.get("properties") or {}).get(SNAPSHOT_PROPERTY)
        link = stored(self._plan.into, snapshot)
        temporary.mkdir()
        copy_files(state.files.values(), temporary, self._told(step), {SNAPSHOT_FILE: link} if link else {})
        self._copy_manifest(step, state, temporary)
        sync_folder(temporary)
        self._check_source(step)
        step.target.parent.mkdir(parents=True, exist_ok=True)
        if step.action == "replace":
            _replace(step, temporary)
        else:
            _name(step, temporary)
        sync_folder(step.target.parent)
        keep(self._plan.into, snapshot, step.target / SNAPSHOT_FILE)

    def _copy_manifest(self, step: Step, state: State, temporary: Path) -> None:
        path = step.source / RUN_MANIFEST
        if step.new_id or step.parent:
            manifest = state.renamed(step.new_id, step.parent).manifest
            data = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        else:
            data = path.read_bytes()
        write_atomic(temporary / RUN_MANIFEST, data, sync=True)
        self._told(step)(len(data))

    def _check_source(self, step: Step) -> None:
        use = use_of_source(step.source, read_manifest(step.source))
        if use or Mark.of(step.source / RUN_MANIFEST) != step.mark:
            raise Stays(f"it changed while it was copied{f': {use}' if use else ''}; merge again")

    # ------------------------------------------------------------------ the rest

    def _copy_model(self, step: Step, temporary: Path) -> None:
        version = Version.of(step.source)
        temporary.mkdir()
        copy_files(version.files.values(), temporary, self._told(step), {})
        changed = version.changed(step.parent, int(step.new_id) if step.new_id else None)
        data = (step.source / FACTS).read_bytes()
        if changed.facts != version.facts:
            data = msgspec.json.format(msgspec.json.encode(changed.facts), indent=2) + b"\n"
        write_atomic(temporary / FACTS, data, sync=True)
        step.target.parent.mkdir(parents=True, exist_ok=True)
        _name(step, temporary)
        sync_folder(step.target.parent)

    def _finish_experiments(self) -> None:
        for name in {step.target.parent.name for step in self._done if step.kind == "run"}:
            folder = self._plan.into / name
            number = self._plan.numbers.get(name, 0)
            with suppress(OSError):  # numbers are a convenience: two runs may have the same
                if number:
                    raise_number(folder, number)
                if name in self._plan.archived and all(self._is_ours(path) for path in folder.iterdir()):
                    shutil.copyfile(self._archived_at(name), folder / ARCHIVED_FILE)

    def _is_ours(self, path: Path) -> bool:
        return path.name.startswith(".") or any(step.target == path for step in self._done)

    def _archived_at(self, name: str) -> Path:
        step = next(step for step in self._done if step.target.parent.name == name)
        return step.source.parent / ARCHIVED_FILE

    def _remove(self, step: Step) -> None:
        """Delete a run of a source whose content is in the target."""
        try:
            if step.unfit:
                raise Stays(f"it is not deleted: {step.unfit[0]} is not in the copy")
            if step.mark is None or step.root is None or not (step.target / RUN_MANIFEST).exists():
                raise Stays("it is not deleted: the target has it no more")
            trashed = move_to_trash(step.root, step.source, step.mark, takes_unstarted=True)
            problem = delete(trashed)
            if problem:
                raise Stays(f"{problem} (it is {trashed} now)")
        except (Stays, RunLoggingError, OSError) as problem:
            self._failed.append((replace(step, action="left out"), f"it is copied, and stays: {problem}"))
        else:
            self._removed.append(step.source)
            with suppress(OSError):
                trashed.parent.rmdir()


def _name(step: Step, temporary: Path) -> None:
    """Give a copy its name, unless something has it by now."""
    try:
        temporary.rename(step.target)
    except OSError:
        if step.target.exists():
            raise Stays("the target has one of this name by now; merge again") from None
        raise


def _replace(step: Step, temporary: Path) -> None:
    """Put a copy in the place of an older state, which nobody may write to meanwhile."""
    target = step.target
    (target / WRITERS_FOLDER).mkdir(exist_ok=True)
    try:
        with manifest_lock(target):
            use = use_of(target, read_manifest(target))
            if use or Mark.of(target / RUN_MANIFEST) != step.target_mark:
                raise Stays(f"the target's changed meanwhile{f': {use}' if use else ''}; merge again")
            exchange(temporary, target)
            writing = writing_in(temporary)
            if writing:
                exchange(temporary, target)
                raise Stays(f"of the target's, {writing}")
    except TimeoutError:
        raise Stays("another process holds the manifest of the target's; merge again") from None
