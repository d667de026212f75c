"""The benchmarks of the pages and of the terminal run and tell every figure; what the figures are is not tested."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SOURCE
from tests.viewer.conftest import CHROMIUM

TARGETS = {"viewer": 8, "viewer_runs": 8, "viewer_log": 5, "terminal": 2}
"""How many figures of each have a target."""


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's chromium")
@pytest.mark.parametrize("name", TARGETS)
def test_every_figure_is_told(tmp_path: Path, name: str) -> None:
    """Each figure stands in the table and in the JSON file, and is a number that was measured."""
    file = tmp_path / "figures.json"
    command = [sys.executable, str(SOURCE.parent / "benchmarks" / f"{name}.py"), "--quick", "--json", str(file)]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert sum(item["target"] is not None for item in figures) == TARGETS[name]
    for item in figures:
        assert math.isfinite(item["value"])
        assert item["value"] > 0
        assert any(line.startswith(f"{item['what']} ") for line in done.stdout.splitlines())
