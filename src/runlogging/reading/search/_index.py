"""The index of a root: manifests and summaries that were read before, in an SQLite file below ``.index``.

It is a cache and never the truth: an entry counts while inode, size and time of change of its ``run.json`` are what
they were. It may be deleted at any time. Whatever is wrong with it, a lock that is held, a disk that is read-only,
bytes that were damaged, costs time and nothing else. Liveness is not in it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from runlogging.folder import MetricSummary
from runlogging.reading._summaries import YOUNG_NS, SummaryLook, Witness, hold
from runlogging.reading.search._row import Head
from runlogging.reading.search._scan import Key

INDEX_FOLDER = ".index"
INDEX_FILE = "runs.sqlite3"
_LAYOUT = 1
"""The version of the tables. A file of another version is emptied."""

_WAIT_S = 0.1
_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    experiment TEXT NOT NULL,
    name TEXT NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    created TEXT NOT NULL,
    created_checksum INTEGER NOT NULL,
    manifest_checksum INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    UNIQUE (experiment, name)
);
CREATE TABLE summaries (
    id INTEGER PRIMARY KEY,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    witnesses BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    summary BLOB NOT NULL
);
"""
_HEADS = """
SELECT experiment, name, inode, size, changed, created, created_checksum, id, manifest, manifest_checksum
FROM runs WHERE ? IN ('', experiment)
"""
_LEAN_HEADS = _HEADS.replace("manifest, manifest_checksum", "NULL, 0")
_PUT_RUN = """
INSERT OR REPLACE INTO runs
(experiment, name, inode, size, changed, created, created_checksum, manifest_checksum, manifest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Of a run that another process has replaced or removed meanwhile there is no such row.
_PUT_SUMMARY = """
INSERT OR REPLACE INTO summaries SELECT id, inode, size, changed, ?, ?, ? FROM runs
WHERE experiment = ? AND name = ? AND inode = ? AND size = ? AND changed = ?
"""
# What the system or another process is to blame for. Any other error means that the file is damaged.
_NOT_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)

_encode = msgspec.json.Encoder().encode
_decode_summary = msgspec.json.Decoder(dict[str, MetricSummary]).decode
_decode_witnesses = msgspec.json.Decoder(tuple[Witness, ...]).decode

# A larger file is asked for one summary after the other, so that not all of them fill memory.
_MOST_AT_ONCE = 1 << 27


class Index:
    """What is kept of the runs of a root, for one listing; `close` writes what was new.

    Args:
        root: the root.
        begun_ns: when the listing began, before it looked at any file. A manifest that changed less than two seconds
            before may change again without another time of change, so it is not kept.
    """

    def __init__(self, root: Path, begun_ns: int) -> None:
        self._path = root / INDEX_FOLDER / INDEX_FILE
        self._begun_ns = begun_ns
        self._runs: dict[tuple[str, str], tuple[Head, bytes]] = {}
        self._summaries: dict[tuple[str, str], tuple[Head, bytes, bytes]] = {}
        self._at_once: dict[int, tuple[object, ...]] | None = None
        self._gone: list[int | None] = []
        self._is_damaged = False
        self._size = 0
        self._database = self._opened()

    def _opened(self) -> sqlite3.Connection | None:
        """Return the file opened for reading, all of it as it is at this moment; None where there is no use of it."""
        database = None
        try:
            # Not before it is a file: opening a pipe would wait.
            if self._path.is_file():
                self._size = self._path.stat().st_size
                database = _connected(self._path, "ro")
                database.execute("BEGIN")
                if _version(database) == _LAYOUT:
                    return database
        except OSError:
            return None  # somebody else's, or gone
        except (sqlite3.Error, ValueError) as error:
            self._is_damaged = _is_damage(error)
        if database is not None:
            database.close()
        return None

    # ------------------------------------------------------------------ what it gives

    def heads(self, experiment: str | None = None, *, manifests: bool = False) -> dict[str, dict[str, Head]]:
        """Return experiment to name to head; see `vouches`.

        Args:
            experiment: only this experiment's runs.
            manifests: whether the heads have the manifests.
        """
        found: dict[str, dict[str, Head]] = {}
        folder, known = None, {}
        for head in self._selected(_HEADS if manifests else _LEAN_HEADS, experiment or ""):
            if head[0] != folder:
                folder = head[0]
                known = found.setdefault(folder, {})
            known[head[1]] = head
        return found

    def vouches(self, head: Head, key: Key) -> bool:
        """Tell whether what is kept of a run is what its manifest says now, by the manifest's key.

        Wrong bytes in the key or the names make it no entry of this run. All else has a checksum.
        """
        if head[2:5] != key:
            return False
        try:
            manifest = head[8]
            if head[6] == zlib.crc32(head[5].encode()) and (manifest is None or head[9] == zlib.crc32(manifest)):
                return True
        except (TypeError, AttributeError):  # of another type than was written
            pass
        self._is_damaged = True
        return False

    def metrics(self, head: Head, path: str) -> dict[str, MetricSummary] | None:
        """Return the summary of the metrics; None where it is not kept, or a stream changed since."""
        row = None if head[7] is None else self._summary(head[7])
        # By the number alone wrong bytes could give it that of another run.
        if row is None or row[1:4] != head[2:5]:
            return None
        witnesses, checksum, data = row[4:]
        try:
            if checksum != zlib.crc32(data, zlib.crc32(witnesses)):  # type: ignore[arg-type]
                self._is_damaged = True
            elif witnesses == b"[]" or hold(path, _decode_witnesses(witnesses)):  # type: ignore[arg-type]
                return _decode_summary(data)  # type: ignore[arg-type]
        except (TypeError, msgspec.DecodeError, UnicodeDecodeError):
            self._is_damaged = True
        return None

    def _summary(self, number: int) -> tuple[object, ...] | None:
        """Return a row of the table of summaries; the first time all are read, unless they are too many."""
        query = "SELECT id, inode, size, changed, witnesses, checksum, summary FROM summaries"
        if self._at_once is None:
            self._at_once = {row[0]: row for row in self._selected(query)} if self._is_small() else {}
        if number in self._at_once:
            return self._at_once[number]
        return None if self._is_small() else next(self._selected(f"{query} WHERE id = ?", number), None)

    def _is_small(self) -> bool:
        return self._size <= _MOST_AT_ONCE

    def _selected(self, query: str, *values: object) -> Iterator[Any]:
        """Yield the rows of a query; none, or no more, where the file is of no use."""
        if self._database is not None:
            try:
                yield from self._database.execute(query, values)
            except (sqlite3.Error, ValueError) as error:
                self._is_damaged |= _is_damage(error)

    # ------------------------------------------------------------------ what it takes

    def keep_manifest(self, head: Head, data: bytes) -> None:
        """Take a manifest that was read just now."""
        if self._is_settled(head):
            self._runs[head[0], head[1]] = head, data

    def keep_metrics(self, head: Head, look: SummaryLook) -> None:
        """Take a summary that was made just now."""
        if look.witnesses is None or not self._is_settled(head):
            return
        # A whole number of more than 64 bits is refused by the encoder: such a run is summarised anew each time.
        with suppress(msgspec.EncodeError, OverflowError, UnicodeEncodeError):
            self._summaries[head[0], head[1]] = head, _encode(look.witnesses), _encode(look.metrics)

    def _is_settled(self, head: Head) -> bool:
        return self._begun_ns - head[4] >= YOUNG_NS and _is_text(head[0] + head[1] + head[5])

    def forget(self, head: Head) -> None:
        """Leave out a run that is gone."""
        self._gone.append(head[7])

    # ------------------------------------------------------------------ writing

    def close(self, *, save: bool = True) -> None:
        """Close the file, and write what was taken where that is possible without waiting long."""
        if self._database is not None:
            self._database.close()  # it reads: as long as it did nobody could write
            self._database = None
        if not save or not (self._is_damaged or self._runs or self._summaries or self._gone):
            return
        with suppress(OSError, sqlite3.Error, ValueError):
            self._path.parent.mkdir(exist_ok=True)
            if self._is_damaged:
                self._remove()
            try:
                self._write()
            except sqlite3.Error as error:
                if not _is_damage(error):
                    return
                self._remove()
                self._write()

    def _remove(self) -> None:
        # The journal first: a new file must not be rolled back by it.
        for path in (self._path.with_name(f"{INDEX_FILE}-journal"), self._path):
            path.unlink(missing_ok=True)

    def _write(self) -> None:
        with closing(_connected(self._path, "rwc")) as database:
            # After a loss of power the file may be damaged, which is noticed and costs it.
            database.execute("PRAGMA synchronous = OFF")
            database.execute("BEGIN IMMEDIATE")
            if _version(database) != _LAYOUT:
                _make_tables(database)
            for table in ("runs", "summaries"):
                database.executemany(f"DELETE FROM {table} WHERE id = ?", [(number,) for number in self._gone])  # noqa: S608
            database.executemany(
                _PUT_RUN,
                [
                    (*head[:6], zlib.crc32(head[5].encode()), zlib.crc32(data), data)
                    for head, data in self._runs.values()
                ],
            )
            database.executemany(
                _PUT_SUMMARY,
                [
                    (witnesses, zlib.crc32(data, zlib.crc32(witnesses)), data, *head[:5])
                    for head, witnesses, data in self._summaries.values()
                ],
            )
            database.execute("DELETE FROM summaries WHERE id NOT IN (SELECT id FROM runs)")
            database.execute("COMMIT")


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=_WAIT_S, isolation_level=None)


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(database: sqlite3.Connection) -> None:
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    for (name,) in tables.fetchall():
        database.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
    for statement in _TABLES.split(";"):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {_LAYOUT}")


def _is_text(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in _NOT_THE_FILE
