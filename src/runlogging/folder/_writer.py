"""The writer: one process life that appends to the streams of one run.

The hot path is `Writer.write`: draw a number, encode, one ``os.write``. It takes no lock and looks at no state: each
stream's slot in ``_fds`` holds a descriptor only while all is well. After a close, a fork, a failed write, or before
the first line the slot holds -1, the write fails with EBADF, and `_rescue` does what is due under a lock.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from runlogging._errors import RunEndedError, RunLoggingError, RunNotFoundError
from runlogging.folder._artifacts import Source, store_artifact
from runlogging.folder._atomic import sync_folder, write_atomic
from runlogging.folder._bounds import Bounds
from runlogging.folder._dropped import DroppedCount, merge_dropped, say
from runlogging.folder._joining import RunSpec, Way, ended_error, owned_manifest, refuse_final, take_place
from runlogging.folder._layout import (
    ARTIFACTS,
    FORMAT,
    LOGS,
    METRICS,
    RUN_MANIFEST,
    STREAMS,
    VALUES,
    WRITERS_FOLDER,
    Kind,
    stream_path,
    summary_path,
)
from runlogging.folder._life import LifeLine, LifeLock, host_name, list_writers, read_life
from runlogging.folder._lines import ArtifactLine, Line, encode_line, mended_line
from runlogging.folder._manifest import ErrorInfo, changed_manifest, read_manifest, write_manifest
from runlogging.folder._names import clean_identifier
from runlogging.folder._streams import NO_DESCRIPTOR, Stream
from runlogging.folder._summary import Summary, WriterSummary
from runlogging.folder._times import now_text

if TYPE_CHECKING:
    pass

_LAZY_BYTES = 64 * 1024
_LAZY_SECONDS = 0.1
_FOLD_VALUES = 8192
# Lines of any other level, named by the application, leave a lazy buffer at once: better early than lost.
_QUIET_LEVELS = frozenset({"DEBUG", "INFO"})
_SUMMARY_SECONDS = 10.0
# How many full files of the log stay open behind the present one.
_RETIRED = 2
# A summary of very many names takes long to write: then it is written more seldom, for 2 % of the time at most.
_SUMMARY_SHARE = 50

# Encoding a list of one line brings its newline, a fifth cheaper than adding one.
_encode_lines = msgspec.json.Encoder().encode_lines
_os_write = os.write


def _drawn(numbers: itertools.count[int]) -> int:
    """Return the number that a counter gives next, without drawing it: its repr is the one way to look."""
    return int(repr(numbers)[6:-1])


class _ShortWriteError(OSError):
    """A part of a line was written."""


class _SyncError(OSError):
    """The line is in the file, but not on the disk."""


class Writer:
    """Append records to a run folder, from any thread, signal handler or forked child.

    Nothing is created before `open` or the first line. The process that creates the folder is the run's owner; any
    other joins it as a further writer.

    Args:
        spec: the run.
        wanted: the name to ask for as a further writer; None takes the rank, the worker's name, or host and pid.
        on_open: called whenever the writer has opened or reopened.
        way: how it comes to the run; see `Way`. Whatever comes after, a forked child's writer for instance, joins.

    Attributes:
        spec: the run.
        way: how it will come to the run, before it has.
        is_owner: whether the run's status is this writer's.
        dropped: the count of what could not be kept.
        captures: since when it keeps all records that its process logs, or None; said in its lock file when it opens.
    """

    def __init__(
        self,
        spec: RunSpec,
        wanted: str | None = None,
        on_open: Callable[[], None] | None = None,
        way: Way = "join",
    ) -> None:
        self.spec = spec
        self.way = way
        self._on_open = on_open
        self._lingers = False
        self._wanted = wanted
        self._final = False
        self.captures: str | None = None
        # As of which change of the writers' folder: process id and name of each that keeps its process's records.
        self._captures: tuple[int, list[tuple[int | None, str]]] = (0, [])
        self._start_afresh()
        self.prepare(spec, way)
        _writers.add(self)

    def prepare(self, spec: RunSpec, way: Way) -> None:
        """Say anew which run it is and how it comes to it; only before the writer opens."""
        self.spec, self.way = spec, way
        special = {"power": self._append_power, "lazy": self._append_lazy}
        self._append = self._append_within = special.get(spec.durability)
        self._bounds = Bounds(spec.max_bytes, spec.rotate_bytes)
        # Only a run with bounds pays for them.
        self.__dict__.pop("write", None)
        if spec.max_bytes is not None or spec.rotate_bytes is not None:
            self._append = self._append_bounded
            self.write = self._write_bounded  # type: ignore[method-assign]

    def _start_afresh(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._next = self._numbers.__next__
        self._tallies = [itertools.count() for _ in STREAMS]
        self._tally = [tally.__next__ for tally in self._tallies]
        self._failed = itertools.count()
        self._lost = [0] * len(STREAMS)
        self.dropped = DroppedCount(str(self.spec.path))
        self._fds = [NO_DESCRIPTOR] * len(STREAMS)
        self._streams: list[Stream] = []
        self._part = 1
        self._retired: list[Stream] = []
        self._life: LifeLock | None = None
        self._is_open = False
        self._is_opening = False
        self._is_busy = False
        self._is_draining = False
        self._waiting: deque[tuple[int, Line | ArtifactLine]] = deque()
        self._summary = Summary()
        self._columns, self._steps = self._summary.columns, self._summary.steps
        self._fold_at = _FOLD_VALUES
        self._next_summary = time.monotonic() + _SUMMARY_SECONDS
        self._manifest_seen = 0
        # The owner's end, while the manifest does not have it.
        self._owed: tuple[str, ErrorInfo | None, str, bool] | None = None
        self._artifact_numbers = itertools.count(1)
        self._lazy: list[deque[bytes]] = [deque() for _ in STREAMS]
        self._lazy_bytes = 0
        self._lazy_since = time.monotonic()
        self._sync_lock = threading.RLock()
        self._tickets = itertools.count(1).__next__
        self._synced = [0] * len(STREAMS)
        self.is_owner = False

    # ------------------------------------------------------------------ the hot path

    def write(self, line: Line) -> None:
        """Append one record to its stream: ``values`` if it has values, else ``metrics`` or ``logs``.

        Args:
            line: the record; its ``seq`` is set here, immediately before it is encoded.

        Raises:
            RunEndedError: the run has a final status.
            OSError: the line could not be written; it is not counted as dropped here.
        """
        metrics = line.metrics
        place = VALUES if line.values is not None else LOGS if metrics is None else METRICS
        seq = line.seq = self._next()
        try:
            data = _encode_lines([line])
        except Exception as error:
            line = mended_line(line, error)
            metrics, data = line.metrics, encode_line(line)
        try:
            if self._append is not None:
                self._append(place, data, line)
            elif _os_write(self._fds[place], data) != len(data):
                raise _ShortWriteError
        except _SyncError:
            next(self._failed)
            raise
        except OSError as error:
            self._rescue(place, line, data, torn=isinstance(error, _ShortWriteError))
        # Lines of the metrics stream are not tallied: they are what the other streams leave of all numbers.
        if place != METRICS:
            self._tally[place]()
        if metrics is not None:
            columns, steps, step = self._columns, self._steps, line.step
            for name, value in metrics.items():
                columns[name].append(value)
                steps[name] = step
            if seq >= self._fold_at:
                self._fold_at = seq + max(16, _FOLD_VALUES // len(metrics))
                self._fold()

    def _write_bounded(self, line: Line) -> None:
        """Write a line of a run with bounds; what its budget does not take is refused before it has a number."""
        if not self._is_open and self._bounds.has_budget:
            self.open()  # which looks at what others wrote
        self._bounds.check(line)
        Writer.write(self, line)

    def _append_bounded(self, place: int, data: bytes, line: Line) -> None:
        if place == LOGS and self._bounds.is_part_full:
            self._rotate()
        if self._append_within is not None:
            self._append_within(place, data, line)
        elif _os_write(self._fds[place], data) != len(data):
            raise _ShortWriteError
        self._bounds.add(place, len(data))

    def _append_power(self, place: int, data: bytes, line: Line) -> None:
        if _os_write(self._fds[place], data) != len(data):
            raise _ShortWriteError
        try:
            self._commit(place)
        except OSError as error:
            raise _SyncError(*error.args) from error

    def _commit(self, place: int) -> None:
        """Return when the disk has all that this thread wrote: one sync serves every thread that waited for it."""
        ticket = self._tickets()
        with self._sync_lock:
            if self._synced[place] < ticket:
                upto = self._tickets()
                getattr(os, "fdatasync", os.fsync)(self._fds[place])
                self._synced[place] = upto

    def _append_lazy(self, place: int, data: bytes, line: Line) -> None:
        if self._fds[place] == NO_DESCRIPTOR:
            raise OSError("not open")
        self._lazy[place].append(data)
        self._lazy_bytes += len(data)
        now = time.monotonic()
        urgent = line.level is not None and line.level not in _QUIET_LEVELS
        is_closing = self._fds[place] == NO_DESCRIPTOR
        if urgent or is_closing or self._lazy_bytes >= _LAZY_BYTES or now - self._lazy_since >= _LAZY_SECONDS:
            self._lazy_since = now
            self.flush()

    # ------------------------------------------------------------------ everything else

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock; what a signal handler or a destructor of this thread logs meanwhile goes out at the end."""
        with self._lock:
            was_busy, self._is_busy = self._is_busy, True
            try:
                yield
            finally:
                self._is_busy = was_busy
                if not was_busy and self._waiting:
                    self._write_waiting()

    def flush(self, *, sync: bool = False) -> None:
        """Write what a lazy buffer holds; with ``sync`` also put all streams on the disk.

        Raises:
            OSError: it could not be written; the lines of the buffer are counted as dropped.
        """
        with self._alone():
            self._lazy_bytes = 0
            for place, buffer in enumerate(self._lazy):
                if buffer:
                    self._flush_buffer(place, buffer)
            if sync:
                for stream in self._streams:
                    stream.sync()

    def _flush_buffer(self, place: int, buffer: deque[bytes]) -> None:
        lines: list[bytes] = []
        # One line at a time, because a signal handler may append in between.
        with suppress(IndexError):
            while True:
                lines.append(buffer.popleft())
        try:
            self._streams[place].append(b"".join(lines))
        except OSError as error:
            lost = self._streams[place].left.count(b"\n")
            self._lost[place] += lost
            self.dropped.add(error, lost)

    def _rescue(self, place: int, line: Line | ArtifactLine, data: bytes, *, torn: bool = False) -> None:
        """Write a line that the hot path could not: open, reopen, or put a newline before it."""
        try:
            self._rescue_line(place, line, data, torn)
        except BaseException:
            next(self._failed)
            raise

    def _rescue_line(self, place: int, line: Line | ArtifactLine, data: bytes, torn: bool) -> None:
        with self._lock:
            if self._is_busy:  # by this thread, which holds the lock
                self._waiting.append((place, line))
                return
            with self._alone():
                self._append_alone(place, data, torn=torn)

    def _append_alone(self, place: int, data: bytes, *, torn: bool) -> None:
        self.open()
        if any(stream.is_lost() for stream in self._streams) or not self._is_held():
            # Before a new descriptor takes the number of one that somebody closed.
            self._revive()
        stream = self._streams[place]
        stream.dirty |= torn
        try:
            stream.append(data)
        except OSError:
            if stream.is_lost() or not self.spec.path.exists():
                self._revive()
                self._streams[place].append(data)
            else:
                raise
        finally:
            self._arm(place)
        if self.spec.durability == "power":
            self._streams[place].sync()

    def _rotate(self) -> None:
        """Begin the next file of the log. The one before stays open: another thread may be about to write to it."""
        with self._alone():
            if not (self._is_open and self._bounds.is_part_full):
                return
            path = self.spec.path
            stream = Stream(stream_path(path, STREAMS[LOGS], self.name, self._part + 1))
            try:
                self.flush()
                if self._part == 1:
                    # Before the file is there: a reader that does not know of parts must refuse, not miss them.
                    with changed_manifest(path) as manifest:
                        manifest.format = FORMAT
                stream.open()
            except (OSError, RunLoggingError):
                self._bounds.begin_part(was_possible=False)
                return
            self._part += 1
            self._retired.append(self._streams[LOGS])
            self._streams[LOGS] = stream
            self._arm(LOGS)
            self._bounds.begin_part(was_possible=True)
            while len(self._retired) > _RETIRED:
                self._retired.pop(0).close()

    def _arm(self, place: int) -> None:
        stream = self._streams[place]
        self._fds[place] = NO_DESCRIPTOR if stream.dirty else stream.fd

    def open(self) -> None:
        """Create or join the run and take a writer's name; nothing happens where that was done.

        Raises:
            RunEndedError: the run has a final status.
            OSError, RunLoggingError: the folder cannot be made or joined.
        """
        with self._alone():
            if self._is_open or self._is_opening:
                return
            if self._final:
                raise self._ended_error()
            self._is_opening = True
            self._owed = None
            try:
                self._take_place() if self._life is None else self._reopen()
                self._is_open = True
            finally:
                self._is_opening = False
            if self._on_open is not None:
                self._on_open()

    def linger(self) -> None:
        """Let later lines reach the files without making the run Running again: the process is about to be gone."""
        self._lingers = True

    def _write_waiting(self) -> None:
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while self._waiting:
                place, line = self._waiting.popleft()
                try:
                    self._rescue(place, line, encode_line(line))
                except Exception as error:
                    self.dropped.add(error)
        finally:
            self._is_draining = False

    def _take_place(self) -> None:
        path, way = self.spec.path, self.way
        try:
            place = take_place(self.spec, way, self._wanted, self.captures)
        except RunEndedError:
            self._final = True
            raise
        # Whatever comes later, after a fork for instance, joins what is there.
        self.way = "enter" if way == "enter" else "join"
        self._life, self.is_owner = place.life, place.is_owner
        self._streams = [Stream(stream_path(path, stream, place.life.name)) for stream in STREAMS]
        if self._bounds.has_budget:
            self._bounds.measure(path)
        if self.spec.durability == "power":
            for folder in (path, path.parent, path.parent.parent):
                sync_folder(folder)

    def _reopen(self) -> None:
        if self._life is None or self._lingers:
            return
        with suppress(RunNotFoundError):
            manifest = read_manifest(self.spec.path)
            self._final = self._final or manifest.final
            refuse_final(manifest)
            self.is_owner = self.is_owner and manifest.owner == self.name  # else another life resumed the run
        self._restore()
        if self.is_owner:
            with changed_manifest(self.spec.path) as manifest:
                manifest.status, manifest.ended, manifest.error = "Running", None, None

    def _is_held(self) -> bool:
        return self._lingers or self._life is None or self._life.is_held()

    def _revive(self) -> None:
        """Go on in new files of the same names after somebody deleted the run folder or its files."""
        for place, stream in enumerate(self._streams):
            self._fds[place] = NO_DESCRIPTOR
            stream.close()
        self._restore()

    def _restore(self) -> None:
        """See to folder, lock and manifest, which may be gone."""
        path = self.spec.path
        (path / WRITERS_FOLDER).mkdir(parents=True, exist_ok=True)
        if not self._is_held() and self._life is not None:
            self._life.reopen()
        if self.is_owner and not (path / RUN_MANIFEST).exists():
            write_manifest(path, owned_manifest(self.spec, self.name))
        self._streams = [self._beside_packed(place, stream) for place, stream in enumerate(self._streams)]

    def _beside_packed(self, place: int, stream: Stream) -> Stream:
        """Return a stream; the next part where its file was packed since: beside that one of its name would hide it."""
        path = stream.path
        if stream.fd != NO_DESCRIPTOR or path.exists() or not path.with_suffix(".parquet").exists():
            return stream
        name, part = STREAMS[place], 2
        kinds: tuple[Kind, ...] = ("jsonl", "parquet")
        while any(stream_path(self.spec.path, name, self.name, part, kind).exists() for kind in kinds):
            part += 1
        if place == LOGS:
            self._part = part
        return Stream(stream_path(self.spec.path, name, self.name, part))

    def mend(self) -> bool:
        """Write the manifest anew where somebody deleted it alone under its owner; return whether that was so."""
        path = self.spec.path
        if not (self._is_open and self.is_owner and path.is_dir()) or (path / RUN_MANIFEST).exists():
            return False
        write_manifest(path, owned_manifest(self.spec, self.name))
        return True

    @property
    def name(self) -> str:
        """The writer's name; empty before it has one."""
        return self._life.name if self._life is not None else ""

    @property
    def is_open(self) -> bool:
        """Whether the writer lives: it has opened and not ended."""
        return self._is_open

    @property
    def was_opened(self) -> bool:
        """Whether the writer ever opened in this process."""
        return self._life is not None

    def is_kept_by(self, process: int, created: float) -> bool:
        """Tell whether a process of this machine kept a record of its own in this run.

        The answer for records that came through a queue: their process may have captured them already.

        Args:
            process: the process id that the record names.
            created: when the record was made, in seconds since the epoch.
        """
        try:
            changed = (self.spec.path / WRITERS_FOLDER).stat().st_mtime_ns
        except OSError:
            return False
        if changed != self._captures[0] or not self._captures[1]:
            mine = host_name()
            writers = (one for one in list_writers(self.spec.path) if one.captures and one.host == mine)
            # Of a writer that came just now the start line may be missing yet: look again next time.
            is_settled = time.time_ns() - changed > 1_000_000_000
            self._captures = changed * is_settled, [(one.pid, one.name) for one in writers]
        # Whether it has ended only its lock file says: the folder does not change with it.
        lives = (read_life(self.spec.path, name) for pid, name in self._captures[1] if pid == process)
        return any(start <= created <= end for start, end in (life.span() for life in lives))

    def tick(self) -> None:
        """Do what is due now and then: see to deleted files, write the summary. Call it about once a second."""
        if not self._is_open or self._is_busy:
            return
        with self._alone():
            if any(stream.is_lost() for stream in self._streams) or not self._is_held():
                with suppress(OSError):
                    self._revive()
            if self._bounds.has_budget:
                self._bounds.measure(self.spec.path)
            if self._was_ended_from_outside():
                self._end_as_told()
            elif time.monotonic() >= self._next_summary:
                self._write_summary()

    def _was_ended_from_outside(self) -> bool:
        """Tell whether another process gave the run a terminal status; the manifest is read only if it changed."""
        with suppress(Exception):
            changed = (self.spec.path / RUN_MANIFEST).stat().st_mtime_ns
            if changed != self._manifest_seen:
                self._manifest_seen = changed
                return read_manifest(self.spec.path).final
        return False

    def _end_as_told(self) -> None:
        """End this life with the status that another process wrote; further lines are refused."""
        with suppress(Exception):
            manifest = read_manifest(self.spec.path)
            self.end(manifest.status, manifest.error, final=True)

    def _ended_error(self) -> RunEndedError:
        with suppress(Exception):
            return ended_error(read_manifest(self.spec.path))
        return RunEndedError(f"run {self.spec.run_id} has a final status and takes no more records")

    def _fold(self) -> None:
        with self._lock:
            self._summary.fold()

    def _write_summary(self) -> None:
        begun = time.monotonic()
        self._fold()
        summary = WriterSummary(writer=self.name, time=now_text(), counts=self.counts(), metrics=self._summary.metrics)
        # A summary is a cache: that it could not be written costs nothing that the streams do not have.
        with suppress(OSError, ValueError):
            write_atomic(summary_path(self.spec.path, self.name), msgspec.json.encode(summary) + b"\n")
        self._save_unsaved()
        now = time.monotonic()
        self._next_summary = now + max(_SUMMARY_SECONDS, _SUMMARY_SHARE * (now - begun))

    def _save_unsaved(self) -> None:
        """Write to the manifest what was dropped so far, so that a kill does not make it look like a loss."""
        unsaved = self.dropped.take_unsaved() if self._is_open else None
        if unsaved is not None:
            try:
                with changed_manifest(self.spec.path) as manifest:
                    manifest.dropped = merge_dropped(manifest.dropped, unsaved)
            except Exception:
                self.dropped.put_back(unsaved)

    def counts(self) -> dict[str, int]:
        """Return how many lines this writer wrote to each stream; those under way in other threads count."""
        counts = {stream: _drawn(tally) for stream, tally in zip(STREAMS, self._tallies, strict=True)}
        counts["metrics"] = _drawn(self._numbers) - 1 - _drawn(self._failed) - sum(counts.values())
        return {stream: counts[stream] - lost for stream, lost in zip(STREAMS, self._lost, strict=True)}

    def store(
        self,
        name: str,
        source: Source,
        kind: str | None = None,
        *,
        overwrite: bool = False,
        on_bytes: Callable[[int], None] | None = None,
    ) -> ArtifactLine:
        """Keep a file as an artifact of the run, with its line in ``artifacts.jsonl``.

        Args:
            name: a relative name; see `check_artifact`.
            source: the content, or an open binary file that is read from where it stands.
            kind: what it is, such as "value"; None says nothing.
            overwrite: whether an artifact of this name is replaced.
            on_bytes: told of each piece's bytes while a file is copied.

        Raises:
            FileExistsError: there is an artifact of this name.
            SourceError: the source could not be read.
            OSError, RunLoggingError: as `open`, and where the file cannot be written.
        """
        self.open()
        digest, size = store_artifact(self.spec.path, name, source, overwrite=overwrite, on_bytes=on_bytes)
        line = ArtifactLine(time=now_text(), name=name, size=size, sha256=digest, type=kind)
        with self._lock:
            line.seq = self._next()
            self._rescue(ARTIFACTS, line, encode_line(line))
            self._tally[ARTIFACTS]()
        return line

    def unused_artifact(self, folder: str, label: str, extension: str) -> str:
        """Return a name for a new artifact, made from a label; no other call of any writer gets it."""
        self.open()
        stem = clean_identifier(label)[:48]
        return f"{folder}/{stem}-{self.name}-{next(self._artifact_numbers)}{extension}"

    def store_value(self, label: str, data: bytes) -> ArtifactLine:
        """Keep the JSON of a value too large for its line, under a name made from the label and the writer's name."""
        return self.store(self.unused_artifact("values", label, ".json"), data, "value")

    def end(self, status: str, error: ErrorInfo | None = None, *, final: bool = False) -> bool:
        """End this writer's life; the owner's end is the run's, unless another process has ended the run.

        A later line goes on where it stopped, unless the end is final.

        Args:
            status: Completed, Failed or Canceled.
            error: what went wrong, for Failed and Canceled.
            final: whether the run takes no more records.

        Returns:
            Whether the status was taken: False where the writer was not open or the run had a final status.
        """
        with self._alone():
            if not self._is_open:
                return False
            with suppress(OSError):
                self.mend()
            self._is_open = False
            with suppress(OSError):
                self.flush(sync=self.spec.durability == "power")
            self._write_summary()
            ended, counts = now_text(), self.counts()
            is_taken = self._end_manifest(status, error, ended, final)
            self._final = final or not is_taken
            self._close_streams()
            if self.is_owner and self.counts() != counts:
                # Other threads went on while the manifest was written; from here on they wait for the lock.
                with suppress(Exception):
                    self._pay_end()
            if self._life is not None:
                self._life.end(LifeLine(ended=ended, status=status, counts=self.counts(), dropped=self.dropped.total))
            return is_taken

    def _end_manifest(self, status: str, error: ErrorInfo | None, ended: str, final: bool) -> bool:
        if not self.is_owner and self.dropped.total is None:
            return True
        self._owed = (status, error, ended, final)
        try:
            return self._pay_end()
        except Exception as problem:
            say(f"the end of {self.spec.path} could not be written: {type(problem).__name__}: {problem}")
        return True

    def _pay_end(self) -> bool:
        """Write to the manifest what is owed: what was dropped, and the owner's end; return whether it was taken."""
        is_taken = True
        unsaved = self.dropped.take_unsaved()
        try:
            with changed_manifest(self.spec.path, sync=self.is_owner) as manifest:
                manifest.dropped = merge_dropped(manifest.dropped, unsaved)
                if self.is_owner and manifest.owner == self.name:
                    manifest.counts = self.counts()
                    is_taken = not manifest.final
                    if is_taken and self._owed is not None:
                        manifest.status, manifest.error, manifest.ended, manifest.final = self._owed
        except BaseException:
            self.dropped.put_back(unsaved)
            raise
        self._owed = None
        return is_taken

    def save_dropped(self) -> None:
        """Write to the manifest what was dropped since the last end, or an end that the disk did not take then."""
        with self._alone(), suppress(Exception):
            if not self._is_open and (self._owed is not None or self.dropped.total is not None):
                self._pay_end()

    def _close_streams(self) -> None:
        self._fds[:] = [NO_DESCRIPTOR] * len(STREAMS)
        self.flush()  # what other threads put into a lazy buffer since the end began
        for stream in self._all_streams():
            stream.close()

    def _all_streams(self) -> list[Stream]:
        return [*self._streams, *self._retired]

    def _forget_parent(self) -> None:
        """Be a new writer in a forked child: nothing of the parent's is written or closed twice."""
        for stream in self._all_streams():
            stream.close()
        self._start_afresh()
        self._bounds = Bounds(self.spec.max_bytes, self.spec.rotate_bytes)
        if self.captures is not None:
            self.captures = now_text()  # what it logged before was its parent's


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def _forget_parents() -> None:
    for writer in tuple(_writers):
        writer._forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)
