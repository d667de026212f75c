"""What the tests of the reading side share: folders made by the real writer, and programs that live on demand."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runlogging.folder import Line, Manifest, RunSpec, Writer, now_text, write_manifest

from ..conftest import SOURCE


def spec_of(root: Path, run_id: str = "r1", experiment: str = "test", **more: Any) -> RunSpec:
    """Return the specification of a run below a root."""
    return RunSpec(root / experiment / run_id, run_id, experiment, **more)


def value_line(*items: dict[str, Any], **fields: Any) -> Line:
    """Return a line for the stream of values."""
    return Line(time=now_text(), values=list(items), **fields)


def written(root: Path, *lines: Line, run_id: str = "r1") -> Path:
    """Return the folder of a run that the real writer wrote and ended."""
    writer = Writer(spec_of(root, run_id))
    writer.open()
    for line in lines:
        writer.write(line)
    writer.end("Completed")
    return writer.spec.path


def manifest_only(root: Path, run_id: str = "r1", experiment: str = "test", **facts: Any) -> Path:
    """Return a run folder that has a manifest and nothing else."""
    path = root / experiment / run_id
    path.mkdir(parents=True)
    write_manifest(path, Manifest(id=run_id, experiment=experiment, **facts))
    return path


@contextmanager
def living(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Give a process that has said "ready" on its stdout and waits for a line on its stdin; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def go_on(process: subprocess.Popen[str]) -> None:
    """Send the line that a living process waits for."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


# Opens a run below the root that is its argument, and waits; the run's id is "r1", its experiment "test".
HOLD = """
import logging, os, sys
from runlogging import RunHandler
logging.basicConfig(level="DEBUG", handlers=[RunHandler(sys.argv[1], "test", run_id="r1")])
logging.info("begun")
print("ready", flush=True)
sys.stdin.readline()
"""
