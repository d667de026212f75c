"""What a run logged that is no number, as the viewer's server tells it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from runlogging import start_run
from runlogging.viewer._value_tables import csv_of, joined, line_of, order_of
from tests.viewer.conftest import PATIENCE_S, StartViewer
from tests.viewer.made_values import EVIL, make_run, start


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """Give a client of a viewer, and the run that has everything."""
    root = tmp_path_factory.mktemp("values") / "runs"
    run = make_run(root)
    viewer = start(root)
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        yield client, run
    assert viewer.stop() == ""


def ask(made: tuple[httpx.Client, str], path: str, **params: Any) -> Any:
    """Return the JSON of an answer that must be a good one."""
    client, run = made
    answer = client.get(path, params={"run": run, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_names_come_with_type_count_and_step(made: tuple[httpx.Client, str]) -> None:
    """Each name is told once a type, in the order of first appearance."""
    names = {one["name"]: one for one in ask(made, "api/values")["names"]}
    assert list(names)[:3] == ["note", "long text", "is good"]
    assert names["weights"] == {"name": "weights", "type": "histogram", "count": 12, "step": 1100}
    assert {one["type"] for one in names.values()} >= {"text", "bool", "none", "list", "table", "row", "json", "image"}


def test_values_of_a_name_are_paged(made: tuple[httpx.Client, str]) -> None:
    """A page has its part of the values with their places; `last` gives the end."""
    first = ask(made, "api/values", name="grows", limit=2)
    last = ask(made, "api/values", name="grows", limit=2, last=1)
    assert (first["total"], [row["index"] for row in first["rows"]]) == (5, [0, 1])
    assert (last["offset"], [row["index"] for row in last["rows"]]) == (3, [3, 4])
    assert last["rows"][1]["preview"] == {"step": 4, "score": 0.4, "late": "yes"}


def test_hostile_text_comes_as_it_is(made: tuple[httpx.Client, str]) -> None:
    """Markup in a name and a text is data."""
    rows = ask(made, "api/values", name="note")["rows"]
    assert [row["preview"] for row in rows] == ["first line\nsecond line", EVIL]
    assert ask(made, "api/value", name=EVIL)["value"] == "a hostile name"


def test_numbers_that_json_lacks_have_names(made: tuple[httpx.Client, str]) -> None:
    """NaN and infinity are their names, None is null."""
    assert ask(made, "api/value", name="rates")["value"] == [0.1, "NaN", 0.05, 0.2, "Infinity"]
    assert ask(made, "api/value", name="nested")["value"]["lr"] == "NaN"
    assert ask(made, "api/value", name="words")["value"] == ["one", EVIL, None, True, 3]


def test_charts_come_whole(made: tuple[httpx.Client, str]) -> None:
    """A chart comes with its schema, even one of 120 classes, and is not cut."""
    found = ask(made, "api/value", name="many classes")
    assert found["value"]["schema_type"] == "confusion_matrix"
    assert len(found["value"]["data"]["matrix"]) == 120
    assert found["cut"] is None


def test_a_picture_has_an_id_of_its_file(made: tuple[httpx.Client, str]) -> None:
    """A picture has no value but the opaque id of its file, and its size."""
    rows = ask(made, "api/values", name="samples")["rows"]
    assert [row["shape"][:2] for row in rows] == [[24, 32]] * 4
    assert len({row["file"] for row in rows}) == 4
    assert made[0].get(f"file/{rows[0]['file']}").headers["content-type"] == "image/png"


def test_a_large_value_lies_in_a_file_and_is_cut(tmp_path: Path) -> None:
    """A list beyond what a page takes comes with its beginning and a sentence that says so."""
    with start_run("large", root=tmp_path / "runs", capture=False) as run:
        run.log_list("long", range(150_000))
        run.log_text("text", "x" * 5_000_000)
        key = f"{run.path.parent.name}/{run.path.name}"
    viewer = start(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        found = ask((client, key), "api/value", name="long")
        text = ask((client, key), "api/value", name="text")
        preview = ask((client, key), "api/values", name="long")["rows"][0]
    assert viewer.stop() == ""
    assert 99_000 < len(found["value"]) <= 100_000
    assert found["cut"] == "Only the first 100,000 elements are shown."
    assert len(text["value"]) == 4_000_000
    assert text["cut"] == "Only the first 4,000,000 characters are shown."
    assert preview["preview"] is None
    assert preview["artifact"]
    assert preview["file"]


def test_a_value_whose_file_is_gone_is_a_sentence(tmp_path: Path, start_viewer: StartViewer) -> None:
    """A value whose artifact was deleted gives a sentence, and the list of values still comes."""
    with start_run("large", root=tmp_path / "runs", capture=False) as run:
        run.log_list("long", range(150_000))
        key, path = f"{run.path.parent.name}/{run.path.name}", run.path
    next(path.glob("artifacts/**/*.json")).unlink()
    viewer = start_viewer(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        answer = client.get("api/value", params={"run": key, "name": "long"})
        assert (answer.status_code, "missing" in answer.json()["error"]) == (404, True)
        assert ask((client, key), "api/values", name="long")["total"] == 1


def test_rows_become_one_table(made: tuple[httpx.Client, str]) -> None:
    """Rows of one name are a table; a column that came later is null before."""
    found = ask(made, "api/table", name="grows", line=1)
    assert found["columns"] == ["step", "score", "late"]
    assert found["rows"][2:4] == [[2, 0.2, None], [3, 0.3, "yes"]]
    assert (found["line"]["x_name"], found["line"]["y_name"], found["line"]["y"]) == (
        "step",
        "score",
        [0, 0.1, 0.2, 0.3, 0.4],
    )


def test_a_table_is_sorted_and_paged_by_the_server(made: tuple[httpx.Client, str]) -> None:
    """Sorting goes over all rows, NaN last both ways, and the rows keep their numbers."""
    up = ask(made, "api/table", name="history", index=0, sort="loss", limit=2)
    down = ask(made, "api/table", name="history", index=0, sort="loss", descending=1, offset=248)
    assert (up["total"], up["numbers"], up["rows"][0][:2]) == (250, [249, 248], [249, 0.004])
    assert (down["numbers"][-1], down["rows"][-1][1]) == (3, "NaN")


def test_a_table_comes_as_csv(made: tuple[httpx.Client, str]) -> None:
    """The CSV has all rows, numbers to the last digit, and is a download."""
    client, run = made
    answer = client.get("api/table", params={"run": run, "name": "history", "index": 0, "as": "csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len(rows) == 251
    assert rows[4] == ["3", "NaN", "_"]
    assert float(rows[7][1]) == 1 / 7
    assert rows[1][2] == EVIL
    assert answer.headers["content-disposition"].startswith('attachment; filename="history.csv"')


def test_histograms_over_steps(made: tuple[httpx.Client, str]) -> None:
    """The histograms of a name come together, each with all that it counted, and what it could not count."""
    found = ask(made, "api/histograms", name="weights")
    assert [row["step"] for row in found["rows"]] == list(range(0, 1200, 100))
    assert {sum(row["counts"]) for row in found["rows"]} == {1000}
    assert found["rows"][-1]["nonfinite"] == {"NaN": 1}


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("api/value", {"name": "no such"}, 400),
        ("api/value", {"name": "note", "index": 99}, 400),
        ("api/value", {"name": "note", "index": "x"}, 400),
        ("api/values", {"run": "values/../../etc"}, 400),
        ("api/values", {"run": "values/20200101T000000-000000-aaaaaa"}, 404),
    ],
    ids=["name", "index", "word", "path", "run"],
)
def test_bad_questions_get_a_sentence(
    made: tuple[httpx.Client, str], path: str, params: dict[str, Any], status: int
) -> None:
    """What is not there or makes no sense is said in a sentence."""
    client, run = made
    answer = client.get(path, params={"run": run, **params})
    assert answer.status_code == status
    assert "Traceback" not in answer.json()["error"]


def test_new_values_come_by_asking_again(tmp_path: Path, start_viewer: StartViewer) -> None:
    """A running run's new values are there at the next question, each at the place that it keeps."""
    with start_run("grow", root=tmp_path / "runs", capture=False) as run:
        run.log_text("note", "one")
        viewer = start_viewer(tmp_path / "runs")
        key = f"{run.path.parent.name}/{run.path.name}"
        with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
            client.get(viewer.url)
            before = ask((client, key), "api/values", name="note")
            run.log_text("note", "two")
            after = ask((client, key), "api/values", name="note")
            names = ask((client, key), "api/values")["names"]
    assert [row["preview"] for row in before["rows"]] == ["one"]
    assert [(row["index"], row["preview"]) for row in after["rows"]] == [(0, "one"), (1, "two")]
    assert names[0]["count"] == 2


def test_the_line_of_a_long_table_keeps_its_extremes() -> None:
    """A spike in a long table is among the points that are drawn."""
    values: list[Any] = [0.0] * 100_000
    values[77_777] = 5.0
    line = line_of({"x": list(range(100_000)), "y": values})
    assert line is not None
    assert len(line["x"]) <= 2100
    assert (77_777, 5.0) in zip(line["x"], line["y"], strict=True)


def test_tables_with_other_columns_are_joined() -> None:
    """A table below a row has None where either lacks a column; what is no table is left out."""
    table = joined([("row", {"a": 1}), ("table", {"b": [2, 3]}), ("text", "x")])
    assert table == {"a": [1, None, None], "b": [None, 2, 3]}


def test_order_mixes_numbers_and_texts() -> None:
    """Numbers come before texts, what is missing last."""
    assert order_of({"a": ["b", 2, None, math.nan, 1, "a"]}, "a") == [4, 1, 5, 0, 2, 3]
    assert csv_of({"a": [1.5, math.inf, None]}) == 'a\r\n1.5\r\nInfinity\r\n""\r\n'
