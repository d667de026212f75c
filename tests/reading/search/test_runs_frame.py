"""A table of runs: a row a run, types that fit, the same for every engine."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from runlogging import InvalidValueError, start_run
from runlogging._errors import MissingExtraError
from runlogging.reading.search import runs_columns, runs_frame

from ..tools import manifest_only

FIXED = [
    *("id", "experiment", "name", "number", "status", "created", "started", "ended", "duration"),
    *("parent", "type", "problem"),
]


def one_each(root: Path, *parameters: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the columns of runs with these parameters, in this order."""
    for number, given in enumerate(parameters):
        manifest_only(root, f"r{number}", created=f"2026-{9 - number}", status="Completed", parameters=given)
    return runs_columns(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a root with a run that has all, one that has little, and one that cannot be read."""
    with start_run(
        "a",
        tmp_path,
        run_id="full",
        name="näme",
        capture=False,
        tags={"model": "ridge", "draft": None},
        parameters={"alpha": 0.1, "model": {"depth": 3, "layers": [8, 8]}, "on": True, "mixed": 1},
    ) as run:
        for step in range(4):
            run.log("mse", 4 - step, step=step)
        run.log("acc", 0.5)
    manifest_only(
        tmp_path,
        "small",
        "b",
        created="2026-01-02T03:04:05.000006Z",
        started="2026-01-02T03:04:05.000006Z",
        ended="2026-01-02T03:04:07.500006Z",
        status="Failed",
        parameters={"alpha": 2, "mixed": "text"},
    )
    (manifest_only(tmp_path, "bad", "b") / "run.json").write_text("{")
    return tmp_path


def test_columns_of_plain_python(root: Path) -> None:
    """Fixed ones first, then tags, parameters with dotted names, last values of metrics; None for missing ones."""
    columns = runs_columns(root)
    assert list(columns) == [
        *FIXED,
        *("tags.model", "tags.draft"),
        *("params.alpha", "params.model.depth", "params.model.layers", "params.on", "params.mixed"),
        *("metrics.mse", "metrics.acc"),
    ]
    assert columns["id"] == ["full", "small", "bad"]
    assert columns["status"] == ["Completed", "Failed", "Unknown"]
    assert columns["created"][1:] == [datetime(2026, 1, 2, 3, 4, 5, 6, UTC), None]
    assert columns["duration"][1:] == [2.5, None]
    assert columns["tags.draft"] == [None, None, None]
    assert columns["params.alpha"] == [0.1, 2.0, None]
    assert columns["params.model.depth"] == [3, None, None]
    assert columns["params.model.layers"] == ["[8,8]", None, None]
    assert columns["params.on"] == [True, None, None]
    assert columns["params.mixed"] == ["1", "text", None]
    assert columns["metrics.mse"] == [1, None, None]
    assert [problem and str(root / "b" / "bad") in problem for problem in columns["problem"]] == [None, None, True]


def test_a_frame_of_polars(root: Path) -> None:
    """Each column has a type of its own, times are UTC to the microsecond."""
    frame = runs_frame(root)
    assert isinstance(frame, pl.DataFrame)
    assert frame.shape == (3, len(FIXED) + 9)
    types = dict(zip(frame.columns, frame.dtypes, strict=True))
    assert {types[name] for name in ("created", "started", "ended")} == {pl.Datetime("us", "UTC")}
    assert {types[name] for name in ("id", "name", "status", "problem", "tags.draft", "params.mixed")} == {pl.String()}
    assert {types[name] for name in ("duration", "params.alpha", "metrics.acc")} == {pl.Float64()}
    assert {types[name] for name in ("number", "params.model.depth", "metrics.mse")} == {pl.Int64()}
    assert types["params.on"] == pl.Boolean()
    assert {name: frame[name].to_list() for name in frame.columns} == runs_columns(root)


@pytest.mark.parametrize("engine", ["pandas", "pyarrow"])
def test_other_engines_hold_the_same(root: Path, engine: Any) -> None:
    """Values and names are those of plain Python."""
    frame, columns = runs_frame(root, engine=engine), runs_columns(root)
    if engine == "pandas":
        assert isinstance(frame, pd.DataFrame)
        assert str(frame["created"].dtype) == "datetime64[us, UTC]"
        assert frame["number"].dtype == "Int64"
        found = {name: [None if pd.isna(item) else item for item in frame[name]] for name in frame.columns}
    else:
        assert isinstance(frame, pa.Table)
        assert frame.schema.field("created").type == pa.timestamp("us", "UTC")
        found = frame.to_pydict()
    assert found == columns


def test_summaries_are_columns_beside_the_last_values(root: Path) -> None:
    """What was asked for, and no more."""
    columns = runs_columns(root, summaries=("last", "min", "max", "mean", "count", "step"))
    assert [columns[f"metrics.mse{end}"][0] for end in ("", ".min", ".max", ".mean", ".count", ".step")] == [
        *(1, 1, 4, 2.5, 4, 3)
    ]
    assert [name for name in runs_columns(root, summaries="min") if name.startswith("metrics.")] == [
        *("metrics.mse.min", "metrics.acc.min")
    ]
    assert not any(name.startswith("metrics.") for name in runs_columns(root, summaries=()))
    with pytest.raises(InvalidValueError, match="'median'"):
        runs_columns(root, summaries=("last", "median"))


def test_names_that_meet(tmp_path: Path) -> None:
    """A metric called ``x.min`` beside the least of ``x``, and a key with a dot beside a nested one."""
    with start_run("a", tmp_path, capture=False, parameters={"a.b": 1, "a": {"b": 2}}) as run:
        for name, value in (("x", 1), ("x.min", 7)):
            run.log(name, value)
    columns = runs_columns(tmp_path, summaries=("last", "min"))
    assert columns["metrics.x.min"] == [7]
    assert columns["metrics.x.min#2"] == [1]
    assert (columns["params.a.b"], columns["params.a.b#2"]) == ([1], [2])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1, 2]),
        ([1, 2.5], [1.0, 2.5]),
        ([1, None], [1, None]),
        ([None, None], [None, None]),
        ([True, False], [True, False]),
        ([True, 1], ["true", "1"]),
        ([1, "1"], ["1", "1"]),
        ([2**70, 1], [float(2**70), 1.0]),
        ([{}, []], ["{}", "[]"]),
        (["a", [{"b": "ä"}]], ["a", '[{"b":"ä"}]']),
    ],
)
def test_types_of_parameters(tmp_path: Path, values: list[Any], expected: list[Any]) -> None:
    """Numbers where all are, bools where all are, else text; each engine takes them."""
    columns = one_each(tmp_path, *({"p": value} for value in values))
    assert columns["params.p"] == expected
    assert [type(value) for value in columns["params.p"]] == [type(value) for value in expected]
    for engine in ("polars", "pandas", "pyarrow"):
        assert len(runs_frame(tmp_path, engine=engine)) == len(values)


def test_a_table_of_no_runs(tmp_path: Path) -> None:
    """It has the fixed columns, with their types."""
    assert runs_columns(tmp_path / "none") == {name: [] for name in FIXED}
    frame = runs_frame(tmp_path / "none")
    assert frame.columns == FIXED
    assert frame["created"].dtype == pl.Datetime("us", "UTC")
    assert len(runs_frame(tmp_path, engine="pandas")) == len(runs_frame(tmp_path, engine="pyarrow")) == 0


def test_what_is_chosen_is_framed(root: Path) -> None:
    """The same arguments as for a list; columns are those of the chosen runs."""
    assert runs_columns(root, damaged=False)["id"] == ["full", "small"]
    assert runs_columns(root, "b")["id"] == ["small", "bad"]
    chosen = runs_columns(root, where="status = 'Failed'", order_by="created", limit=1)
    assert chosen["id"] == ["small"]
    assert list(chosen) == [*FIXED, "params.alpha", "params.mixed"]


@pytest.mark.parametrize("engine", ["polars", "pandas", "pyarrow"])
def test_an_engine_that_is_not_installed(root: Path, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install; plain columns need nothing."""
    monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(MissingExtraError, match=f"needs {engine}, which is not installed"):
        runs_frame(root, engine=engine)
    assert len(runs_columns(root)["id"]) == 3


def test_an_engine_that_is_none(root: Path) -> None:
    """The error names those that are."""
    with pytest.raises(InvalidValueError, match="polars, pandas, pyarrow"):
        runs_frame(root, engine="excel")  # type: ignore[arg-type]
