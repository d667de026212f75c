"""Where things lie in a run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


FORMAT = 1
"""The version of the folder format that this package writes, and the newest that it reads."""

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


def stream_path(run: Path, stream: str, writer: str) -> Path:
    """Return the file of a writer's stream: ``logs.jsonl``, or ``logs.rank1.jsonl`` for a further writer."""
    return run / (f"{stream}.jsonl" if writer == MAIN_WRITER else f"{stream}.{writer}.jsonl")


def summary_path(run: Path, writer: str) -> Path:
    """Return the file of a writer's summary: ``summary.json``, or ``summary.rank1.json`` for a further writer."""
    return run / ("summary.json" if writer == MAIN_WRITER else f"summary.{writer}.json")


def fault_path(run: Path, writer: str) -> Path:
    """Return the file of the stacks of a crash of a writer's process."""
    return run / ("faults.txt" if writer == MAIN_WRITER else f"faults.{writer}.txt")


def life_path(run: Path, writer: str) -> Path:
    """Return the lock file of a writer's life."""
    return run / WRITERS_FOLDER / f"{writer}{LOCK_SUFFIX}"


def writer_of(file_name: str) -> tuple[str, str] | None:
    """Return stream and writer of a stream's file name, or None where it is none.

    ``logs.jsonl`` gives ``("logs", "main")``, ``metrics.rank1.jsonl`` gives ``("metrics", "rank1")``.
    """
    parts = file_name.split(".")
    if len(parts) not in (2, 3) or parts[-1] != "jsonl" or parts[0] not in STREAMS or not parts[1]:
        return None
    return parts[0], parts[1] if len(parts) == 3 else MAIN_WRITER
