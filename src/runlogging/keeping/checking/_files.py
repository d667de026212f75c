"""Verifying the files of a run that are no streams."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from runlogging._errors import InvalidNameError, RunLoggingError
from runlogging.folder import (
    ARTIFACTS_FOLDER,
    ENVIRONMENT,
    RUN_MANIFEST,
    WRITERS_FOLDER,
    ArtifactLine,
    artifact_path,
    list_writers,
    read_manifest,
    writer_life,
)
from runlogging.folder._life import LifeLine
from runlogging.keeping._run_files import is_temporary
from runlogging.keeping.checking._look import CHUNK_BYTES, Look

_SNAPSHOT, _SNAPSHOT_FACTS, _SNAPSHOT_ID = "snapshot.zip", "snapshot.json", "snapshot.id"


def check_manifest(look: Look) -> None:
    """Read the manifest, and compare its names with those of the folders."""
    look.mark_read(RUN_MANIFEST)
    if RUN_MANIFEST in look.tree.odd:  # a pipe would keep its reader waiting
        look.findings.damage("unreadable", RUN_MANIFEST, "is no regular file")
        return
    try:
        look.manifest = read_manifest(look.run)
    except (RunLoggingError, OSError) as error:
        look.findings.damage(
            "missing" if isinstance(error, FileNotFoundError) else "unreadable", RUN_MANIFEST, str(error)
        )
        return
    experiment, name = folder_names(look.run)
    manifest = look.manifest
    for what, said, here in (("id", manifest.id, name), ("experiment", manifest.experiment, experiment)):
        if said and here and said != here:
            look.findings.note(
                "copied", RUN_MANIFEST, f"it says the {what} {said!r}, and the folder is called {here!r}"
            )


def folder_names(run: Path) -> tuple[str, str]:
    """Return the names of the experiment's and the run's folder; empty where a zip has none."""
    from runlogging.folder._zip import names_in_zip

    names = names_in_zip(run)
    experiment, name = ("", "", *(run.parts if names is None else names))[-2:]
    return experiment, name


def check_writers(look: Look) -> None:
    """Learn of the writers, and read the lines of their lock files."""
    look.writers = list_writers(look.run)
    look.lives = {writer.name: writer_life(look.run, writer.name) for writer in look.writers}
    if WRITERS_FOLDER in look.tree.files:
        look.findings.damage("unreadable", WRITERS_FOLDER, "is no folder")
    for writer in look.writers:
        name = f"{WRITERS_FOLDER}/{writer.name}.lock"
        _check_life(look, name, look.content(name) or b"", is_alive=look.is_alive(writer.name))


def _check_life(look: Look, name: str, data: bytes, *, is_alive: bool) -> None:
    offset = 0
    for text in data.splitlines(keepends=True):
        if not text.endswith(b"\n"):
            if not is_alive:
                look.findings.damage("torn", name, f"{len(text)} bytes of a line that was not finished", offset)
            return
        try:
            msgspec.json.decode(text, type=LifeLine)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            look.findings.damage("bad", name, f"no line of a writer's life: {error}", offset)
        offset += len(text)


def check_artifacts(look: Look, lines: Mapping[str, ArtifactLine]) -> None:
    """Compare the kept files with their lines."""
    for line in lines.values():
        name = f"{ARTIFACTS_FOLDER}/{line.name}"
        look.check(name, lambda look, line=line, name=name: _check_artifact(look, line, name))  # type: ignore[misc]
    named = {f"{ARTIFACTS_FOLDER}/{name}" for name in lines}
    for name in look.tree.files:
        if name.startswith(f"{ARTIFACTS_FOLDER}/") and name not in named and not is_temporary(name):
            look.findings.note("unnamed", name, "no line names it; its writer died between the two, or put it there")


def _check_artifact(look: Look, line: ArtifactLine, name: str) -> None:
    try:
        path = artifact_path(look.run, line.name)
    except (InvalidNameError, OSError, RuntimeError) as error:  # a loop of links is a RuntimeError until Python 3.12
        look.findings.damage("unreadable", name, f"cannot be looked at: {error}")
        return
    try:
        status = path.stat()
    except OSError as error:
        is_gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        text = "is missing" if is_gone else f"cannot be looked at: {error.strerror}"
        look.findings.damage("missing" if is_gone else "unreadable", name, text)
        return
    if not stat.S_ISREG(status.st_mode):
        look.findings.damage("unreadable", name, "is no file")
        return
    _compare_artifact(look, line, name, path, status.st_size)


def _compare_artifact(look: Look, line: ArtifactLine, name: str, path: Path, size: int) -> None:
    if size != line.size:
        look.findings.damage("changed", name, f"has {size:,} bytes instead of {line.size:,}")
        return
    try:
        digest = digest_of(look, name, path)
    except OSError as error:
        look.findings.damage("unreadable", name, f"cannot be read: {error.strerror or error}")
        return
    if digest != line.sha256:
        look.findings.damage("changed", name, "its content is another: its SHA-256 is not that of its line")


def digest_of(look: Look, name: str, path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces.

    Raises:
        OSError: it cannot be read.
    """
    digest, told = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                digest.update(piece)
                look.told.add(len(piece))
                told += len(piece)
    finally:
        look.mark_read(name, told=told)
    return digest.hexdigest()


def check_environment(look: Look) -> None:
    """See whether the small files of JSON can be read."""
    for name in (ENVIRONMENT, _SNAPSHOT_FACTS):
        data = look.content(name)
        if data is not None:
            try:
                msgspec.json.decode(data, type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                look.findings.damage("bad", name, f"no JSON object: {error}")


def check_snapshot(look: Look) -> None:
    """Compare the code of the run with the id that its property says, by the rule of ``docs/format.md``."""
    wanted = look.manifest.properties.get(_SNAPSHOT_ID) if look.manifest else None
    if not wanted:
        return
    if _SNAPSHOT not in look.tree.files:
        look.findings.damage("missing", _SNAPSHOT, "is missing")
        return
    look.mark_read(_SNAPSHOT)
    try:
        with (look.run / _SNAPSHOT).open("rb") as file:
            found = _snapshot_id(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        look.findings.damage("unreadable", _SNAPSHOT, f"cannot be read: {error}")
        return
    if found != wanted:
        look.findings.damage("changed", _SNAPSHOT, "its content is another: it is not that of the snapshot's id")


def _snapshot_id(file: IO[bytes]) -> str:
    with zipfile.ZipFile(file) as whole:
        lines = []
        for info in sorted(whole.infolist(), key=lambda info: info.orig_filename.encode("utf-8", "replace")):
            digest = hashlib.sha256()
            with whole.open(info) as member:
                while piece := member.read(CHUNK_BYTES):
                    digest.update(piece)
            is_executable = (info.external_attr >> 16) & stat.S_IXUSR
            lines.append(f"{'x' if is_executable else '-'} {digest.hexdigest()} {info.orig_filename}\n")
    return hashlib.sha256("".join(lines).encode("utf-8", "replace")).hexdigest()


def check_rest(look: Look) -> None:
    """Read what nobody has read yet, and name what does not belong there."""
    for name in sorted(look.tree.files.keys() - look.read):
        try:
            digest_of(look, name, look.run / name)
        except OSError as error:
            look.findings.damage("unreadable", name, f"cannot be read: {error.strerror or error}")
        if is_temporary(name):
            look.findings.note("leftover", name, "a writer was killed while it wrote this; nothing reads it")
    for name in look.tree.links:
        if not look.findings.has_damage(name):
            look.findings.note("link", name, "a symbolic link: a zip of the run is without it")
    for name in look.tree.odd:
        if not look.findings.has_damage(name):
            look.findings.damage("unreadable", name, "is no regular file, or a folder that cannot be listed")
