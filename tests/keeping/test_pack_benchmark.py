"""The benchmark of packing runs and reports every figure; what the figures are is never tested here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SOURCE

pytest.importorskip("pyarrow")
pytest.importorskip("polars")

PROGRAM = SOURCE.parent / "benchmarks" / "packing.py"
WITH_TARGETS = {
    "metrics: bytes a point",
    "wide: bytes a point",
    "frame of packed metrics / polars.read_ndjson",
}


def test_every_target_is_measured(tmp_path: Path) -> None:
    """Each figure is a positive number and a line of the table, and those with a target say whether it is held."""
    command = [sys.executable, str(PROGRAM), "--quick", "--json", "figures.json"]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["figures"]
    assert {item["what"] for item in figures if item["target"] is not None} == WITH_TARGETS
    for item in figures:
        assert math.isfinite(item["value"])
        assert item["value"] > 0
        assert any(line.startswith(f"{item['what']}  ") for line in done.stdout.splitlines())
        assert item["verdict"] in (("held", "missed") if item["target"] is not None else ("-",))
