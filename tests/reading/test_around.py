"""The log around a point of a metric, and the metrics at a log entry."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from runlogging import InvalidValueError, MetricNotFoundError, RunHandler, open_run
from runlogging.folder import Line, Writer
from runlogging.reading import RunReader

from .tools import spec_of, written


def second(number: int) -> str:
    return f"2026-11-23T23:{number // 60:02d}:{number % 60:02d}.000000Z"


def log(number: int, message: str, level: str = "INFO", **fields: object) -> Line:
    """Return a log line of some second."""
    line = Line(time=second(number), level=level, logger="app", message=message)
    for name, value in fields.items():
        setattr(line, name, value)
    return line


def point(number: int, step: int | None = None, **metrics: float) -> Line:
    """Return a line as a verb of a run writes it."""
    return Line(time=second(number), step=step, metrics=dict(metrics))


def odd(number: int, text: str) -> Line:
    """Return a line whose loss is not finite."""
    return Line(time=second(number), step=number, metrics={"loss": None}, nonfinite={"loss": text})


def texts(entries: list[object]) -> list[str]:
    return [str(getattr(entry, "message", "")) for entry in entries]


@pytest.fixture
def run(tmp_path: Path) -> RunReader:
    """Give a run of ten steps: a DEBUG line, a point and an INFO line each; at step 7 a warning more."""
    lines: list[Line] = []
    for step in range(10):
        lines += [log(step, f"before {step}", "DEBUG"), point(step, step, loss=abs(step - 6)), log(step, f"a {step}")]
        if step == 7:
            lines += [log(step, "it grows", "WARNING")]
    return open_run(written(tmp_path, *lines))


@contextmanager
def two_writers(root: Path) -> Iterator[tuple[Writer, Writer]]:
    """Give the writers "main" and "rank1" of one run."""
    first, other = Writer(spec_of(root)), Writer(spec_of(root), wanted="rank1")
    first.open()
    other.open()
    yield first, other
    other.end("Completed")
    first.end("Completed")


def test_the_log_stands_around_a_point(run: RunReader) -> None:
    """The nearest entries before and after it, oldest first, in the writer's one order."""
    found = run.around("loss", step=3, n=3)
    assert (found.name, found.point, found.point.step) == ("loss", run.series("loss")[3], 3)
    assert texts([*found.before]) == ["before 2", "a 2", "before 3"]
    assert texts([*found.after]) == ["a 3", "before 4", "a 4"]
    assert found.entry.metrics == {"loss": 3}
    assert (found.entry.seq, found.entry.message) == (found.point.seq, "")


def test_the_edges_of_the_log_give_what_there_is(run: RunReader) -> None:
    """Fewer than n entries are no error, and n may be 0."""
    assert texts([*run.around("loss", step=0).before]) == ["before 0"]
    assert texts([*run.around("loss", n=50).after]) == ["a 9"]
    found = run.around("loss", step=4, n=0)
    assert (found.before, found.after) == ([], [])


def test_level_leaves_out_what_is_below(run: RunReader) -> None:
    """The number n counts entries of the level."""
    found = run.around("loss", step=6, n=2, level="info")
    assert texts([*found.before]) == ["a 4", "a 5"]
    assert texts([*run.around("loss", step=2, n=2, level="WARNING").after]) == ["it grows"]


def test_calls_that_carry_metrics_take_no_place_unless_they_warn(logger: logging.Logger, handler: RunHandler) -> None:
    """Steps logged with their metrics do not crowd out the diagnostics; the call of the point is its entry."""
    logger.info("begun")
    for step in range(5):
        level = logging.WARNING if step == 3 else logging.INFO
        logger.log(level, "step %d", step, extra={"metrics": {"loss": step / 2, "name": "x"}, "step": step})
    logger.info("ended")
    handler.close()
    found = open_run(handler.run_path).around("loss", step=1)
    assert (texts([*found.before]), found.entry.message) == (["begun"], "step 1")
    assert texts([*found.after]) == ["step 3", "ended"]
    assert texts([*open_run(handler.run_path).around("loss", step=3).after]) == ["ended"]


def test_which_point_is_meant(tmp_path: Path) -> None:
    """The last, the first of the extremes among finite values, the first NaN; also among points of one step."""
    lines = [point(n, n, loss=value) for n, value in enumerate([3, 1, 1, 7, 7.0, 2])]
    lines += [odd(6, "Infinity"), odd(7, "NaN"), odd(8, "NaN"), point(9, 5, loss=4), point(10, 5, loss=3)]
    run = open_run(written(tmp_path, *lines))
    places = {which: run.around("loss", which=which).point.seq for which in ("last", "min", "max", "nonfinite")}
    assert places == {"last": 11, "min": 2, "max": 4, "nonfinite": 8}
    assert [run.around("loss", 5, which=which).point.value for which in ("last", "min", "max")] == [3, 2, 4]
    assert run.around("loss", cast(int, np.int64(6)), which="nonfinite").point.value == math.inf
    with pytest.raises(InvalidValueError, match="no finite value here"):
        run.around("loss", 7, which="max")
    with pytest.raises(InvalidValueError, match="all 3 values of 'loss' are finite"):
        run.around("loss", 5, which="nonfinite")


def test_integers_of_any_length_are_compared(tmp_path: Path) -> None:
    """An integer too long for a float is finite, and the greatest."""
    huge = Line(time=second(1), metrics={"n": None}, exact={"n": str(10**400)})
    run = open_run(written(tmp_path, point(0, n=5), huge, point(2, n=1e300)))
    assert run.around("n", which="max").point.value == 10**400
    assert run.around("n", which="min").point.value == 5


def test_writers_have_their_own_orders(tmp_path: Path) -> None:
    """A point's own writer is what stands around it; all writers come by time where they are asked for."""
    with two_writers(tmp_path) as (first, other):
        for step in range(4):
            first.write(log(10 * step, f"main {step}"))
            other.write(log(10 * step + 2, f"rank1 {step}"))
            first.write(point(10 * step + 5, step, loss=step))
            other.write(point(10 * step + 6, step, loss=-step))
    run = open_run(first.spec.path)
    assert run.around("loss", step=2).point.writer == "rank1"  # the last of that step
    found = run.around("loss", step=2, writer="main", n=2)
    assert (found.point.value, texts([*found.before]), texts([*found.after])) == (2, ["main 1", "main 2"], ["main 3"])
    found = run.around("loss", step=2, writer="main", n=2, writers="all")
    assert (texts([*found.before]), texts([*found.after])) == (["main 2", "rank1 2"], ["main 3", "rank1 3"])
    assert run.around("loss", which="min").point.value == -3


def test_recorded_entries_stand_around_a_point_at_their_times(tmp_path: Path) -> None:
    """What was kept back and written with a later error stands on the side of the point where it was logged."""
    lines = [log(1, "a"), point(3, 0, loss=1), log(5, "b"), log(2, "early", recorded=True)]
    lines += [log(4, "late", recorded=True), log(6, "error", "ERROR")]
    run = open_run(written(tmp_path, *lines))
    found = run.around("loss")
    assert (texts([*found.before]), texts([*found.after])) == (["a", "early"], ["late", "b", "error"])
    assert [entry.recorded for entry in found.after] == [True, False, False]


def test_what_the_run_has_not_is_said(run: RunReader, tmp_path: Path) -> None:
    """A metric, step or writer that is not there: the error names what comes near."""
    with pytest.raises(MetricNotFoundError, match="Did you mean loss"):
        run.around("losss")
    with pytest.raises(InvalidValueError, match=r"no point at step 12; the nearest: 7, 8, 9$"):
        run.around("loss", 12)
    with pytest.raises(InvalidValueError, match=r"the writer 'rank9' has no 'loss'; these have it: main$"):
        run.around("loss", writer="rank9")
    bare = open_run(written(tmp_path, point(0, loss=1), run_id="r2"))
    with pytest.raises(InvalidValueError, match="without steps; leave the step out"):
        bare.around("loss", 0)
    empty = open_run(written(tmp_path, run_id="r3"))
    with pytest.raises(MetricNotFoundError):
        empty.around("loss")


@pytest.mark.parametrize(
    "options",
    [{"which": "median"}, {"n": -1}, {"n": 1.5}, {"n": True}, {"step": "3"}, {"writers": "some"}, {"level": "loud"}],
)
def test_arguments_that_are_none_are_refused(run: RunReader, options: dict[str, object]) -> None:
    """Each is an InvalidValueError, before anything is shown."""
    with pytest.raises(InvalidValueError):
        run.around("loss", **options)  # type: ignore[arg-type]


def test_metrics_at_each_warning(run: RunReader) -> None:
    """An entry of the level comes with the last value of each metric before it."""
    (moment,) = run.when()
    assert (moment.entry.message, moment.metrics) == ("it grows", {"loss": run.series("loss")[7]})
    moments = run.when("DEBUG")
    assert len(moments) == 21
    assert moments[0].metrics == {}
    assert [moment.metrics["loss"].value for moment in moments[1:6]] == [6, 6, 5, 5, 4]


def test_an_entry_s_own_numbers_count(logger: logging.Logger, handler: RunHandler) -> None:
    """A warning that carries a metric is of that value."""
    logger.info("x", extra={"metrics": {"loss": 1.0, "other": 5}})
    logger.warning("spike", extra={"metrics": {"loss": 99.0}})
    handler.close()
    (moment,) = open_run(handler.run_path).when()
    assert {name: found.value for name, found in moment.metrics.items()} == {"loss": 99.0, "other": 5}


def test_metrics_of_a_moment_are_its_writer_s(tmp_path: Path) -> None:
    """Another writer's numbers say nothing of this one's warning, however near in time they are."""
    with two_writers(tmp_path) as (first, other):
        first.write(point(1, 0, loss=1))
        other.write(point(2, 0, loss=2, speed=7))
        first.write(log(3, "main", "WARNING"))
        first.write(point(4, 1, loss=3))
        other.write(log(5, "rank1", "ERROR"))
    moments = open_run(first.spec.path).when()
    values = [{name: found.value for name, found in moment.metrics.items()} for moment in moments]
    assert (texts([moment.entry for moment in moments]), values) == (
        ["main", "rank1"],
        [{"loss": 1}, {"loss": 2, "speed": 7}],
    )


def test_metrics_can_be_named(tmp_path: Path) -> None:
    """Only the named ones come, in the order of the names; one that the run has not is an error."""
    lines = [point(0, 0, a=1, b=2, c=3), log(1, "one", "ERROR"), point(2, 1, d=4), log(3, "two", "ERROR")]
    run = open_run(written(tmp_path, *lines))
    assert [list(moment.metrics) for moment in run.when(metrics=["d", "a"])] == [["a"], ["d", "a"]]
    assert [list(moment.metrics) for moment in run.when("ERROR", metrics="b")] == [["b"], ["b"]]
    with pytest.raises(MetricNotFoundError):
        run.when(metrics=["a", "e"])


def test_not_finite_values_come_as_they_were(tmp_path: Path) -> None:
    """NaN at a warning is NaN."""
    run = open_run(written(tmp_path, odd(1, "NaN"), log(2, "loss is NaN", "WARNING")))
    assert math.isnan(run.when()[0].metrics["loss"].value)


def test_a_hundred_thousand_records(tmp_path: Path) -> None:
    """Both are linear: a run of 100,000 records with 25,000 warnings takes seconds on a slow machine."""
    writer = Writer(spec_of(tmp_path, durability="lazy"))
    writer.open()
    for step in range(25_000):
        writer.write(log(step % 3600, "x", "WARNING"))
        writer.write(point(step % 3600, step, loss=step, **{f"m{step % 50}": 1.0}))
        writer.write(log(step % 3600, "y", "DEBUG", recorded=step % 100 == 0 or None))
        writer.write(log(step % 3600, "z"))
    writer.end("Completed")
    run = open_run(writer.spec.path)
    begun = time.perf_counter()
    found = run.around("loss", step=12_345)
    moments = run.when()
    took = time.perf_counter() - begun
    assert (len(found.before), len(found.after), found.point.value) == (20, 20, 12_345)
    assert len(moments) == 25_000
    assert moments[-1].metrics["loss"].value == 24_998
    assert len(moments[-1].metrics) == 51
    assert took < 30
