"""Rows and tables as frames."""

from __future__ import annotations

from pathlib import Path

import polars
import pytest

from runlogging import ArtifactNotFoundError, MetricNotFoundError, start_run
from runlogging._errors import InvalidValueError
from runlogging.reading import RunReader, open_run
from runlogging.reading.frames import table_frame


@pytest.fixture
def run(tmp_path: Path) -> RunReader:
    """Return a run with rows, a table, and other things."""
    with start_run("tables", tmp_path, capture=False, environment=False) as run:
        run.log_row("by class", label="cat", right=31, share=0.5, ok=True)
        run.log_table("by class", {"label": ["dog"], "right": [28], "share": [1], "note": [["x", 1]]})
        run.log_table("table", {"a": [1, 2], "b": ["x", None], "big": [1, 2**70], "mixed": [1, "one"]})
        run.log_table("large", {"n": list(range(200_000))})
        run.log("loss", 0.5)
        run.log_list("folds", [1, 2])
    return open_run(run.path)


def test_rows_are_a_frame(run: RunReader) -> None:
    """Rows that were logged one after the other are one frame; what a row lacks is null."""
    frame = table_frame(run, "by class")
    assert dict(frame.schema) == {
        "label": polars.String,
        "right": polars.Int64,
        "share": polars.Float64,
        "ok": polars.Boolean,
        "note": polars.String,
    }
    assert frame.rows() == [("cat", 31, 0.5, True, None), ("dog", 28, 1.0, None, '["x",1]')]


def test_cells_of_several_types_are_text(run: RunReader) -> None:
    """A column that no type of numbers holds is text, and nothing of it is lost."""
    frame = table_frame(run, "table")
    assert frame["a"].to_list() == [1, 2]
    assert frame["b"].to_list() == ["x", None]
    assert frame["big"].to_list() == ["1", str(2**70)]
    assert frame["mixed"].to_list() == ["1", "one"]


def test_engines(run: RunReader) -> None:
    """Arrow and pandas get the same columns."""
    assert table_frame(run, "by class", engine="pyarrow").to_pylist() == table_frame(run, "by class").to_dicts()
    assert list(table_frame(run, "by class", engine="pandas")["right"]) == [31, 28]


def test_table_in_an_artifact(run: RunReader) -> None:
    """A table that was too large for its line is read from its file; without it the error says so."""
    assert table_frame(run, "large")["n"].sum() == sum(range(200_000))
    for artifact in run.artifacts():
        run.artifact(artifact).unlink()
    with pytest.raises(ArtifactNotFoundError):
        table_frame(run, "large")


def test_unknown_name(run: RunReader) -> None:
    """A name that nothing has is an error that offers tables that come near."""
    with pytest.raises(MetricNotFoundError, match="Did you mean by class"):
        table_frame(run, "by clas")


@pytest.mark.parametrize(("name", "kind"), [("loss", "number"), ("folds", "list")])
def test_no_table(run: RunReader, name: str, kind: str) -> None:
    """A name that has something else is an error that says what it is."""
    with pytest.raises(InvalidValueError, match=kind):
        table_frame(run, name)


def test_bad_engine(run: RunReader) -> None:
    """An engine that is none is named with those that are."""
    with pytest.raises(InvalidValueError, match="polars, pandas, pyarrow"):
        table_frame(run, "table", engine="spark")  # type: ignore[call-overload]
