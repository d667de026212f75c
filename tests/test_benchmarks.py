"""The benchmark runs and reports every figure; what the figures are is never tested here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
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
    ("1 scalar", "run.log"),
    ("15 columns", "run.log_row"),
    ("15 columns", "FileHandler, Json"),
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
    "run.log / text to a NullHandler",
    "run.log / structlog with orjson to a file",
    "run.log_row / Json, 15 columns",
    "1 scalar: run.log, p99 / median",
    "15 columns: run.log_row, p99 / median",
    "start_run, one point, complete",
    "submit to the script's first line, over python script.py",
    "start_run, the first time in a process",
    "1 scalar: RunHandler / plain, net of a no-op Handler",
    "10 scalars: RunHandler / plain with ten values",
    "120 characters: redaction on / off",
    "text: RunHandler, p99 / median",
    "1 scalar: RunHandler, p99 / median",
    "1 scalar: RunHandler, no summary, p99 / median",
    "10 scalars: RunHandler, p99 / median",
    "120 characters: RunHandler, p99 / median",
    "120 characters: RunHandler, redact=False, p99 / median",
    "text: captured by an open run, over RunHandler",
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
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=file.parent, env=env, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout, json.loads(file.read_text(encoding="utf-8"))


def test_every_row_is_there(outcome: tuple[str, dict[str, Any]]) -> None:
    """Each contender has a row; the one that needs orjson is skipped with a line where orjson is missing."""
    printed, figures = outcome
    rows = {(row["shape"], row["contender"]) for row in figures["rows"]}
    with_orjson = {(shape, "FileHandler, Orjson") for shape in ("text", "1 scalar")}
    with_orjson.add(("1 scalar", "structlog, orjson"))
    assert rows == (ROWS if "orjson is not installed" in printed else ROWS | with_orjson)


def test_every_target_is_measured(outcome: tuple[str, dict[str, Any]]) -> None:
    """Each target of the handler stands beside what was measured, and says whether it is held."""
    _, figures = outcome
    verdicts = {item["what"]: item["verdict"] for item in figures["figures"] if item["target"] is not None}
    assert set(verdicts) == WITH_TARGETS
    assert set(verdicts.values()) <= {"missed", "held", "held, stretch too"}


def test_every_figure_is_a_positive_number(outcome: tuple[str, dict[str, Any]]) -> None:
    """Nothing is NaN, infinite, zero or negative."""
    _, figures = outcome
    times = [row[key] for row in figures["rows"] for key in ("loop_us", "median_us", "p99_us")]
    # A difference may be below zero, whatever it should be.
    values = [item["value"] for item in figures["figures"] if item["unit"] != "us"]
    assert [number for number in times + values if not (math.isfinite(number) and number > 0)] == []


def test_nothing_is_lost(outcome: tuple[str, dict[str, Any]]) -> None:
    """The lines of all processes are in the run."""
    _, figures = outcome
    (kept,) = (item["value"] for item in figures["figures"] if item["what"].endswith("share of lines kept"))
    assert kept == 1


def test_tables_show_what_the_file_holds(outcome: tuple[str, dict[str, Any]]) -> None:
    """Each row and each figure of the file is a line of the tables."""
    printed, figures = outcome
    lines = printed.splitlines()
    for row in figures["rows"]:
        assert any(line.startswith(row["shape"]) and f"  {row['contender']}  " in line for line in lines)
    for item in figures["figures"]:
        assert any(line.startswith(f"{item['what']}  ") and line.endswith(item["verdict"]) for line in lines)
