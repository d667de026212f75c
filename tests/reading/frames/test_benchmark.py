"""The benchmark of frames runs and reports every figure; what the figures are is never tested here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import SOURCE

PROGRAM = SOURCE.parent / "benchmarks" / "reading.py"
WITH_TARGETS = {
    "1 scalar: metrics_frame / polars.read_ndjson",
    "1 scalar: metrics_columns / orjson.loads of each line",
    "1 scalar: json.loads of each line / metrics_columns",
    "1 scalar: metrics_frame, packed / polars.read_ndjson",
}


def test_every_target_is_measured(tmp_path: Path) -> None:
    """Each target stands beside what was measured, as a number, in the table and in the JSON file."""
    file = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--lines", "500", "--passes", "1", "--json", str(file)]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert {item["what"] for item in figures if item["target"] is not None} == WITH_TARGETS
    assert {item["verdict"] for item in figures} <= {"held", "missed", "-"}
    assert all(math.isfinite(item["value"]) and item["value"] >= 0 for item in figures)
    lines = done.stdout.splitlines()
    for item in figures:
        assert any(line.startswith(f"{item['what']} ") and line.endswith(item["verdict"]) for line in lines)
