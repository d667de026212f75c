"""How a writer comes to a run: it creates it, joins it, takes up one that was prepared, or resumes one that ended.

The process that creates or resumes a run, or first writes to a prepared one, is its owner: the run's status is its.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from runlogging._errors import ExistsError, RunActiveError, RunEndedError, RunNotFoundError
from runlogging._version import __version__
from runlogging.folder._layout import MAIN_WRITER, RUN_MANIFEST, WRITERS_FOLDER
from runlogging.folder._life import LifeLock, claim_writer, default_writer, host_name, writer_life
from runlogging.folder._locks import Life, held_lock
from runlogging.folder._manifest import (
    TERMINAL,
    ErrorInfo,
    Manifest,
    WriterEntry,
    changed_manifest,
    manifest_lock,
    read_manifest,
    write_manifest,
)
from runlogging.folder._times import now_text

if TYPE_CHECKING:
    from pathlib import Path

Durability = Literal["process", "power", "lazy"]
DURABILITIES: tuple[Durability, ...] = ("process", "power", "lazy")
Way = Literal["join", "enter", "create", "resume"]
"""How a writer comes to its run.

"join" creates the run where there is none, and takes part in one that is not final; "enter" takes part in one that has
not ended; "create" refuses one that is there; "resume" continues one that was cut off or ended.
"""

_NUMBER_FILE = ".number"


class RunSpec(msgspec.Struct, frozen=True):
    """What a run is called and how it is written, before its folder exists.

    Attributes:
        path: the run folder, absolute.
        run_id: its id, usually the folder's name.
        experiment: the experiment's name.
        name: a name for people, or None.
        tags: text to text or None.
        durability: "process", "power" or "lazy".
        parent: the run id of the parent run, or None.
        description: text for people, or None.
        type: what kind of run it is, or None.
        properties: text to text, written once.
        parameters: any JSON.
        is_numbered: whether the run counts in the experiment's numbers.
        max_bytes: the budget that its diagnostics keep to, or None; see `Bounds`.
        rotate_bytes: how long a file of its log gets, or None.
    """

    path: Path
    run_id: str
    experiment: str
    name: str | None = None
    tags: dict[str, str | None] = {}
    durability: Durability = "process"
    parent: str | None = None
    description: str | None = None
    type: str | None = None
    properties: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    is_numbered: bool = False
    max_bytes: int | None = None
    rotate_bytes: int | None = None

    @property
    def mark(self) -> str:
        """What a record carries that this run has already."""
        return f"{self.experiment}/{self.run_id}"


class Place(msgspec.Struct, frozen=True):
    """A writer's place in a run: the lock file of its life, and whether it is the owner."""

    life: LifeLock
    is_owner: bool


def take_place(spec: RunSpec, way: Way, wanted: str | None = None, captures: str | None = None) -> Place:
    """Create or join a run, take a writer's name and enter it in the manifest.

    Args:
        spec: the run.
        way: how the writer comes to it.
        wanted: the name to ask for as a further writer; None takes the rank, the worker's name, or host and pid.
        captures: since when the writer keeps all records that its process logs; None where it does not.

    Raises:
        ExistsError: "create" found the run there.
        RunNotFoundError: "enter" or "resume" found no run.
        RunActiveError: "resume" found a run whose owner lives.
        RunEndedError: the run is final, or ("enter") has ended.
        OSError, RunLoggingError: the folder cannot be made or joined.
    """
    path = spec.path
    if way in ("enter", "resume") and not (path / RUN_MANIFEST).exists():
        raise RunNotFoundError(f"there is no run in {path}.")
    (path / WRITERS_FOLDER).mkdir(parents=True, exist_ok=True)
    with manifest_lock(path):
        exists = (path / RUN_MANIFEST).exists()
        if exists and way == "create":
            raise ExistsError(f"there is a run {spec.run_id!r} in {path.parent}; resume it, or take another run id")
        manifest = read_manifest(path) if exists else new_manifest(spec)
        if exists:
            _check_open(path, manifest, way)
        is_owner = way == "resume" or not manifest.owner
        life = claim_writer(path, MAIN_WRITER if is_owner else wanted or default_writer())
        try:
            started = life.start(captures)
            _enter(manifest, life.name, started, is_owner=is_owner, is_resumed=exists and way == "resume")
            write_manifest(path, manifest, sync=spec.durability == "power")
        except BaseException:
            life.abandon()
            raise
    return Place(life, is_owner)


def _check_open(path: Path, manifest: Manifest, way: Way) -> None:
    if way == "resume":
        if manifest.owner and writer_life(path, manifest.owner) is Life.ALIVE:
            raise RunActiveError(f"run {manifest.id} is being written by a living process; end that one first")
        return
    refuse_final(manifest)
    if way == "enter" and manifest.status in TERMINAL:
        raise ended_error(manifest)


def refuse_final(manifest: Manifest) -> None:
    """Refuse a run that takes no more records.

    Raises:
        RunEndedError: it is final.
    """
    if manifest.final:
        raise ended_error(manifest)


def ended_error(manifest: Manifest) -> RunEndedError:
    """Return the error that says that a run has ended and how to go on."""
    if manifest.status not in TERMINAL:
        return RunEndedError(
            f"this part of run {manifest.id} has ended, and a later one goes on; Run.get gives the run as it is now"
        )
    return RunEndedError(
        f"run {manifest.id} ended as {manifest.status} and takes no more records; "
        f"start_run(run_id={manifest.id!r}, resume=True) continues it"
    )


def _enter(manifest: Manifest, writer: str, started: str, *, is_owner: bool, is_resumed: bool) -> None:
    manifest.add_writer(WriterEntry(writer, os.getpid(), host_name(), started))
    if is_owner:
        manifest.attempt += is_resumed
        manifest.owner, manifest.status, manifest.final = writer, "Running", False
        manifest.started = manifest.started or started
        manifest.ended = manifest.error = None


def new_manifest(spec: RunSpec) -> Manifest:
    """Return the manifest of a run that begins now; nobody owns it yet."""
    now = now_text()
    return Manifest(
        id=spec.run_id,
        experiment=spec.experiment,
        name=spec.name,
        description=spec.description,
        number=_next_number(spec.path.parent) if spec.is_numbered else None,
        type=spec.type,
        created=now,
        started=now,
        tags=dict(spec.tags),
        properties=dict(spec.properties),
        parameters=dict(spec.parameters),
        parent=spec.parent,
        durability=spec.durability,
        program=f"runlogging {__version__}",
    )


def owned_manifest(spec: RunSpec, writer: str) -> Manifest:
    """Return a manifest in place of one that somebody deleted under its owner."""
    manifest = new_manifest(spec)
    manifest.owner = writer
    manifest.add_writer(WriterEntry(writer, os.getpid(), host_name(), now_text()))
    return manifest


def prepare_run(spec: RunSpec, status: str = "NotStarted") -> None:
    """Make the folder of a run that somebody will start: whoever writes to it first is its owner.

    Raises:
        ExistsError: there is a run already.
        OSError: the folder cannot be made.
    """
    (spec.path / WRITERS_FOLDER).mkdir(parents=True, exist_ok=True)
    with manifest_lock(spec.path):
        if (spec.path / RUN_MANIFEST).exists():
            raise ExistsError(f"there is a run {spec.run_id!r} in {spec.path.parent}; take another run id")
        manifest = new_manifest(spec)
        manifest.status, manifest.started = status, None
        write_manifest(spec.path, manifest)


def end_from_outside(run: Path, status: str, error: ErrorInfo | None = None) -> None:
    """Write the terminal status of a run that another process writes, or none; its owner learns of it.

    Raises:
        RunEndedError: the run has a terminal status already.
        RunNotFoundError, OSError: there is no run, or its manifest cannot be written.
    """
    with changed_manifest(run, sync=True) as manifest:
        if manifest.status in TERMINAL:
            raise ended_error(manifest)
        manifest.status, manifest.ended, manifest.error, manifest.final = status, now_text(), error, True


def _next_number(experiment: Path) -> int | None:
    """Draw the next number of an experiment's runs; None where the file system does not let us."""
    path = experiment / _NUMBER_FILE
    with suppress(OSError), held_lock(path.with_name(f"{_NUMBER_FILE}.lock"), timeout_s=5):
        number = _last_number(path) + 1
        path.write_text(f"{number}\n", encoding="ascii")
        return number
    return None


def _last_number(path: Path) -> int:
    with suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    # A root that was copied without its dot files, or whose runs were made by handlers: count on behind them.
    return sum((folder / RUN_MANIFEST).exists() for folder in path.parent.iterdir())
