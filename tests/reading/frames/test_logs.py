"""The log of a run as a frame and as columns."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import polars
import pytest

from runlogging import MissingExtraError, RunHandler
from runlogging._errors import InvalidValueError
from runlogging.reading import RunReader, list_runs
from runlogging.reading.frames import logs_columns, logs_frame

from .tools import run_of, text_of


@pytest.fixture
def run(tmp_path: Path) -> RunReader:
    """Return a run that a logger wrote to."""
    logger = logging.getLogger("frames of logs")
    logger.setLevel("DEBUG")
    logger.propagate = False
    handler = RunHandler(tmp_path, "logs")
    logger.addHandler(handler)
    logger.debug("begun %d", 1, extra={"shard": 7})
    logger.info("epoch", extra={"metrics": {"loss": float("nan"), "n": 10**30}, "step": 3})
    try:
        raise KeyError("gone")
    except KeyError:
        logger.exception("failed")
    logger.removeHandler(handler)
    handler.close()
    return list_runs(tmp_path)[0]


def test_entries_are_rows(run: RunReader) -> None:
    """Each entry is a row with what the record said, in the order of the run."""
    frame = logs_frame(run)
    assert frame["level"].to_list() == ["DEBUG", "INFO", "ERROR"]
    assert frame["level_number"].to_list() == [10, 20, 40]
    assert frame["message"].to_list() == ["begun 1", "epoch", "failed"]
    assert frame["template"][0] == "begun %d"
    assert frame["step"].to_list() == [None, 3, None]
    assert set(frame["writer"]) == {"main"}
    assert frame["file"][0] == __file__
    assert frame["function"][0] == "run"
    assert frame["exception_type"].to_list() == [None, None, "KeyError"]
    assert frame["exception"][2].startswith("Traceback")
    assert json.loads(frame["attributes"][0]) == {"shard": 7}
    assert json.loads(frame["metrics"][1]) == {"loss": "NaN", "n": str(10**30)}
    assert frame["time"].to_list() == [entry.time for entry in run.logs()]
    assert frame.schema["time"] == polars.Datetime("us", "UTC")


def test_level_chooses(run: RunReader) -> None:
    """Records below the level are left out, by name or number."""
    assert logs_frame(run, "INFO")["seq"].to_list() == logs_frame(run, 20)["seq"].to_list() == [2, 3]
    with pytest.raises(InvalidValueError, match="is no level"):
        logs_frame(run, "LOUD")


def test_columns_and_engines_agree(run: RunReader) -> None:
    """Plain columns, Arrow and pandas have what the frame has."""
    frame, columns = logs_frame(run), logs_columns(run)
    assert columns == frame.to_dict(as_series=False)
    assert logs_frame(run, engine="pyarrow").to_pylist() == frame.to_dicts()
    assert list(logs_frame(run, engine="pandas")["message"]) == columns["message"]


def test_records_of_verbs_are_no_entries(tmp_path: Path) -> None:
    """A line that no logger wrote has no row."""
    run = run_of(tmp_path, {"metrics.jsonl": [text_of(1, {"a": 1}), text_of(2, {"a": 1}, level="INFO", message="m")]})
    assert logs_columns(run)["message"] == ["m"]


def test_run_without_a_log(tmp_path: Path) -> None:
    """No entries are a frame without rows."""
    run = run_of(tmp_path, {})
    assert logs_frame(run).height == 0
    assert logs_frame(run).schema["time"] == polars.Datetime("us", "UTC")


def test_missing_package(run: RunReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Polars the frame says which extra to install, and plain columns are there."""
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"runlogging\[frames\]"):
        logs_frame(run)
    assert logs_columns(run)["level"] == ["DEBUG", "INFO", "ERROR"]
