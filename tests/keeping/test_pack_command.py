"""``runlogging pack`` and ``unpack``, as the command line calls them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runlogging._errors import InvalidValueError, RunActiveError, RunNotFoundError
from runlogging._texts import size_text
from runlogging.cli._output import Output
from runlogging.cli._pack import pack_runs, unpack_runs
from tests.reading.tools import HOLD, living

from .tools import made_run, plain_content

pytest.importorskip("pyarrow")


def test_run_is_packed_and_unpacked_by_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """RUN is whatever names a run; the lines say what was made and what it saves."""
    run = made_run(tmp_path)
    content = plain_content(run)
    assert pack_runs("r1", str(tmp_path), Output())
    before, after = sum(map(len, content.values())), sum(path.stat().st_size for path in run.glob("*.parquet"))
    assert capsys.readouterr().out.splitlines() == [
        "r1 packed: artifacts.parquet, logs.parquet, metrics.parquet, values.parquet",
        f"1 run packed, {size_text(before)} -> {size_text(after)}",
    ]
    assert unpack_runs("latest", str(tmp_path), Output())
    assert plain_content(run) == content
    assert unpack_runs(str(run), "runs", Output())
    assert capsys.readouterr().out.splitlines()[-1] == "0 runs unpacked; 1 had nothing to be unpacked"


def test_root_is_packed_but_for_what_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that has not ended is named and left as it is, which is no failure; alone it is an error."""
    with living(HOLD, str(tmp_path)):
        made_run(tmp_path, "r2")
        assert pack_runs(str(tmp_path), "runs", Output())
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "left as it is: the run r1 is Running; pack it when it has ended"
        assert lines[1].startswith("1 run packed, ")
        with pytest.raises(RunActiveError):
            pack_runs("r1", str(tmp_path), Output())


def test_failure_of_one_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged run fails, and the others are packed."""
    made_run(tmp_path, "r1")
    odd = made_run(tmp_path, "r2", "b").rename(tmp_path / "b" / "r\x1b2")
    (odd / "run.json").write_text("{", encoding="utf-8")
    assert not pack_runs(str(tmp_path), "runs", Output())
    out = capsys.readouterr().out
    assert "left as it is: " in out
    assert "\x1b" not in out
    assert "1 run packed" in out


def test_json_has_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json each run is an object, those left alone with the reason."""
    run = made_run(tmp_path)
    before = sum(map(len, plain_content(run).values()))
    (made_run(tmp_path, "r2") / "run.json").write_text("{", encoding="utf-8")
    assert not pack_runs(str(tmp_path), "runs", Output(), as_json=True)
    printed = capsys.readouterr()
    first, second = json.loads(printed.out)
    assert first == {
        "run": str(run),
        "files": ["artifacts.parquet", "logs.parquet", "metrics.parquet", "values.parquet"],
        "before": before,
        "after": sum(path.stat().st_size for path in run.glob("*.parquet")),
        "skipped": None,
        "failed": False,
    }
    assert (second["failed"], second["files"]) == (True, [])
    assert "\nWarning: " in printed.err


def test_experiment_is_a_target_too(tmp_path: Path) -> None:
    """The folder of one experiment stands for its runs."""
    one, other = made_run(tmp_path, "r1", "a"), made_run(tmp_path, "r2", "b")
    assert pack_runs(str(tmp_path / "a"), "runs", Output())
    assert (plain_content(one), len(plain_content(other))) == ({}, 4)
    assert unpack_runs(str(tmp_path / "a"), "runs", Output())
    assert len(plain_content(one)) == 4


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    """An empty folder and an unknown id are errors."""
    with pytest.raises(RunNotFoundError, match="is no run and holds none"):
        pack_runs(str(tmp_path), str(tmp_path), Output())
    made_run(tmp_path, "r1")
    with pytest.raises(RunNotFoundError, match="r2"):
        pack_runs("r2", str(tmp_path), Output())


def test_dataset_is_laid_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--dataset makes the table of a root and leaves its runs; of a run or an experiment there is none."""
    run = made_run(tmp_path / "runs")
    for path in run.glob("*.jsonl"):
        os.utime(path, ns=(10**18, 10**18))
    content, table = plain_content(run), str(tmp_path / "table")
    assert pack_runs(str(tmp_path / "runs"), "runs", Output(), table=table)
    assert pack_runs(str(tmp_path / "runs"), "runs", Output(), table=table)
    assert capsys.readouterr().out.splitlines() == [f"4 files in {table}: {what}" for what in ("4 packed", "none new")]
    assert plain_content(run) == content
    for target in (run, run.parent):
        with pytest.raises(InvalidValueError, match="whole root"):
            pack_runs(str(target), "runs", Output(), table=table)
    assert pack_runs(str(tmp_path / "runs"), "runs", Output(), table=table, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "folder": table,
        "files": 4,
        **dict.fromkeys(("linked", "copied", "packed", "removed"), 0),
        "left_out": {},
    }
