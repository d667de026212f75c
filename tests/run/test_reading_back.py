"""What was logged comes back: metrics in all shapes, series, values, rows, details, logs; frames and NumPy scalars."""

from __future__ import annotations

import datetime
import json
import logging
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import MetricNotFoundError, Run, RunHandler, start_run

from ..charts.examples import example

DTYPES = [
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "longdouble", "bool", "str_"),
]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give an open run."""
    with start_run("back", tmp_path / "runs", environment=False) as started:
        yield started


def is_same(left: Any, right: Any) -> bool:
    """Tell whether two values are of one type and equal, where NaN equals itself and -0.0 is not 0.0."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return type(left) is type(right) and repr(left) == repr(right)


# ---------------------------------------------------------------------- shapes


def test_metrics_come_in_azures_shapes(run: Run) -> None:
    """One value is bare, several are a list; a table of one row is a mapping of values, of more a mapping of lists."""
    run.log("once", 0.5)
    run.log("text", "t")
    run.log_metrics({"often": 1, "flag": True})
    run.log("often", 2.5)
    run.log("often", "three")
    run.log_list("list", range(3))
    run.log_list("two lists", [1])
    run.log_list("two lists", ["b"])
    run.log_row("one row", a=1, b="x")
    run.log_row("rows", a=1)
    run.log_row("rows", a=2, b=3)
    run.log_table("table", {"a": [1, 2], "b": [3, 4]})
    run.log_table("short table", {"a": [1]})
    run.log_row("mixed", a=0)
    run.log_table("mixed", {"a": [1], "b": [2]})
    run.log_residuals("chart", example("residuals"))
    run.log_image("image", plot=np.zeros((2, 2)))
    run.log_image("images", plot=np.zeros((2, 2)))
    run.log_image("images", plot=np.zeros((2, 2)))
    metrics = run.get_metrics()
    images = [value.artifact for value in run.values("images")]
    assert metrics == {
        "once": 0.5,
        "text": "t",
        "often": [1, 2.5, "three"],
        "flag": True,
        "list": [0, 1, 2],
        "two lists": [1, "b"],
        "one row": {"a": 1, "b": "x"},
        "rows": {"a": [1, 2], "b": [None, 3]},
        "table": {"a": [1, 2], "b": [3, 4]},
        "short table": {"a": 1},
        "mixed": {"a": [0, 1], "b": [None, 2]},
        "chart": example("residuals"),
        "image": run.values("image")[0].artifact,
        "images": images,
    }
    assert list(metrics)[:4] == ["once", "text", "often", "flag"]
    for name, value in metrics.items():
        assert run.get_metrics(name) == {name: value}
    assert run.get_metrics("missing") == run.get_metrics(name="") == {}


def test_stable_shapes_stay(run: Run) -> None:
    """Series, values and rows have the same shape for one value and for many."""
    for count in (1, 2):
        run.log("n", count, step=count)
        run.log_row("r", a=count)
        run.log("t", "x")
        assert run.series("n").values == list(range(1, count + 1))
        assert run.rows("r") == {"a": list(range(1, count + 1))}
        assert [value.value for value in run.values("t")] == ["x"] * count
    assert run.rows("missing") == {}
    assert run.values("missing") == []
    assert [value.name for value in run.values()] == ["r", "t", "r", "t"]
    with pytest.raises(MetricNotFoundError, match="Did you mean n") as caught:
        run.series("nn")
    assert isinstance(caught.value, KeyError)


def test_children_come_keyed_by_run_id(run: Run) -> None:
    """With recursive the metrics of the run and of all below it are keyed by run id, by type if one is asked for."""
    child = run.child_run(type="fold")
    deeper = child.child_run()
    run.log("x", 0)
    child.log("x", 1)
    child.log("x", 2)
    deeper.log("y", 3)
    expected = {run.id: {"x": 0}, child.id: {"x": [1, 2]}, deeper.id: {"y": 3}}
    assert run.get_metrics(recursive=True) == expected
    assert next(iter(run.get_metrics(recursive=True))) == run.id
    assert run.get_metrics("x", recursive=True) == {run.id: {"x": 0}, child.id: {"x": [1, 2]}, deeper.id: {}}
    assert run.get_metrics(recursive=True, run_type="fold") == {child.id: {"x": [1, 2]}}
    assert child.get_metrics(recursive=True) == {child.id: {"x": [1, 2]}, deeper.id: {"y": 3}}
    for one in (deeper, child):
        one.complete()


# ---------------------------------------------------------------------- values of all kinds


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_come_back_as_pythons(run: Run, dtype: str) -> None:
    """A scalar of every dtype reads as the Python value of its item, alone, in a row, a list and a table."""
    kind = getattr(np, dtype)
    scalar = kind("text") if dtype == "str_" else kind(1)
    plain = {"s": "text", "b": True}.get(np.dtype(kind).kind, 1.0 if np.dtype(kind).kind == "f" else 1)
    run.log("alone", scalar)
    run.log_metrics({"among": scalar})
    run.log_row("row", "slowly", a=scalar)
    run.log_row("row", a=scalar)
    run.log_list("list", [scalar, scalar])
    run.log_list("array", np.array([scalar, scalar]))
    run.log_table("table", {"a": [scalar, scalar], "b": np.array([scalar, scalar])})
    plain = "text" if dtype == "str_" else plain
    expected = {
        "alone": plain,
        "among": plain,
        "row": {"a": [plain] * 2},
        "list": [plain] * 2,
        "array": [plain] * 2,
        "table": {"a": [plain] * 2, "b": [plain] * 2},
    }
    assert is_same({name: run.get_metrics()[name] for name in expected}, expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint64"])
def test_the_edges_of_numpys_numbers_come_back(run: Run, dtype: str) -> None:
    """The largest and smallest number of a dtype, and NaN and the infinities, are read as what they were."""
    kind = np.dtype(dtype).type
    info: Any = np.finfo(kind) if np.dtype(dtype).kind == "f" else np.iinfo(kind)
    edges = [kind(info.min), kind(info.max)]
    if np.dtype(dtype).kind == "f":
        edges += [kind("nan"), kind("inf"), kind("-inf"), kind(info.tiny), kind(-0.0)]
    for edge in edges:
        run.log("alone", edge)
        run.log_row("row", a=edge)
    run.log_table("table", {"a": edges})
    run.log_list("list", np.array(edges))
    plain = [edge.item() for edge in edges]
    assert is_same(run.get_metrics(), {"alone": plain, "row": {"a": plain}, "table": {"a": plain}, "list": plain})
    assert is_same(run.series("alone").values, plain)


def test_times_of_numpy_are_texts(run: Run) -> None:
    """A time of whatever unit is its ISO text in cells and lists, never a bare count of nanoseconds."""
    moment, span = np.datetime64("2026-01-02T03:04:05", "ns"), np.timedelta64(5, "ns")
    run.log_row("row", a=moment, b=span, c=np.datetime64("NaT", "s"))
    run.log_table("table", {"a": [moment, None], "b": np.array([moment, "NaT"], "datetime64[ns]")})
    text = "2026-01-02T03:04:05.000000000"
    assert run.rows("row") == {"a": [text], "b": ["5 nanoseconds"], "c": [None]}
    assert run.rows("table") == {"a": [text, None], "b": [text, None]}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(min_size=1).filter(lambda text: text.isprintable()),
            st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none()),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_scalar_comes_back(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, Any]]) -> None:
    """Whatever names and scalars are logged, each comes back with its type, in order, by whichever verb."""
    expected: dict[str, list[Any]] = {}
    with start_run("any", tmp_path_factory.mktemp("any"), environment=False) as run:
        for name, value in pairs:
            plain = value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
            run.log(name, value)
            run.log_metrics({name: value})
            expected.setdefault(name, []).extend([plain, plain])
    assert is_same(run.get_metrics(), expected)
    assert run.reader.problems == []


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=5).filter(lambda text: text.isprintable()),
        st.lists(
            st.one_of(st.integers(), st.floats(), st.text("aü\n"), st.booleans(), st.none()), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_table_comes_back(tmp_path_factory: pytest.TempPathFactory, columns: dict[str, list[Any]]) -> None:
    """A table reads the same whether it was logged as a whole or by rows."""
    rows = [{name: cells[place] for name, cells in columns.items()} for place in (0, 1)]
    with start_run("any", tmp_path_factory.mktemp("any"), environment=False) as run:
        run.log_table("whole", columns)
        if not {"name", "description"} & set(columns):
            for row in rows:
                run.log_row("whole rows", **row)
    assert is_same(run.rows("whole"), columns)
    assert is_same(run.get_metrics("whole"), {"whole": columns})
    if not {"name", "description"} & set(columns):
        assert is_same(run.rows("whole rows"), columns)


def test_frames_of_pandas_are_tables(run: Run) -> None:
    """Columns keep their types; what is missing is None; times are their ISO text."""
    pandas = pytest.importorskip("pandas")
    moment = pandas.Timestamp("2026-01-02T03:04:05", tz="UTC")
    frame = pandas.DataFrame(
        {
            "i": pandas.array([1, 2], "int32"),
            "f": pandas.array([0.1, None], "float64"),
            "n": pandas.array([np.nan, 2.5], "float32").astype("float32"),
            "nullable": pandas.array([1, None], "Int64"),
            "flag": pandas.array([True, None], "boolean"),
            "text": ["a", None],
            "kind": pandas.Categorical(["x", "y"]),
            "time": [moment, pandas.NaT],
            "span": [pandas.Timedelta("1s"), pandas.NaT],
            "object": [Decimal("0.10"), {"k": [1]}],
            3: [1, 2],
        }
    )
    run.log_table("t", frame, "a frame")
    run.log_table("typed", frame.convert_dtypes())
    run.log_table("empty", frame.iloc[:0])
    run.log_list("l", frame["i"])
    run.log_list("times", frame["time"])
    rows = run.rows("t")
    assert is_same(rows.pop("n"), [math.nan, 2.5])
    assert rows.pop("f")[0] == 0.1
    assert is_same(
        rows,
        {
            "i": [1, 2],
            "nullable": [1, None],
            "flag": [True, None],
            "text": ["a", None if rows["text"][1] is None else math.nan],
            "kind": ["x", "y"],
            "time": ["2026-01-02T03:04:05+00:00", None],
            "span": ["P0DT0H0M1S", None],
            "object": ["0.10", {"k": [1]}],
            "3": [1, 2],
        },
    )
    assert run.rows("typed")["text"] == ["a", None]
    assert run.rows("empty")["i"] == []
    assert run.get_metrics("l") == {"l": [1, 2]}
    assert run.get_metrics("times")["times"][1] is None
    assert run.values("t")[0].description == "a frame"


def test_frames_of_polars_are_tables(run: Run) -> None:
    """Columns keep their types, nulls are None, nested cells are lists and mappings, times are text."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "i": polars.Series([1, None], dtype=polars.UInt8),
            "f": polars.Series([0.5, math.nan], dtype=polars.Float32),
            "text": ["a", None],
            "flag": [True, None],
            "list": [[1, 2], None],
            "struct": [{"a": 1}, {"a": None}],
            "date": [datetime.date(2026, 1, 2), None],
            "time": [datetime.datetime(2026, 1, 2, 3, 4, 5), None],
        }
    )
    run.log_table("t", frame)
    run.log_list("l", frame["i"])
    assert is_same(
        run.rows("t"),
        {
            "i": [1, None],
            "f": [0.5, math.nan],
            "text": ["a", None],
            "flag": [True, None],
            "list": [[1, 2], None],
            "struct": [{"a": 1}, {"a": None}],
            "date": ["2026-01-02", None],
            "time": ["2026-01-02T03:04:05", None],
        },
    )
    assert run.get_metrics("l") == {"l": [1, None]}


@pytest.mark.parametrize("module", ["pandas", "polars"])
def test_large_frames_are_files(run: Run, module: str) -> None:
    """A frame of more than 100,000 cells lies in a file and reads as a table."""
    frames = pytest.importorskip(module)
    run.log_table("t", frames.DataFrame({"a": range(60_000), "b": range(60_000)}))
    (value,) = run.values("t")
    assert value.artifact is not None
    assert run.get_metrics() == {"t": {"a": list(range(60_000)), "b": list(range(60_000))}}


def test_long_texts_come_back(run: Run) -> None:
    """A text of a MiB and one of more come back to the character, from a line or a file."""
    for length in (1 << 20, (1 << 20) - 2, 3 << 20):
        run.log("t", "ü" * (length // 2))
        run.log_text("t", "x" * length)
    assert [value.value for value in run.values("t")] == [
        text for length in (1 << 20, (1 << 20) - 2, 3 << 20) for text in ("ü" * (length // 2), "x" * length)
    ]


def test_a_hundred_thousand_names_in_one_run(run: Run) -> None:
    """There is no limit on names: logged one by one or together, all come back, and the summary has each."""
    for number in range(50_000):
        run.log(f"single {number}", number)
    for start in range(0, 50_000, 1000):
        run.log_metrics({f"many {number}": number for number in range(start, start + 1000)})
    run.complete()
    metrics = run.get_metrics()
    assert len(metrics) == 100_000
    assert metrics["single 49999"] == metrics["many 49999"] == 49_999
    summary = run.reader.summary()
    assert len(summary) == 100_000
    assert summary["many 7"].last == 7
    assert (run.path / "run.json").stat().st_size < 2000


# ---------------------------------------------------------------------- details and logs


def test_details_have_azures_keys(tmp_path: Path) -> None:
    """The details name run, status, times, properties, parameters and log files; they are plain JSON."""
    run = start_run("back", tmp_path / "runs", properties={"p": "x"}, parameters={"alpha": 0.5})
    running = run.get_details()
    assert (running["status"], running["endTimeUtc"]) == ("Running", None)
    run.complete()
    details = run.get_details()
    assert json.loads(json.dumps(details)) == details
    assert (details["runId"], details["status"], details["target"]) == (run.id, "Completed", "local")
    assert details["properties"] == {"p": "x"}
    assert details["runDefinition"]["parameters"] == {"alpha": 0.5}
    assert details["runDefinition"]["experiment"] == "back"
    assert details["runDefinition"]["command"]
    started = datetime.datetime.fromisoformat(details["startTimeUtc"])
    assert started <= datetime.datetime.fromisoformat(details["endTimeUtc"])
    assert "error" not in details


def test_details_have_the_error(run: Run) -> None:
    """A run that failed says with what, and where."""
    try:
        raise KeyError("lost")
    except KeyError as error:
        run.fail(error, error_code="E7")
    error_of_run = run.get_details()["error"]["error"]
    assert (error_of_run["code"], error_of_run["message"]) == ("E7", "'lost'")
    assert "test_details_have_the_error" in error_of_run["details"]


def test_logs_are_read_and_copied(run: Run, logger: logging.Logger, tmp_path: Path) -> None:
    """The details with logs hold the last MiB of each log file; get_all_logs copies them whole."""
    handler = RunHandler(tmp_path / "runs", "back", run_id=run.id)
    logger.addHandler(handler)
    logger.warning("said ü")
    run.upload_file("logs/deep/own.txt", _stream("own\n"))
    run.upload_file("logs/long.txt", _stream("x" * (1 << 20) + "the end"))
    run.upload_file("outputs/no.log", _stream("none"))
    details = run.get_details_with_logs()
    texts = details["logFiles"]
    assert list(texts) == ["logs.jsonl", "logs/deep/own.txt", "logs/long.txt"]
    assert "said ü" in texts["logs.jsonl"]
    assert texts["logs/deep/own.txt"] == "own\n"
    assert texts["logs/long.txt"].startswith("... 7 bytes before\n")
    assert texts["logs/long.txt"].endswith("the end")
    assert {name: Path(path).name for name, path in run.get_details()["logFiles"].items()} == {
        "logs.jsonl": "logs.jsonl",
        "logs/deep/own.txt": "own.txt",
        "logs/long.txt": "long.txt",
    }
    copies = run.get_all_logs(tmp_path / "copies")
    assert copies == [str(tmp_path / "copies" / name) for name in texts]
    assert Path(copies[2]).stat().st_size == (1 << 20) + 7


def test_all_logs_go_below_the_working_directory(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a destination the copies are in a folder of the run's id."""
    monkeypatch.chdir(tmp_path)
    assert run.get_all_logs() == []
    run.upload_file("logs/a", _stream("a"))
    (copy,) = run.get_all_logs()
    assert Path(copy) == Path("assets", run.id, "logs", "a")
    assert Path(copy).read_text() == "a"


def _stream(text: str) -> Any:
    import io

    return io.BytesIO(text.encode())


def test_run_and_experiment_show_themselves_in_a_notebook(tmp_path: Path) -> None:
    """As the last line of a cell a run is a table: escaped, with its status as it is."""
    run = start_run("shown", tmp_path, name="<b>bold</b>")
    assert "Running" in run._repr_html_()
    run.complete()
    html = run._repr_html_()
    assert "Completed" in html
    assert run.id in html
    assert "<b>" not in html
    assert "&lt;b&gt;bold" in html
    assert "<td" in run.experiment._repr_html_()
    assert ": 1 run<" in run.experiment._repr_html_()
