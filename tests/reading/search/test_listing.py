"""Rows: what they say is what a reader of each run says, whether the summary was kept or has to be made."""

from __future__ import annotations

import logging
import math
import os
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError, RunHandler, list_runs, open_run, start_run
from runlogging.folder import ErrorInfo, Line, Writer, encode_line, now_text, parse_time
from runlogging.reading import RunReader
from runlogging.reading._summaries import run_summary, summarised
from runlogging.reading.search import RunRow, list_rows

from ..tools import HOLD, living, manifest_only, spec_of

CREATED = "2026-11-23T23:05:02.000000Z"


def only_row(root: Path) -> RunRow:
    (row,) = list_rows(root)
    return row


def ids(rows: Any) -> list[str]:
    return [row.id for row in rows]


def assert_same(row: RunRow, run: RunReader) -> None:
    for name in ("path", "id", "experiment", "name", "number", "type", "parent", "tags", "properties", "parameters"):
        assert getattr(row, name) == getattr(run, name), name
    for name in ("created", "started", "ended"):
        text = getattr(row, name)
        assert (parse_time(text) if text else None) == getattr(run, name), name
    assert row.status == run.status
    assert row.metrics == run.summary()
    assert row.problem is None


# ------------------------------------------------------------------ what a row says


def test_a_row_says_what_a_reader_says(tmp_path: Path) -> None:
    """Of a run with everything in it."""
    with start_run(
        "a",
        tmp_path,
        name="näme",
        capture=False,
        tags={"k": "v", "n": None},
        properties={"p": "q"},
        parameters={"alpha": 0.1, "model": {"depth": 3, "on": [1, None, True]}},
        type="trial",
        parent="other",
    ) as run:
        run.log("loss", 0.5, step=3)
        run.log("loss", math.nan)
        run.log_list("list", [1, 2])
    row = only_row(tmp_path)
    assert_same(row, open_run(run.path))
    assert (row.number, row.attempt, row.host) == (1, 1, os.uname().nodename)
    assert row.duration == (open_run(run.path).ended - open_run(run.path).started).total_seconds()  # type: ignore[operator]


def test_a_manifest_that_says_little(tmp_path: Path) -> None:
    """Missing fields: id and experiment are the names of the folders, times are None."""
    path = tmp_path / "a" / "r1"
    path.mkdir(parents=True)
    (path / "run.json").write_text('{"new field": 1}')
    row = only_row(tmp_path)
    assert (row.id, row.experiment, row.status, row.host) == ("r1", "a", "NotStarted", None)
    assert {row.created, row.started, row.ended, row.duration} == {None}
    assert (row.metrics, row.tags) == ({}, {})
    assert [run.id for run in list_runs(tmp_path)] == ["r1"]


def test_the_duration_of_a_running_run_goes_on(tmp_path: Path) -> None:
    """Up to now while it is Running, up to its last record once it was killed, None before it starts."""
    manifest_only(tmp_path, "not-started", created=CREATED, status="NotStarted")
    with living(HOLD, str(tmp_path)) as process:
        running, waiting = list_rows(tmp_path)
        before = running.duration
        assert running.status == "Running"
        assert before is not None
        assert running.duration is not None
        assert running.duration > before
        process.kill()
        process.wait(timeout=60)
    killed = list_rows(tmp_path)[0]
    run = open_run(killed.path)
    assert (killed.status, killed.ended) == ("NotResponding", None)
    assert killed.duration == (run.last_record - run.started).total_seconds()  # type: ignore[operator]
    assert (waiting.status, waiting.duration) == ("NotStarted", None)


def test_the_end_of_an_owner_that_could_not_say_it_in_the_manifest(tmp_path: Path) -> None:
    """The end line in the owner's lock file counts, as for a reader."""
    writer = Writer(spec_of(tmp_path))
    writer.open()
    manifest = (writer.spec.path / "run.json").read_bytes()
    writer.end("Failed", ErrorInfo("E", "m"))
    (writer.spec.path / "run.json").write_bytes(manifest)
    row = only_row(tmp_path)
    assert row.status == "Failed"
    assert_same(row, open_run(writer.spec.path))
    assert row.ended is not None


def test_a_status_is_looked_up_once(tmp_path: Path) -> None:
    """A row is the run as it was when it was listed: a filter and a table say the same of it."""
    with living(HOLD, str(tmp_path)) as process:
        row = only_row(tmp_path)
        assert row.status == "Running"
        process.kill()
        process.wait(timeout=60)
        assert row.status == "Running"


def test_a_run_that_is_deleted_after_it_was_listed(tmp_path: Path) -> None:
    """What the manifest said stays; the metrics are gone if nobody asked for them before."""
    with start_run("a", tmp_path, name="n", capture=False) as run:
        run.log("x", 1)
    early, late = only_row(tmp_path), only_row(tmp_path)
    assert early.metrics["x"].last == 1
    shutil.rmtree(run.path)
    assert (late.name, late.status, late.metrics) == ("n", "Completed", {})
    assert early.metrics["x"].last == 1


# ------------------------------------------------------------------ which rows, in which order


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a root with four runs; created says another order than the ids."""
    for run_id, second, experiment, alpha in (
        ("a", 2, "e1", 3),
        ("b", 1, "e1", 1),
        ("c", 4, "e2", 2),
        ("d", 2, "e2", 2),
    ):
        manifest_only(
            tmp_path,
            run_id,
            experiment,
            created=f"2026-11-23T23:05:{second:02d}.000000Z",
            status="Failed" if run_id == "b" else "Completed",
            parameters={"alpha": alpha},
            tags={"model": "ridge" if alpha == 2 else "tree"},
        )
    return tmp_path


def test_the_newest_come_first(root: Path) -> None:
    """By the time when they were made; of two of one moment the later name."""
    assert ids(list_rows(root)) == ids(list_runs(root)) == ["c", "d", "a", "b"]
    assert ids(list_rows(root, "e1")) == ids(list_runs(root, "e1")) == ["a", "b"]
    assert list_rows(root, "none") == list_rows(root / "none") == []


@pytest.mark.parametrize("limit", [0, 1, 3, 100, None])
def test_a_limit(root: Path, limit: int | None) -> None:
    """The first ones of the list, or all."""
    assert ids(list_rows(root, limit=limit)) == ids(list_runs(root, limit=limit)) == ["c", "d", "a", "b"][:limit]
    filtered = list_runs(root, where="status = 'Completed'", limit=limit)
    assert ids(filtered) == ["c", "d", "a"][:limit]


@pytest.mark.parametrize("limit", [-1, 1.5, "3"])
def test_a_limit_that_is_none(root: Path, limit: Any) -> None:
    """It is refused, in any case."""
    for call in (list_rows, list_runs):
        for where in (None, "status = 'Completed'"):
            with pytest.raises(InvalidValueError, match="limit"):
                call(root, where=where, limit=limit)


def test_a_filter_and_an_order(root: Path) -> None:
    """A filter leaves the order as it is; what is the same to an order stays newest first."""
    for call in (list_rows, list_runs):
        assert ids(call(root, where="tags.model = 'ridge'")) == ["c", "d"]
        assert ids(call(root, where="params.alpha > 1 and status = 'Completed'", order_by="params.alpha")) == [
            "c",
            "d",
            "a",
        ]
        assert ids(call(root, order_by=["params.alpha DESC", "created"])) == ["a", "d", "c", "b"]
        assert ids(call(root, order_by="params.alpha", limit=2)) == ["b", "c"]
        assert ids(call(root, "e1", "status = 'Failed'")) == ["b"]


def test_a_filter_that_cannot_be_read_is_refused_before_anything_is_looked_at(tmp_path: Path) -> None:
    """Also on a root that does not exist."""
    for call in (list_rows, list_runs):
        with pytest.raises(InvalidValueError):
            call(tmp_path / "none", where="metrics.mse <")
        with pytest.raises(InvalidValueError):
            call(tmp_path / "none", order_by="metrics.")


def test_a_filter_by_metrics(tmp_path: Path) -> None:
    """By last values, of runs that go on, too."""
    for run_id, value in (("r1", 1.0), ("r2", 2.0)):
        with start_run("a", tmp_path, run_id=run_id, capture=False) as run:
            run.log("mse", 9)
            run.log("mse", value)
    assert ids(list_rows(tmp_path, where="metrics.mse < 1.5")) == ["r1"]
    assert ids(list_runs(tmp_path, order_by="metrics.mse DESC")) == ["r2", "r1"]


def test_a_listed_run_is_a_reader_like_any_other(root: Path) -> None:
    """It says what a reader says that was opened by its path, and so it does once the run changes."""
    run = list_runs(root, limit=1)[0]
    assert repr(run) == repr(open_run(run.path))
    assert run.parameters == {"alpha": 2}
    (run.path / "run.json").write_text('{"id": "new"}')
    assert run.id == "new"


# ------------------------------------------------------------------ summaries that have to be made


def summaries_of(run: RunReader) -> dict[str, Any]:
    return {name: summarised(series) for name, series in run.metrics().items()}


def test_a_summary_is_made_of_the_streams_where_it_is_missing(tmp_path: Path) -> None:
    """Or broken, or of other counts than the end."""
    with start_run("a", tmp_path, capture=False) as run:
        for step in range(20_000):
            run.log("x", step / 7, step=step)
        run.log("odd", math.inf)
    path = run.path / "summary.json"
    kept = only_row(tmp_path).metrics
    for damage in (b"{", b"", path.read_bytes().replace(b'"metrics":20001', b'"metrics":7'), None):
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
        made = only_row(tmp_path).metrics
        assert made.keys() == kept.keys()
        assert made["odd"] == kept["odd"]
        assert made["x"].mean == pytest.approx(kept["x"].mean)
        made["x"].mean = kept["x"].mean
        assert made["x"] == kept["x"]


def test_the_summary_of_a_killed_run_has_all_that_is_in_its_streams(tmp_path: Path) -> None:
    """Its file is up to ten seconds behind, or was never written."""
    program = HOLD.replace('logging.info("begun")', 'logging.info("b", extra={"metrics": {"x": 3}, "step": 7})')
    with living(program, str(tmp_path)) as process:
        (tmp_path / "test" / "r1" / "summary.json").write_text('{"metrics": {"x": {"count": 9, "last": 9}}}')
        assert only_row(tmp_path).metrics["x"].last == 3
        process.kill()
        process.wait(timeout=60)
    row = only_row(tmp_path)
    assert (row.metrics["x"].count, row.metrics["x"].last, row.metrics["x"].step) == (1, 3, 7)


def test_of_several_writers_the_one_that_wrote_last_has_the_last_value(tmp_path: Path) -> None:
    """One of them ended with its summary, the other is open and is read: their times must compare."""
    owner, further = Writer(spec_of(tmp_path)), Writer(spec_of(tmp_path), "rank1")
    for writer, value in ((owner, 1), (further, 2), (owner, 3)):
        writer.open()
        writer.write(Line(time=now_text(), step=value, metrics={"x": value}))
    further.end("Completed")  # later than the last record of the owner
    found = run_summary(owner.spec.path)
    assert found == summaries_of(open_run(owner.spec.path))
    assert (found["x"].count, found["x"].last, found["x"].step) == (3, 3, 3)
    owner.end("Completed")


_METRICS = st.dictionaries(
    st.sampled_from("xyz"), st.integers(-(2**53), 2**53) | st.floats() | st.sampled_from([2**64, 10**40]), min_size=1
)
_LINES = st.lists(st.tuples(_METRICS, st.none() | st.integers(0, 9), st.booleans()), max_size=30)


def line_of(at: int, metrics: dict[str, float | int], step: int | None, is_recorded: bool) -> Line:
    """Return a line as the writers of this package write it."""
    odd = {name: "NaN" if value != value else f"{value}".replace("inf", "Infinity") for name, value in metrics.items()}
    return Line(
        seq=at + 1,
        time=f"2026-11-23T23:05:{at:02d}.000000Z",
        step=step,
        recorded=is_recorded or None,
        metrics={name: value if math.isfinite(value) and value < 2**60 else None for name, value in metrics.items()},
        nonfinite={name: odd[name] for name, value in metrics.items() if not math.isfinite(value)},
        exact={name: f"{int(value)}" for name, value in metrics.items() if math.isfinite(value) and value >= 2**60},
    )


@settings(max_examples=30, deadline=None)
@given(lines=_LINES, chance=st.randoms(use_true_random=False))
def test_a_summary_of_streams_is_that_of_the_series(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[Any, ...]], chance: random.Random
) -> None:
    """Whatever numbers there are, in whatever order the lines of a writer stand, kept back ones among them."""
    path = manifest_only(tmp_path_factory.mktemp("made"), status="Completed")
    texts = [encode_line(line_of(at, *line)) for at, line in enumerate(lines)]
    chance.shuffle(texts)
    (path / "metrics.jsonl").write_bytes(b"".join(texts))
    made, expected = run_summary(path), summaries_of(open_run(path))
    assert made.keys() == expected.keys()
    for name, metric in made.items():
        assert metric.mean == pytest.approx(expected[name].mean)
        metric.mean = expected[name].mean
        assert metric == expected[name]


def test_a_line_whose_number_is_none_is_passed_over(tmp_path: Path) -> None:
    """No writer of ours wrote it; the others count."""
    path = manifest_only(tmp_path, status="Completed")
    (path / "metrics.jsonl").write_bytes(
        b'{"seq":1,"time":"2026-11-23T23:05:02.000000Z","metrics":{"x":null},"exact":{"x":"many"}}\n'
        b'{"seq":2,"time":"2026-11-23T23:05:02.000000Z","metrics":{"x":null},"nonfinite":{"x":"none"}}\n'
        b'{"seq":3,"time":"2026-11-23T23:05:02.000000Z","metrics":{"x":4}}\n'
    )
    assert only_row(tmp_path).metrics["x"].count == 1


# ------------------------------------------------------------------ runs of handlers


def test_rows_of_a_run_that_is_written_now(tmp_path: Path, logger: logging.Logger) -> None:
    """They change with it."""
    handler = RunHandler(tmp_path, "exp", tags={"k": "v"})
    logger.addHandler(handler)
    logger.info("x", extra={"metrics": {"loss": 1}})
    row = only_row(tmp_path)
    assert (row.status, row.number, row.tags, row.metrics["loss"].count) == ("Running", None, {"k": "v"}, 1)
    logger.info("x", extra={"metrics": {"loss": 1}})
    assert only_row(tmp_path).metrics["loss"].count == 2
    handler.close()
    assert only_row(tmp_path).status == "Completed"
    assert parse_time(only_row(tmp_path).created or "") <= datetime.now(UTC)
