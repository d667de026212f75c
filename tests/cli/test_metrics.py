"""``runlogging metrics``: the numbers, exactly."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.tools import log, made_run, open_run, runlogging, strict_json, unsafe_in


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_what_was_logged_together_stays_on_one_row(tmp_path: Path) -> None:
    """A row is a record: metrics of other records leave their columns empty, also where the step is the same."""
    with open_run(tmp_path) as (logger, path):
        log(logger, step=1, loss=0.5, accuracy=0.25)
        log(logger, step=1, lr=0.125)
        log(logger, loss=2)
    rows = csv_rows(runlogging("metrics", path, "--csv").stdout)
    assert [(row["seq"], row["step"], row["loss"], row["accuracy"], row["lr"]) for row in rows] == [
        ("1", "1", "0.5", "0.25", ""),
        ("2", "1", "", "", "0.125"),
        ("3", "", "2", "", ""),
    ]
    lines = [line.split() for line in runlogging("metrics", path).output.splitlines()]
    assert lines[0] == ["SEQ", "STEP", "TIME", "loss", "accuracy", "lr"]
    assert lines[1][-2:] == ["0.5", "0.25"]


def test_name_gives_one_series(tmp_path: Path) -> None:
    """With a name only its records and its column are printed."""
    with open_run(tmp_path) as (logger, path):
        log(logger, step=1, loss=0.5)
        log(logger, step=2, lr=1)
    (row,) = csv_rows(runlogging("metrics", path, "lr", "--csv").stdout)
    assert (row["seq"], row["step"], row["lr"], "loss" in row) == ("2", "2", "1", False)
    assert [row["metrics"] for row in strict_json(runlogging("metrics", path, "lr", "--json").stdout)] == [{"lr": 1}]


def test_unknown_name_is_refused_with_what_comes_near(tmp_path: Path) -> None:
    """A metric that the run lacks is one sentence and exit status 2."""
    done = runlogging("metrics", made_run(tmp_path), "los", code=2)
    assert done.stdout == ""
    assert "Did you mean loss?" in done.stderr


def test_run_without_metrics_says_so(tmp_path: Path) -> None:
    """Nothing to show is no error; the forms for programs stay well formed."""
    with open_run(tmp_path) as (logger, path):
        logger.info("only text")
    assert "no metrics" in runlogging("metrics", path).stderr
    assert strict_json(runlogging("metrics", path, "--json").stdout) == []
    assert runlogging("metrics", path, "--csv").stdout == "seq,writer,step,time\n"


def test_two_forms_exclude_each_other(tmp_path: Path) -> None:
    """One output can have only one form."""
    runlogging("metrics", made_run(tmp_path), "--json", "--csv", code=2)


def test_nonfinite_numbers_are_words(tmp_path: Path) -> None:
    """NaN and infinities can be read back from CSV as floats, and are text in JSON."""
    with open_run(tmp_path) as (logger, path):
        log(logger, a=math.nan, b=math.inf, c=-math.inf)
    (row,) = csv_rows(runlogging("metrics", path, "--csv").stdout)
    assert (row["a"], row["b"], row["c"]) == ("NaN", "Infinity", "-Infinity")
    assert (math.isnan(float(row["a"])), float(row["b"]), float(row["c"])) == (True, math.inf, -math.inf)
    (facts,) = strict_json(runlogging("metrics", path, "--json").stdout)
    assert facts["metrics"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity"}


def test_huge_integers_are_exact(tmp_path: Path) -> None:
    """Integers beyond a double keep their digits; beyond what Python says in decimal they are hexadecimal."""
    with open_run(tmp_path) as (logger, path):
        log(logger, a=2**70 + 1, b=10**5000 + 1, step=2**62)
    (row,) = csv_rows(runlogging("metrics", path, "--csv").stdout)
    assert (int(row["a"]), int(row["b"], 0), int(row["step"])) == (2**70 + 1, 10**5000 + 1, 2**62)
    (facts,) = strict_json(runlogging("metrics", path, "--json").stdout)
    assert (facts["metrics"]["a"], int(facts["metrics"]["b"], 0)) == (2**70 + 1, 10**5000 + 1)
    assert str(2**62) in runlogging("metrics", path).stdout
    shown = strict_json(runlogging("show", path, "--json").stdout)["metrics"]
    assert int(shown["b"]["last"], 0) == 10**5000 + 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(allow_nan=False) | st.integers(-(2**80), 2**80), min_size=1, max_size=20))
def test_csv_and_json_round_trip_every_number(numbers: list[float | int]) -> None:
    """What was logged is read back bit by bit."""
    with tempfile.TemporaryDirectory() as folder:
        with open_run(Path(folder)) as (logger, path):
            for number in numbers:
                log(logger, x=number)
        texts = [row["x"] for row in csv_rows(runlogging("metrics", path, "x", "--csv").stdout)]
        facts = strict_json(runlogging("metrics", path, "x", "--json").stdout)
    parsed = [
        int(text) if isinstance(number, int) else float(text) for text, number in zip(texts, numbers, strict=True)
    ]
    assert [repr(number) for number in parsed] == [repr(number) for number in numbers]
    finite = [number for number in numbers if math.isfinite(number)]
    assert [repr(row["metrics"]["x"]) for row in facts if not isinstance(row["metrics"]["x"], str)] == [
        repr(number) for number in finite
    ]


def test_names_that_need_care_stay_one_column(tmp_path: Path) -> None:
    """Commas, quotes and markup are left as they are, control characters escaped, our own names kept apart."""
    names = ["a,b", 'say "x"', "[red]x[/]", "e\x1bsc", "new\nline", "step", "seq"]
    with open_run(tmp_path) as (logger, path):
        log(logger, "step", dict.fromkeys(names, 1), step=5)
    text = runlogging("metrics", path, "--csv").stdout
    assert not unsafe_in(text)
    header = next(csv.reader(io.StringIO(text, newline="")))
    shown = ["a,b", 'say "x"', "[red]x[/]", "e\\x1bsc", "new\\nline", "metrics.step", "metrics.seq"]
    assert header == ["seq", "writer", "step", "time", *shown]
    assert set(strict_json(runlogging("metrics", path, "--json").stdout)[0]["metrics"]) == set(names)
