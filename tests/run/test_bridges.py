"""Records of loguru and structlog go to the run of the task that logs, once, and change nothing there."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from types import FrameType
from typing import Any

import loguru
import pytest
import structlog

from runlogging import InvalidValueError, Run, loguru_sink, start_run, structlog_processor

from ..conftest import RunScript, all_lines, read_lines

Start = Callable[..., Run]
Events = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_open_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the runs that other tests left open out of sight."""
    monkeypatch.setattr("runlogging.run._context._open", {})
    monkeypatch.setattr("runlogging.run._context._outermost", None)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a run; all of them are ended afterwards."""
    started: list[Run] = []

    def begin(run_id: str = "a", **options: Any) -> Run:
        started.append(start_run(root=tmp_path, run_id=run_id, environment=False, **options))
        return started[-1]

    yield begin
    for run in started:
        if run.status == "Running":
            run.complete()


@pytest.fixture
def log() -> Iterator[Any]:
    """Give loguru's logger with our sink as its only one."""
    loguru.logger.remove()
    number = loguru.logger.add(loguru_sink, level=0, catch=False)
    yield loguru.logger
    loguru.logger.remove(number)


@pytest.fixture
def events() -> Events:
    """Give a function that makes a structlog logger of processors around ours; it prints JSON to ``out``."""

    def make(*before: Any, out: Any = None, logger: Any = None, **options: Any) -> Any:
        options.setdefault("wrapper_class", structlog.make_filtering_bound_logger(0))
        target = logger if logger is not None else structlog.PrintLogger(out if out is not None else io.StringIO())
        processors = [*before, structlog_processor, structlog.processors.JSONRenderer(default=repr)]
        return structlog.wrap_logger(target, processors=processors, **options)

    return make


def only_line(run: Run) -> dict[str, Any]:
    """Return the one line of a run."""
    (line,) = all_lines(run.path)
    return line


def here() -> int:
    """Return the number of the line that asks."""
    frame: FrameType | None = sys._getframe(1)
    assert frame is not None
    return frame.f_lineno


# ---------------------------------------------------------------------- loguru


def test_loguru_record_is_kept_whole(start: Start, log: Any) -> None:
    """Message, level, name, place, thread and time are loguru's; values of ``extra`` are attributes."""
    run = start()
    seen: list[Any] = []
    second = log.add(seen.append, level=0, format="{message}")
    log.bind(user="ann", shape=[2, 3]).info("epoch {} of 100%s", 3)
    place = here() - 1
    log.remove(second)
    line = only_line(run)
    assert line["message"] == line["template"] == "epoch 3 of 100%s"
    assert (line["level"], line["logger"], line["function"]) == ("INFO", __name__, "test_loguru_record_is_kept_whole")
    assert (line["file"], line["line"]) == (__file__, place)
    assert line["thread"] == threading.current_thread().name
    assert line["attributes"] == {"user": "ann", "shape": [2, 3]}
    assert line["time"] == seen[0].record["time"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_loguru_metrics_are_metrics(start: Start, log: Any) -> None:
    """``metrics`` and ``step`` in ``extra`` make a metric record, which can be read back as a series."""
    run = start()
    for step in range(3):
        log.bind(metrics={"loss": 1 / (step + 1)}, step=step).info("epoch {}", step)
    series = run.series("loss")
    assert (list(series.steps), list(series.values)) == ([0, 1, 2], [1.0, 0.5, 1 / 3])
    assert [line["message"] for line in all_lines(run.path)] == ["epoch 0", "epoch 1", "epoch 2"]


def test_loguru_levels_keep_name_and_number(start: Start, log: Any) -> None:
    """Own levels, and those that `logging` does not have, arrive with their numbers."""
    if "NOTED" not in log._core.levels:
        log.level("NOTED", no=33)
    run = start()
    for name in ("TRACE", "DEBUG", "SUCCESS", "WARNING", "NOTED"):
        log.log(name, "text")
    log.log(7, "text")
    found = [(line["level"], line.get("level_number")) for line in all_lines(run.path)]
    assert found == [
        ("TRACE", 5),
        ("DEBUG", None),
        ("SUCCESS", 25),
        ("WARNING", None),
        ("NOTED", 33),
        ("Level 7", 7),
    ]


def test_loguru_exception_is_kept(start: Start, log: Any) -> None:
    """An exception arrives with type, message and stack trace."""
    run = start()
    try:
        raise KeyError("lost")
    except KeyError:
        log.exception("it failed")
    exception = only_line(run)["exception"]
    assert (exception["type"], exception["message"]) == ("KeyError", "'lost'")
    assert 'raise KeyError("lost")' in exception["stacktrace"]


def test_loguru_level_of_the_run_counts(start: Start, log: Any) -> None:
    """A record below the run's level is left out, as any captured one; so is all without capture of logging."""
    run = start(level="WARNING")
    log.info("below")
    log.warning("above")
    assert only_line(run)["message"] == "above"
    run.complete()
    silent = start("b", capture=False)
    log.error("not captured")
    assert all_lines(silent.path) == []


def test_loguru_goes_nowhere_without_a_run(start: Start, log: Any, tmp_path: Path) -> None:
    """Before and after a run nothing is written, and nothing raises."""
    log.info("before")
    run = start()
    log.info("while")
    run.complete()
    log.info("after")
    assert only_line(run)["message"] == "while"


def test_loguru_goes_to_the_run_of_the_task(start: Start, log: Any) -> None:
    """Tasks of asyncio in different runs log to their own runs; a thread without a run to the outermost."""
    runs = [start("outer"), start("one"), start("two")]

    async def work(run: Run) -> None:
        with run.activate():
            for _ in range(20):
                log.info(run.id)
                await asyncio.sleep(0)

    async def all_of_them() -> None:
        await asyncio.gather(*map(work, runs[1:]))

    asyncio.run(all_of_them())
    thread = threading.Thread(target=log.info, args=("outer",))
    thread.start()
    thread.join()
    assert [[line["message"] for line in all_lines(run.path)] for run in runs] == [
        ["outer"],
        ["one"] * 20,
        ["two"] * 20,
    ]


def test_record_that_logging_passes_on_to_loguru_is_kept_once(start: Start, log: Any, logger: logging.Logger) -> None:
    """With a handler that gives loguru all records of `logging`, each is kept once; loguru's own in there too."""

    class Intercept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log.opt(exception=record.exc_info, depth=6).log(record.levelname, record.getMessage())
            log.debug("passed one on")

    run = start()
    logger.addHandler(Intercept())
    logger.info("from logging: %d", 1)
    log.info("from loguru")
    assert [line["message"] for line in all_lines(run.path)] == ["from logging: 1", "passed one on", "from loguru"]


def test_loguru_queue_gives_to_the_outermost_run(run_script: RunScript, tmp_path: Path) -> None:
    """With ``enqueue=True`` records, metrics and exceptions arrive in the outermost run, also of forked children."""
    run_script(
        """
        import logging
        import multiprocessing
        import os

        import runlogging
        from loguru import logger

        class Odd(Exception):
            def __reduce__(self):
                raise TypeError("cannot be pickled")

        def fail(kind):
            try:
                raise kind("lost")
            except kind:
                logger.exception("it failed")

        def child():
            logging.error("a writer of its own")
            logger.bind(rank=1).info("from a child")

        if __name__ == "__main__":
            logger.remove()
            context = multiprocessing.get_context("fork")
            logger.add(runlogging.loguru_sink, enqueue=True, context=context, catch=False)
            with runlogging.start_run("queued", environment=False):
                with runlogging.start_run("inner", environment=False):
                    logger.bind(metrics={"loss": 0.5}, step=3).info("queued")
                    fail(ValueError)
                    fail(Odd)
                    process = context.Process(target=child)
                    process.start()
                    process.join()
                    print(process.pid)
                    logger.complete()
        """
    )
    (outer,) = (tmp_path / "runs/queued").glob("2*")
    (inner,) = (tmp_path / "runs/inner").glob("2*")
    first, second, third, fourth = all_lines(outer)
    assert (first["metrics"], first["step"], first["message"]) == ({"loss": 0.5}, 3, "queued")
    assert first["function"] == "<module>"
    assert (second["exception"]["type"], second["exception"]["message"]) == ("ValueError", "lost")
    assert third["exception"]["type"].endswith("Odd")
    for line in (second, third):
        assert line["exception"]["stacktrace"].startswith("Traceback (most recent call last)")
        assert line["exception"]["stacktrace"].endswith("lost")
    assert (fourth["message"], fourth["attributes"]["rank"]) == ("from a child", 1)
    assert [line["message"] for line in read_lines(inner, "logs.ForkProcess-1")] == ["a writer of its own"]


def test_wrong_message_is_refused() -> None:
    """A text that is no message of loguru is an error that says how to use the sink."""
    with pytest.raises(InvalidValueError, match="use logger"):
        loguru_sink("text")


# ---------------------------------------------------------------------- structlog


def test_structlog_event_is_kept_whole(start: Start, events: Events) -> None:
    """The event is the message, other keys are attributes, the place is that of the call."""
    run = start()
    events().bind(user="ann").warning("epoch done", shape=[2, 3])
    place = here() - 1
    line = only_line(run)
    assert line["message"] == "epoch done"
    assert (line["level"], line["logger"]) == ("WARNING", "structlog")
    assert (line["file"], line["line"], line["function"]) == (
        __file__,
        place,
        "test_structlog_event_is_kept_whole",
    )
    assert line["attributes"] == {"user": "ann", "shape": [2, 3]}


def test_structlog_metrics_are_metrics(start: Start, events: Events) -> None:
    """``metrics`` and ``step`` make a metric record, which can be read back as a series."""
    run = start()
    for step in range(3):
        events().info("epoch", metrics={"loss": 1 / (step + 1)}, step=step)
    series = run.series("loss")
    assert (list(series.steps), list(series.values)) == ([0, 1, 2], [1.0, 0.5, 1 / 3])


@pytest.mark.parametrize("place", ["first", "last"])
def test_structlog_output_is_as_without_us(start: Start, place: str) -> None:
    """What is printed is the same with the processor anywhere in the chain, with a run and without."""

    def printed(is_ours: bool) -> str:
        chain: list[Any] = [structlog.processors.add_log_level, structlog.processors.format_exc_info]
        if is_ours:
            chain.insert(0 if place == "first" else 2, structlog_processor)
        out = io.StringIO()
        log = structlog.wrap_logger(
            structlog.PrintLogger(out), processors=[*chain, structlog.processors.JSONRenderer()]
        )
        log.info("one", metrics={"a": 1}, step=2)
        try:
            raise KeyError("lost")
        except KeyError:
            log.exception("two", level="kept")
        return out.getvalue()

    without = printed(False)
    assert printed(True) == without
    run = start()
    assert printed(True) == without
    assert [line["message"] for line in all_lines(run.path)] == ["one", "two"]


def test_structlog_event_is_the_same_object(start: Start) -> None:
    """The processor returns the event that it got, unchanged, also where that is no plain dict."""
    start()
    event = {"event": "text", "metrics": {"loss": 1.0}, "step": 1, "level": "info", "exc_info": True, "other": []}
    before = copy.deepcopy(event)
    assert structlog_processor(None, "info", event) is event
    assert event == before
    assert list(event) == list(before)


@pytest.mark.parametrize(
    ("method", "keys", "level", "number", "attributes"),
    [
        ("debug", {}, "DEBUG", None, None),
        ("warn", {}, "WARNING", None, None),
        ("exception", {}, "ERROR", None, None),
        ("fatal", {}, "CRITICAL", None, None),
        ("msg", {}, "INFO", None, None),
        ("trace", {}, "TRACE", 5, None),
        ("notable", {}, "NOTABLE", 20, None),
        ("info", {"level": "warning"}, "WARNING", None, None),
        ("info", {"level": "Warn"}, "WARNING", None, None),
        ("info", {"level": "boss"}, "INFO", None, {"level": "boss"}),
        ("info", {"level": 40}, "INFO", None, {"level": 40}),
    ],
)
def test_structlog_levels(
    start: Start, method: str, keys: dict[str, Any], level: str, number: int | None, attributes: dict[str, Any] | None
) -> None:
    """The key ``level`` counts where it names a level, else it is a value and the method counts."""
    run = start()
    structlog_processor(None, method, {"event": "text", **keys})
    line = only_line(run)
    assert (line["level"], line.get("level_number"), line.get("attributes")) == (level, number, attributes)


@pytest.mark.parametrize("is_formatted", [False, True])
@pytest.mark.parametrize("given", ["True", "error", "tuple"])
def test_structlog_exception_is_kept(start: Start, events: Events, given: str, is_formatted: bool) -> None:
    """``exc_info`` in each of its forms, or formatted before, arrives as an exception."""
    run = start()
    log = events(*([structlog.processors.format_exc_info] if is_formatted else []))
    try:
        raise KeyError("lost")
    except KeyError as error:
        log.error("it failed", exc_info={"True": True, "error": error, "tuple": sys.exc_info()}[given])
    log.error("it did not", exc_info=False)
    failed, ordinary = all_lines(run.path)
    assert (failed["exception"]["type"], failed["exception"]["message"]) == ("KeyError", "'lost'")
    assert 'raise KeyError("lost")' in failed["exception"]["stacktrace"]
    assert "attributes" not in failed
    assert "exception" not in ordinary


def test_structlog_structured_traceback_stays_an_attribute(start: Start, events: Events) -> None:
    """What `dict_tracebacks` makes of an exception is kept as it is."""
    run = start()
    try:
        raise KeyError("lost")
    except KeyError:
        events(structlog.processors.dict_tracebacks).exception("it failed")
    assert only_line(run)["attributes"]["exception"][0]["exc_type"] == "KeyError"


def test_structlog_stack_and_arguments_are_kept(start: Start, events: Events) -> None:
    """A rendered stack is the record's stack; arguments that are not filled in yet are filled in."""
    run = start()
    log = events(structlog.processors.StackInfoRenderer(), wrapper_class=structlog.stdlib.BoundLogger)
    log.info("epoch %d of %s", 3, "many", stack_info=True)
    line = only_line(run)
    assert (line["message"], line["template"]) == ("epoch 3 of many", "epoch %d of %s")
    assert line["stack"].startswith("Stack (most recent call last)")
    assert "attributes" not in line


def test_structlog_odd_events_are_kept(start: Start, events: Events) -> None:
    """An event that is no text, names of record attributes as keys, and values that cannot be read cost nothing."""

    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    run = start()
    structlog_processor(None, "info", {"event": ["a", 1], "name": "n", "args": (1,), "msg": "m", "extra": {"e": 1}})
    structlog_processor(None, "info", {"metrics": {"a": "text", "b": 2}, "odd": Odd()})
    keys: dict[Any, Any] = {"positional_args": "none", "exception": 3, 5: 6}
    structlog_processor(None, "info", {"event": "100 %", **keys})
    first, second, third = all_lines(run.path)
    assert first["message"] == "['a', 1]"
    assert first["attributes"] == {"name": "n", "args": [1], "msg": "m", "extra": {"e": 1}}
    assert (second["metrics"], second["values"][0]["value"]) == ({"b": 2}, "text")
    assert second["attributes"]["odd"].startswith("<Odd")
    assert third["message"] == "100 %"
    assert third["attributes"] == {"positional_args": "none", "exception": 3, "5": 6}


def test_structlog_secrets_are_taken_out(start: Start, events: Events) -> None:
    """Redaction is that of the run."""
    run = start()
    events().info("login", password="hunter2hunter2")
    assert "hunter2" not in (run.path / "logs.jsonl").read_text(encoding="utf-8")


def test_structlog_asynchronous_methods_know_run_and_place(start: Start, events: Events) -> None:
    """``await log.ainfo()`` runs the chain in a thread; its event is in the task's run, with the caller's place."""
    start("outer")
    run = start("inner")

    async def work() -> int:
        with run.activate():
            await events().ainfo("from a task")
            return here() - 1

    place = asyncio.run(work())
    line = only_line(run)
    assert (line["file"], line["line"], line["function"]) == (__file__, place, "work")


def test_structlog_goes_nowhere_without_a_run(start: Start, events: Events) -> None:
    """Before and after a run nothing is written, and nothing raises."""
    log = events()
    log.info("before")
    run = start()
    log.info("while")
    run.complete()
    log.info("after")
    assert only_line(run)["message"] == "while"


@pytest.mark.parametrize("renderer", ["wrap_for_formatter", "render_to_log_kwargs"])
def test_structlog_on_logging_is_kept_once(start: Start, logger: logging.Logger, renderer: str) -> None:
    """Events that go on through `logging` are captured there, with metrics and attributes, and not a second time."""
    run = start()
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    chain = [structlog.stdlib.add_log_level, structlog_processor]
    last: Any = structlog.stdlib.render_to_log_kwargs
    if renderer == "wrap_for_formatter":
        last = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
        inner: list[Any] = [
            structlog_processor,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog_processor_after_the_marks,
            structlog.processors.JSONRenderer(),
        ]
        handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=inner, foreign_pre_chain=chain))
    logger.addHandler(handler)
    log = structlog.wrap_logger(logger, processors=[*chain, last], wrapper_class=structlog.stdlib.BoundLogger)
    log.info("from structlog", metrics={"loss": 0.5}, step=1, user="ann")
    logger.info("from logging")
    first, second = all_lines(run.path)
    assert (first["message"], first["metrics"], first["step"]) == ("from structlog", {"loss": 0.5}, 1)
    assert first["attributes"]["user"] == "ann"
    assert second["message"] == "from logging"
    assert out.getvalue().count("from structlog") == out.getvalue().count("from logging") == 1


def structlog_processor_after_the_marks(logger: Any, name: str, event: Any) -> Any:
    """Be our processor behind the one that takes the marks of the integration away."""
    assert "_record" not in event
    return structlog_processor(logger, name, event)


def test_bridges_are_imported_late(run_script: RunScript) -> None:
    """Both are public, and neither loguru nor structlog is imported with them."""
    done = run_script(
        """
        import sys

        import runlogging

        assert {"loguru_sink", "structlog_processor"} <= set(runlogging.__all__)
        print("runlogging.run" in sys.modules, runlogging.loguru_sink.__name__, runlogging.structlog_processor.__name__)
        assert not {"loguru", "structlog"} & set(sys.modules)
        """
    )
    assert done.stdout.split() == ["False", "loguru_sink", "structlog_processor"]
