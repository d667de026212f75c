"""What is wrong in a run's folder, found on the way: lines that somebody reads anyway are not read for it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runlogging.folder import STREAMS, Life, Line, writer_life
from runlogging.reading._gaps import Numbers, find_gaps
from runlogging.reading._model import Problem
from runlogging.reading._streams import StreamFile, stream_files

if TYPE_CHECKING:
    from runlogging.reading._run import RunReader

_CHUNK_BYTES = 1 << 20


@dataclass
class _Read:
    """How far a file was read: up to which byte, and how many good lines there were."""

    end: int = 0
    lines: int = 0


class Checked:
    """A run whose stream files are checked while they are read.

    Args:
        run: the run.
    """

    def __init__(self, run: RunReader) -> None:
        self._run = run
        self._read: dict[Path, _Read] = {}
        self._numbers: dict[str, Numbers] = {}

    def blocks(self, file: StreamFile) -> Iterator[list[Line]]:
        """Yield the lines of a file of the run, some at a time; those of one file to their end, and once."""
        numbers = self._numbers.setdefault(file.writer, Numbers())
        read = self._read[file.path] = _Read()
        for lines, read.end in blocks_of(file):
            read.lines += len(lines)
            numbers.extend([line.seq for line in lines if line.seq is not None])
            yield lines

    def problems(self) -> list[Problem]:
        """Return what `RunReader.problems` is, and read only what was not read yet, or holds lines that are none."""
        run = self._run
        writers = run.writers
        lives = {writer.name: writer_life(run.path, writer.name) for writer in writers}
        problems: list[Problem] = []
        for file in stream_files(run.path, STREAMS):
            is_alive = lives.get(file.writer) is Life.ALIVE
            read = self._read.get(file.path)
            if read is None or not _is_whole(file, read, may_grow=is_alive):
                # Of what was read before the numbers are known; what is asked for is where the bad lines stand.
                numbers = Numbers() if read else self._numbers.setdefault(file.writer, Numbers())
                numbers.extend(record.line.seq for record in file.new_records() if record.line.seq is not None)
                if not is_alive:
                    file.note_torn()
                problems += file.problems
        return [*problems, *find_gaps(run.path, self._numbers, writers, lives, run._manifest)]


def blocks_of(file: StreamFile) -> Iterator[tuple[list[Line], int]]:
    """Yield the good lines of a file, some at a time, each time with the place behind them."""
    lines, place = file.block(0)
    while place is not None:
        yield lines, place
        lines, place = file.block(place)


def _is_whole(file: StreamFile, read: _Read, *, may_grow: bool) -> bool:
    """Tell whether a file of JSON Lines has nothing but the good lines that were read."""
    if type(file) is not StreamFile:
        return False
    try:
        size = file.path.stat().st_size
        return (may_grow or size == read.end) and _count_newlines(file.path, read.end) == read.lines
    except OSError:
        return False


def _count_newlines(path: Path, end: int) -> int:
    count = 0
    with path.open("rb") as file:
        while end > 0 and (data := file.read(min(end, _CHUNK_BYTES))):
            count += data.count(b"\n")
            end -= len(data)
    return count
