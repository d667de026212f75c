"""Charts in Azure ML's schema are read whole or refused with the place of what is wrong."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from runlogging import RunLoggingError
from runlogging._errors import InvalidValueError
from runlogging.charts import AccuracyTable, ConfusionMatrix, Predictions, Residuals, parse_chart
from tests.charts.examples import CLASSES, example, put

KINDS = list(CLASSES)
NAN = float("nan")

# kind, path of the value that is put there, the value, how the message starts, what it says is expected
BAD_VALUES: list[tuple[str, str, Any, str, str]] = [
    ("confusion_matrix", "schema_type", "residuals", "schema_type is 'residuals'", "'confusion_matrix'"),
    ("confusion_matrix", "schema_type", None, "schema_type is None", "'confusion_matrix'"),
    ("confusion_matrix", "schema_version", "1.0.1", "schema_version is '1.0.1'", "'1.0.0'"),
    ("accuracy_table", "schema_version", "1.0.0", "schema_version is '1.0.0'", "'1.0.1'"),
    ("residuals", "schema_version", 1, "schema_version is 1", "'1.0.0'"),
    ("predictions", "schema_version", "v1", "schema_version is 'v1'", "'1.0.0'"),
    ("confusion_matrix", "data", [1], "data is [1]", "an object with class_labels, matrix"),
    ("confusion_matrix", "data.class_labels", "cat", "data.class_labels is 'cat'", "a list of texts"),
    ("confusion_matrix", "data.class_labels", [], "data.class_labels is empty", "at least one label"),
    ("confusion_matrix", "data.class_labels.1", 1, "data.class_labels[1] is 1", "text"),
    ("confusion_matrix", "data.class_labels.1", "cat", "data.class_labels[1] is 'cat'", "no label before it has"),
    ("confusion_matrix", "data.class_labels.0", "\udc80", "data.class_labels[0] is '\\udc80'", "surrogates"),
    ("confusion_matrix", "data.matrix", None, "data.matrix is None", "a list of rows"),
    ("confusion_matrix", "data.matrix", {0: [1, 2]}, "data.matrix is {0: [1, 2]}", "a list of rows"),
    ("confusion_matrix", "data.matrix", [[1, 2]], "data.matrix has 1 elements", "2, one row for each"),
    ("confusion_matrix", "data.matrix.1", [1], "data.matrix[1] has 1 elements", "2, one count for each"),
    ("confusion_matrix", "data.matrix.1", "27", "data.matrix[1] is '27'", "a list of counts"),
    ("confusion_matrix", "data.matrix.1", {1, 2}, "data.matrix[1] is {1, 2}", "a list of counts"),
    ("confusion_matrix", "data.matrix.1", np.array(5), "data.matrix[1] is array(5)", "a list of counts"),
    *[
        ("confusion_matrix", "data.matrix.1.0", bad, f"data.matrix[1][0] is {bad!r}", "a count")
        for bad in (True, False, -1, 0.5, NAN, float("inf"), "1", None, [1], 1 << 63, 1e300, 1j, np.True_, np.int8(-1))
    ],
    ("accuracy_table", "data.class_labels", ["a"], "data.probability_tables has 2 elements", "1, one table"),
    ("accuracy_table", "data.probability_tables", 3, "data.probability_tables is 3", "a list of tables"),
    ("accuracy_table", "data.percentile_tables.1", 3, "data.percentile_tables[1] is 3", "a list of cells"),
    ("accuracy_table", "data.percentile_tables.1", [], "data.percentile_tables[1] has 0 elements", "3, one cell"),
    ("accuracy_table", "data.percentile_tables.1.2", [1, 0, 9], "data.percentile_tables[1][2] has 3", "4, TP, FP"),
    ("accuracy_table", "data.percentile_tables.1.2.3", 0.5, "data.percentile_tables[1][2][3] is 0.5", "a count"),
    ("accuracy_table", "data.probability_thresholds", [], "data.probability_thresholds is empty", "at least one"),
    ("accuracy_table", "data.probability_thresholds.2", 0.2, "data.probability_thresholds[2] is 0.2", "ascending"),
    ("accuracy_table", "data.probability_thresholds.2", 1.1, "data.probability_thresholds[2] is 1.1", "from 0 to 1"),
    ("accuracy_table", "data.percentile_thresholds.0", -0.1, "data.percentile_thresholds[0] is -0.1", "from 0 to 1"),
    ("accuracy_table", "data.percentile_thresholds.0", NAN, "data.percentile_thresholds[0] is nan", "finite"),
    ("accuracy_table", "data.percentile_thresholds", [0, 1], "data.percentile_thresholds has 2 elements", "3, as many"),
    *[
        ("accuracy_table", path, cell, f"{place} (class 'dog', threshold 1) has {sums}", expected)
        for path, place, cell, sums, expected in (
            ("data.probability_tables.1.1", "data.probability_tables[1][1]", [5, 1, 3, 2], "TP+FP+TN+FN = 11", "10"),
            ("data.percentile_tables.1.1", "data.percentile_tables[1][1]", [5, 2, 2, 0], "TP+FP+TN+FN = 9", "10"),
            ("data.percentile_tables.1.1", "data.percentile_tables[1][1]", [5, 2, 3, 0], "TP+FN = 5", "6 and 4"),
            ("data.probability_tables.1.1", "data.probability_tables[1][1]", [6, 0, 3, 1], "TP+FN = 7", "6 and 4"),
        )
    ],
    (
        "accuracy_table",
        "data.probability_tables.0.0",
        [5, 5, 0, 0],
        "data.probability_tables[0][0] (class 'cat'",
        "4 and",
    ),
    ("residuals", "data.bin_edges", [0, 1], "data.bin_edges has 2 elements", "3, one more than data.bin_counts"),
    ("residuals", "data.bin_edges", [], "data.bin_edges is empty", "at least one number"),
    ("residuals", "data.bin_edges", "abc", "data.bin_edges is 'abc'", "a list of numbers"),
    ("residuals", "data.bin_edges.1", -2, "data.bin_edges[1] is -2.0", "ascending numbers, so at least -1.0"),
    ("residuals", "data.bin_counts", 7, "data.bin_counts is 7", "a list of counts"),
    ("residuals", "data.bin_counts.1", 1.5, "data.bin_counts[1] is 1.5", "a count"),
    *[
        ("residuals", "data.bin_edges.2", bad, f"data.bin_edges[2] is {bad!r}", "a finite number")
        for bad in (NAN, float("inf"), True, "2", None, [2])
    ],
    ("residuals", "data.bin_edges.2", 10**400, "data.bin_edges[2] is 10000", "a finite number"),
    ("predictions", "data.bin_averages", [1], "data.bin_averages has 1 elements", "2, as many as data.bin_counts"),
    ("predictions", "data.bin_averages.0", NAN, "data.bin_averages[0] is nan", "a finite number"),
    ("predictions", "data.bin_errors", [0, 1, 2], "data.bin_errors has 3 elements", "2, as many as"),
    ("predictions", "data.bin_errors.1", -0.1, "data.bin_errors[1] is -0.1", "at least 0"),
    ("predictions", "data.bin_counts.0", -1, "data.bin_counts[0] is -1", "a count"),
    ("predictions", "data.bin_edges", [0, 1], "data.bin_edges has 2 elements", "3, one more than"),
    ("predictions", "data.bin_edges.2", 0.4, "data.bin_edges[2] is 0.4", "ascending"),
]


@pytest.mark.parametrize(("kind", "path", "value", "start", "expected"), BAD_VALUES)
def test_bad_value_is_refused_with_its_place(kind: str, path: str, value: Any, start: str, expected: str) -> None:
    """A value that the schema does not allow is refused: the message has its place first, then what is expected."""
    bad = put(example(kind), path, value)
    with pytest.raises(InvalidValueError) as caught:
        parse_chart(kind, bad)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RunLoggingError)
    message = str(caught.value)
    assert message.startswith(start)
    assert expected in message.split("; expected ")[1]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_key_is_refused(kind: str) -> None:
    """Each key of the schema is required, and the message names the one that is missing."""
    for key in ("schema_type", "schema_version", "data"):
        chart = example(kind)
        del chart[key]
        with pytest.raises(InvalidValueError, match=f"^{key} is missing; expected "):
            parse_chart(kind, chart)
    for key in example(kind)["data"]:
        chart = example(kind)
        del chart["data"][key]
        with pytest.raises(InvalidValueError, match=rf"^data\.{key} is missing; expected a list$"):
            parse_chart(kind, chart)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", "the text is no JSON"),
        ("{", "the text is no JSON"),
        (b"\xff\xfe\xfd", "the text is no JSON"),
        ("[" * 100_000, "the text is no JSON"),
        ("1" * 10_000, "the text is no JSON"),
        ("[1]", "the value is [1]"),
        ("null", "the value is None"),
        (5, "the value is 5"),
        ([("data", 1)], "the value is [('data', 1)]"),
        (Residuals([0, 1], [1]), "the value is Residuals("),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_object_is_refused(text: Any, start: str) -> None:
    """Text that is no JSON, JSON that is no object and instances of another chart are refused."""
    with pytest.raises(InvalidValueError) as caught:
        ConfusionMatrix.parse(text)
    assert str(caught.value).startswith(start)
    assert "expected a confusion_matrix as a JSON object" in str(caught.value)


def test_long_values_are_cut_in_messages() -> None:
    """A message shows the start of a value, however large the value is."""
    with pytest.raises(InvalidValueError) as caught:
        ConfusionMatrix.parse(put(example("confusion_matrix"), "data.matrix.0.0", "x" * 100_000))
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_gives_the_same_chart(kind: str) -> None:
    """JSON text, its bytes, any mapping and an instance are read as the same chart, which is a value."""
    text = json.dumps(example(kind))
    chart = parse_chart(kind, example(kind))
    assert type(chart) is CLASSES[kind]
    for form in (text, text.encode(), text.encode("utf-16"), MappingProxyType(example(kind)), chart.to_dict()):
        assert parse_chart(kind, form) == chart
    assert parse_chart(kind, chart) is chart
    assert len({chart, copy.deepcopy(chart), pickle.loads(pickle.dumps(chart))}) == 1
    with pytest.raises(AttributeError):
        chart.bin_counts = ()  # type: ignore[union-attr, misc]


@pytest.mark.parametrize("kind", KINDS)
def test_json_round_trip(kind: str) -> None:
    """What to_dict gives is strict JSON in Azure's schema, and what it was read from."""
    chart = parse_chart(kind, example(kind))
    assert chart.to_dict() == example(kind)
    assert list(chart.to_dict()["data"]) == list(example(kind)["data"])
    assert json.loads(json.dumps(chart.to_dict(), allow_nan=False)) == example(kind)


def test_unknown_keys_are_left_out() -> None:
    """Keys that the schema does not have are neither refused nor kept."""
    chart = example("residuals") | {"name": "x"}
    chart["data"]["colour"] = "red"
    assert Residuals.parse(chart).to_dict() == example("residuals")


def test_numbers_of_any_kind_become_plain_ones() -> None:
    """Integral floats and numpy ints are taken as counts, ints and numpy floats as numbers, arrays as lists."""
    data = {"class_labels": np.array(["a", "b"]), "matrix": np.array([[1.0, 2.0], [3.0, 4.0]])}
    matrix = ConfusionMatrix.parse({"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": data})
    assert repr(matrix) == "ConfusionMatrix(class_labels=('a', 'b'), matrix=((1, 2), (3, 4)))"
    given: Any = [[np.int64(1), np.float32(2)], (3, np.uint8(4))]
    assert ConfusionMatrix(("a", "b"), given) == matrix
    edges: Any = np.array([0, 1], dtype=np.float32)
    counts: Any = [np.int16(2)]
    assert repr(Residuals(edges, counts)) == "Residuals(bin_edges=(0.0, 1.0), bin_counts=(2,))"
    errors: Any = [np.float32(0.5)]
    assert Predictions((1,), errors, (2,), (0, 1)).to_dict()["data"]["bin_errors"] == [0.5]


def test_equal_thresholds_and_edges_are_taken() -> None:
    """Ascending allows equal neighbours: percentiles of few values repeat."""
    chart = put(example("accuracy_table"), "data.percentile_thresholds", [0.4, 0.4, 0.4])
    assert AccuracyTable.parse(chart).percentile_thresholds == (0.4, 0.4, 0.4)
    assert Residuals((0, 0, 1), (0, 1)).bin_edges == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("kind", ["", "image", "Residuals", None, ["residuals"]])
def test_unknown_kind_is_refused(kind: Any) -> None:
    """A kind that is none of the four is refused with their names."""
    with pytest.raises(InvalidValueError, match=r"kind is .*; expected one of 'confusion_matrix', 'accuracy_table', "):
        parse_chart(kind, example("residuals"))


def test_import_brings_no_array_library() -> None:
    """Importing the charts imports neither numpy nor any other library of arrays."""
    code = "import sys, runlogging.charts; sys.exit(bool({'numpy', 'pandas', 'torch', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
