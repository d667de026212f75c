"""From any source of records into a run: what captured records, output lines and adopted logs go through."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from runlogging._errors import RunEndedError
from runlogging._records import AlreadyKept, RecordBuilder

if TYPE_CHECKING:
    from runlogging._flight import FlightRecorder
    from runlogging._redaction import Redactor
    from runlogging._sessions import Session


class Recorder:
    """Write records to a run; whatever goes wrong is counted and raises nothing.

    Args:
        session: the run in this process.
        redactor: what takes secrets out of texts; None leaves them in.
        level: records below it are left out, or kept by the flight recorder.
        flight: keeps records below the level until something goes wrong; None drops them.

    Attributes:
        session: the run in this process.
        is_over: whether the run has ended, so that nothing more is given to it.
        marks: whether each record says that the run has it, because it may come to another process of the run.
    """

    is_deaf = False

    def __init__(
        self, session: Session, redactor: Redactor | None, level: int = 0, flight: FlightRecorder | None = None
    ) -> None:
        self.session = session
        self.is_over = self.marks = False
        self._level, self._flight = level, flight
        self._mark = session.spec.mark
        writer = session.writer
        builder = RecordBuilder(
            redactor,
            store=writer.store_value,
            on_second=self._tick,
            on_dropped=writer.dropped.note,
            mark=self._mark,
            kept_by=writer.is_kept_by,
            is_capture=True,
        )
        self.build = builder.build
        self.write = writer.write if flight is None else flight.writing(writer.write, self.build, writer.dropped.add)

    def take(self, record: logging.LogRecord) -> bool:
        """Write a record; return False where the run has ended."""
        try:
            if self._level and record.levelno < self._level:
                if self._flight is not None and self._flight.take(record):
                    self.spill()
                return True
            self.write(self.build(record))
            # A RunHandler of the run may get the record too, perhaps behind a queue.
            if self.marks or (self.session.is_shared and self.session.handlers):
                record.__dict__["runlogging_run"] = self._mark
        except AlreadyKept:
            return True
        except RunEndedError:
            return False
        except Exception as error:
            self.session.writer.dropped.add(error)
        return True

    def note(self, record: logging.LogRecord) -> bool:
        """Write a record of another source than log calls; return False where the run has ended."""
        return self.take(record)

    def spill(self) -> None:
        """Write what the flight recorder holds: something went wrong."""
        if self._flight is not None:
            writer = self.session.writer
            self._flight.spill(writer.write, self.build, writer.dropped.add)

    def _tick(self) -> None:
        self.session.writer.tick()
        if self.session.on_second is not None:
            self.session.on_second()


class Silent:
    """Stand for a run that captures no log calls: it takes records and forgets them.

    Args:
        noted: takes what other sources bring; None forgets it too.

    Attributes:
        is_over: whether the run has ended, so that nothing more is given to it.
        is_deaf: whether it forgets what other sources bring, too.
    """

    def __init__(self, noted: Recorder | None = None) -> None:
        self.is_over = False
        self.is_deaf = noted is None
        self._noted = noted

    def take(self, record: logging.LogRecord) -> bool:
        """Forget a record."""
        return True

    def note(self, record: logging.LogRecord) -> bool:
        """Write a record of another source than log calls, or forget it; return False where the run has ended."""
        return self._noted is None or self._noted.take(record)

    def spill(self) -> None:
        """Do nothing."""


def source_record(
    source: str, level: str, message: str, created: float | None = None, **extra: Any
) -> logging.LogRecord:
    """Return a record of something that is no log call: an output line, a warning, a line of another program's log.

    Args:
        source: what stands as its logger.
        level: the level's name; one that logging does not know counts as INFO by number.
        message: the whole text; nothing in it is taken for a placeholder.
        created: seconds since the epoch; None is now.
        extra: more attributes: metrics, step, exc_info, or anything else.
    """
    number = logging.getLevelNamesMapping().get(level, logging.INFO)
    record = logging.makeLogRecord({"name": source, "levelname": level, "levelno": number, "msg": message})
    # There is no place in a program that it comes from.
    record.__dict__.update(pathname=None, lineno=None, funcName=None, threadName=None)
    if "taskName" in record.__dict__:  # Python 3.12 and later
        record.taskName = None
    record.created = time.time() if created is None else created
    record.__dict__.update(extra)
    return record
