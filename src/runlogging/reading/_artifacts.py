"""The files kept with a run, as the lines of its ``artifacts`` streams tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from runlogging._errors import InvalidNameError
from runlogging.folder import check_artifact, parse_time
from runlogging.reading._streams import StreamFile


class ArtifactEntry(NamedTuple):
    """What a run says of a file that it keeps.

    Attributes:
        name: its relative name.
        size: in bytes.
        sha256: in hexadecimal.
        type: what it is, such as "value", or None.
        time: when it was kept, UTC.
        seq: the number of its line in its writer.
        writer: who kept it.
    """

    name: str
    size: int
    sha256: str
    type: str | None
    time: datetime
    seq: int | None
    writer: str


def last_entries(files: Iterable[StreamFile]) -> dict[str, ArtifactEntry]:
    """Return name to the last entry of that name; names in the order in which they first came.

    Between entries time decides, then the number.
    """
    entries = sorted((entry for file in files for entry in _entries(file)), key=_place)
    return {entry.name: entry for entry in entries}


def _entries(file: StreamFile) -> Iterator[ArtifactEntry]:
    for line in file.new_artifacts():
        try:
            name = check_artifact(line.name)
        except InvalidNameError:
            continue  # no writer of ours wrote it, and nobody should join it to a path
        yield ArtifactEntry(name, line.size, line.sha256, line.type, parse_time(line.time), line.seq, file.writer)


def _place(entry: ArtifactEntry) -> tuple[datetime, int]:
    return entry.time, entry.seq or 0
