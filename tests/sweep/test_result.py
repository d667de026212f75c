"""What a sweep gives back."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest

from runlogging import InvalidValueError, MetricNotFoundError, Run, RunNotFoundError, sweep
from runlogging.sweep import Sweep
from runlogging.sweep._progress import counting, counts_text

from . import targets


def curves(first: list[float], status: int, run: Run) -> None:
    """Log a series, and fail where the status says so."""
    for value in first:
        run.log("acc", value)
    run.log("other", 1)
    if status:
        raise ValueError("<b>failed</b>")


@pytest.fixture
def done(tmp_path: Path) -> Sweep:
    """Give a sweep of four points; the last one failed."""
    points = [([0.1, 0.9, 0.2], 0), ([0.5, 0.6, 0.7], 0), ([], 0), ([1.0], 1)]
    space = [{"first": first, "status": status} for first, status in points]
    return sweep(curves, space, root=tmp_path, metric="acc", goal="Maximize", executor=targets.Inline())


def test_best_is_by_the_last_value_or_the_best(done: Sweep) -> None:
    """The best child is the one with the best last, least or greatest value, of those that completed."""
    children = done.children
    assert done.best() == children[1]
    assert done.best(by="max") == children[0]
    assert done.best(by="min") == children[1]
    assert done.best(by="min", goal="minimize") == children[0]
    assert done.best("other") == children[0]


def test_best_says_what_is_missing(done: Sweep, tmp_path: Path) -> None:
    """An unknown metric, no metric and no completed child are different errors."""
    with pytest.raises(MetricNotFoundError, match="Did you mean acc"):
        done.best("ac")
    with pytest.raises(InvalidValueError, match="by is"):
        done.best(by="mean")  # type: ignore[arg-type]
    failed = sweep(targets.picky, {"n": [1]}, root=tmp_path, executor=targets.Inline())
    with pytest.raises(InvalidValueError, match="which metric"):
        failed.best()
    with pytest.raises(RunNotFoundError, match=r"no child of the sweep .* completed"):
        failed.best("n")


def test_frame_has_a_column_each(done: Sweep) -> None:
    """The frame has number, id, status, parameters and metric; a parameter of such a name gets a prefix."""
    frame = done.frame()
    assert frame == {
        "number": [0, 1, 2, 3],
        "run_id": [child.id for child in done.children],
        "status": ["Completed", "Completed", "Completed", "Failed"],
        "first": [[0.1, 0.9, 0.2], [0.5, 0.6, 0.7], [], [1.0]],
        "parameter.status": [0, 0, 0, 1],
        "acc": [0.2, 0.7, None, 1.0],
    }
    assert pandas.DataFrame(frame).shape == (4, 6)
    assert json.loads(json.dumps(frame)) == frame
    assert list(done.frame("other"))[-1] == "other"


def test_text_and_html(done: Sweep) -> None:
    """As text a sweep is a title and an aligned table, as HTML a table with nothing of it taken for markup."""
    lines = str(done).splitlines()
    assert lines[0] == f"sweep {done.run.id} (Completed): 3 Completed, 1 Failed"
    assert lines[1].split() == ["number", "run_id", "status", "first", "parameter.status", "acc"]
    assert len(lines) == 6
    assert lines[2].endswith("0.2")
    assert {line.index("Completed") for line in lines[2:5]} == {lines[1].index("status")}
    html = done._repr_html_()
    assert html.count("<tr>") == 5
    assert (len(done), repr(done)[:7]) == (4, "<Sweep ")


def test_long_tables_are_cut(tmp_path: Path) -> None:
    """A table shows 100 rows, says how many more there are, and cuts long cells; nothing in it is markup."""
    many = sweep(targets.nothing, [{"n": "<b>" * 50}] * 103, root=tmp_path, executor=targets.Inline())
    lines = str(many).splitlines()
    assert lines[-1] == "... and 3 more"
    assert len(lines) == 103
    assert max(map(len, lines)) < 140
    assert "<b>" not in many._repr_html_()


def test_progress_is_for_terminals(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where no terminal watches nothing is shown, unless it is asked for."""
    sweep(targets.nothing, {"n": [1]}, root=tmp_path, executor=targets.Inline())
    assert capsys.readouterr().err == ""
    sweep(targets.nothing, {"n": [1]}, root=tmp_path, executor=targets.Inline(), show_progress=True)
    assert "1/1" in (said := capsys.readouterr().err)
    assert "1 completed" in said


def test_counts_as_text() -> None:
    """The counts that are not 0 stand in one order."""
    from collections import Counter

    counts = Counter({"Failed": 1, "Completed": 20, "NotResponding": 2, "Canceled": 0})
    assert counts_text(counts, 3) == "3 running, 20 completed, 1 failed, 2 not responding"
    with counting("quiet", 3, False) as show:
        show(counts, 0)
