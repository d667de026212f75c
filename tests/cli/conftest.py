"""A program that writes until it is stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SOURCE

_WRITER = """
import logging, sys
from runlogging import RunHandler
handler = RunHandler("runs")
logging.basicConfig(handlers=[handler], level="INFO")
logging.info("here", extra={"metrics": {"loss": 0.5}})
print("ready", flush=True)
for line in sys.stdin:
    logging.info(line.strip())
handler.close()
"""


@pytest.fixture
def run_writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that logs each line of its stdin below ``runs``, and ends its run when there are no more."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()
