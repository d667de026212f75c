"""What the tests of packing share: runs to pack, and what is to be the same afterwards."""

from __future__ import annotations

import io
import logging
from pathlib import Path

from runlogging import start_run
from runlogging.reading import RunReader, open_run


def made_run(root: Path, run_id: str = "r1", experiment: str = "test", steps: int = 3) -> Path:
    """Make a run with all four streams that has ended; return its folder."""
    with start_run(experiment, root, run_id=run_id) as run:
        for step in range(steps):
            run.log("loss", 1 / (step + 3), step=step)
        run.log("note", "text")
        run.upload_file("files/a.txt", io.BytesIO(b"a"))
        logging.getLogger("app").warning("not good")
    return run.path


def plain_content(run: Path) -> dict[str, bytes]:
    """Return the names of a run's JSON Lines and what is in them."""
    return {path.name: path.read_bytes() for path in sorted(run.glob("*.jsonl"))}


def told(run: Path) -> list[object]:
    """Return what a reader tells of a run that packing must not change."""
    reader: RunReader = open_run(run)
    series = {name: list(points) for name, points in reader.metrics().items()}
    entries = [vars(entry) for entry in reader.logs()]
    facts = [reader.status, reader.counts, reader.last_record, reader.problems, reader.summary()]
    return [reader.records(), series, entries, reader.artifacts(), *facts]


def leftovers(run: Path) -> list[str]:
    """Return the names of what packing left behind."""
    return sorted(path.name for path in run.glob(".*.packing"))
