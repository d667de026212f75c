"""The manifest, ``run.json``: small, bounded, replaced as a whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging._errors import FormatVersionError, InvalidValueError, RunNotFoundError
from runlogging.folder._atomic import write_atomic
from runlogging.folder._layout import ENVIRONMENT, FORMAT, PLAIN_FORMAT, RUN_MANIFEST, WRITERS_FOLDER
from runlogging.folder._locks import held_lock

if TYPE_CHECKING:
    from pathlib import Path

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
"""The statuses that end a run."""

MAX_WRITERS = 256
"""How many writers the manifest names; ``.writers/`` names them all."""

_MANIFEST_LOCK = ".manifest"
# A manifest is small; what is larger, or a pipe, is none, and is not read.
_MOST_BYTES = 1 << 28


class Dropped(msgspec.Struct, omit_defaults=True):
    """How many records could not be kept, from when to when, and why last (an errno's name, or a sentence).

    ``levels`` counts those that the budget of the run dropped, by their level.
    """

    records: int
    first: str
    last: str
    reason: str
    levels: dict[str, int] | None = None


class ErrorInfo(msgspec.Struct):
    """What ended a run: an exception's qualified type name, message and traceback, or what the caller said of it."""

    type: str
    message: str
    stacktrace: str = ""
    code: str | None = None


class WriterEntry(msgspec.Struct):
    """A writer as the manifest names it."""

    name: str
    pid: int = 0
    host: str = ""
    started: str = ""


class Manifest(msgspec.Struct, kw_only=True):
    """What ``run.json`` says. ``docs/format.md`` explains each field; times are texts as in every line."""

    format: int = PLAIN_FORMAT
    id: str = ""
    experiment: str = ""
    name: str | None = None
    description: str | None = None
    number: int | None = None
    type: str | None = None
    created: str = ""
    started: str | None = None
    ended: str | None = None
    status: str = "Running"
    final: bool = False
    owner: str = ""
    attempt: int = 1
    writers: list[WriterEntry] = []
    writers_omitted: int = 0
    parent: str | None = None
    tags: dict[str, str | None] = {}
    properties: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    counts: dict[str, int] = {}
    dropped: Dropped | None = None
    error: ErrorInfo | None = None
    durability: str = "process"
    program: str = ""

    def add_writer(self, entry: WriterEntry) -> None:
        """Name a further writer, or count it where the list is full."""
        if len(self.writers) < MAX_WRITERS:
            self.writers.append(entry)
        else:
            self.writers_omitted += 1


class _Version(msgspec.Struct):
    format: Any = PLAIN_FORMAT


_decode = msgspec.json.Decoder(Manifest).decode
_decode_version = msgspec.json.Decoder(_Version).decode


def read_manifest(run: Path) -> Manifest:
    """Read the manifest of a run folder. Unknown fields are ignored, missing ones take their defaults.

    Args:
        run: the run folder.

    Raises:
        RunNotFoundError: there is no manifest.
        FormatVersionError: the folder is of a format newer than this package knows.
        InvalidValueError: the manifest is no JSON, or a field has a type that the format does not give it.
    """
    path = run / RUN_MANIFEST
    try:
        status = path.stat()
        if not _is_readable(status):
            raise InvalidValueError(f"{path} is no manifest: it is no plain file, or of {status.st_size} bytes.")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise RunNotFoundError(f"{run} is no run folder: it has no {RUN_MANIFEST}.") from None
    try:
        version = _decode_version(data).format
        if type(version) is not int or version > FORMAT:
            raise FormatVersionError(path, version, FORMAT)
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(f"{path} cannot be read: {error}") from error


def _is_readable(status: os.stat_result) -> bool:
    """Tell whether a file ends and fits into memory; a folder is none, and says so itself."""
    is_file = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return is_file and status.st_size <= _MOST_BYTES


def write_manifest(run: Path, manifest: Manifest, *, sync: bool = False) -> None:
    """Replace the manifest of a run folder; indented, so that people can read it.

    Raises:
        OSError: it could not be written; the old one is as it was.
    """
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    write_atomic(run / RUN_MANIFEST, data + b"\n", sync=sync)


def write_environment(run: Path, facts: dict[str, Any]) -> None:
    """Write ``environment.json``: what the run was started with and in.

    Raises:
        OSError: it could not be written.
    """
    write_atomic(run / ENVIRONMENT, msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


@contextmanager
def manifest_lock(run: Path) -> Iterator[None]:
    """Keep other processes from changing the manifest meanwhile.

    Raises:
        TimeoutError: another process held it for ten seconds.
    """
    with held_lock(run / WRITERS_FOLDER / _MANIFEST_LOCK, timeout_s=10):
        yield


@contextmanager
def changed_manifest(run: Path, *, sync: bool = False) -> Iterator[Manifest]:
    """Give the manifest to change; it is written when the block ends without an error.

    Raises:
        RunNotFoundError, FormatVersionError, InvalidValueError: as `read_manifest`.
        TimeoutError: another process held the manifest for ten seconds.
        OSError: it could not be written.
    """
    with manifest_lock(run):
        manifest = read_manifest(run)
        yield manifest
        write_manifest(run, manifest, sync=sync)
