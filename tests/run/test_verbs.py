"""Every logging verb: what it writes, what it refuses, and that a refusal leaves the folder as it was."""

from __future__ import annotations

import importlib.resources
import json
import math
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from runlogging import ArtifactNotFoundError, InvalidValueError, Run, RunEndedError, open_run, start_run
from runlogging.charts import ConfusionMatrix
from runlogging.run._png import encode_png

from ..charts.examples import CLASSES, example, put
from ..conftest import RunScript, all_lines, read_lines

PNG = encode_png(bytes(range(6)), 3, 2, 1)
MIB = 1024 * 1024


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give an open run."""
    with start_run("verbs", tmp_path / "runs", environment=False) as started:
        yield started


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Give an image file whose name says nothing."""
    path = tmp_path / "picture.dat"
    path.write_bytes(PNG)
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def item_of(run: Run) -> dict[str, Any]:
    """Return the last value of the run as it stands in its line."""
    item: dict[str, Any] = read_lines(run.path, "values")[-1]["values"][-1]
    return item


def _figure() -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([1, 2])
    return figure


class _Broken:
    """Looks like a scalar of an array library, and raises when it is read."""

    ndim = 0
    dtype = None

    def item(self) -> float:
        raise RuntimeError("the device is gone")


class _Sequence:
    """An iterable of the old kind, which has no ``__iter__``."""

    def __getitem__(self, place: int) -> int:
        if place > 2:
            raise IndexError
        return place * 10


# ---------------------------------------------------------------------- log and log_metrics


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (1, 1),
        (-0.5, -0.5),
        (2**63 - 1, 2**63 - 1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int8(-3), -3),
        (np.array(2.5), 2.5),
        (np.array([7]), 7),
        (np.array([[1.5]]), 1.5),
    ],
)
def test_numbers_go_into_metrics(run: Run, value: object, stored: float) -> None:
    """A number, whatever library it comes from, is a line of the metrics stream."""
    run.log("x", value, step=3)
    (line,) = read_lines(run.path, "metrics")
    assert line["metrics"] == {"x": stored}
    assert type(line["metrics"]["x"]) is type(stored)
    assert line["step"] == 3
    assert set(line) == {"seq", "time", "step", "metrics"}


@pytest.mark.parametrize(
    ("value", "extra"),
    [
        (math.nan, {"nonfinite": {"x": "NaN"}}),
        (-math.inf, {"nonfinite": {"x": "-Infinity"}}),
        (np.float64("inf"), {"nonfinite": {"x": "Infinity"}}),
        (2**64, {"exact": {"x": str(2**64)}}),
        (np.uint64(2**64 - 1), {"exact": {"x": str(2**64 - 1)}}),
    ],
)
def test_odd_numbers_are_kept_exactly(run: Run, value: object, extra: dict[str, Any]) -> None:
    """What JSON has no number for stands beside the metrics."""
    run.log("x", value)
    (line,) = read_lines(run.path, "metrics")
    assert {key: line[key] for key in extra} == extra


@pytest.mark.parametrize(
    ("value", "kind", "stored"),
    [
        ("text", "text", "text"),
        ("", "text", ""),
        (True, "bool", True),
        (None, "none", None),
        (np.bool_(False), "bool", False),
        (np.array([True]), "bool", True),
        (np.str_("t"), "text", "t"),
        (np.array(["one"]), "text", "one"),
        ("\ud800", "text", "\\ud800"),
    ],
)
def test_scalars_that_are_no_numbers_go_into_values(run: Run, value: object, kind: str, stored: object) -> None:
    """Text, bools and None keep their type, also as arrays of one element."""
    run.log("x", value, "what it is", step=-1)
    assert item_of(run) == {"name": "x", "type": kind, "value": stored, "description": "what it is"}
    assert read_lines(run.path, "values")[0]["step"] == -1


@pytest.mark.parametrize("name", ["with spaces", "a/b/c", "ünï", " ", "x" * 10_000, "line\nbreak", "metrics", "seq"])
def test_any_text_is_a_name(run: Run, name: str) -> None:
    """There is no limit on names."""
    run.log(name, 1)
    run.log(name, "text")
    assert run.get_metrics() == {name: [1, "text"]}


def test_the_same_name_again_makes_a_series(run: Run) -> None:
    """Values of one name are points of one series; steps may be missing and go back."""
    for step in (5, None, 2):
        run.log("loss", 0.5, step=step)
    assert run.series("loss").steps == [5, None, 2]
    assert run.series("loss").values == [0.5, 0.5, 0.5]


def test_many_metrics_are_one_record(run: Run) -> None:
    """log_metrics writes one line, numbers and others side by side, with its step and description."""
    run.log_metrics({"a": 1, "b": 0.5}, step=4)
    run.log_metrics({"a": np.int64(2), "b": math.nan, "c": "text", "d": None}, 5, "all of them")
    first, second = all_lines(run.path)
    assert (first["metrics"], first["step"]) == ({"a": 1, "b": 0.5}, 4)
    assert (second["metrics"], second["step"], second["description"]) == ({"a": 2, "b": None}, 5, "all of them")
    assert second["nonfinite"] == {"b": "NaN"}
    assert [(item["name"], item["value"], item["description"]) for item in second["values"]] == [
        ("c", "text", "all of them"),
        ("d", None, "all of them"),
    ]


def test_no_metrics_are_no_record(run: Run) -> None:
    """An empty mapping logs nothing."""
    run.log_metrics({})
    assert all_lines(run.path) == []


def test_names_that_become_equal_are_told_apart(run: Run) -> None:
    """Two names that UTF-8 writes alike both keep their values."""
    run.log_metrics({"\ud800": np.float32(1), "\\ud800": 2})
    assert run.get_metrics() == {"\\ud800": 1, "\\ud800#2": 2}


def test_a_description_of_numbers_is_in_their_line(run: Run) -> None:
    """What log is told of a number is found again."""
    run.log("x", 1, "first")
    run.log("x", 2, description="second", step=1)
    assert [line["description"] for line in all_lines(run.path)] == ["first", "second"]


# ---------------------------------------------------------------------- lists, rows, tables


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ([1, 2.5, "a", None, True], [1, 2.5, "a", None, True]),
        ((n * n for n in range(4)), [0, 1, 4, 9]),
        ((3, 1, 2), [3, 1, 2]),
        (range(3), [0, 1, 2]),
        (deque("ab"), ["a", "b"]),
        ({"k": 1, "l": 2}.values(), [1, 2]),
        (np.arange(3, dtype=np.uint8), [0, 1, 2]),
        (np.array([1.5, 2]), [1.5, 2.0]),
        (np.array(["x", "yz"]), ["x", "yz"]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        (_Sequence(), [0, 10, 20]),
        (np.array(["2026-01-01", "NaT"], "datetime64[ns]"), ["2026-01-01T00:00:00.000000000", None]),
        ([np.float32(0.5), np.datetime64("2026-01-01", "ns")], [0.5, "2026-01-01T00:00:00.000000000"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_lists_keep_order_and_types(run: Run, value: Any, stored: list[Any]) -> None:
    """Any iterable is a list, in its order, each item with its type."""
    run.log_list("l", value, "items", step=1)
    item = item_of(run)
    assert (item["type"], item["value"], item["description"]) == ("list", stored, "items")
    assert list(map(type, item["value"])) == list(map(type, stored))


@pytest.mark.parametrize("value", [[], (), iter(()), np.array([]), range(0)], ids=lambda value: type(value).__name__)
def test_an_empty_list_logs_nothing(run: Run, value: Any) -> None:
    """Nothing to log is no line, and no error."""
    run.log_list("l", value)
    assert all_lines(run.path) == []


def test_a_refused_list_leaves_its_generator_alone(run: Run) -> None:
    """A call that is refused for its name takes nothing from the generator."""
    squares = (n * n for n in range(3))
    with pytest.raises(InvalidValueError):
        run.log_list("", squares)
    assert list(squares) == [0, 1, 4]


def test_rows_grow_a_table(run: Run) -> None:
    """Columns may come and go; where a row lacks one it has None. A description may be positional."""
    run.log_row("t", a=1, b="x")
    run.log_row("t", "a row with another column", a=np.float32(2), c=None)
    assert run.rows("t") == {"a": [1, 2.0], "b": ["x", None], "c": [None, None]}
    assert [line["values"][0].get("description") for line in all_lines(run.path)] == [
        None,
        "a row with another column",
    ]
    assert {line["values"][0]["type"] for line in all_lines(run.path)} == {"row"}


def test_columns_have_no_reserved_names(run: Run) -> None:
    """A column may be called as nearly anything, also as the parameters of other functions."""
    strange: dict[str, Any] = {"with space": 5, "": 6}
    run.log_row("t", self=1, value=2, step=3, type=4, **strange)
    assert run.get_metrics("t") == {"t": {"self": 1, "value": 2, "step": 3, "type": 4, "with space": 5, "": 6}}


def test_rows_have_any_number_of_columns_and_long_texts(run: Run) -> None:
    """Neither the number of columns nor the length of a cell is limited."""
    wide: dict[str, Any] = {f"c{number}": number for number in range(1000)}
    run.log_row("wide", **wide)
    run.log_row("long", text="x" * 2 * MIB)
    assert run.get_metrics("wide") == {"wide": wide}
    assert run.get_metrics("long") == {"long": {"text": "x" * 2 * MIB}}


@pytest.mark.parametrize("odd", [math.nan, -math.inf, 2**70, np.float64("nan"), np.float16("inf")])
def test_odd_numbers_in_rows_come_back(run: Run, odd: Any) -> None:
    """A cell that JSON has no number for reads as what it was."""
    run.log_row("t", a=odd, b=1)
    (value,) = run.values("t")
    assert value.value["a"] == odd or (math.isnan(odd) and math.isnan(value.value["a"]))


def test_tables_are_written_whole(run: Run) -> None:
    """Columns are lists, tuples, ranges, arrays or generators, all of one length."""
    run.log_table(
        "t",
        {"a": [1, 2], "b": ("x", None), "c": range(2), "d": np.array([0.5, math.nan]), "e": iter([True, 1])},
        "said",
    )
    item = item_of(run)
    assert (item["type"], item["description"], item["nonfinite"]) == ("table", "said", {"/d/1": "NaN"})
    assert item["value"] == {"a": [1, 2], "b": ["x", None], "c": [0, 1], "d": [0.5, None], "e": [True, 1]}


def test_a_table_may_have_no_rows(run: Run) -> None:
    """Columns without cells are a table, too."""
    run.log_table("t", {"a": [], "b": []})
    assert run.rows("t") == {"a": [], "b": []}


def test_large_values_are_files(run: Run) -> None:
    """What is over a MiB or 100,000 elements lies in an artifact, and reads as if it stood in the line."""
    run.log_text("long", "x" * (MIB + 1), "a book", step=2)
    run.log_list("many", range(100_001))
    run.log_table("table", {"a": range(60_000), "b": range(60_000)})
    text, many, table = run.values()
    assert (text.value, text.description, text.step) == ("x" * (MIB + 1), "a book", 2)
    assert many.value == list(range(100_001))
    assert table.value["b"][-1] == 59_999
    assert [value.type for value in (text, many, table)] == ["text", "list", "table"]
    assert all(value.artifact in run.get_file_names() for value in (text, many, table))


# ---------------------------------------------------------------------- pictures, charts, histograms


def test_pictures_are_kept_under_names_of_their_own(run: Run, picture: Path) -> None:
    """The same name again makes a series of pictures; a file or an object gives the same kind of line."""
    run.log_image("plot one", path=picture, description="from a file", step=1)
    run.log_image("plot one", plot=np.zeros((2, 3), np.uint8), step=2)
    run.log_image("plot one", plot=_figure())
    values = run.values("plot one")
    names = [value.artifact for value in values]
    assert len(set(names)) == 3
    assert run.get_file_names() == sorted(map(str, names))
    assert (values[0].description, values[0].step, values[0].shape, values[1].shape) == (
        "from a file",
        1,
        [2, 3],
        [2, 3],
    )
    assert run.reader.artifact(str(names[0])).read_bytes() == PNG
    assert {item["type"] for line in all_lines(run.path) for item in line["values"]} == {"image"}
    assert [line["type"] for line in read_lines(run.path, "artifacts")] == ["image"] * 3


def test_a_picture_never_takes_the_name_of_an_upload(run: Run, picture: Path) -> None:
    """A file that somebody uploaded under the next picture's name stays, and the picture is kept."""
    for number in range(1, 4):
        run.upload_file(f"images/x-main-{number}.png", picture)
    run.log_image("x", plot=np.zeros((2, 3), np.uint8))
    assert run.values("x")[0].artifact == "images/x-main-4.png"
    assert run.reader.artifact("images/x-main-1.png").read_bytes() == PNG


@pytest.mark.parametrize("name", ["../../up", "a/b", "/etc/passwd", "con", "x" * 500, "\x00", "ünï"])
def test_a_picture_may_have_any_name(run: Run, picture: Path, name: str) -> None:
    """The artifact's name is made from the picture's, and stays in the folder."""
    run.log_image(name, picture)
    (value,) = run.values(name)
    assert str(value.artifact).startswith("images/")
    assert run.reader.artifact(str(value.artifact)).read_bytes() == PNG


def test_figures_are_pictures(run: Run) -> None:
    """A figure of matplotlib is kept as PNG; one of plotly as its JSON."""

    class Plotly:
        def to_json(self) -> str:
            return '{"data":[]}'

        def to_plotly_json(self) -> dict[str, Any]:
            return {}

    run.log_figure("m", _figure(), "drawn")
    run.log_figure("p", Plotly(), step=1)
    drawn, written = run.values()
    assert (drawn.type, drawn.description, written.type) == ("image", "drawn", "figure")
    assert run.reader.artifact(str(drawn.artifact)).read_bytes().startswith(b"\x89PNG")
    assert run.reader.artifact(str(written.artifact)).read_text() == '{"data":[]}'


@pytest.mark.parametrize("kind", CLASSES)
def test_charts_are_taken_as_mapping_text_and_object(run: Run, kind: str) -> None:
    """The chart reads the same whatever form it was given in, with its description and step."""
    chart = example(kind)
    log = getattr(run, f"log_{kind}")
    log("c", chart, "a chart", step=7)
    log("c", json.dumps(chart))
    log("c", CLASSES[kind](**chart["data"]))
    first, second, third = run.values("c")
    assert first.value == second.value == third.value == chart
    assert (first.type, first.description, first.step) == (kind, "a chart", 7)


def test_a_chart_of_predictions_is_logged(run: Run) -> None:
    """What `from_predictions` makes is what the verb takes."""
    run.log_confusion_matrix("c", ConfusionMatrix.from_predictions(["a", "b", "a"], ["a", "b", "b"]))
    assert run.values("c")[0].value["data"] == {"class_labels": ["a", "b"], "matrix": [[1, 1], [0, 1]]}


def test_histograms_count(run: Run) -> None:
    """Values are counted between edges; a pair of counts and edges is taken as it is."""
    run.log_histogram("h", [0, 1, 1, 2], bins=2, description="few", step=3)
    run.log_histogram("h", np.histogram([0, 1, 1, 2], bins=2))
    first, second = run.values("h")
    assert (first.type, first.description, first.step) == ("histogram", "few", 3)
    assert first.value == second.value


# ---------------------------------------------------------------------- what is refused

CYCLE: list[Any] = []
CYCLE.append(CYCLE)

REFUSED: dict[str, tuple[Callable[[Run], None], str]] = {
    "a list": (lambda run: run.log("x", [1]), "use log_list"),
    "a generator": (lambda run: run.log("x", (n for n in "ab")), "use log_list"),
    "an array": (lambda run: run.log("x", np.arange(3)), "use log_list"),
    "an empty array": (lambda run: run.log("x", np.array([])), "use log_list"),
    "a set": (lambda run: run.log("x", {1}), "use log_list"),
    "a row": (lambda run: run.log("x", {"a": 1}), "use log_row"),
    "a table": (lambda run: run.log("x", {"a": [1]}), "use log_table"),
    "bytes": (lambda run: run.log("x", b"abc"), "log_text"),
    "an object": (lambda run: run.log("x", object()), "log_text"),
    "a complex number": (lambda run: run.log("x", 1j), "log_text"),
    "a complex scalar": (lambda run: run.log("x", np.complex64(1j)), "log_text"),
    "a decimal": (lambda run: run.log("x", Decimal(1)), "log_text"),
    "a time": (lambda run: run.log("x", datetime(2026, 1, 1, tzinfo=UTC)), "log_text"),
    "a time of numpy": (lambda run: run.log("x", np.datetime64("2026-01-01", "ns")), "log_text"),
    "a broken scalar": (lambda run: run.log("x", _Broken()), "the device is gone"),
    "no name": (lambda run: run.log("", 1), "at least one character"),
    "a number as name": (lambda run: run.log(1, 1), "name is text"),  # type: ignore[arg-type]
    "a list as name": (lambda run: run.log(["x"], 1), "name is text"),  # type: ignore[arg-type]
    "None as name": (lambda run: run.log_row(None, a=1), "name is text"),  # type: ignore[arg-type]
    "a float as step": (lambda run: run.log("x", 1, step=1.5), "a step is"),  # type: ignore[arg-type]
    "a bool as step": (lambda run: run.log("x", 1, step=True), "a step is"),
    "a step too far": (lambda run: run.log("x", 1, step=2**63), "a step is"),
    "a text as step": (lambda run: run.log_list("x", [1], step="1"), "a step is"),  # type: ignore[arg-type]
    "a number as description": (lambda run: run.log("x", 1, 3), "a description is text"),  # type: ignore[arg-type]
    "one description of many": (lambda run: run.log_metrics({"x": "t"}, 1, 3), "description"),  # type: ignore[arg-type]
    "metrics that are none": (lambda run: run.log_metrics([("a", 1)]), "mapping"),  # type: ignore[arg-type]
    "one bad metric": (lambda run: run.log_metrics({"a": 1, "b": [1]}), "'b' is a list.*use log_list"),
    "one bad name": (lambda run: run.log_metrics({"a": 1, 2: 1}), "name is text"),  # type: ignore[dict-item]
    "text as list": (lambda run: run.log_list("x", "abc"), "iterable"),
    "a mapping as list": (lambda run: run.log_list("x", {"a": 1}), "iterable"),
    "a number as list": (lambda run: run.log_list("x", 3), "iterable"),  # type: ignore[arg-type]
    "an array without axes as list": (lambda run: run.log_list("x", np.array(3)), "iterable"),
    "a row without columns": (lambda run: run.log_row("x", "said"), "at least one column"),
    "a list in a cell": (lambda run: run.log_row("x", a=1, b=[1]), "'b' is a list"),
    "an array in a cell": (lambda run: run.log_row("x", a=np.arange(2)), "'a' is a ndarray"),
    "a mapping in a cell": (lambda run: run.log_row("x", a={}), "'a' is a dict"),
    "a list as table": (lambda run: run.log_table("x", [[1], [2]]), "a table is a mapping"),
    "a table without columns": (lambda run: run.log_table("x", {}), "at least one column"),
    "unequal columns": (lambda run: run.log_table("x", {"a": [1], "b": [1, 2]}), "'a' has 1, 'b' has 2"),
    "scalars as columns": (lambda run: run.log_table("x", {"a": 1}), "'a' is a int"),
    "text as column": (lambda run: run.log_table("x", {"a": "text"}), "'a' is a str"),
    "an array without axes as column": (lambda run: run.log_table("x", {"a": np.array(1)}), "'a' is a ndarray"),
    "two equal columns": (lambda run: run.log_table("x", {1: [1], "1": [2]}), "same name"),
    "a number as text": (lambda run: run.log_text("x", 1), r"str\(value\)"),  # type: ignore[arg-type]
    "no picture": (lambda run: run.log_image("x"), "give either path"),
    "two pictures": (lambda run: run.log_image("x", "a.png", np.zeros((2, 2))), "give either path"),
    "a picture that is none": (lambda run: run.log_image("x", __file__), "image"),
    "an object as picture": (lambda run: run.log_image("x", plot=object()), "object"),
    "a picture of no shape": (lambda run: run.log_image("x", plot=np.zeros((2, 2, 2))), "2"),
    "a step of a picture": (lambda run: run.log_image("x", plot=np.zeros((2, 2)), step="1"), "a step"),  # type: ignore[arg-type]
    "a picture without name": (lambda run: run.log_image("", plot=np.zeros((2, 2))), "at least one character"),
    "no figure": (lambda run: run.log_figure("x", 3), "figure"),
    "no chart": (lambda run: run.log_confusion_matrix("x", 3), "confusion_matrix"),
    "text that is no JSON": (lambda run: run.log_residuals("x", "{"), "JSON"),
    "the chart of another kind": (lambda run: run.log_predictions("x", example("residuals")), "schema_type"),
    "a matrix with a bad cell": (
        lambda run: run.log_confusion_matrix("x", put(example("confusion_matrix"), "data.matrix.1.0", "two")),
        r"matrix\[1\]\[0\]",
    ),
    "sums that differ": (
        lambda run: run.log_accuracy_table("x", put(example("accuracy_table"), "data.probability_tables.0.1.0", 9)),
        r"probability_tables\[0\]\[1\]",
    ),
    "an edge too few": (
        lambda run: run.log_residuals("x", put(example("residuals"), "data.bin_edges", [0, 1])),
        "bin_edges",
    ),
    "nothing to count": (lambda run: run.log_histogram("x", []), "histogram|count|value"),
    "text to count": (lambda run: run.log_histogram("x", ["a"]), "number"),
    "no bins": (lambda run: run.log_histogram("x", [1], bins=0), "bins"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_values_are_refused_and_leave_nothing(run: Run, case: str) -> None:
    """A wrong value raises our error, which is a ValueError, and no byte of the folder changes."""
    call, said = REFUSED[case]
    run.log("before", 1)
    before = bytes_of(run.path)
    with pytest.raises(InvalidValueError, match=said) as caught:
        call(run)
    assert isinstance(caught.value, ValueError)
    assert bytes_of(run.path) == before
    run.log("after", 1)
    assert run.reader.problems == []


def test_a_missing_picture_is_refused(run: Run, tmp_path: Path) -> None:
    """An image file that is not there is a FileNotFoundError of ours."""
    before = bytes_of(run.path)
    with pytest.raises(ArtifactNotFoundError) as caught:
        run.log_image("x", tmp_path / "missing.png")
    assert isinstance(caught.value, FileNotFoundError)
    assert bytes_of(run.path) == before


def test_an_error_of_the_callers_own_code_is_the_callers(run: Run) -> None:
    """What a generator raises comes out as it is, and nothing of the list is kept."""

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run.log_list("x", items())
    assert all_lines(run.path) == []


VERBS: dict[str, Callable[[Run], None]] = {
    "log": lambda run: run.log("n", 1, "said", step=1),
    "log quickly": lambda run: run.log("n", 1.5),
    "log text": lambda run: run.log("t", "text"),
    "log_metrics": lambda run: run.log_metrics({"n": 1, "t": "x", "odd": math.nan}, 3, "said"),
    "log_list": lambda run: run.log_list("l", [1, None], "said", step=1),
    "log_row": lambda run: run.log_row("r", a=1),
    "log_row slowly": lambda run: run.log_row("r", "said", a=math.nan, b=2**70),
    "log_table": lambda run: run.log_table("table", {"a": [1, math.inf]}, "said", step=1),
    "log_text": lambda run: run.log_text("book", "x" * (MIB + 1), "said", step=1),
    "log_histogram": lambda run: run.log_histogram("h", [1, 2, 3], 2, "said", step=1),
    "log_image": lambda run: run.log_image("i", plot=np.zeros((2, 2)), description="said", step=1),
    "log_figure": lambda run: run.log_figure("f", _figure(), "said", step=1),
    **{
        f"log_{kind}": lambda run, kind=kind: getattr(run, f"log_{kind}")(kind, example(kind), "said", step=1)  # type: ignore[misc]
        for kind in CLASSES
    },
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_no_verb_logs_to_a_run_that_has_ended(tmp_path: Path, verb: str, end: str) -> None:
    """After a final status each verb raises our error, which is a RuntimeError, and writes nothing."""
    run = start_run("ended", tmp_path / "runs", environment=False)
    getattr(run, end)()
    before = bytes_of(run.path)
    with pytest.raises(RunEndedError) as caught:
        VERBS[verb](run)
    assert isinstance(caught.value, RuntimeError)
    assert bytes_of(run.path) == before


def test_all_lines_fit_the_schemas(run: Run, picture: Path) -> None:
    """The lines of a run that used every verb validate against the schemas that ship."""
    for verb in VERBS.values():
        verb(run)
    run.upload_file("outputs/a.bin", picture)
    run.complete()
    for stream in ("metrics", "values", "artifacts"):
        schema = json.loads((importlib.resources.files("runlogging.folder") / f"schemas/{stream}.json").read_bytes())
        lines = read_lines(run.path, stream)
        assert lines
        for line in lines:
            jsonschema.Draft202012Validator(schema).validate(line)
    assert run.reader.problems == []


def test_every_description_is_found_again(run: Run) -> None:
    """Each verb's description stands in its line or in its value."""
    described = [verb for name, verb in VERBS.items() if name not in ("log quickly", "log text", "log_row")]
    for verb in described:
        verb(run)
    lines = all_lines(run.path)
    assert len(lines) == len(described)
    for line in lines:
        assert "metrics" not in line or line["description"] == "said"
        assert all(item["description"] == "said" for item in line.get("values", ()))


def test_values_are_taken_at_the_call(run: Run) -> None:
    """What the caller changes afterwards changes nothing."""
    items, columns, array = [1], {"a": [1]}, np.array([1])
    run.log_list("items", items)
    run.log_table("columns", columns)
    run.log_list("array", array)
    items.append(2)
    columns["a"][0] = 9
    array[0] = 9
    assert run.get_metrics() == {"items": [1], "columns": {"a": 1}, "array": [1]}


def test_a_disk_that_fails_raises_nothing(run_script: RunScript, tmp_path: Path) -> None:
    """No verb raises when the disk takes no more; what was lost is counted and said once."""
    done = run_script(
        """
        import resource, signal
        from runlogging import start_run
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        run = start_run("full", "runs", environment=False)
        run.log("x", 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        for step in range(500):
            run.log("x", 0.5, step=step)
        for step in range(100):
            run.log_row("r", a="x" * 100)
            run.log_list("l", ["x" * 100])
        import io
        run.upload_file("big", io.BytesIO(b"x" * 20000))
        run.log_text("t", "x" * (1 << 21))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        run.log("after", 1)
        run.complete()
        """
    )
    assert done.stderr.count("\n") == 1
    (manifest,) = (tmp_path / "runs").glob("*/*/run.json")
    facts = json.loads(manifest.read_bytes())
    assert facts["status"] == "Completed"
    assert facts["dropped"]["records"] > 500
    assert facts["dropped"]["reason"] == "EFBIG"
    assert open_run(manifest.parent).series("after").values == [1]
