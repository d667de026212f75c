"""The shapes of get_metrics: bare, list, mapping of values, mapping of lists; and the table that keeps its shape."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import RunHandler, open_run
from runlogging._errors import ArtifactNotFoundError
from runlogging.folder import Line, Writer, now_text
from runlogging.reading import metrics_in_shapes, rows

from .tools import manifest_only, spec_of, value_line, written

Shaped = Callable[..., Any]


def item(kind: str, value: Any, name: str = "m", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value, **more}


def file_item(artifact: str, kind: str = "image", name: str = "m") -> dict[str, Any]:
    return {"name": name, "type": kind, "artifact": artifact, "sha256": "0" * 64, "size": 1}


@pytest.fixture
def shaped(logger: logging.Logger, handler: RunHandler) -> Shaped:
    """Give a function that logs values under the name "m", a record each, and returns their shape."""

    def log(*values: Any) -> Any:
        for value in values:
            logger.info("x", extra={"metrics": {"m": value}})
        return metrics_in_shapes(open_run(handler.run_path))["m"]

    return log


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([0.5], 0.5),
        ([3], 3),
        (["text"], "text"),
        ([True], True),
        ([None], None),
        ([1, 2.5, "a", False, None, 2**70], [1, 2.5, "a", False, None, 2**70]),
        ([[1, 2]], [1, 2]),
        ([[]], []),
        ([[1, 2], [3]], [1, 2, 3]),
        ([1, [2, "x"], None, [3]], [1, 2, "x", None, 3]),
        ([{"a": 1, "b": "x"}], {"a": 1, "b": "x"}),
        ([{"a": 1}, {"a": 2}], {"a": [1, 2]}),
        ([{"a": 1}, {"b": 2}, {"a": 3, "c": 4}], {"a": [1, None, 3], "b": [None, 2, None], "c": [None, None, 4]}),
        ([{"a": [1, 2], "b": [3, 4]}], {"a": [1, 2], "b": [3, 4]}),
        ([{"a": [1], "b": ["x"]}], {"a": 1, "b": "x"}),
        ([{"a": [], "b": []}], {"a": [], "b": []}),
        ([{"a": [1, 2]}, {"b": 3}, {"a": [4], "b": [5]}], {"a": [1, 2, None, 4], "b": [None, None, 3, 5]}),
        ([{"a": []}, {"b": 3}], {"a": None, "b": 3}),
        ([{}], {}),
        ([[[1, 2], [3, 4]]], [[1, 2], [3, 4]]),
        ([{"deep": {"x": [1]}}], {"deep": {"x": [1]}}),
        ([{"deep": {"x": [1]}}, {"deep": {}}], [{"deep": {"x": [1]}}, {"deep": {}}]),
        ([1, {"a": 2}], [1, {"a": 2}]),
        ([{"a": [1]}, [1], {"a": 2}], [{"a": [1]}, [1], {"a": 2}]),
    ],
)
def test_shapes_of_what_the_handler_takes(shaped: Shaped, values: list[Any], shape: Any) -> None:
    """Once is bare, more is a list, lists join, rows and tables are one table, what does not mix stays as it is."""
    found = shaped(*values)
    assert found == shape
    assert [type(one) for one in found] == [type(one) for one in shape] if isinstance(shape, list) else True
    if isinstance(shape, dict):
        assert list(found) == list(shape)


def test_a_bool_is_no_number_and_stays_one(shaped: Shaped) -> None:
    """True comes back as True among numbers, not as 1."""
    assert [type(value) for value in shaped(1, True, 1.0)] == [int, bool, float]


def test_numbers_that_json_has_not_come_back(shaped: Shaped) -> None:
    """NaN, infinities and long ints alone, in lists, rows and tables."""
    found = shaped(math.nan, [math.inf, 2**80], -math.inf)
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, 2**80, -math.inf]


def test_numbers_that_json_has_not_come_back_in_rows(shaped: Shaped) -> None:
    """A cell of a row or a table is exact, too."""
    found = shaped({"a": math.nan, "b": 2**64}, {"a": [math.inf], "b": [-(2**90)]})
    assert math.isnan(found["a"][0])
    assert (found["a"][1], found["b"]) == (math.inf, [2**64, -(2**90)])


def test_names_come_in_the_order_of_their_first_appearance(logger: logging.Logger, handler: RunHandler) -> None:
    """All names of a run, over both streams; values of one name in the order of the calls."""
    logger.info("x", extra={"metrics": {"loss": 1.0}})
    logger.info("x", extra={"metrics": {"note": "a", "acc": 0.5}})
    logger.info("x", extra={"metrics": {"loss": 0.5}})
    logger.info("no metrics")
    logger.info("x", extra={"metrics": {"acc": "none", "note": 2}})
    shapes = metrics_in_shapes(open_run(handler.run_path))
    assert shapes == {"loss": [1.0, 0.5], "acc": [0.5, "none"], "note": ["a", 2]}
    assert list(shapes) == ["loss", "acc", "note"]


def test_one_name_is_asked_for(logger: logging.Logger, handler: RunHandler) -> None:
    """Only it comes; one that does not exist gives nothing; the files of others are not opened."""
    logger.info("x", extra={"metrics": {"loss": 1.0, "note": "a", "large": list(range(200_000))}})
    run = open_run(handler.run_path)
    (artifact,) = run.artifacts()
    run.artifact(artifact).unlink()
    assert metrics_in_shapes(run, "loss") == {"loss": 1.0}
    assert metrics_in_shapes(run, name="note") == {"note": "a"}
    assert metrics_in_shapes(run, "none") == {}
    assert rows(run, "none") == {}
    for name in (None, "large"):
        with pytest.raises(ArtifactNotFoundError, match="large"):
            metrics_in_shapes(run, name)


def test_a_large_list_is_read_from_its_file(shaped: Shaped) -> None:
    """A value that did not fit its line has the shape that it would have had."""
    many = list(range(150_000))
    assert shaped(0, many) == [0, *many]


def test_a_large_table_is_read_from_its_file(shaped: Shaped) -> None:
    """Its rows join those of the other rows of its name."""
    many = list(range(150_000))
    assert shaped({"a": many}, {"a": -1, "b": 2**70}) == {"a": [*many, -1], "b": [*[None] * len(many), 2**70]}


def test_a_run_without_metrics_has_no_shapes(tmp_path: Path) -> None:
    """Logs alone give an empty dict."""
    run = open_run(written(tmp_path, Line(time=now_text(), level="INFO", message="x")))
    assert metrics_in_shapes(run) == {}
    assert metrics_in_shapes(open_run(manifest_only(tmp_path, "r2"))) == {}


@pytest.mark.parametrize(
    ("items", "shape"),
    [
        ([file_item("images/a.png")], "images/a.png"),
        ([file_item("a.png"), file_item("b.svg", "figure")], ["a.png", "b.svg"]),
        ([file_item("a.png"), item("text", "x")], ["a.png", "x"]),
        ([item("image", "no file")], "no file"),
        ([item("confusion_matrix", {"data": [[1]]})], {"data": [[1]]}),
        ([item("residuals", {"a": 1}), item("residuals", {"a": 2})], [{"a": 1}, {"a": 2}]),
        ([item("accuracy_table", [1]), item("predictions", [2])], [[1], [2]]),
        ([item("histogram", {"a": [1]}), item("row", {"a": 1})], [{"a": [1]}, {"a": 1}]),
        ([item("matrix", [[1]]), item("matrix", [[2]])], [[[1]], [[2]]]),
        ([item("matrix", [[1]]), item("list", [2])], [[[1]], [2]]),
        ([item("list", "not a list"), item("list", [1])], ["not a list", [1]]),
        ([item("row", [1])], [1]),
        ([item("table", {"a": [1], "b": 2})], {"a": [1], "b": 2}),
        ([item("table", {"a": [1, 2], "b": [3]})], {"a": [1, 2], "b": [3, None]}),
        ([item("a type of tomorrow", 5)], 5),
        ([{"name": "m", "type": "none"}], None),
        ([{"name": "m", "value": 1}], 1),
    ],
)
def test_shapes_of_what_the_verbs_write(tmp_path: Path, items: list[dict[str, Any]], shape: Any) -> None:
    """Files are named, objects stand as they are, and an item that is not what its type says is taken as it is."""
    path = written(tmp_path, *(value_line(one) for one in items))
    assert metrics_in_shapes(open_run(path)) == {"m": shape}


def test_writers_are_merged(tmp_path: Path) -> None:
    """What several writers logged under one name is one list, in the order of the records."""
    first, second = Writer(spec_of(tmp_path)), Writer(spec_of(tmp_path), "rank1")
    first.write(Line(time="2026-11-23T23:05:01.000000Z", metrics={"m": 1}))
    second.write(Line(time="2026-11-23T23:05:02.000000Z", values=[item("text", "two")]))
    first.write(Line(time="2026-11-23T23:05:03.000000Z", metrics={"m": 3}))
    for writer in (first, second):
        writer.end("Completed")
    assert metrics_in_shapes(open_run(first.spec.path)) == {"m": [1, "two", 3]}


def test_looking_twice_gives_the_same(shaped: Shaped, handler: RunHandler) -> None:
    """A caller that changes what it got changes nothing for the next one."""
    found = shaped({"a": [1, 2]})
    found["a"].append("changed")
    assert metrics_in_shapes(open_run(handler.run_path)) == {"m": {"a": [1, 2]}}


def test_rows_keep_their_shape(logger: logging.Logger, handler: RunHandler) -> None:
    """One row or many, row or table: always column to list; what is no row is left out."""
    run, lengths = None, []
    for value in ({"a": 1}, {"a": [2, 3], "b": [4, 5]}, "text", 7, {"b": 6}):
        logger.info("x", extra={"metrics": {"t": value, "u": "x"}})
        run = run or open_run(handler.run_path)
        lengths.append(len(rows(run, "t")["a"]))
    assert run is not None
    assert lengths == [1, 3, 3, 3, 4]
    assert rows(run, "t") == {"a": [1, 2, 3, None], "b": [None, 4, 5, 6]}
    assert rows(run, "u") == {}


_cells = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3))
_row = st.dictionaries(st.sampled_from("abcd"), _cells, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(_row, min_size=1, max_size=6))
def test_rows_are_what_was_logged(logged: list[dict[str, Any]]) -> None:
    """Of any rows each cell comes back in its place, whether they were logged as rows or in the shape of a table."""
    import tempfile

    logger = logging.Logger("rows")
    with tempfile.TemporaryDirectory() as folder:
        handler = RunHandler(folder, "rows")
        logger.addHandler(handler)
        for row in logged:
            logger.info("x", extra={"metrics": {"t": row}})
        handler.close()
        run = open_run(handler.run_path)
        table, shape = rows(run, "t"), metrics_in_shapes(run)["t"]
    assert list(table) == list(dict.fromkeys(name for row in logged for name in row))
    for name, column in table.items():
        assert column == [row.get(name) for row in logged]
    assert shape == (logged[0] if len(logged) == 1 else table)


def _many_names() -> list[Line]:
    return [Line(time=now_text(), step=number, metrics={f"n{number}": 0.5}) for number in range(100_000)]


def _many_rows() -> list[Line]:
    row = {f"column{number}": number / 7 for number in range(15)}
    return [value_line(item("row", row, "t")) for _ in range(3000)]


@pytest.mark.parametrize("lines", [_many_names, _many_rows])
def test_large_runs_come_whole(tmp_path: Path, lines: Callable[[], list[Line]]) -> None:
    """100,000 names, and 3,000 rows of 15 columns, are all there."""
    run = open_run(written(tmp_path, *lines()))
    shapes = metrics_in_shapes(run)
    if "t" in shapes:
        assert {len(column) for column in shapes["t"].values()} == {3000}
        assert len(shapes["t"]) == 15
    else:
        assert len(shapes) == 100_000
