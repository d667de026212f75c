"""Metrics as frames and columns: forms, engines, names, scans."""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas
import polars
import pyarrow
import pytest

from runlogging import MetricNotFoundError, MissingExtraError, start_run
from runlogging._errors import InvalidValueError
from runlogging.folder import Line, encode_line, parse_time
from runlogging.reading import RunReader, open_run
from runlogging.reading.frames import Engine, metrics_columns, metrics_frame, scan_metrics

from .tools import run_of, text_of

LONG = ["seq", "time", "step", "name", "value", "writer", "attributes"]


@pytest.fixture
def run(tmp_path: Path) -> RunReader:
    """Return a run with two metrics, one of them not in every record, and odd values."""
    texts = [
        text_of(1, {"loss": 0.5, "accuracy": 0.25}, step=0),
        text_of(2, {"loss": None}, step=1, nonfinite={"loss": "NaN"}),
        text_of(3, {"loss": 2**63}, exact={"loss": str(2**63 + 1)}),
    ]
    return run_of(tmp_path, {"metrics.jsonl": texts})


def test_long_form(run: RunReader) -> None:
    """A point is a row, in the order of the run; NaN is NaN, and an int is its nearest double."""
    frame = metrics_frame(run)
    assert dict(frame.schema) == {
        "seq": polars.Int64,
        "time": polars.Datetime("us", "UTC"),
        "step": polars.Int64,
        "name": polars.String,
        "value": polars.Float64,
        "writer": polars.String,
        "attributes": polars.String,
    }
    assert frame["name"].to_list() == ["loss", "accuracy", "loss", "loss"]
    assert frame["step"].to_list() == [0, 0, 1, None]
    assert frame["value"].to_list()[:2] == [0.5, 0.25]
    assert frame["value"].is_nan().to_list() == [False, False, True, False]
    assert frame["value"][3] == float(2**63)
    assert set(frame["writer"]) == {"main"}
    assert frame["attributes"].null_count() == 4


def test_wide_form(run: RunReader) -> None:
    """A record is a row, a metric a column; what a record lacks is null and no NaN."""
    frame = metrics_frame(run, form="wide")
    assert frame.columns == ["seq", "time", "step", "writer", "loss", "accuracy"]
    assert frame["seq"].to_list() == [1, 2, 3]
    assert frame["accuracy"].to_list() == [0.25, None, None]
    assert frame["loss"].is_nan().to_list() == [False, True, False]
    assert frame["loss"].null_count() == 0


def test_plain_columns_keep_values_as_they_were_logged(run: RunReader) -> None:
    """Ints stay exact, times are aware datetimes, and nothing but lists is needed."""
    columns = metrics_columns(run)
    assert list(columns) == LONG
    assert columns["value"][3] == 2**63 + 1
    assert math.isnan(columns["value"][2])
    assert columns["time"][0] == run.series("loss")[0].time
    assert columns["time"][0].tzinfo is UTC
    wide = metrics_columns(run, form="wide")
    assert wide["accuracy"] == [0.25, None, None]
    assert wide["loss"][2] == 2**63 + 1
    assert wide["writer"] == ["main"] * 3


@pytest.mark.parametrize("form", ["long", "wide"])
def test_engines_have_the_same_content(run: RunReader, form: str) -> None:
    """Pandas and Arrow get the columns, types and values that Polars gets."""
    frames = {engine: metrics_frame(run, form=form, engine=engine) for engine in ("polars", "pandas", "pyarrow")}  # type: ignore[call-overload]
    assert isinstance(frames["pandas"], pandas.DataFrame)
    assert isinstance(frames["pyarrow"], pyarrow.Table)
    expected = frames["polars"]
    assert polars.DataFrame(polars.from_arrow(frames["pyarrow"])).equals(expected)
    assert list(frames["pandas"].columns) == expected.columns
    assert str(frames["pandas"]["time"].dtype) == "datetime64[us, UTC]"
    assert str(frames["pandas"]["step"].dtype) == "Int64"
    assert [None if step is pandas.NA else step for step in frames["pandas"]["step"]] == expected["step"].to_list()
    assert [time.to_pydatetime() for time in frames["pandas"]["time"]] == expected["time"].to_list()


@pytest.mark.parametrize(("engine", "package"), [("polars", "polars"), ("pandas", "pandas"), ("pyarrow", "pyarrow")])
def test_missing_package(run: RunReader, engine: Engine, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its package a frame says which extra to install; the others and plain columns need nothing of it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=f"needs {package}"):
        metrics_frame(run, engine=engine)
    assert metrics_columns(run)["seq"] == [1, 1, 2, 3]
    if package == "polars":
        with pytest.raises(MissingExtraError, match="needs polars"):
            scan_metrics(run)
        assert metrics_frame(run, engine="pyarrow").num_rows == 4


def test_record_of_a_logger_has_attributes(tmp_path: Path) -> None:
    """What a record said beside its numbers is JSON text; a line of a verb has none."""
    texts = [
        text_of(1, {"loss": 1.0}, level="INFO", logger="train", message='a "b"', attributes={"k": [1, "é"]}),
        text_of(2, {"loss": 2.0}),
        text_of(3, {"loss": 3.0}, description="why"),
    ]
    found = metrics_frame(run_of(tmp_path, {"metrics.jsonl": texts}))["attributes"].to_list()
    assert json.loads(found[0]) == {
        "level": "INFO", "logger": "train", "message": 'a "b"', "attributes": {"k": [1, "é"]}
    }  # fmt: skip
    assert found[1] is None
    assert json.loads(found[2]) == {"description": "why"}


@pytest.mark.parametrize("engine", ["polars", "pyarrow"])
def test_unknown_name(run: RunReader, engine: Engine) -> None:
    """A name that the run does not have is an error that offers those that come near."""
    with pytest.raises(MetricNotFoundError) as caught:
        metrics_frame(run, ["loss", "acuracy"], engine=engine)
    assert caught.value.name == "acuracy"
    assert caught.value.candidates == ("accuracy",)


def test_some_names(run: RunReader) -> None:
    """One name or several choose the points; the wide form has only their records and columns."""
    assert metrics_frame(run, "accuracy")["value"].to_list() == [0.25]
    assert metrics_frame(run, iter(["accuracy", "loss"]))["name"].to_list() == ["loss", "accuracy", "loss", "loss"]
    assert metrics_columns(run, "accuracy", form="wide")["seq"] == [1]
    assert metrics_frame(run, []).height == 0


@pytest.mark.parametrize(("form", "engine"), [("tall", "polars"), ("long", "spark")])
def test_bad_choice(run: RunReader, form: str, engine: str) -> None:
    """A form or engine that is none is named with those that are."""
    with pytest.raises(InvalidValueError, match="is one of"):
        metrics_frame(run, form=form, engine=engine)  # type: ignore[call-overload]


def test_metrics_that_are_called_like_our_columns(tmp_path: Path) -> None:
    """No column of the wide form is lost where metrics are called like ours."""
    names = ["seq", "metrics.seq", "time", "step", "writer", "value"]
    run = run_of(tmp_path, {"metrics.jsonl": [text_of(7, {name: place for place, name in enumerate(names)})]})
    titles = ["metrics.seq", "metrics.seq#2", "metrics.time", "metrics.step", "metrics.writer", "value"]
    frame = metrics_frame(run, form="wide")
    assert frame.columns == ["seq", "time", "step", "writer", *titles]
    assert [frame[title][0] for title in titles] == list(range(6))
    assert frame["seq"][0] == 7
    assert list(metrics_columns(run, form="wide")) == frame.columns


def test_wide_form_of_equal_numbers(tmp_path: Path) -> None:
    """Two lines with one number are two records, and so are equal numbers of two writers."""
    run = run_of(
        tmp_path,
        {
            "metrics.jsonl": [text_of(1, {"a": 1}, 0), text_of(1, {"b": 2}, 1)],
            "metrics.rank1.jsonl": [text_of(1, {"a": 3}, 0)],
        },
    )
    frame = metrics_frame(run, form="wide")
    assert frame.select("writer", "a", "b").rows() == [("main", 1, None), ("rank1", 3, None), ("main", None, 2)]
    columns = metrics_columns(run, form="wide")
    assert [*zip(columns["writer"], columns["a"], columns["b"], strict=True)] == frame.select("writer", "a", "b").rows()


def test_many_names_once(tmp_path: Path) -> None:
    """A run in which every record has a name of its own is long in rows, and too large to be wide."""
    run = run_of(tmp_path, {"metrics.jsonl": [text_of(n, {f"name{n}": n}, n / 1e4) for n in range(1, 20_001)]})
    assert metrics_frame(run).height == 20_000
    assert len(metrics_columns(run)["name"]) == 20_000
    for read in (metrics_frame, metrics_columns):
        with pytest.raises(InvalidValueError, match="form='long'"):
            read(run, form="wide")
    assert metrics_frame(run, ["name3", "name9"], form="wide").height == 2


def test_run_without_metrics(tmp_path: Path) -> None:
    """No metrics are a frame without rows, with all columns and types."""
    run = run_of(tmp_path, {"metrics.jsonl": [b"torn"]})
    assert metrics_frame(run).columns == LONG
    assert metrics_frame(run)["time"].dtype == polars.Datetime("us", "UTC")
    assert metrics_frame(run, form="wide").columns == ["seq", "time", "step", "writer"]
    assert metrics_columns(run) == {name: [] for name in LONG}
    assert metrics_frame(run, engine="pandas").empty


def test_running_run_is_read_as_it_is(tmp_path: Path) -> None:
    """A frame of a run that goes on has what was logged so far, numbers beside other values too."""
    with start_run("e", tmp_path, capture=False, environment=False) as open_one:
        open_one.log("loss", 0.5, step=1)
        run = open_run(open_one.path)
        assert metrics_frame(run)["value"].to_list() == [0.5]
        open_one.log_row("row", a=1)
        open_one.log("loss", 0.25, step=2)
        assert metrics_frame(run)["value"].to_list() == [0.5, 0.25]


def test_times_that_are_not_ours(tmp_path: Path) -> None:
    """A time with another offset, or of another width, is the moment that it says."""
    texts = [b'{"seq":1,"time":"2026-12-01T02:00:00+02:00","metrics":{"x":1}}\n']
    texts += [b'{"seq":2,"time":"2026-12-01T00:00:01Z","metrics":{"x":2}}\n']
    frame = metrics_frame(run_of(tmp_path, {"metrics.jsonl": texts}))
    assert frame["time"].to_list() == [datetime(2026, 12, 1, 0, 0, second, tzinfo=UTC) for second in (0, 1)]


def test_recorded_line_stands_at_its_time(tmp_path: Path) -> None:
    """A line that was kept back and written later stands where its time puts it."""
    texts = [text_of(1, {"x": 1}), text_of(2, {"x": 2}, 5), text_of(3, {"x": 3}, 2, recorded=True)]
    run = run_of(tmp_path, {"metrics.jsonl": texts})
    assert metrics_frame(run)["value"].to_list() == [1, 3, 2]
    assert metrics_columns(run)["value"] == [1, 3, 2]


def test_long_lines(tmp_path: Path) -> None:
    """A line longer than what is read at once is one line."""
    texts = [text_of(n, {f"{'m' * 3_000}{k}": k for k in range(60)}) for n in range(4)]
    run = run_of(tmp_path, {"metrics.jsonl": [text_of(9, {"x": 1}), *texts, text_of(10, {"x": 1})]})
    assert len(metrics_columns(run)["seq"]) == metrics_frame(run).height == 242


def test_scan(run: RunReader) -> None:
    """A scan reads when it is collected, and filters, columns and limits give what they give on the frame."""
    frame, scan = metrics_frame(run), scan_metrics(run)
    assert scan.collect_schema() == frame.schema
    assert scan.collect().equals(frame)
    is_loss = polars.col("name") == "loss"
    assert scan.filter(is_loss).select("value").collect().equals(frame.filter(is_loss).select("value"))
    assert scan.filter(is_loss).head(2).collect().equals(frame.filter(is_loss).head(2))
    assert scan.head(2).filter(is_loss).collect().equals(frame.head(2).filter(is_loss))
    assert scan.select(polars.len()).collect().item() == 4
    line = Line(seq=4, time="2026-12-01T00:00:00.000000Z", metrics={"loss": 7.0})
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(encode_line(line))
    assert scan.collect()["value"][-1] == 7.0
    assert scan.collect()["time"][-1] == parse_time(line.time)


def test_scans_of_several_runs(run: RunReader, tmp_path: Path) -> None:
    """The scans of runs can be put together."""
    other = run_of(tmp_path / "other", {"metrics.jsonl": [text_of(1, {"loss": 9.0})]})
    both = polars.concat([scan_metrics(run, "loss"), scan_metrics(other, "loss")]).collect()
    assert both["value"].to_list()[0::3] == [0.5, 9.0]


def test_scan_of_an_unknown_name(run: RunReader) -> None:
    """A scan of a metric that the run does not have fails when it is collected, and says what comes near."""
    with pytest.raises(Exception, match="Did you mean accuracy"):
        scan_metrics(run, "acuracy").collect()
