"""Reading runs: what was logged comes back, in order, with its types, whatever state the folder is in."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import (
    FormatVersionError,
    InvalidValueError,
    MetricNotFoundError,
    RootError,
    RunHandler,
    RunLoggingError,
    RunNotFoundError,
    open_run,
)
from runlogging.reading import follow_logs

from ..conftest import SOURCE, RunScript, only_run
from .tools import manifest_only


def write_lines(path: Path, *lines: dict[str, Any] | bytes) -> None:
    """Write a stream by hand: dicts as lines, bytes as they are."""
    data = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
    path.write_bytes(b"".join(data))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Give a run folder without streams, ended as Completed, made by hand."""
    run = tmp_path / "runs" / "by hand" / "r1"
    run.mkdir(parents=True)
    manifest = {"format": 1, "id": "r1", "experiment": "by hand", "status": "Completed", "owner": "main"}
    (run / "run.json").write_text(json.dumps(manifest))
    return run


def line(seq: int, time: str = "2026-11-23T23:05:02.000000Z", **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "time": time, **fields}


def test_series_gives_points_and_columns(logger: logging.Logger, handler: RunHandler) -> None:
    """A metric is a sequence of points with number, step, time and value, and has columns of each."""
    before = datetime.now(UTC)
    for step in (0, 5, 2):
        logger.info("x", extra={"metrics": {"loss": step / 2, "n": step}, "step": step})
    logger.info("no step", extra={"metrics": {"loss": 7}})
    series = open_run(handler.run_path).series("loss")
    assert (series.steps, series.values, series.seqs) == ([0, 5, 2, None], [0.0, 2.5, 1.0, 7], [1, 2, 3, 4])
    assert [(point.seq, point.step, point.value) for point in series[1:3]] == [(2, 5, 2.5), (3, 2, 1.0)]
    assert before <= series[0].time == series.times[0] <= datetime.now(UTC)
    assert len(series) == 4
    assert series[-1].value == 7


def test_metrics_are_in_the_order_of_their_first_appearance(logger: logging.Logger, handler: RunHandler) -> None:
    """All metrics come as a dict of series; numbers beside other values are among them."""
    logger.info("x", extra={"metrics": {"b": 1, "a": 2}})
    logger.info("x", extra={"metrics": {"c": 3, "text": "t"}})
    metrics = open_run(handler.run_path).metrics()
    assert {name: series.values for name, series in metrics.items()} == {"b": [1], "a": [2], "c": [3]}
    assert list(metrics) == ["b", "a", "c"]


def test_an_unknown_metric_is_a_key_error_that_helps(logger: logging.Logger, handler: RunHandler) -> None:
    """The error is ours and a KeyError, and names what comes near."""
    logger.info("x", extra={"metrics": {"train/loss": 1}})
    with pytest.raises(KeyError, match="train/loss") as caught:
        open_run(handler.run_path).series("train/los")
    assert isinstance(caught.value, MetricNotFoundError)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(width=64, allow_nan=True, allow_infinity=True),
            st.integers(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(width=32, allow_nan=False).map(np.float32),
        ),
        max_size=12,
    )
)
def test_every_number_comes_back_exactly(numbers: list[Any]) -> None:
    """Floats to the last bit, NaN and infinities, ints of any length, float32 as its exact double."""
    import tempfile

    logger = logging.Logger("exact")
    with tempfile.TemporaryDirectory() as folder:
        handler = RunHandler(folder, "exact")
        logger.addHandler(handler)
        for number in numbers:
            logger.info("x", extra={"metrics": {"n": number}})
        handler.close()
        back = open_run(handler.run_path).series("n").values if numbers else []
    assert len(back) == len(numbers)
    for number, kept in zip(numbers, back, strict=True):
        expected = number if isinstance(number, int) else float(number)
        assert kept == expected or (math.isnan(kept) and math.isnan(expected))
        assert type(kept) is type(expected)


def test_values_come_back_with_their_types(logger: logging.Logger, handler: RunHandler) -> None:
    """Text, lists, tables, matrices and nested NaN are read as they were, with step and time."""
    given_values = {
        "text": "a",
        "flag": True,
        "nothing": None,
        "list": [1, float("inf")],
        "table": {"a": [1, 2], "b": ["x", None]},
        "matrix": np.eye(2),
        "deep": {"x": {"y": [2**70]}},
    }
    logger.info("x", extra={"metrics": given_values, "step": 4})
    values = {value.name: value for value in open_run(handler.run_path).values()}
    assert {name: value.type for name, value in values.items()} == {
        "text": "text",
        "flag": "bool",
        "nothing": "none",
        "list": "list",
        "table": "table",
        "matrix": "matrix",
        "deep": "json",
    }
    assert values["list"].value == [1, float("inf")]
    assert values["list"].value == [1, float("inf")]
    assert values["matrix"].value == [[1, 0], [0, 1]]
    assert values["deep"].value == {"x": {"y": [2**70]}}
    assert {value.step for value in values.values()} == {4}
    assert [value.value for value in open_run(handler.run_path).values("text")] == ["a"]


def test_a_large_value_is_read_from_its_artifact(logger: logging.Logger, handler: RunHandler) -> None:
    """A value that was too large for its line is read as if it stood there; a missing file is told."""
    large = [float(number) for number in range(200_000)]
    large[7] = float("nan")
    logger.info("x", extra={"metrics": {"large": large}})
    (value,) = open_run(handler.run_path).values()
    assert value.artifact
    assert math.isnan(value.value[7])
    assert value.value[8:] == large[8:]
    (handler.run_path / "artifacts" / value.artifact).unlink()
    with pytest.raises(FileNotFoundError, match="values/large"):
        _ = value.value


def test_logs_merge_the_streams_and_keep_every_field(logger: logging.Logger, handler: RunHandler) -> None:
    """Diagnostics and metric records come in the order of the calls, with exception and attributes."""
    logger.debug("one")
    logger.info("two %s", "x", extra={"metrics": {"loss": 0.5}, "step": 1})
    logger.warning("three", extra={"user": "u"})
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("four")
    logger.log(25, "five")
    entries = open_run(handler.run_path).logs()
    assert [entry.message for entry in entries] == ["one", "two x", "three", "four", "five"]
    assert [entry.level_number for entry in entries] == [10, 20, 30, 40, 25]
    assert (entries[1].metrics, entries[1].template, entries[1].step) == ({"loss": 0.5}, "two %s", 1)
    assert entries[2].attributes == {"user": "u"}
    assert entries[3].exception is not None
    assert entries[3].exception["type"] == "ZeroDivisionError"
    assert (entries[0].file, entries[0].function) == (__file__, "test_logs_merge_the_streams_and_keep_every_field")


@pytest.mark.parametrize(("level", "kept"), [(None, 3), ("INFO", 2), ("info", 2), (30, 1), ("30", 1), ("CRITICAL", 0)])
def test_logs_from_a_level_on(logger: logging.Logger, handler: RunHandler, level: Any, kept: int) -> None:
    """A level is given by name, in any case, or by number; below it nothing is returned."""
    for number in (10, 20, 30):
        logger.log(number, "x")
    assert len(open_run(handler.run_path).logs(level)) == kept


def test_an_unknown_level_is_refused(handler: RunHandler, logger: logging.Logger) -> None:
    """The error lists the levels."""
    logger.info("x")
    with pytest.raises(InvalidValueError, match="WARNING"):
        open_run(handler.run_path).logs("LOUD")


def test_a_running_run_is_read_as_it_is_now(logger: logging.Logger, handler: RunHandler) -> None:
    """One reader sees each new record, then the end; status and times follow."""
    logger.info("x", extra={"metrics": {"loss": 1}})
    run = open_run(handler.run_path)
    assert (run.status, run.ended, len(run.series("loss")), run.problems) == ("Running", None, 1, [])
    logger.info("x", extra={"metrics": {"loss": 2}})
    assert run.series("loss").values == [1, 2]
    logger.removeHandler(handler)
    handler.close()
    assert run.status == "Completed"
    assert run.started is not None
    assert run.ended is not None
    assert run.last_record is not None
    assert run.started <= run.last_record <= run.ended
    assert run.counts == {"logs": 0, "metrics": 2, "values": 0, "artifacts": 0}


def test_facts_of_the_manifest(tmp_path: Path) -> None:
    """Id, experiment, name, tags, durability and writers are those of the handler."""
    handler = RunHandler(tmp_path, "an exp", run_name="for people", tags={"a": "b", "c": None}, delay=False)
    run = open_run(handler.run_path)
    assert (run.id, run.experiment, run.name, run.tags) == (
        handler.run_id,
        "an exp",
        "for people",
        {"a": "b", "c": None},
    )
    (writer,) = run.writers
    assert (writer.name, writer.pid, writer.ended) == ("main", os.getpid(), None)
    handler.close()
    assert run.writers[0].status == "Completed"
    assert (run.error, run.dropped, run.parent, run.properties, run.parameters) == (None, None, None, {}, {})


def test_a_killed_writer_reads_as_not_responding(run_script: RunScript, tmp_path: Path) -> None:
    """After SIGKILL the status says so, the time of the last record is known, and nothing is a problem."""
    run_script(
        """
        import logging, os, signal
        from runlogging import RunHandler
        logging.basicConfig(level="INFO", handlers=[RunHandler()])
        for i in range(100):
            logging.info("x", extra={"metrics": {"i": i}, "step": i})
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        check=False,
    )
    run = open_run(only_run(tmp_path / "runs"))
    assert run.status == "NotResponding"
    assert run.series("i").values == list(range(100))
    assert run.last_record == run.series("i")[-1].time
    assert run.problems == []
    assert run.ended is None


def test_a_failed_run_has_its_error(run_script: RunScript, tmp_path: Path) -> None:
    """Type, message and traceback of the uncaught exception are there."""
    run_script(
        """
        import logging
        from runlogging import RunHandler
        logging.basicConfig(handlers=[RunHandler(delay=False)])
        raise ValueError("no data")
        """,
        check=False,
    )
    run = open_run(only_run(tmp_path / "runs"))
    assert run.status == "Failed"
    assert run.error is not None
    assert (run.error.type, run.error.message) == ("ValueError", "no data")
    assert run.error.stacktrace.startswith("Traceback")


def test_an_end_that_missed_the_manifest_counts(logger: logging.Logger, handler: RunHandler) -> None:
    """Where the manifest could not be written at the end, the owner's end mark tells the status."""
    logger.info("x")
    before = (handler.run_path / "run.json").read_bytes()
    logger.removeHandler(handler)
    handler.close()
    (handler.run_path / "run.json").write_bytes(before)
    run = open_run(handler.run_path)
    assert run.status == "Completed"
    assert run.ended is not None


def test_a_copied_and_a_moved_run_read_alike(logger: logging.Logger, handler: RunHandler, tmp_path: Path) -> None:
    """A run folder has no absolute paths: a copy elsewhere gives the same records."""
    logger.info("x", extra={"metrics": {"loss": 1.5, "t": "text"}})
    logger.removeHandler(handler)
    handler.close()
    copy = Path(shutil.copytree(handler.run_path, tmp_path / "elsewhere" / "copy"))
    shutil.rmtree(copy / ".writers")
    run = open_run(copy)
    assert (run.status, run.series("loss").values, run.problems) == ("Completed", [1.5], [])
    assert [value.value for value in run.values()] == ["text"]


def test_bad_lines_cost_only_themselves(made: Path) -> None:
    """Broken JSON, bare NaN, bytes that are no UTF-8, an array, a wrong type: each is reported with its place."""
    good = [line(number, metrics={"x": number}) for number in (1, 2, 3)]
    first = len(json.dumps(good[0])) + 1
    bad = [b'{"seq":9,"ti\n', b'{"seq":4,"time":"2026-11-23T23:05:02.000000Z","metrics":{"x":NaN}}\n', b"\xff\xfe\n"]
    bad += [b"[1]\n", b'{"seq":"a"}\n', b'{"seq":5,"time":"yesterday"}\n', b"[" * 100_000 + b"\n"]
    write_lines(made / "metrics.jsonl", good[0], *bad, b"\n", good[1], good[2])
    run = open_run(made)
    assert run.series("x").values == [1, 2, 3]
    offsets = [first + sum(map(len, bad[:number])) for number in range(len(bad))]
    assert [(problem.file, problem.offset, problem.kind) for problem in run.problems] == [
        ("metrics.jsonl", offset, "bad") for offset in offsets
    ]


def test_a_torn_end_is_reported_once_the_writer_is_dead(made: Path) -> None:
    """What stands behind the last newline is no record; of a dead writer it is a problem with its place."""
    write_lines(made / "logs.jsonl", line(1, message="whole"), b'{"seq":2,"ti')
    (problem,) = open_run(made).problems
    assert (problem.kind, problem.offset) == ("torn", len(json.dumps(line(1, message="whole"))) + 1)
    assert [entry.message for entry in open_run(made).logs()] == ["whole"]


def test_half_a_line_of_a_living_writer_is_no_problem(logger: logging.Logger, handler: RunHandler) -> None:
    """What is on its way is neither shown nor reported."""
    logger.info("x")
    with (handler.run_path / "logs.jsonl").open("ab") as file:
        file.write(b'{"seq":2,')
    run = open_run(handler.run_path)
    assert (len(run.logs()), run.problems) == (1, [])


def test_records_come_in_the_order_of_their_numbers(made: Path) -> None:
    """Lines out of order in a file, and streams written by turns, are sorted by their numbers."""
    write_lines(made / "logs.jsonl", line(3, message="c"), line(1, message="a"))
    write_lines(made / "metrics.jsonl", line(2, message="b", metrics={"x": 1}))
    assert [entry.message for entry in open_run(made).logs()] == ["a", "b", "c"]


def test_writers_are_merged_by_time_and_keep_their_own_order(made: Path) -> None:
    """Between writers time decides; a clock that went back does not turn a writer's own order around."""
    write_lines(
        made / "logs.jsonl",
        line(1, "2026-11-23T23:05:02.000000Z", message="a1"),
        line(2, "2026-11-23T23:05:04.000000Z", message="a2"),
        line(3, "2026-11-23T23:05:01.000000Z", message="a3"),
    )
    write_lines(
        made / "logs.rank1.jsonl",
        line(1, "2026-11-23T23:05:03.000000Z", message="b1"),
        line(2, "2026-11-23T23:05:05.000000Z", message="b2"),
    )
    run = open_run(made)
    assert [entry.message for entry in run.logs()] == ["a1", "b1", "a2", "a3", "b2"]
    assert [entry.writer for entry in run.logs()] == ["main", "rank1", "main", "main", "rank1"]


@pytest.mark.parametrize(
    ("numbers", "dropped", "lost"),
    [((1, 2, 3), 0, 0), ((1, 100), 0, 34), ((1, 100), 98, 0), ((1, 100), 50, 34), ((1, 60), 0, 0)],
)
def test_gaps_that_nothing_explains_are_losses(made: Path, numbers: tuple[int, ...], dropped: int, lost: int) -> None:
    """Dropped records explain a gap, and so do the last calls of a process that died; the rest is reported."""
    write_lines(made / "logs.jsonl", *(line(number, message="x") for number in numbers))
    manifest = json.loads((made / "run.json").read_text())
    if dropped:
        time = "2026-11-23T23:05:02.000000Z"
        manifest["dropped"] = {"records": dropped, "first": time, "last": time, "reason": "ENOSPC"}
    (made / "run.json").write_text(json.dumps(manifest))
    problems = open_run(made).problems
    assert bool(problems) is bool(lost and lost > dropped)
    assert all(problem.kind == "gap" for problem in problems)


def test_a_gap_of_an_ended_writer_is_a_loss_at_once(made: Path) -> None:
    """A writer that wrote its end had no call under way: every missing number is a loss."""
    (made / ".writers").mkdir()
    (made / ".writers" / "main.lock").write_text(
        '{"writer":"main","pid":1,"started":"2026-11-23T23:05:02.000000Z"}\n'
        '{"ended":"2026-11-23T23:06:02.000000Z","status":"Completed","counts":{"logs":2}}\n'
    )
    write_lines(made / "logs.jsonl", line(1, message="x"), line(3, message="x"))
    (problem,) = open_run(made).problems
    assert (problem.kind, "2" in problem.text) == ("gap", True)


def test_summary_of_a_run_with_several_writers(made: Path) -> None:
    """Without summary files it is made from the streams: last in time, extremes and mean over all writers."""
    write_lines(made / "metrics.jsonl", line(1, step=1, metrics={"x": 1}), line(2, step=2, metrics={"x": None}))
    write_lines(made / "metrics.b.jsonl", line(1, "2026-11-23T23:05:09.000000Z", step=9, metrics={"x": 5, "y": 2.5}))
    summary = open_run(made).summary()
    x = summary["x"]
    assert (x.count, x.last, x.min, x.max, x.mean, x.step) == (2, 5, 1, 5, 3.0, 9)
    assert summary["y"].mean == 2.5


def test_summary_follows_the_streams_not_an_old_file(logger: logging.Logger, handler: RunHandler) -> None:
    """A summary file is taken only where the writer ended with it; a run that went on is read anew."""
    logger.info("x", extra={"metrics": {"loss": 1.0}})
    handler.close()
    assert open_run(handler.run_path).summary()["loss"].last == 1.0
    logger.info("x", extra={"metrics": {"loss": 3.0}})
    assert open_run(handler.run_path).summary()["loss"].last == 3.0


def test_unreadable_folders_say_what_to_do(tmp_path: Path, made: Path) -> None:
    """No folder, no manifest, a broken one and a newer format: errors of ours that are also builtins."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(RunNotFoundError, match="no run folder"):
            open_run(path)
    (made / "run.json").write_text("{")
    with pytest.raises(InvalidValueError, match=r"run\.json"):
        open_run(made)
    (made / "run.json").write_text('{"format": 3}')
    with pytest.raises(FormatVersionError, match="newer runlogging"):
        open_run(made)
    assert issubclass(FormatVersionError, ValueError)
    assert issubclass(RunNotFoundError, FileNotFoundError)


def test_a_run_that_goes_away_is_told(made: Path) -> None:
    """A reader whose folder was deleted raises an error of ours."""
    run = open_run(made)
    shutil.rmtree(made)
    with pytest.raises(RunLoggingError):
        run.logs()
    with pytest.raises(RunLoggingError):
        _ = run.status


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs root to become somebody else")
def test_without_permission_the_status_is_unknown(logger: logging.Logger, handler: RunHandler, tmp_path: Path) -> None:
    """Who may read the run but not its lock file cannot tell; who may not read the run gets a clear error."""
    logger.info("x", extra={"metrics": {"loss": 1.0}})
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    (handler.run_path / ".writers" / "main.lock").chmod(0o600)
    assert _read_as_nobody(handler.run_path) == "Unknown [1.0]"
    (handler.run_path / "run.json").chmod(0o600)
    assert _read_as_nobody(handler.run_path).startswith("RootError")
    assert issubclass(RootError, OSError)


def _read_as_nobody(run: Path) -> str:
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); from runlogging import RunLoggingError, open_run\n"
        "import runlogging.reading\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n    run = open_run(sys.argv[1]); print(run.status, run.series('loss').values)\n"
        "except RunLoggingError as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", program, str(run), str(SOURCE)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_follower_gives_each_entry_once(logger: logging.Logger, handler: RunHandler) -> None:
    """The first look gives all, later ones what is new, also of writers that joined; lines on their way wait."""
    logger.info("one")
    follower = follow_logs(open_run(handler.run_path), "INFO")
    assert [entry.message for entry in follower.poll()] == ["one"]
    logger.debug("not shown")
    logger.info("two", extra={"metrics": {"x": 1}})
    write_lines(handler.run_path / "logs.rank1.jsonl", line(1, message="joined", level="INFO"), b'{"seq":2,')
    assert {entry.message for entry in follower.poll()} == {"two", "joined"}
    with (handler.run_path / "logs.rank1.jsonl").open("ab") as file:
        file.write(b'"time":"2026-11-23T23:05:02.000000Z","message":"late","level":"INFO"}\nbroken\n')
    assert [entry.message for entry in follower.poll()] == ["late"]
    assert follower.poll() == []
    assert [problem.kind for problem in follower.problems] == ["bad"]


def test_times_are_aware_and_in_utc(made: Path) -> None:
    """A time read is an aware datetime; differences to the clock are right whatever the time zone."""
    write_lines(made / "logs.jsonl", line(1, "2026-11-23T23:05:02.100001Z", message="x"))
    (entry,) = open_run(made).logs()
    assert entry.time == datetime(2026, 11, 23, 23, 5, 2, 100001, tzinfo=UTC)
    assert entry.time.utcoffset() == timedelta(0)


BESIDE = {
    "empty": b"\n",
    "blank": b"   \n",
    "object over two lines": b'{"time":\n"2026-11-23T23:05:02.000000Z"}\n',
    "object that goes on behind a brace": b'{"metrics":{}\n,"seq":7}\n',
}


@pytest.mark.parametrize("beside", BESIDE)
def test_a_line_of_two_objects_does_not_make_up_for_another(tmp_path: Path, beside: str) -> None:
    """One object too many in a line and one too few beside it are two bad lines, or one and an empty one."""
    good = b'{"seq":%d,"time":"2026-11-23T23:05:02.000000Z","metrics":{"loss":%d}}\n'
    run = manifest_only(tmp_path)
    (run / "metrics.jsonl").write_bytes(
        good % (1, 1) + good[:-1] % (2, 2) + good % (3, 3) + BESIDE[beside] + good % (4, 4)
    )
    assert open_run(run).series("loss").values == [1, 4]
    assert "bad" in {problem.kind for problem in open_run(run).problems}
