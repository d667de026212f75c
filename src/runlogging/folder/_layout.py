"""Where things lie in a run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


FORMAT = 2
"""The newest version of the folder format that this package reads."""

PLAIN_FORMAT = 1
"""The version that a run has whose streams are one JSON Lines file a writer each: that of every new run."""

Kind = Literal["jsonl", "parquet"]

RUN_MANIFEST = "run.json"
WRITERS_FOLDER = ".writers"
ARTIFACTS_FOLDER = "artifacts"
ENVIRONMENT = "environment.json"
MAIN_WRITER = "main"
"""The writer whose files carry no writer's name: the first owner of the run."""

STREAMS = ("logs", "metrics", "values", "artifacts")
LOGS, METRICS, VALUES, ARTIFACTS = range(4)
"""The streams' places in STREAMS."""

STANDARD_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
"""The levels whose number follows from their name."""

LOCK_SUFFIX = ".lock"


class StreamName(NamedTuple):
    """What the name of a stream's file says.

    Attributes:
        stream: one of STREAMS.
        writer: whose lines it holds.
        part: which of the writer's files of this stream, from 1; more than one where the stream was rotated.
        kind: "jsonl", or "parquet" where it was packed.
    """

    stream: str
    writer: str
    part: int = 1
    kind: Kind = "jsonl"

    def __str__(self) -> str:
        writer = [self.writer] if self.part > 1 or self.writer != MAIN_WRITER else []
        part = [str(self.part)] if self.part > 1 else []
        return ".".join([self.stream, *writer, *part, self.kind])


def stream_path(run: Path, stream: str, writer: str, part: int = 1, kind: Kind = "jsonl") -> Path:
    """Return the file of a writer's stream.

    ``logs.jsonl``; ``logs.rank1.jsonl`` for a further writer; ``logs.main.2.jsonl`` for a further part;
    ``logs.parquet`` where it was packed.
    """
    return run / str(StreamName(stream, writer, part, kind))


def summary_path(run: Path, writer: str) -> Path:
    """Return the file of a writer's summary: ``summary.json``, or ``summary.rank1.json`` for a further writer."""
    return run / ("summary.json" if writer == MAIN_WRITER else f"summary.{writer}.json")


def fault_path(run: Path, writer: str) -> Path:
    """Return the file of the stacks of a crash of a writer's process."""
    return run / ("faults.txt" if writer == MAIN_WRITER else f"faults.{writer}.txt")


def life_path(run: Path, writer: str) -> Path:
    """Return the lock file of a writer's life."""
    return run / WRITERS_FOLDER / f"{writer}{LOCK_SUFFIX}"


def stream_name(file_name: str) -> StreamName | None:
    """Return what the name of a stream's file says, or None where it is no stream's.

    ``metrics.rank1.jsonl`` gives ``("metrics", "rank1", 1, "jsonl")``. Further parts name their writer, so a writer
    called ``2`` is no part.
    """
    stem, _, kind = file_name.rpartition(".")
    stream, *between = stem.split(".")
    if kind not in ("jsonl", "parquet") or stream not in STREAMS or len(between) > 2 or "" in between:
        return None
    writer = between[0] if between else MAIN_WRITER
    part = between[1] if len(between) == 2 else "1"
    if not part.isdecimal() or not part.isascii() or str(int(part)) != part or (len(between) == 2 and int(part) < 2):
        return None
    return StreamName(stream, writer, int(part), kind)  # type: ignore[arg-type]  # it is one of the two


def writer_of(file_name: str) -> tuple[str, str] | None:
    """Return stream and writer of a stream's file name, or None where it is none; see `stream_name`."""
    name = stream_name(file_name)
    return name[:2] if name else None
