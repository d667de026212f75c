"""A root as one table that DuckDB, Polars and Arrow read, and the sample that asks DuckDB."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runlogging
from runlogging import open_run, start_run
from runlogging._errors import InvalidValueError, RootError
from runlogging.keeping.packing._dataset import Dataset, dataset
from runlogging.keeping.packing._file import read_packing_of
from runlogging.keeping.packing._pack import pack
from runlogging.keeping.packing._places import escaped
from tests.reading.tools import HOLD, living

from .tools import made_run, plain_content

pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")
SAMPLE = Path(__file__).parents[2] / "samples" / "dataset" / "best_rates.py"

ROWS = "select experiment, run, writer, seq, step, name, value from {} order by all"


def counts(made: Dataset) -> tuple[int, int, int, int, int]:
    """Return how many files a dataset has, and how many were linked, copied, packed and removed."""
    return made.files, made.linked, made.copied, made.packed, made.removed


def make_settled(*runs: Path) -> None:
    """Let the streams of runs be old enough to be trusted not to change within a tick of the clock."""
    for run in runs:
        for path in [*run.glob("*.jsonl"), *run.glob("*.parquet")]:
            os.utime(path, ns=(10**18, 10**18))


def points(root: Path) -> list[tuple[Any, ...]]:
    """Return the points of all runs below a root as the reader tells them."""
    found = []
    for path in sorted(file.parent for file in root.glob("*/*/run.json")):
        run = open_run(path)
        for name, series in run.metrics().items():
            found += [(path.parent.name, path.name, at.writer, at.seq, at.step, name, at.value) for at in series]
    return sorted(found)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with a packed run, a plain one, and names that look like numbers and dates."""
    made_run(tmp_path / "runs", "2026-01-01", "007")
    pack(made_run(tmp_path / "runs", "12", "with space"))
    made_run(tmp_path / "runs", "r3", "with space")
    return tmp_path / "runs"


def test_engines_read_one_table(root: Path, tmp_path: Path) -> None:
    """DuckDB, Polars and Arrow find the points of all runs, with experiment and run as text."""
    polars = pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow.dataset")
    dataset(root, tmp_path / "table")
    metrics = tmp_path / "table" / "metrics"
    expected = points(root)
    assert len(expected) == 9
    assert duckdb.sql(ROWS.format(f"read_parquet('{metrics}/**/*.parquet', hive_partitioning = true)")).fetchall() == (
        expected
    )
    columns = ["experiment", "run", "writer", "seq", "step", "name", "value"]
    frame = polars.scan_parquet(metrics / "**/*.parquet", hive_partitioning=True).select(columns).collect()
    assert sorted(frame.rows()) == expected
    table = arrow.dataset(metrics, partitioning="hive").to_table(columns=columns)
    assert sorted(tuple(row.values()) for row in table.to_pylist()) == expected


def test_packed_root_is_read_in_place(root: Path) -> None:
    """Packed runs need no dataset: their files know their experiment and run themselves."""
    for path in root.glob("*/[!.]*"):
        pack(path)
    assert duckdb.sql(ROWS.format(f"'{root}/*/*/metrics*.parquet'")).fetchall() == points(root)


def test_every_stream_is_a_table(root: Path, tmp_path: Path) -> None:
    """Logs, values and artifacts are tables, too."""
    dataset(root, tmp_path / "table")
    for stream, column, expected in (
        ("logs", "message", "not good"),
        ("values", "\"values\"->>'$[0].value'", "text"),
        ("artifacts", "name", "files/a.txt"),
    ):
        source = f"read_parquet('{tmp_path}/table/{stream}/**/*.parquet', hive_partitioning = true)"
        found = duckdb.sql(f"select distinct {column}, count(*) from {source} group by all").fetchall()
        assert found == [(expected, 3)]


def test_runs_stay_as_they_are(root: Path, tmp_path: Path) -> None:
    """Nothing below the root changes; packed files are linked, plain ones packed beside."""

    def look() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    before = look()
    made = dataset(root, tmp_path / "table")
    assert counts(made) == (12, 4, 0, 8, 0)
    assert made.left_out == {}
    assert look() == before
    packed = tmp_path / "table" / "metrics" / "experiment=with space" / "run=12" / "main.parquet"
    assert packed.samefile(root / "with space" / "12" / "metrics.parquet")


def test_only_what_changed_is_made_again(root: Path, tmp_path: Path) -> None:
    """A second call makes nothing; a new run, a packed one and one that is gone cost what they are."""
    make_settled(*root.glob("*/*"))
    table = tmp_path / "table"
    dataset(root, table)
    assert counts(dataset(root, table)) == (12, 0, 0, 0, 0)
    with start_run("new", root, run_id="r4") as run:
        run.log("loss", 0.5)
    make_settled(run.path)
    shutil.rmtree(root / "007" / "2026-01-01")
    assert counts(dataset(root, table)) == (9, 0, 0, 1, 4)
    assert not (table / "metrics" / "experiment=007").exists()
    assert duckdb.sql(f"select count(distinct run) from '{table}/metrics/**/*.parquet'").fetchall() == [(3,)]
    pack(run.path)
    assert counts(dataset(root, table)) == (9, 0, 0, 0, 0)


def test_running_run_is_there_up_to_its_last_line(tmp_path: Path) -> None:
    """The whole lines of a run that is being written are in the table, and a later call brings those that came."""
    with living(HOLD, str(tmp_path / "runs")):
        logs = tmp_path / "runs" / "test" / "r1" / "logs.jsonl"
        with logs.open("ab") as file:
            file.write(b'{"seq":2,"time":"2026-11-23T23:05:02.000000Z","message":"half')
        source = f"'{tmp_path}/table/logs/**/*.parquet'"
        dataset(tmp_path / "runs", tmp_path / "table")
        assert duckdb.sql(f"select message from {source}").fetchall() == [("begun",)]
        with logs.open("ab") as file:
            file.write(b' a line"}\n')
        assert dataset(tmp_path / "runs", tmp_path / "table").packed == 1
        assert duckdb.sql(f"select message from {source} order by seq").fetchall() == [("begun",), ("half a line",)]


def test_further_writers_and_parts_have_files_of_their_own(tmp_path: Path) -> None:
    """The name of a file says its writer and its part."""
    run = made_run(tmp_path / "runs")
    for name in ("metrics.rank1.jsonl", "metrics.main.2.jsonl"):
        shutil.copy(run / "metrics.jsonl", run / name)
    dataset(tmp_path / "runs", tmp_path / "table")
    files = sorted((tmp_path / "table" / "metrics" / "experiment=test" / "run=r1").iterdir())
    assert [path.name for path in files] == ["main.2.parquet", "main.parquet", "rank1.parquet"]
    assert [read_packing_of(path).part for path in files] == [2, 1, 1]


def test_stream_that_cannot_be_packed_is_named(root: Path, tmp_path: Path) -> None:
    """What cannot be read is left out with its reason, and all others are there."""
    (root / "007" / "2026-01-01" / "logs.jsonl").unlink()
    (root / "007" / "2026-01-01" / "logs.jsonl").mkdir()
    (root / "007" / "no manifest").mkdir()
    (root / "007" / "no manifest" / "run.json").mkdir()
    made = dataset(root, tmp_path / "table")
    assert set(made.left_out) == {root / "007" / "2026-01-01", root / "007" / "no manifest"}
    assert os.strerror(errno.EISDIR) in made.left_out[root / "007" / "2026-01-01"]
    assert made.files == 11


def test_folder_of_others_is_refused(root: Path, tmp_path: Path) -> None:
    """A folder with other files in it, and the dataset of another root, are not touched."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InvalidValueError, match="no dataset of ours"):
        dataset(root, mine)
    dataset(root, tmp_path / "table")
    (tmp_path / "other").mkdir()
    with pytest.raises(InvalidValueError, match="another root"):
        dataset(tmp_path / "other", tmp_path / "table")
    with pytest.raises(RootError, match="name a folder of runs"):
        dataset(tmp_path / "nothing", tmp_path / "table")
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]
    assert len(list((tmp_path / "table").rglob("*.parquet"))) == 12


@pytest.mark.parametrize(
    ("value", "name"), [("a b.c-d_e", "a b.c-d_e"), ("x=1/2", "x%3D1%2F2"), ("100%:\x01", "100%25%3A%01"), ("ü", "ü")]
)
def test_values_are_escaped_as_spark_does(value: str, name: str) -> None:
    """What cannot stand in the name of a partition is a percent sign with two digits."""
    assert escaped(value) == name


def test_progress_counts_files(root: Path, tmp_path: Path) -> None:
    """Progress is told after each file."""
    seen: list[tuple[str, int, int]] = []
    dataset(root, tmp_path / "table", progress=lambda *facts: seen.append(facts))
    assert [(done, total) for _, done, total in seen] == [(number, 12) for number in range(1, 13)]
    assert {what for what, _, _ in seen} == {"2026-01-01", "12", "r3"}


def test_plain_lines_are_left_in_place(root: Path, tmp_path: Path) -> None:
    """A dataset of plain runs leaves them plain."""
    content = plain_content(root / "with space" / "r3")
    dataset(root, tmp_path / "table")
    assert plain_content(root / "with space" / "r3") == content


def test_sample_asks_duckdb(tmp_path: Path) -> None:
    """The sample makes its runs, lays out the table and prints DuckDB's answer; a second call has nothing to make."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("RUNLOGGING_")}
    env["PYTHONPATH"] = str(Path(runlogging.__file__).parents[1])

    def run() -> list[str]:
        command = [sys.executable, "-W", "error::ResourceWarning", str(SAMPLE), "--runs", "40"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    files, titles, *rows, asked = run()
    assert files == "40 files in table, 40 of them new"
    assert titles.split() == ["EXPERIMENT", "RATE", "RUNS", "DIVERGED", "TYPICAL", "LOSS"]
    assert sum(int(re.split(r"\s{2,}", row)[2]) for row in rows) == 40
    assert asked.startswith("asked in ")
    make_settled(*(tmp_path / "runs").glob("*/*"))
    run()
    files, _, *again, _ = run()
    assert files == "40 files in table, 0 of them new"
    assert again == rows
