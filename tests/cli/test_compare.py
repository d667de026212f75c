"""``runlogging compare``: tables of what differs, and JSON."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from runlogging.cli._compare import compare_runs
from runlogging.cli._output import Output
from runlogging.reading import open_run
from tests.cli.tools import log, strict_json, unsafe_in
from tests.cli.tools import open_run as open_writer


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *paths: Path, columns: int | None = None, **options: Any) -> str:
    """Compare runs and return what is printed: into a pipe, or into a terminal of some width without colours."""
    stream = io.StringIO() if columns is None else _Terminal()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        patched.setenv("NO_COLOR", "1")
        patched.setenv("COLUMNS", str(columns or 80))
        compare_runs([open_run(path) for path in paths], Output(), **{"as_json": False, **options})
    return stream.getvalue()


def made(root: Path, name: str, factor: float = 1.0, warnings: int = 0, **tags: str | None) -> Path:
    """Make a run of ten steps."""
    with open_writer(root, run_name=name, tags=tags) as (logger, path):
        for step in range(10):
            log(logger, step=step, loss=factor / (step + 1), accuracy=step * factor, lr=0.1)
        for number in range(warnings):
            logger.warning("batch %d is slow", number)
    return path


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Make three runs that differ in tags, metrics and warnings."""
    return [
        made(tmp_path, "base", 1, 1, data="x", flag=None, empty="", number="1"),
        made(tmp_path, "better", 0.5, 4, data="x", flag="null", empty="missing", number="1.0"),
        made(tmp_path, "worse", 2, 1, data="x", number="1"),
    ]


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_only_differences_are_shown(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal tags, metrics and counts are left out; what has no difference is said in one line."""
    text = shown(monkeypatch, *runs[:2])
    assert "data" not in text
    assert "lr" not in [row[0] for row in _rows(text) if row]
    assert "No differences in parameters, environment." in text
    assert "multiplied  1 -> 4" in text
    assert "batch %d is slow" in text


def test_missing_null_and_texts_are_told_apart(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that looks like a word of ours stands in quotes."""
    rows = _rows(shown(monkeypatch, *runs))
    assert ["TAGS", "base", "better", "worse"] in rows
    assert ["flag", "null", '"null"', "missing"] in rows
    assert ["empty", '""', '"missing"', "missing"] in rows
    assert ["number", '"1"', '"1.0"', '"1"'] in rows


def test_better_values_are_marked_without_colour(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The least loss and the greatest accuracy have a star, as last and as best value."""
    text = shown(monkeypatch, *runs)
    assert ["loss", "better", "10", "0.05*", "-50%", "0.05*", "9", "0.05", "0.5", "0.132165", "0"] in _rows(text)
    assert ["accuracy", "worse", "10", "18*", "+100%", "18*", "9", "0", "18", "9", "1"] in _rows(text)
    assert "* the best of the runs" in text


def test_everything_is_shown_with_all(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is marked then, because the rest stands beside it."""
    rows = _rows(shown(monkeypatch, *runs[:2], shows_all=True))
    assert ["data", "x", "x"] in rows
    assert ["flag", "!=", "null", '"null"'] in rows
    assert "lr" in [row[0] for row in rows if row]


def test_no_differences_are_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that did the same get one sentence."""
    same = [made(tmp_path, name) for name in ("one", "two")]
    last = shown(monkeypatch, *same, level="error").splitlines()[-1]
    assert last == "No differences (parameters, tags, environment, metrics, logs from ERROR on)."


def test_metrics_and_level_can_be_chosen(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Other metrics and lower levels are left out."""
    text = shown(monkeypatch, *runs, metrics=("loss",), level="ERROR")
    assert "accuracy" not in text
    assert "is slow" not in text
    assert "No differences in parameters, environment, logs from ERROR on." in text


def test_metric_that_a_run_lacks_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of such a run says so, in a narrow terminal too."""
    with open_writer(tmp_path, run_name="other") as (logger, other):
        log(logger, step=0, loss=0.5)
    for columns in (None, 80):
        text = shown(monkeypatch, made(tmp_path, "base"), other, columns=columns)
        assert any(row[-2:] == ["other", "missing"] for row in _rows(text))


def test_json_has_what_differs_or_everything(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The object of one comparison, strict, with runs in the order in which they were given."""
    facts = strict_json(shown(monkeypatch, *runs, as_json=True))
    assert [run["name"] for run in facts["runs"]] == ["base", "better", "worse"]
    assert [metric["name"] for metric in facts["metrics"]] == ["loss", "accuracy"]
    whole = strict_json(shown(monkeypatch, *runs, as_json=True, shows_all=True))
    assert [metric["name"] for metric in whole["metrics"]] == ["loss", "accuracy", "lr"]
    assert [item["key"] for item in whole["tags"] if not item["differs"]] == ["data"]


def test_many_runs_are_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more than four runs each is a row, in as many tables beside its name as the terminal needs."""
    tags = {f"a_tag_with_a_long_name_{number}": "value" for number in range(6)}
    made_runs = [made(tmp_path, f"run{n}", n + 1, n, **(tags if n % 2 else {})) for n in range(12)]
    text = shown(monkeypatch, *made_runs, columns=80)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert all(tag in text for tag in tags)
    blocks = [row for row in _rows(text) if row[:1] == ["run11"] and set(row[1:]) == {"value"}]
    assert sum(len(row) - 1 for row in blocks) == 6
    assert len(blocks) > 1
    assert "0 -> 1..11, 11 of 11 runs" in text


@pytest.mark.parametrize("columns", [80, 100, 160])
@pytest.mark.parametrize("count", [2, 4])
def test_tables_fit_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int, count: int) -> None:
    """No line is wider than the terminal, whatever the names and values are."""
    paths = []
    for number in range(count):
        long = f"/data/a/long/common/folder/that/all/of/them/share/{number}.csv"
        with open_writer(tmp_path, run_name="漢字" * 20, tags={"path": long, "k" * 70: f"{number}" * 300}) as (
            logger,
            path,
        ):
            log(logger, "step", {"a long name of a metric/loss " * 3: -1.23456789e-123 * number}, step=10**9 + number)
            logger.warning(f"{number} " * 200)
        paths.append(path)
    text = shown(monkeypatch, *paths, columns=columns)
    assert max(cell_len(line) for line in text.splitlines()) <= columns


def test_long_values_are_cut_where_they_still_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long common beginning only the end is shown in a terminal; a pipe gets everything."""
    common = "/data/a/long/common/folder/that/both/of/them/share/"
    pair = [made(tmp_path, name, path=f"{common}{name}.csv") for name in ("train", "valid")]
    row = next(row for row in _rows(shown(monkeypatch, *pair, columns=80)) if row[:1] == ["path"])
    assert row[1].startswith("…")
    assert (row[1].endswith("/train.csv"), row[2].endswith("/valid.csv")) == (True, True)
    assert f"{common}train.csv" in shown(monkeypatch, *pair)


def test_runs_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each label is its own, in a narrow table too; copies of one run go by their folders."""
    pair = [made(tmp_path, "the-same-name-of-a-run", factor) for factor in (1, 2)]
    rows = _rows(shown(monkeypatch, *pair, columns=80))
    at = next(number for number, row in enumerate(rows) if row[:2] == ["METRICS", "RUN"])
    assert rows[at + 1][1] != rows[at + 2][0]
    copy = shutil.copytree(pair[0], tmp_path / "copy")
    assert str(copy) in shown(monkeypatch, pair[0], copy)


def test_no_text_of_a_run_steers_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, tags, metrics and messages are escaped."""
    evil = "\x1b]0;x\x07\x9b1m\u202e"
    pair = []
    for number in range(2):
        with open_writer(tmp_path, run_name=f"{evil}{number}", tags={evil: f"{evil}{number}"}) as (logger, path):
            log(logger, evil, {f"{evil}loss": number})
            if number:
                logger.error(f"{evil} %s", evil)
        pair.append(path)
    for columns in (None, 80, 160):
        assert not unsafe_in(shown(monkeypatch, *pair, columns=columns))
