"""Queues: what a record was at the call reaches the run, and the other handlers behind the queue."""

from __future__ import annotations

import io
import logging
import logging.handlers
import multiprocessing
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runlogging import RunHandler, RunQueueHandler, SnapshotFilter

from .conftest import all_lines, read_lines


@contextmanager
def listening(records: Any, *handlers: logging.Handler) -> Iterator[None]:
    """Have a listener hand on what a queue holds; all of it is handed on when the block ends."""
    listener = logging.handlers.QueueListener(records, *handlers)
    listener.start()
    try:
        yield
    finally:
        listener.stop()


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[RunHandler]:
    """Give a handler that is on no logger, for the far end of a queue."""
    made = RunHandler(tmp_path / "runs", "queued")
    yield made
    made.close()


def queue_handlers() -> list[Any]:
    """Return the two ways of making a queue keep records whole."""

    def with_filter(records: Any) -> logging.Handler:
        handler = logging.handlers.QueueHandler(records)
        handler.addFilter(SnapshotFilter())
        return handler

    return [pytest.param(RunQueueHandler, id="handler"), pytest.param(with_filter, id="filter")]


@pytest.mark.parametrize("make", queue_handlers())
def test_metrics_are_those_of_the_call(make: Any, logger: logging.Logger, behind: RunHandler) -> None:
    """What the caller changes after the call changes nothing in the run: scalars, lists, arrays, nested extras."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger.addHandler(make(records))
    metrics: dict[str, Any] = {"loss": 0.5, "list": [1, 2], "matrix": np.zeros((2, 2)), "nan": float("nan")}
    context = {"user": {"id": 1}}
    logger.info("epoch %d", 3, extra={"metrics": metrics, "step": 3, "context": context})
    metrics["loss"], metrics["new"] = 9.0, 1
    metrics["list"].append(3)
    metrics["matrix"][0, 0] = 7
    context["user"]["id"] = 2
    with listening(records, behind):
        pass
    (line,) = read_lines(behind.run_path, "values")
    assert line["metrics"] == {"loss": 0.5, "nan": None}
    assert line["nonfinite"] == {"nan": "NaN"}
    assert [(item["name"], item["type"], item["value"]) for item in line["values"]] == [
        ("list", "list", [1, 2]),
        ("matrix", "matrix", [[0.0, 0.0], [0.0, 0.0]]),
    ]
    assert line["attributes"] == {"context": {"user": {"id": 1}}}
    assert (line["step"], line["message"], line["template"]) == (3, "epoch 3", "epoch %d")


@pytest.mark.parametrize("make", queue_handlers())
def test_exceptions_keep_their_fields(make: Any, logger: logging.Logger, behind: RunHandler) -> None:
    """Type, message and stack trace of an exception come through a queue."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger.addHandler(make(records))
    try:
        raise FileNotFoundError(2, "no such file", "x.csv")
    except OSError:
        logger.exception("could not read %s", "x.csv", stack_info=True)
    with listening(records, behind):
        pass
    (line,) = read_lines(behind.run_path, "logs")
    assert line["exception"]["type"] == "FileNotFoundError"
    assert line["exception"]["message"] == "[Errno 2] no such file: 'x.csv'"
    assert line["exception"]["stacktrace"].startswith("Traceback (most recent call last):")
    assert line["template"] == "could not read %s"


def test_message_stays_clean_and_others_print_the_traceback_once(logger: logging.Logger, behind: RunHandler) -> None:
    """With RunQueueHandler the message has no traceback in it, and a console behind the queue prints one."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger.addHandler(RunQueueHandler(records))
    stream = io.StringIO()
    console = logging.StreamHandler(stream)
    console.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("failed", stack_info=True)
    with listening(records, console, behind):
        pass
    (line,) = read_lines(behind.run_path, "logs")
    assert line["message"] == "failed"
    assert line["stack"].startswith("Stack (most recent call last):")
    assert stream.getvalue().startswith("ERROR failed\nTraceback")
    assert stream.getvalue().count("ZeroDivisionError: division by zero") == 1


def test_the_caller_keeps_the_record(logger: logging.Logger) -> None:
    """RunQueueHandler works on a copy: handlers beside it see arguments and exception."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    seen: list[logging.LogRecord] = []
    beside = logging.Handler()
    beside.emit = seen.append  # type: ignore[method-assign, assignment]
    logger.addHandler(RunQueueHandler(records))
    logger.addHandler(beside)
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("x %s", "y", extra={"metrics": {"a": [1]}})
    (record,) = seen
    assert record.args == ("y",)
    assert record.exc_info
    assert record.__dict__["metrics"] == {"a": [1]}
    assert "runlogging_exception" not in record.__dict__


def test_a_bare_queue_handler_loses_what_the_documents_say(logger: logging.Logger, behind: RunHandler) -> None:
    """Behind the standard QueueHandler the exception is a part of the message, and the template is the message."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger.addHandler(logging.handlers.QueueHandler(records))
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("failed %d times", 3)
    logger.info("m", extra={"metrics": {"loss": 0.5}, "step": 1})
    with listening(records, behind):
        pass
    failed, metric = all_lines(behind.run_path)
    assert "exception" not in failed
    assert failed["message"].startswith("failed 3 times\nTraceback")
    assert failed["template"] == failed["message"]
    assert metric["metrics"] == {"loss": 0.5}


def test_a_full_queue_is_counted_and_said_once(
    logger: logging.Logger, behind: RunHandler, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a bounded queue does not take is in the manifest, and one sentence is on stderr."""
    records: queue.Queue[Any] = queue.Queue(maxsize=2)
    handler = RunQueueHandler(records)
    logger.addHandler(handler)
    for number in range(7):
        logger.info("record %d", number)
    assert handler.dropped == 5
    with listening(records, behind):
        pass
    logger.info("after")
    with listening(records, behind):
        pass
    behind.close()
    *_, last = all_lines(behind.run_path)
    assert last["problems"] == ["5 records before this one did not fit into its queue"]
    assert (behind.run_path / "run.json").read_text().count('"records": 5') == 1
    assert capsys.readouterr().err.count("runlogging:") == 1


def test_messages_that_cannot_be_formatted_are_kept(logger: logging.Logger, behind: RunHandler) -> None:
    """Arguments that do not fit reach the run, which says so, as without a queue."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger.addHandler(RunQueueHandler(records))
    logger.info("%d items", "three")
    logger.info({"event": "dict message", "metrics": {"loss": 1.5}})
    with listening(records, behind):
        pass
    bad, metric = all_lines(behind.run_path)
    assert bad["message"] == "%d items"
    assert "'three'" in bad["problems"][0]
    assert (metric["metrics"], metric["message"]) == ({"loss": 1.5}, "dict message")


def _work(records: Any, number: int) -> None:
    logger = logging.getLogger("worker")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(RunQueueHandler(records))
    try:
        raise ValueError(f"in worker {number}")
    except ValueError:
        logger.exception("failed", extra={"metrics": {"list": [number], "n": number}, "tensor": np.ones(2)})


def test_records_of_other_processes_come_through(behind: RunHandler) -> None:
    """A multiprocessing queue carries metrics, values and exceptions; the line names the process."""
    context = multiprocessing.get_context("spawn")
    records = context.Queue()
    workers = [context.Process(target=_work, args=(records, number)) for number in range(2)]
    with listening(records, behind):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    lines = read_lines(behind.run_path, "values")
    assert sorted(line["metrics"]["n"] for line in lines) == [0, 1]
    assert {line["process"] for line in lines} == {worker.pid for worker in workers}
    assert sorted(line["exception"]["message"] for line in lines) == ["in worker 0", "in worker 1"]
    assert [line["attributes"] for line in lines] == [{"tensor": [1.0, 1.0]}] * 2
