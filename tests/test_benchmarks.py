"""The benchmark runs and reports every figure; what the figures are is never tested here."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SOURCE

PROGRAM = SOURCE.parent / "benchmarks" / "handlers.py"

ROWS = {
    ("text", "NullHandler"),
    ("1 scalar", "no-op Handler"),
    ("1 scalar", "RunHandler, no summary"),
    ("120 characters", "RunHandler"),
    ("120 characters", "RunHandler, redact=False"),
} | {
    (shape, name)
    for shape in ("text", "1 scalar", "10 scalars")
    for name in ("FileHandler, plain", "RunHandler")
} | {
    (shape, f"FileHandler, {name}") for shape in ("text", "1 scalar") for name in ("Json", "Msgspec")
}  # fmt: skip

WITH_TARGETS = {
    "1 scalar: RunHandler / plain",
    "1 scalar: RunHandler / Json",
    "1 scalar: RunHandler / plain, net of a no-op Handler",
    "10 scalars: RunHandler / plain with ten values",
    "120 characters: redaction on / off",
    "text: RunHandler, p99 / median",
    "1 scalar: RunHandler, p99 / median",
    "1 scalar: RunHandler, no summary, p99 / median",
    "10 scalars: RunHandler, p99 / median",
    "120 characters: RunHandler, p99 / median",
    "120 characters: RunHandler, redact=False, p99 / median",
    "4 processes: RunHandler in one run / plain to 4 files",
    "4 processes: share of lines kept",
    "import runlogging / import pythonjsonlogger.msgspec",
    "start a run, log one point, end it",
    "the same, the first time in a process",
    "memory over a FileHandler, after 1,000 records",
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """Run the benchmark with small numbers; return what it printed and its JSON file."""
    file = tmp_path_factory.mktemp("benchmark") / "figures.json"
    command = [sys.executable, str(PROGRAM), "--quick", "--json", str(file)]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout, json.loads(file.read_text(encoding="utf-8"))
