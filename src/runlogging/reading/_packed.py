"""Reading packed streams: Parquet files that give the same lines as the JSON Lines that they were made of."""

from __future__ import annotations

from runlogging.reading._streams import StreamFile


class PackedFile(StreamFile):
    """A packed stream file."""
