"""What the user's filters and handlers see of the verbs, and that no configuration costs a metric."""

from __future__ import annotations

import inspect
import io
import logging
import logging.handlers
import math
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runlogging import MetricFilter, Run, RunHandler, start_run

from ..charts.examples import example
from ..conftest import RunScript, all_lines, only_run, read_lines

FORMAT = "%(asctime)s %(filename)s %(lineno)d %(message)s"
METRICS = logging.getLogger("runlogging.metrics")

CALLS: dict[str, Callable[[Run], None]] = {
    "log": lambda run: run.log("x", 1, step=2),
    "log_metrics": lambda run: run.log_metrics({"x": 1, "t": "text"}, step=2),
    "log_list": lambda run: run.log_list("x", iter([1])),
    "log_row": lambda run: run.log_row("x", a=1),
    "log_table": lambda run: run.log_table("x", {"a": [1]}),
    "log_text": lambda run: run.log_text("x", "text"),
    "log_histogram": lambda run: run.log_histogram("x", [1, 2]),
    "log_image": lambda run: run.log_image("x", plot=np.zeros((2, 2))),
    "log_residuals": lambda run: run.log_residuals("x", example("residuals")),
}


class Kept(logging.Handler):
    """Keep the records that arrive."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _logger_at_info() -> Iterator[None]:
    METRICS.setLevel(logging.INFO)
    yield
    for handler in METRICS.handlers[:]:
        METRICS.removeHandler(handler)
        handler.close()
    METRICS.filters.clear()
    METRICS.propagate, METRICS.disabled = False, False
    METRICS.setLevel(logging.NOTSET)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give an open run."""
    with start_run("shown", tmp_path / "runs", environment=False) as started:
        yield started


@pytest.fixture
def kept() -> Kept:
    """Give a handler on the metrics logger that keeps what it gets."""
    handler = Kept()
    METRICS.addHandler(handler)
    return handler


def test_without_handlers_no_record_is_made(run: Run) -> None:
    """A verb that nobody watches builds no LogRecord, whatever handlers the root logger has."""
    made: list[str] = []

    def factory(*given: Any, **named: Any) -> logging.LogRecord:
        made.append(given[0])
        return logging.LogRecord(*given, **named)

    root, before = Kept(), logging.getLogRecordFactory()
    logging.getLogger().addHandler(root)
    logging.setLogRecordFactory(factory)
    try:
        for call in CALLS.values():
            call(run)
        assert made == []
        METRICS.addHandler(Kept())
        run.log("x", 1)
        assert made == ["runlogging.metrics"]
    finally:
        logging.setLogRecordFactory(before)
        logging.getLogger().removeHandler(root)
    assert root.records == []


def test_a_formatter_shows_the_callers_place(run: Run) -> None:
    """A plain StreamHandler with the usual format names the file and line that called the verb."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    METRICS.addHandler(handler)
    run.log("loss", 0.123456789, step=3)
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
    _date, _time, *rest = stream.getvalue().split(" ")
    assert rest == ["test_shown.py", str(line), "loss=0.123457", "step=3\n"]


@pytest.mark.parametrize("verb", CALLS)
def test_every_verb_shows_a_full_record(run: Run, kept: Kept, verb: str) -> None:
    """Each verb's record has its caller's place, level INFO, its metrics, and is kept in the run as well."""
    CALLS[verb](run)
    (record,) = kept.records
    assert (record.filename, record.lineno) == ("test_shown.py", CALLS[verb].__code__.co_firstlineno)
    assert (record.funcName, record.levelno, record.name) == ("<lambda>", logging.INFO, "runlogging.metrics")
    assert set(record.__dict__["metrics"]) == ({"x", "t"} if verb == "log_metrics" else {"x"})
    assert record.__dict__.get("step") == (2 if verb in ("log", "log_metrics") else None)
    assert record.getMessage().startswith("x=")
    assert MetricFilter().filter(record)
    assert len(all_lines(run.path)) == 1


def test_the_record_has_the_description(run: Run, kept: Kept) -> None:
    """What the caller said of a value is on the record, too."""
    run.log("x", 1, "a number")
    run.log("x", "t", "a text")
    run.log_row("x", "a row", a=1)
    run.log_image("x", plot=np.zeros((2, 2)), description="a picture")
    run.log("x", 1)
    said = [record.__dict__.get("description") for record in kept.records]
    assert said == ["a number", "a text", "a row", "a picture", None]


@pytest.mark.parametrize(
    "value", [10**5000, math.nan, "%d %s", "x" * 10_000, None, 2**70], ids=lambda value: type(value).__name__
)
def test_no_value_breaks_its_message(run: Run, kept: Kept, value: Any) -> None:
    """Whatever is logged has a bounded message that can be formatted."""
    run.log("x", value)
    (record,) = kept.records
    assert len(record.getMessage()) < 300
    assert len(all_lines(run.path)) == 1


def test_propagation_reaches_the_root(run: Run, root_logger: logging.Logger) -> None:
    """With propagate=True the root's handlers see the metrics, and their levels hold."""
    all_of_it, warnings_only = Kept(), Kept(logging.WARNING)
    root_logger.addHandler(all_of_it)
    root_logger.addHandler(warnings_only)
    root_logger.setLevel(logging.INFO)
    run.log("x", 1)
    METRICS.propagate = True
    run.log("x", 2)
    run.log_row("t", a=1)
    assert [record.getMessage() for record in all_of_it.records] == ["x=2", "t={'a': 1}"]
    assert warnings_only.records == []
    assert len(all_lines(run.path)) == 3


@pytest.mark.parametrize("verb", CALLS)
def test_a_filter_holds_back_from_the_run_too(run: Run, kept: Kept, verb: str) -> None:
    """What a filter of the user's refuses reaches neither handlers nor the run, not even as a file."""
    METRICS.addFilter(lambda record: "x" not in record.__dict__["metrics"])
    CALLS[verb](run)
    assert kept.records == []
    assert all_lines(run.path) == []
    assert run.get_file_names() == []
    run.log("y", 1)
    assert len(kept.records) == len(all_lines(run.path)) == 1


@pytest.mark.parametrize("level", [logging.WARNING, logging.CRITICAL + 1])
@pytest.mark.parametrize("verb", CALLS)
def test_a_level_costs_no_metric(run: Run, kept: Kept, verb: str, level: int) -> None:
    """A level above INFO keeps the records from the handlers, and the metrics in the run."""
    METRICS.setLevel(level)
    CALLS[verb](run)
    assert kept.records == []
    assert len(all_lines(run.path)) == 1


def test_the_level_is_inherited_as_that_of_any_logger(run: Run, kept: Kept, root_logger: logging.Logger) -> None:
    """Without a level of its own the logger has its ancestors'; that costs handlers records and the run nothing."""
    METRICS.setLevel(logging.NOTSET)
    for level in (logging.WARNING, logging.INFO):
        root_logger.setLevel(level)
        run.log("x", level)
    assert [record.getMessage() for record in kept.records] == ["x=20"]
    assert len(all_lines(run.path)) == 2


@pytest.mark.parametrize("with_handler", [True, False])
def test_a_disabled_logger_costs_no_metric(run: Run, with_handler: bool) -> None:
    """Neither `disabled` nor `logging.disable` costs a metric."""
    handler = Kept()
    if with_handler:
        METRICS.addHandler(handler)
    METRICS.disabled = True
    run.log("x", 1)
    METRICS.disabled = False
    logging.disable(logging.CRITICAL)
    try:
        run.log_row("x", a=1)
    finally:
        logging.disable(logging.NOTSET)
    assert handler.records == []
    assert len(all_lines(run.path)) == 2


def test_a_configuration_costs_no_metric(run_script: RunScript, tmp_path: Path) -> None:
    """A dictConfig with its default for existing loggers, before and after, and basicConfig lose nothing."""
    run_script(
        """
        import logging, logging.config
        from runlogging import start_run
        QUIET = {"version": 1, "root": {"level": "CRITICAL"}, "loggers": {"runlogging": {"level": "CRITICAL"}}}
        logging.config.dictConfig({"version": 1})
        run = start_run("configured", "runs")
        run.log("x", 1)
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})
        assert logging.getLogger("runlogging.metrics").disabled
        run.log("x", 2)
        logging.basicConfig(level="ERROR", force=True)
        run.log_metrics({"x": 3})
        logging.config.dictConfig(QUIET)
        run.log("x", 4)
        logging.shutdown()
        run.log("x", 5)
        run.complete()
        """
    )
    lines = read_lines(only_run(tmp_path / "runs"), "metrics")
    assert [line["metrics"]["x"] for line in lines] == [1, 2, 3, 4, 5]


# ---------------------------------------------------------------------- handlers of runs


@pytest.mark.parametrize("verb", CALLS)
def test_a_handler_of_the_same_run_writes_nothing_twice(run: Run, tmp_path: Path, verb: str) -> None:
    """A RunHandler for the run that the verb wrote to leaves the record out."""
    METRICS.addHandler(RunHandler(tmp_path / "runs", "shown", run_id=run.id))
    CALLS[verb](run)
    METRICS.info("from the logger itself", extra={"metrics": {"own": 1}})
    first, second = all_lines(run.path)
    assert "message" not in first
    assert second["message"] == "from the logger itself"


def test_a_handler_behind_a_queue_writes_nothing_twice(run: Run, tmp_path: Path) -> None:
    """The record knows its run on the other side of a QueueHandler and QueueListener, too."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    same = RunHandler(tmp_path / "runs", "shown", run_id=run.id)
    other = RunHandler(tmp_path / "runs", "other")
    listener = logging.handlers.QueueListener(records, same, other)
    METRICS.addHandler(logging.handlers.QueueHandler(records))
    listener.start()
    run.log("x", 1, step=2)
    run.log_list("l", [1, 2])
    listener.stop()
    assert len(all_lines(run.path)) == 2
    assert [line.get("metrics") or line["values"][0]["value"] for line in all_lines(other.run_path)] == [
        {"x": 1},
        [1, 2],
    ]
    for handler in (same, other):
        handler.close()


def test_a_handler_of_another_run_writes(run: Run, tmp_path: Path) -> None:
    """Another run gets the metric with the place of the call, beside the run's own."""
    other = RunHandler(tmp_path / "runs", "other")
    METRICS.addHandler(other)
    run.log("x", 1, "said", step=2)
    (line,) = all_lines(other.run_path)
    assert (line["metrics"], line["step"], line["level"]) == ({"x": 1}, 2, "INFO")
    assert Path(line["file"]).name == "test_shown.py"
    assert line["attributes"] == {"description": "said"}
    assert len(all_lines(run.path)) == 1


def test_two_runs_do_not_take_each_others_metrics(run: Run, tmp_path: Path) -> None:
    """With handlers of both runs attached, each metric is once in each run."""
    with start_run("second", tmp_path / "runs", environment=False) as second:
        METRICS.addHandler(RunHandler(tmp_path / "runs", "shown", run_id=run.id))
        METRICS.addHandler(RunHandler(tmp_path / "runs", "second", run_id=second.id))
        run.log("first", 1)
        second.log("second", 2)
        for path in (run.path, second.path):
            assert sorted(name for line in all_lines(path) for name in line["metrics"]) == ["first", "second"]


def test_a_handler_that_closes_leaves_the_run_running(run: Run, tmp_path: Path) -> None:
    """The run that was started here ends with `complete`, not with a handler of it."""
    handler = RunHandler(tmp_path / "runs", "shown", run_id=run.id)
    METRICS.addHandler(handler)
    run.log("x", 1)
    METRICS.removeHandler(handler)
    handler.close()
    assert run.status == "Running"
    run.log("x", 2)
    assert run.series("x").values == [1, 2]
