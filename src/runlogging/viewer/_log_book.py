"""The log of one run as the viewer keeps it: the index of its places, and what was searched for in it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runlogging.folder import stream_name
from runlogging.reading import LogPages
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import Record
from runlogging.reading._pages import is_of_logger
from runlogging.reading._streams import StreamFile, stream_files
from runlogging.viewer._log_marks import Marks
from runlogging.viewer._log_search import Search

if TYPE_CHECKING:
    from starlette.requests import Request

    from runlogging.viewer._state import State

# So many slices are read before somebody else may ask: some hundredths of a second.
_SLICES_AT_ONCE = 12
_TAIL_BYTES = 1 << 17
_KEPT_SEARCHES = 6


class Choice(NamedTuple):
    """Which entries are shown.

    Attributes:
        level: those at or above this level; its name or number, or None.
        logger: those of this logger and of the ones below it; "" is of all.
    """

    level: str | None
    logger: str

    @classmethod
    def of(cls, request: Request) -> Choice:
        """Return what a request asks for.

        Raises:
            InvalidValueError: no level has this name.
        """
        level = request.query_params.get("level") or None
        lowest_level(level)
        return cls(level, request.query_params.get("logger", ""))


class LogBook:
    """The log of one run; hold `lock` while looking at `pages`.

    Args:
        run: the run folder.

    Attributes:
        run: the run folder.
        lock: held by whoever reads on or looks.
        pages: the index of the log, whole or not yet.
    """

    def __init__(self, run: Path) -> None:
        self.lock = threading.RLock()
        self.run = run
        self._thread: threading.Thread | None = None
        self._start()

    def _start(self) -> None:
        self.pages = LogPages(self.run, is_read=False)
        self._searches: OrderedDict[tuple[Choice, str], Search] = OrderedDict()
        self._marks = Marks()
        self._names: set[str] = set()

    def look(self, *, is_whole: bool = False) -> LogPages:
        """Take in what came since, and return the pages; a long log that is not indexed yet is read on in a thread.

        Args:
            is_whole: wait until all of it is indexed.
        """
        with self.lock:
            self._begin_anew_if_packed()
            self.pages.advance(None if is_whole else _SLICES_AT_ONCE)
            if not self.pages.is_complete and self._thread is None:
                self._thread = threading.Thread(target=self._read_on, name="log index", daemon=True)
                self._thread.start()
            return self.pages

    def _begin_anew_if_packed(self) -> None:
        """Forget places in files that are no longer there; packing a run replaces them."""
        found = {path.name for path in self.run.iterdir() if stream_name(path.name)}
        if not self._names <= found:
            self._start()
        self._names = found

    def _read_on(self) -> None:
        try:
            is_complete = False
            while not is_complete:
                with self.lock:
                    self.pages.advance(_SLICES_AT_ONCE)
                    is_complete = self.pages.is_complete
                time.sleep(0.001)  # a lock is not fair: whoever waits would wait until the end
        except Exception:  # a run that was deleted, or is damaged: the next request says so
            return
        finally:
            self._thread = None

    def search(self, choice: Choice, query: str) -> Search:
        """Return the search for something, one that goes on where it stopped; hold the lock."""
        key = (choice, query)
        found = self._searches.get(key)
        if found is None:
            found = self._searches[key] = Search(query, choice.level, choice.logger)
            while len(self._searches) > _KEPT_SEARCHES:
                self._searches.popitem(last=False)
        self._searches.move_to_end(key)
        return found

    def marks(self, within_s: float) -> tuple[Marks, bool]:
        """Return what is known of the log's marks, looking on for a time, and whether all of it was; hold the lock."""
        pages = self.look()
        until = time.monotonic() + within_s
        is_through = self._marks.advance(pages, lambda: time.monotonic() < until)
        return self._marks, is_through and pages.is_complete

    def tail(self, count: int, choice: Choice) -> list[Record]:
        """Return the last entries from the ends of the files, while their places are not known yet."""
        lowest = lowest_level(choice.level)
        found = [
            record
            for file in stream_files(self.run, ("logs", "metrics"))
            for record in _last_records(file)
            if _is_chosen(record, lowest, choice.logger)
        ]
        found.sort(key=lambda record: (record.line.time, record.line.seq or 0))
        return found[-count:]


def _is_chosen(record: Record, lowest: int, logger: str) -> bool:
    return is_entry(record, lowest) and is_of_logger(record, logger)


def _last_records(file: StreamFile) -> list[Record]:
    if type(file) is not StreamFile:  # a packed one is read from its start
        return []
    try:
        with file.path.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(0, size - _TAIL_BYTES))
            if size > _TAIL_BYTES:
                opened.readline()
            place: int | None = opened.tell()
    except OSError:
        return []
    records: list[Record] = []
    while place is not None:
        lines, place = file.block(place)
        records += [Record(line, file.writer, file.stream) for line in lines]
    return records


def book_of(state: State, request: Request) -> LogBook:
    """Return the log of the run that a request names."""
    run: Any = state.run(request).path
    return state.kept("log", run, lambda: LogBook(run))
