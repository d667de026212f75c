"""The life of a writer: its lock file in ``.writers/``, which others read to learn whether it lives."""

from __future__ import annotations

import math
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from runlogging.folder._layout import (
    LOCK_SUFFIX,
    MAIN_WRITER,
    WRITERS_FOLDER,
    life_path,
    writer_of,
)
from runlogging.folder._locks import (
    Life,
    forget_descriptor,
    high_descriptor,
    lock_descriptor,
    probe,
    release_descriptor,
)
from runlogging.folder._manifest import Dropped
from runlogging.folder._names import clean_identifier
from runlogging.folder._times import now_text, parse_time

if TYPE_CHECKING:
    from pathlib import Path

_LOCK_WAIT_S = 5.0
_RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK")


class LifeLine(msgspec.Struct, omit_defaults=True):
    """A line of a writer's lock file: its start, an end, or that it went on after an end."""

    writer: str | None = None
    pid: int | None = None
    host: str | None = None
    started: str | None = None
    attempt: int | None = None
    rank: int | None = None
    lock: bool | None = None
    captures: str | None = None
    ended: str | None = None
    status: str | None = None
    counts: dict[str, int] | None = None
    dropped: Dropped | None = None
    reopened: str | None = None


class WriterInfo(msgspec.Struct, frozen=True):
    """What the folder says of a writer. Times are texts; ended is None while it has no end mark."""

    name: str
    pid: int | None = None
    host: str | None = None
    started: str | None = None
    ended: str | None = None
    status: str | None = None
    counts: dict[str, int] = {}
    dropped: Dropped | None = None
    attempt: int = 1
    rank: int | None = None
    locks: bool = True
    captures: str | None = None

    def span(self) -> tuple[float, float]:
        """Return from when to when the writer kept all records of its process, in seconds since the epoch.

        Infinity stands for an end that it does not have, and for a start where it never did.
        """
        start = parse_time(self.captures).timestamp() if self.captures else math.inf
        return start, parse_time(self.ended).timestamp() if self.ended else math.inf


class LifeLock:
    """The lock file of a writer of this process, held as long as the writer lives."""

    def __init__(self, run: Path, name: str, fd: int, attempt: int) -> None:
        self.name = name
        self._path = life_path(run, name)
        self._fd = fd
        self._identity = _identity(fd)
        self._attempt = attempt

    def start(self, captures: str | None = None) -> str:
        """Lock the file and write who writes; return the time it says.

        Args:
            captures: since when the writer keeps all records that its process logs; None where it does not.
        """
        locked = self._lock()
        started = now_text()
        self._say(
            LifeLine(
                writer=self.name,
                pid=os.getpid(),
                host=host_name(),
                started=started,
                attempt=self._attempt,
                rank=rank(),
                lock=None if locked else False,
                captures=captures,
            )
        )
        return started

    def end(self, line: LifeLine) -> None:
        """Write the end and let go of the lock."""
        with suppress(OSError):
            self._say(line)
        fd, self._fd = self._fd, -1
        if fd >= 0:
            release_descriptor(fd)

    def abandon(self) -> None:
        """Give the name back: nothing was written under it."""
        with suppress(OSError):
            self._path.unlink()
        fd, self._fd = self._fd, -1
        release_descriptor(fd)

    def reopen(self) -> None:
        """Take the lock again after an end or a loss of the file, and say so in the file."""
        self._let_go()
        is_new = not self._path.exists()
        self._fd = high_descriptor(os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666))
        self._identity = _identity(self._fd)
        if is_new:
            self.start()
            return
        self._lock()
        self._say(LifeLine(writer=self.name, pid=os.getpid(), host=host_name(), reopened=now_text()))

    def _let_go(self) -> None:
        """Close the descriptor where it still is the lock file's; its number may be another file's by now."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        if _identity(fd) == self._identity:
            release_descriptor(fd)
        else:
            forget_descriptor(fd)

    def is_held(self) -> bool:
        """Tell whether the descriptor still is the lock file's: a daemon may have closed it."""
        try:
            mine, named = os.fstat(self._fd), self._path.stat()
        except OSError:
            return False
        return (mine.st_ino, mine.st_dev) == (named.st_ino, named.st_dev)

    def _lock(self) -> bool:
        try:
            lock_descriptor(self._fd, _LOCK_WAIT_S)
        except OSError:
            return False
        return True

    def _say(self, line: LifeLine) -> None:
        os.write(self._fd, msgspec.json.encode(line) + b"\n")


def _identity(fd: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def claim_writer(run: Path, wanted: str) -> LifeLock:
    """Take a writer's name for this process life: the wanted one, or the first free of ``wanted-2``, ``-3`` ...

    Raises:
        OSError: the lock file cannot be made.
    """
    attempt = 1
    taken = {found[1] for path in _entries(run) if (found := writer_of(path.name))}
    while True:
        name = wanted if attempt == 1 else f"{wanted[:56]}-{attempt}"
        if name not in taken:
            with suppress(FileExistsError):
                fd = os.open(life_path(run, name), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
                return LifeLock(run, name, high_descriptor(fd), attempt)
        attempt += 1


def host_name() -> str:
    """Return the name of this machine."""
    # Not socket.gethostname: its import costs a tenth of this whole package's.
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "")


def rank() -> int | None:
    """Return the rank that the launcher gave this process (torchrun, Slurm, Open MPI, PMI), or None."""
    for variable in _RANK_VARIABLES:
        text = os.environ.get(variable, "")
        if text.isdecimal():
            return int(text)
    return None


def default_writer() -> str:
    """Return the name that a further writer asks for: ``rank3``, a multiprocessing worker's name, or host and pid."""
    number = rank()
    if number is not None:
        return f"rank{number}"
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        current = process.current_process()
        if process.parent_process() is not None:
            return clean_identifier(current.name)
    return clean_identifier(f"{host_name()[:40]}-{os.getpid()}")


def writer_life(run: Path, writer: str) -> Life:
    """Tell whether a writer lives, by a shared non-blocking lock on its lock file, never by a process id."""
    life = probe(life_path(run, writer))
    if life is Life.DEAD and not read_life(run, writer).locks:
        return Life.UNKNOWN
    return life


def list_writers(run: Path) -> list[WriterInfo]:
    """Return the writers of a run: from ``.writers/`` and, where files were copied without it, from their names."""
    names = {path.name.removesuffix(LOCK_SUFFIX) for path in _entries(run / WRITERS_FOLDER) if _is_life(path)}
    names |= {found[1] for path in _entries(run) if (found := writer_of(path.name))}
    infos = [read_life(run, name) for name in names]
    return sorted(infos, key=lambda info: (info.started or "~", info.name != MAIN_WRITER, info.name))


def _is_life(path: Path) -> bool:
    return path.name.endswith(LOCK_SUFFIX) and not path.name.startswith(".")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def read_life(run: Path, name: str) -> WriterInfo:
    """Return what the lock file of a writer says; nothing but its name where there is none."""
    try:
        data = life_path(run, name).read_bytes()
    except OSError:
        return WriterInfo(name=name)
    facts: dict[str, object] = {}
    for text in data.splitlines():
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            _take_line(facts, msgspec.json.decode(text, type=LifeLine))
    return WriterInfo(name=name, **facts)  # type: ignore[arg-type]


def _take_line(facts: dict[str, object], line: LifeLine) -> None:
    if line.started:
        facts.update(pid=line.pid, host=line.host, started=line.started, attempt=line.attempt or 1)
        facts.update(rank=line.rank, locks=line.lock is not False, captures=line.captures)
    if line.ended:
        facts.update(ended=line.ended, status=line.status, counts=line.counts or {}, dropped=line.dropped)
    if line.reopened:
        facts.update(ended=None, status=None)
