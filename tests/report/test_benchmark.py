"""The benchmark of the report runs and tells every figure; what the figures are is never tested here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import SOURCE

PROGRAM = SOURCE.parent / "benchmarks" / "report.py"


def test_every_figure_is_told(tmp_path: Path) -> None:
    """Seconds and size have their targets for one long metric and for twenty, in the table and in the JSON file."""
    file = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--quick", "--json", str(file)]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert {item["what"] for item in figures if item["target"] is not None} == {
        *("1 metric x 20,000 points: the report", "1 metric x 20,000 points: its file"),
        *("20 metrics x 1,000 points: the report", "20 metrics x 1,000 points: its file"),
    }
    assert all(math.isfinite(item["value"]) and item["value"] >= 0 for item in figures)
    for item in figures:
        assert any(line.startswith(f"{item['what']} ") for line in done.stdout.splitlines())
