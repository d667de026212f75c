"""Output lines become records: in the tee, and of the processes that `capture_process` runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._recorder import Recorder, source_record
from runlogging._redaction import Redactor
from runlogging._sessions import Session
from runlogging.capture._lines import LineSplitter, parse_structured
from runlogging.folder import DURABILITIES, Dropped, RunSpec, Writer, format_time, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from logging import LogRecord

    from runlogging.capture._lines import OutputLine

DEFAULT_MAX_BYTES = 1 << 30
"""How much text of output is kept unless told otherwise."""
WRITER = "output"


class LineRecorder:
    """Write output lines as records of a run.

    Args:
        recorder: writes to the run.
        max_bytes: how many characters are kept; lines after that are counted.
        parses: whether lines that are JSON objects with a level or metrics become structured records.
        extra: attributes of every record.

    Attributes:
        lines: how many were kept.
        dropped: how many were not: past the limit, for a disk that is full or slow, or because the run had ended.
    """

    def __init__(
        self, recorder: Recorder, max_bytes: int, *, parses: bool = False, extra: dict[str, Any] | None = None
    ) -> None:
        self.lines = self.dropped = 0
        self._recorder = recorder
        self._max_bytes, self._left = max_bytes, max_bytes
        self._parses, self._extra = parses, extra or {}
        self._is_over = False
        self._unsaved: Dropped | None = None

    def write(self, source: str, lines: Iterable[OutputLine]) -> None:
        """Write lines of a channel."""
        before = self._failed()
        for line in lines:
            self._left -= len(line.text) + 1
            if self._left < 0:
                self._lose_large(line)
            elif self._is_over or not self._recorder.take(self._record(source, line)):
                self._is_over = True
                self.dropped += 1
            else:
                self.lines += 1
        failed = self._failed() - before
        self.lines -= failed
        self.dropped += failed

    def _failed(self) -> int:
        """Return how many records the writer could not write: the recorder counts them and goes on."""
        total = self._recorder.session.writer.dropped.total
        return total.records if total is not None else 0

    def say(self, level: str, message: str, created: float) -> None:
        """Write a record of our own."""
        if not self._is_over:
            self._recorder.take(source_record("runlogging", level, message, created, **self._extra))

    def lose(self, lines: int, reason: str, now: float) -> None:
        """Count lines that were not kept; `reason` is an errno's name."""
        if lines:
            time = format_time(now)
            self.dropped += lines
            first, records = (self._unsaved.first, self._unsaved.records) if self._unsaved else (time, 0)
            self._unsaved = Dropped(records + lines, first, time, reason)

    def save_dropped(self) -> None:
        """Add what was lost to the writer's count, which its end writes to the manifest."""
        unsaved, self._unsaved = self._unsaved, None
        if unsaved is not None and not self._is_over:
            self._recorder.session.writer.dropped.note(unsaved)

    def _lose_large(self, line: OutputLine) -> None:
        if self._unsaved is None:
            limit = f"more than {self._max_bytes} bytes of output came"
            self.say("WARNING", f"{limit}; what follows is shown and counted, but not kept (max_bytes)", line.created)
        self.lose(1, "EFBIG", line.created)

    def _record(self, source: str, line: OutputLine) -> LogRecord:
        found = parse_structured(line.text) if self._parses and not line.continued else None
        if found is None:
            more = {"continued": True, **self._extra} if line.continued else self._extra
            return source_record(source, "INFO", line.text, line.created, **more)
        given: dict[str, Any] = {"metrics": found.metrics} if found.metrics is not None else {}
        if found.step is not None:
            given["step"] = found.step
        if found.exception is not None:
            given["exc_text"] = found.exception
        created = line.created if found.created is None else found.created
        # Under `extra`, where no key can take the place of an attribute of the record.
        given["extra"] = {**found.attributes, **self._extra}
        return source_record(found.logger or source, found.level, found.message, created, **given)


class Keeper:
    """Keep the output of several channels in a run, as its further writer ``output``.

    Args:
        run: the run folder.
        sources: what stands as the logger of each channel.
        redact: whether secrets are taken out.
        max_bytes: how much text is kept.

    Raises:
        RunLoggingError, OSError: there is no such run, it has ended, or it cannot be written.
    """

    def __init__(self, run: str, sources: list[str], *, redact: bool, max_bytes: int) -> None:
        session = _session(Path(run))
        self._writer = session.writer
        self._recorder = LineRecorder(Recorder(session, Redactor() if redact else None), max_bytes)
        self._sources = sources
        self._splitters = [LineSplitter() for _ in sources]

    def take(self, number: int, data: bytes, now: float) -> None:
        """Keep what came on a channel."""
        self._recorder.write(self._sources[number], self._splitters[number].feed(data, now))

    def poll(self, now: float) -> None:
        """Keep what waited long enough."""
        for source, splitter in zip(self._sources, self._splitters, strict=True):
            due = splitter.next_due
            if due is not None and due <= now:
                self._recorder.write(source, splitter.poll(now))

    def next_due(self) -> float | None:
        """Return when `poll` will have something to do."""
        return min((due for one in self._splitters if (due := one.next_due) is not None), default=None)

    def end_channel(self, number: int, now: float, lost_lines: int) -> None:
        """Keep the rest of a channel.

        Args:
            number: the channel.
            now: the time.
            lost_lines: how many lines of it were lost on the way here.
        """
        self._recorder.write(self._sources[number], self._splitters[number].close(now))
        self._recorder.lose(lost_lines, "EAGAIN", now)

    def end(self) -> None:
        """End the writer."""
        self._recorder.save_dropped()
        self._writer.end("Completed")
        self._writer.save_dropped()


def _session(run: Path) -> Session:
    """Return a session of its own in a run that is there, whose writer has opened."""
    manifest = read_manifest(run)
    spec = RunSpec(
        run,
        manifest.id or run.name,
        manifest.experiment or run.parent.name,
        durability=next((known for known in DURABILITIES if known == manifest.durability), "process"),
    )
    session = Session(spec)
    session.writer = Writer(spec, wanted=WRITER, way="join")
    session.writer.open()
    return session
