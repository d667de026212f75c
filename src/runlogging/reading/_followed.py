"""The streams of a run that is watched: each line once, whatever becomes of its file meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from runlogging.reading._model import Problem, Record
from runlogging.reading._streams import StreamFile, stream_files


class FollowedStreams:
    """Give the records that came since the last look; only new bytes are read.

    A stream that is packed or unpacked meanwhile lies in another file, which has the same lines: those that were given
    are passed over.

    Args:
        run: the run folder.
        streams: which streams.
    """

    def __init__(self, run: Path, streams: Iterable[str]) -> None:
        self._run, self._streams = run, tuple(streams)
        self._files: dict[tuple[str, str, int], StreamFile] = {}
        self._given: dict[tuple[str, str, int], int] = {}

    def new_records(self) -> Iterator[Record]:
        """Yield the records of the lines that were completed since the last call, file by file.

        Raises:
            RunNotFoundError: the run is gone.
        """
        for file in stream_files(self._run, self._streams):
            key = (file.stream, file.writer, file.part)
            known = self._files.get(key)
            if known is None or known.path != file.path:
                self._files[key] = known = file
                # The same lines as before, from another file.
                for _ in islice(file.new_records(), self._given.get(key, 0)):
                    continue
            for record in known.new_records():
                self._given[key] = self._given.get(key, 0) + 1
                yield record

    @property
    def problems(self) -> list[Problem]:
        """The bad lines that were met so far."""
        return [problem for file in self._files.values() for problem in file.problems]
