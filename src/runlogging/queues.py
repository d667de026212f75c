"""Queues that lose nothing: what a record's metrics and exception are at the call goes through, not what they become.

The standard QueueHandler merges the traceback into the message, drops arguments and exception, and hands extras on by
reference, so that a list that the caller changes later is logged as it is then.
"""

from __future__ import annotations

import logging
import queue
import sys
from logging.handlers import QueueHandler
from typing import Any

from runlogging._snapshots import copy_record, plain_arguments, replaceable, take_snapshot
from runlogging.folder import DroppedCount


class SnapshotFilter(logging.Filter):
    """Take metrics, extras and the exception of a record at the call; for a QueueHandler that cannot be replaced.

    It goes onto the QueueHandler, not behind the queue. The message that a standard QueueHandler makes still has the
    traceback in it; `RunQueueHandler` leaves it clean. Before Python 3.12 the record itself is changed: handlers after
    this one see the plain copies.
    """

    def __init__(self) -> None:
        super().__init__()

    def filter(self, record: logging.LogRecord) -> Any:
        """Return the record with plain copies of all that can still change."""
        changed = replaceable(record)
        take_snapshot(changed)
        return changed


class RunQueueHandler(QueueHandler):
    """A QueueHandler whose records reach a RunHandler whole, through a queue of this process or of multiprocessing.

    The message has its arguments in it, without the traceback; exception and stack travel as text, so that any
    formatter behind the queue prints them once; metrics and extras are plain copies of what they were at the call. A
    record that a full queue does not take is counted, and said once on stderr; the next one that goes through
    tells the run of it.

    Args:
        queue: where the records go, as for QueueHandler.

    Attributes:
        dropped: how many records the queue did not take.
    """

    def __init__(self, queue: Any) -> None:
        super().__init__(queue)
        self._dropped = DroppedCount("a queue")

    @property
    def dropped(self) -> int:
        """How many records could not be queued."""
        return self._dropped.total.records if self._dropped.total else 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a copy that can be pickled and that no later change reaches."""
        prepared = copy_record(record)
        take_snapshot(prepared)
        d = prepared.__dict__
        if not isinstance(record.msg, dict) or record.args:
            self._merge_message(record, d)
        d["exc_info"] = None
        return prepared

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a prepared record into the queue; it carries the count of those that did not fit before it.

        Raises:
            queue.Full: the queue takes no more.
        """
        unsaid = self._dropped.take_unsaved()
        if unsaid is not None:
            record.__dict__["runlogging_dropped"] = [unsaid.records, unsaid.first, unsaid.last, unsaid.reason]
        try:
            super().enqueue(record)
        except BaseException:
            self._dropped.put_back(unsaid)
            raise

    def _merge_message(self, record: logging.LogRecord, d: dict[str, Any]) -> None:
        try:
            message = record.getMessage()
        except Exception:
            # The handlers behind the queue report it as they would without one; the arguments only must be plain.
            d["args"] = plain_arguments(record.args)
            return
        d["msg"] = d["message"] = message
        d["args"] = None

    def handleError(self, record: logging.LogRecord) -> None:
        """Count a record that the queue did not take; any other error goes the way of the standard handlers."""
        error = sys.exc_info()[1]
        if isinstance(error, queue.Full):
            self._dropped.add(error)
        else:
            super().handleError(record)
