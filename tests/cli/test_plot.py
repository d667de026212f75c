"""``runlogging plot``: curves in the terminal and in a pipe."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runlogging.cli._sparks import NAN_MARK
from runlogging.drawing._palette import colours_of
from tests.cli.screens import CONTROLS, plain_lines, shown
from tests.cli.tools import log, made_run, open_run, runlogging, strict_json
from tests.conftest import SOURCE


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Make two runs: one with a spike, one with two NaN and an infinity."""
    with open_run(tmp_path, run_name="smooth") as (logger, first):
        for step in range(400):
            log(logger, step=step, loss=50.0 if step == 123 else math.exp(-step / 100), rate=0.1)
    with open_run(tmp_path, "other", run_name="rough") as (logger, second):
        for step in range(300):
            bad = {5: math.nan, 6: math.nan, 200: math.inf}.get(step)
            log(logger, step=step, loss=1 / (step + 1) if bad is None else bad)
    return first, second


def curve(run: dict[str, list[dict[str, list[list[float]]]]]) -> list[list[float]]:
    """Return the points of a run's first curve in the JSON form."""
    return run["curves"][0]["points"]


def test_runs_are_drawn_over_each_other(two: tuple[Path, Path]) -> None:
    """In a pipe the picture is plain text; each run has a letter, a line in the legend and its own curve."""
    title, first, second, *picture = runlogging("plot", *two, "loss").output.splitlines()
    assert title == "loss"
    assert re.fullmatch(r"a smooth +test +400 points +last 0\.0184997", first)
    assert re.fullmatch(rf"b rough +other +300 points +last 0\.00333333 +{NAN_MARK} 2 NaN, 1 Infinity", second)
    assert "\x1b" not in "".join(picture)
    text = "\n".join(picture)
    assert text.count("a") > 20
    assert text.count("b") > 20
    assert text.count(NAN_MARK) == 2  # two NaN in one column, and the infinity
    assert picture[-1].strip() == "step"


def test_spike_and_ends_survive(two: tuple[Path, Path]) -> None:
    """The picture of few columns still reaches the extremes."""
    (facts,) = strict_json(runlogging("plot", *two, "loss", "--json", "--width", "20").output)
    points = curve(facts["runs"][0])
    assert [123, 50] in points
    assert (points[0], points[-1]) == ([0, 1], [399, math.exp(-3.99)])
    assert len(points) <= 80
    assert runlogging("plot", *two, "loss").output.splitlines()[4].strip().startswith("50")


def test_json_says_what_a_viewer_needs(two: tuple[Path, Path]) -> None:
    """Metric, axis, and of each run its colour, its points, and apart what is not finite."""
    (facts,) = strict_json(runlogging("plot", *two, "loss", "--json").output)
    assert (facts["metric"], facts["x"], facts["smooth"]) == ("loss", "step", None)
    assert [run["name"] for run in facts["runs"]] == ["smooth", "rough"]
    expected = colours_of(path.name for path in two)
    assert [run["colour"] for run in facts["runs"]] == [expected[path.name].hex for path in two]
    (rough,) = facts["runs"][1]["curves"]
    assert (rough["writer"], rough["count"]) == ("main", 300)
    assert rough["apart"] == [[5, "NaN"], [6, "NaN"], [200, "Infinity"]]


def test_missing_metric_is_refused_with_those_that_are_there(two: tuple[Path, Path]) -> None:
    """A name that no run has ends with status 2 and the names that come near; one that some lack is drawn."""
    assert "no metric 'los'. Did you mean loss?" in runlogging("plot", two[0], "los", code=2).stderr
    assert "Did you mean loss" in runlogging("plot", two[1], "zzz", code=2).stderr
    done = runlogging("plot", *two, "rate")
    assert f"{two[1].name} has no metric 'rate'." in done.stderr
    assert "rough" not in done.stdout


def test_pattern_draws_each_metric(tmp_path: Path) -> None:
    """A pattern means all metrics that fit, a picture each; a metric of that very name wins."""
    with open_run(tmp_path) as (logger, path):
        for step in range(5):
            log(logger, named={"val/loss": step, "train/loss": step, "[x]": step, "x": step}, step=step)
    text = runlogging("plot", path, "*loss").output
    assert [line for line in text.splitlines() if line in ("val/loss", "train/loss")] == ["val/loss", "train/loss"]
    assert [facts["metric"] for facts in strict_json(runlogging("plot", path, "[x]", "--json").output)] == ["[x]"]
    assert "no metric 'y*'" in runlogging("plot", path, "y*", code=2).stderr


def test_smoothing_and_limits(two: tuple[Path, Path]) -> None:
    """Smoothed curves are said to be, limits cut the axis, and wrong ones are refused in a sentence."""
    text = runlogging("plot", two[0], "loss", "--smooth", "0.9", "--max", "1", "--min", "0").output
    assert text.startswith("loss  (smoothed by 0.9)\n")
    assert " 1.0┤" in text or "1.0┤" in text
    (facts,) = strict_json(runlogging("plot", two[0], "loss", "--smooth", "0.9", "--json").output)
    assert max(y for _, y in curve(facts["runs"][0])) < 10
    for wrong in (["--smooth", "1"], ["--smooth", "much"], ["--min", "2", "--max", "1"], ["--log", "--min", "0"]):
        done = runlogging("plot", two[0], "loss", *wrong, code=2)
        assert done.stderr.startswith("Error: --")
        assert done.stderr.count("\n") == 1


def test_logarithmic_axis(tmp_path: Path) -> None:
    """Powers of ten are the ticks; what is not above 0 is counted, not drawn."""
    with open_run(tmp_path) as (logger, path):
        for step in range(7):
            log(logger, step=step, loss=10.0**-step)
        log(logger, step=7, loss=0.0)
    text = runlogging("plot", path, "loss", "--log").output
    assert "(logarithmic)" in text
    assert f"{NAN_MARK} 1 not above 0" in text
    for label in ("1┤", "0.01┤", "1e-06┤"):
        assert label in text


@pytest.mark.parametrize(("axis", "label"), [("time", "time"), ("relative", "since the start")])
def test_axes_of_time(two: tuple[Path, Path], axis: str, label: str) -> None:
    """The x axis may be the time of day, or the time since the run's start."""
    assert runlogging("plot", two[0], "loss", "--x", axis).output.rstrip().endswith(label)
    (facts,) = strict_json(runlogging("plot", two[0], "loss", "--x", axis, "--json").output)
    first = curve(facts["runs"][0])[0][0]
    assert first > 1e9 if axis == "time" else -1 < first < 60


def test_points_without_steps_are_counted(tmp_path: Path) -> None:
    """Where a point has no step, x is the place of the points."""
    with open_run(tmp_path) as (logger, path):
        for value in (3, 1, 2):
            log(logger, loss=value)
    assert runlogging("plot", path, "loss").output.rstrip().endswith("point")
    (facts,) = strict_json(runlogging("plot", path, "loss", "--json").output)
    assert curve(facts["runs"][0]) == [[0, 3], [1, 1], [2, 2]]


@pytest.mark.parametrize("value", [0.5, 0.0, 1e300, -(2.0**70)])
def test_one_point_and_constants_have_a_picture(tmp_path: Path, value: float) -> None:
    """One point, and several that are the same, lie in the middle."""
    with open_run(tmp_path) as (logger, path):
        log(logger, step=3, one=value, several=value)
        log(logger, step=4, several=value)
    assert "•" in runlogging("plot", path, "one").output
    assert "┤" in runlogging("plot", path, "several").output


def test_nothing_but_nan_is_said(tmp_path: Path) -> None:
    """A metric without a finite value has a legend and a sentence, and the exit status 0."""
    with open_run(tmp_path) as (logger, path):
        log(logger, loss=math.nan)
        log(logger, loss=10**400)
    done = runlogging("plot", path, "loss")
    assert "1 NaN, 1 Infinity" in done.stdout
    assert "loss has no value that can be drawn." in done.stderr


def test_terminal_is_filled_and_coloured(two: tuple[Path, Path]) -> None:
    """The picture has the width and height of the terminal, and each run's curve its run's colour."""
    for columns, lines in ((80, 24), (160, 40)):
        text = shown("plot", *two, "loss", columns=columns, lines=lines)
        rows = plain_lines(text)
        assert lines - 3 <= len(rows) <= lines - 1
        assert max(map(len, rows)) <= columns
        for path in two:
            assert f"\x1b[38;5;{colours_of(p.name for p in two)[path.name].number}m" in text
        assert "a smooth" not in text
    assert set(CONTROLS.findall(text)) <= {"\x1b[0m", "\x1b[1m", *re.findall(r"\x1b\[38;5;\d+m", text)}


def test_ascii_where_the_encoding_has_no_blocks(two: tuple[Path, Path]) -> None:
    """A pipe in ASCII gets a picture of plus and minus signs."""
    done = subprocess.run(
        [sys.executable, "-m", "runlogging", "plot", *map(str, two), "loss"],
        env={"PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    text = done.stdout.decode("ascii")
    assert "+----" in text
    assert "! 2 NaN" in text


def test_text_from_runs_is_escaped(tmp_path: Path) -> None:
    """Names of metrics, runs and experiments cannot steer the terminal."""
    with open_run(tmp_path, run_name="\x1b[5mname\n") as (logger, path):
        log(logger, named={"\x1b[2J": 1.0}, step=1)
    text = shown("plot", path, "*")
    assert "\x1b[2J" not in text
    assert "\x1b[5m" not in text
    assert "\\x1b[2J" in text


def test_writers_have_lines_of_their_own(tmp_path: Path) -> None:
    """The points of two writers are two curves of one run."""
    path = made_run(tmp_path)
    lines = (path / "metrics.jsonl").read_bytes()
    (path / "metrics.rank1.jsonl").write_bytes(lines)
    (facts,) = strict_json(runlogging("plot", path, "loss", "--json").output)
    assert [part["writer"] for part in facts["runs"][0]["curves"]] == ["main", "rank1"]
    assert "6 points" in runlogging("plot", path, "loss").output


def test_missing_plotext_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the command names it, and JSON needs none."""
    path = made_run(tmp_path)
    monkeypatch.setitem(sys.modules, "plotext", None)
    assert "pip install 'runlogging[plot]'" in runlogging("plot", path, "loss", code=2).stderr
    assert strict_json(runlogging("plot", path, "loss", "--json").output)


def test_help_imports_neither_rich_nor_plotext() -> None:
    """Help is quick: what draws is imported when something is drawn."""
    program = """
import sys
from runlogging.cli import main
main(["plot", "--help"], standalone_mode=False)
sys.exit(any(name.split(".")[0] in ("rich", "plotext", "polars", "numpy") for name in sys.modules))
"""
    environment = {"PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60, capture_output=True)
