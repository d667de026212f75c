"""``runlogging report``: the file, what is said of it, and the page on stdout."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from runlogging.cli._output import Output
from runlogging.cli._report import report_runs
from runlogging.reading import open_run
from tests.cli.tools import log, strict_json
from tests.cli.tools import open_run as open_writer


def reported(monkeypatch: pytest.MonkeyPatch, path: Path, out: str, **options: Any) -> bytes:
    """Report on a run and return what is printed."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        report_runs([open_run(path)], out, Output(), **options)
        stream.flush()
    return raw.getvalue()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Make a run of ten steps with a name that would steer a terminal."""
    with open_writer(tmp_path, run_name="evil\x1b[31m") as (logger, path):
        for step in range(10):
            log(logger, step=step, loss=1 / (step + 1))
    return path


def test_file(monkeypatch: pytest.MonkeyPatch, run: Path, tmp_path: Path) -> None:
    """The file is written, and its path and size are said."""
    target = tmp_path / "report.html"
    said = reported(monkeypatch, run, str(target), title="the title").decode()
    assert said.startswith(f"{target} (")
    assert "<h1>the title</h1>" in target.read_text(encoding="utf-8")


def test_stdout(monkeypatch: pytest.MonkeyPatch, run: Path) -> None:
    """With - the page and nothing else is printed, in UTF-8, without control characters."""
    page = reported(monkeypatch, run, "-", max_charts=0).decode("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert "\x1b" not in page
    assert "evil\\x1b[31m" in page
    assert "<svg" not in page


def test_json(monkeypatch: pytest.MonkeyPatch, run: Path, tmp_path: Path) -> None:
    """With --json path, size and runs are one object."""
    target = tmp_path / "report.html"
    facts = strict_json(reported(monkeypatch, run, str(target), as_json=True).decode())
    assert facts == {"path": str(target), "bytes": target.stat().st_size, "runs": [run.name]}
