"""Each kind of loss in a live tree: it is found where it is, the record is lost, and the line mends it."""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import multiprocessing
import queue
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import runlogging
from runlogging.doctor import Report
from tests.conftest import RunScript
from tests.doctor.conftest import Kept, ask, identity, mend, the

pytestmark = pytest.mark.usefixtures("fresh")

listener: logging.handlers.QueueListener | None = None
Setup = Callable[[Path], Any]


@pytest.fixture(autouse=True)
def _listener_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    global listener
    monkeypatch.chdir(tmp_path)
    yield
    if listener is not None and listener._thread is not None:
        listener.stop()
    listener = None


def _keep(logger: str = "", level: int = 0) -> Kept:
    handler = Kept(level)
    logging.getLogger(logger).addHandler(handler)
    return handler


def _run(path: Path, logger: str = "", **options: Any) -> runlogging.RunHandler:
    handler = runlogging.RunHandler(path / "runs", **options)
    logging.getLogger(logger).addHandler(handler)
    return handler


def level_of_an_ancestor(path: Path) -> None:
    _keep()
    logging.getLogger("a").setLevel("ERROR")
    logging.getLogger("a.b")


def level_by_basic_config(path: Path) -> None:
    logging.basicConfig(level="ERROR", handlers=[runlogging.RunHandler(path / "runs")])
    logging.getLogger("a.b")


def disabled_by_dict_config(path: Path) -> None:
    logging.getLogger("a.b")
    logging.config.dictConfig({"version": 1, "handlers": {"k": {"()": Kept}}, "root": {"handlers": ["k"], "level": 1}})


def disabled_by_file_config(path: Path) -> None:
    logging.getLogger("a.b")
    text = """
        [loggers]
        keys=root
        [handlers]
        keys=run
        [formatters]
        keys=
        [logger_root]
        level=DEBUG
        handlers=run
        [handler_run]
        class=runlogging.RunHandler
        args=("runs",)
    """
    (path / "log.ini").write_text(textwrap.dedent(text), encoding="utf-8")
    logging.config.fileConfig(path / "log.ini", encoding="utf-8")


def disable(path: Path) -> None:
    _keep()
    logging.getLogger("a.b").setLevel(1)
    logging.disable(logging.ERROR)


def filter_by_name(path: Path) -> None:
    _keep()
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger("a.b").addFilter(logging.Filter("other"))


def filter_of_handler(path: Path) -> None:
    handler = _keep()
    logging.getLogger("a.b").setLevel(1)
    handler.addFilter(lambda record: False)


def propagate(path: Path) -> None:
    _run(path)
    logging.getLogger("a").setLevel(1)
    logging.getLogger("a.b").addHandler(Kept())
    logging.getLogger("a.b").propagate = False


def handler_level(path: Path) -> None:
    _run(path).setLevel("ERROR")
    _keep()
    logging.getLogger("a.b").setLevel(1)


def queue_without_listener(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger().addHandler(logging.handlers.QueueHandler(queue.SimpleQueue()))


def queue_with_stopped_listener(path: Path) -> None:
    global listener
    queue_without_listener(path)
    records = logging.getLogger().handlers[0].queue  # type: ignore[attr-defined]
    listener = logging.handlers.QueueListener(records, Kept())


def listener_with_levels(path: Path) -> None:
    global listener
    queue_without_listener(path)
    records = logging.getLogger().handlers[0].queue  # type: ignore[attr-defined]
    listener = logging.handlers.QueueListener(records, Kept(logging.ERROR), respect_handler_level=True)
    listener.start()


def ended_run(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)
    run = runlogging.start_run("e", root=path / "runs")
    handler = runlogging.RunHandler(path / "runs", "e", run_id=run.id)
    logging.getLogger().addHandler(handler)
    run.complete()


def memory_without_target(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger().addHandler(logging.handlers.MemoryHandler(10))


def plain_buffer(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger().addHandler(logging.handlers.BufferingHandler(10))


def no_handler(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)


def no_handler_below_a_cut(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger("a").propagate = False


def null_handler(path: Path) -> None:
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger("a.b").addHandler(logging.NullHandler())


LOST: list[tuple[Setup, str, str, str]] = [
    (level_of_an_ancestor, "level", 'logging.getLogger("a")', "the level of a is ERROR"),
    (level_by_basic_config, "level", "logging.getLogger()", "the level of root is ERROR"),
    (disabled_by_dict_config, "disabled", 'logging.getLogger("a.b")', "disable_existing_loggers"),
    (disabled_by_file_config, "disabled", 'logging.getLogger("a.b")', "disable_existing_loggers"),
    (disable, "disable", "logging.disable", "logging.disable(ERROR)"),
    (filter_by_name, "filter", 'logging.getLogger("a.b").filters[0]', "Filter('other') on logger a.b"),
    (filter_of_handler, "filter", "logging.getLogger().handlers[0].filters[0]", "<lambda> on Kept"),
    (propagate, "propagate", 'logging.getLogger("a.b")', "propagate is False at a.b"),
    (handler_level, "handler_level", "logging.getLogger().handlers[0]", "the level of RunHandler is ERROR"),
    (queue_without_listener, "queue", "logging.getLogger().handlers[0]", "QueueHandler"),
    (queue_with_stopped_listener, "queue", "logging.getLogger().handlers[0]", "QueueHandler"),
    (listener_with_levels, "handler_level", "listener.handlers[0]", "the level of Kept is ERROR"),
    (ended_run, "ended", "logging.getLogger().handlers[0]", "RunHandler has ended"),
    (memory_without_target, "target", "logging.getLogger().handlers[0]", "MemoryHandler has no target"),
    (plain_buffer, "target", "logging.getLogger().handlers[0]", "BufferingHandler has no target"),
    (no_handler, "no_handler", "logging.basicConfig", "no handler up to root"),
    (no_handler_below_a_cut, "no_handler", 'logging.getLogger("a")', "no handler up to a;"),
    (null_handler, "null_handler", "logging.basicConfig", "nothing but NullHandler"),
]


@pytest.mark.parametrize(("setup", "code", "where", "why"), LOST, ids=[case[0].__name__ for case in LOST])
def test_a_loss_is_named_and_its_line_mends_it(
    setup: Setup, code: str, where: str, why: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The finding names logger, reason and place; after its line it is gone, and an INFO record arrives somewhere."""
    setup(tmp_path)
    found = the(ask(), code, "a.b", "lost")
    assert found.where.endswith(where)
    assert why in found.why
    assert "INFO" in found.levels
    mend(found)
    assert identity(found) not in map(identity, ask())
    left = ask(level="INFO")
    assert [one for one in left if one.logger == "a.b" and one.severity == "lost"] == []
    logging.getLogger("a.b").info("a probe")
    assert _arrived(tmp_path)
    assert capfd.readouterr().err == ""


def _arrived(path: Path) -> bool:
    """Tell whether the probe is in a list or in a run folder."""
    if listener is not None and listener._thread is not None:
        listener.stop()
    for handler in _all_handlers():
        handler.flush()
        if isinstance(handler, logging.handlers.QueueHandler) and listener is None:
            # The line made a listener without a name, whose thread takes a moment.
            return _until(lambda: _in_a_run(path))
    return _in_a_run(path) or any(isinstance(one, Kept) and one.records for one in _all_handlers())


def _until(condition: Callable[[], bool]) -> bool:
    import time

    until = time.monotonic() + 30
    while time.monotonic() < until and not condition():
        time.sleep(0.01)
    return condition()


def _in_a_run(path: Path) -> bool:
    return any(b"a probe" in one.read_bytes() for one in path.glob("runs/*/*/*.jsonl"))


def _all_handlers() -> list[logging.Handler]:
    loggers = [logging.getLogger(), logging.getLogger("a"), logging.getLogger("a.b")]
    found = [handler for logger in loggers for handler in logger.handlers]
    return [*found, *(listener.handlers if listener is not None else ())]


def test_nothing_is_lost_where_all_is_kept(tmp_path: Path) -> None:
    """A tree whose every record reaches a run gives a report that is false, and says so."""
    logging.basicConfig(level="DEBUG", handlers=[runlogging.RunHandler(tmp_path / "runs")])
    logging.getLogger("a.b")
    logging.captureWarnings(True)
    report = runlogging.doctor()
    assert (bool(report), list(report), str(report)) == (False, [], "Nothing is lost.")
    assert report._repr_html_() == "<p>Nothing is lost.</p>"


def test_the_level_asked_for_bounds_the_answer(tmp_path: Path) -> None:
    """Levels below the one that is to be kept are not asked for; a level of the caller's own is."""
    _keep()
    logging.getLogger().setLevel("INFO")
    assert not ask(level="info")
    assert the(ask(), "level").levels == ("DEBUG",)
    assert the(ask(level=5), "level").levels == ("5", "DEBUG")
    assert the(ask(level=5), "level").fix == "logging.getLogger().setLevel(5)"


@pytest.mark.parametrize("options", [{"level": "LOUD"}, {"metrics_level": None}, {"level": 1.5}])
def test_an_impossible_level_is_refused(options: dict[str, Any]) -> None:
    """What is no level is an error that lists the levels."""
    with pytest.raises(runlogging.InvalidValueError, match="DEBUG"):
        runlogging.doctor(**options)


def _set_up_for_a_capture(path: Path) -> None:
    logging.getLogger("a").addHandler(Kept(logging.ERROR))
    logging.getLogger("a").handlers[0].addFilter(lambda record: False)
    logging.getLogger("a").propagate = False
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger("c").setLevel("ERROR")
    logging.getLogger("d").propagate = False


def test_a_capture_makes_handlers_harmless(tmp_path: Path) -> None:
    """With an open run only what stops a record at its logger is lost; the rest is hidden from the console."""
    _set_up_for_a_capture(tmp_path)
    lost = {(one.code, one.logger) for one in ask(captured=True) if one.severity == "lost"}
    assert lost == {("level", "root"), ("level", "a"), ("level", "c"), ("level", "d")}
    hidden = {(one.code, one.logger) for one in ask(captured=True) if one.severity == "hidden"}
    assert {("handler_level", "a.b"), ("filter", "a.b"), ("no_handler", "d")} <= hidden
    assert not ask(captured=True, level="CRITICAL")


def test_a_capture_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapped callHandlers that carries the mark counts as an open run."""

    def wrapped(self: logging.Logger, record: logging.LogRecord) -> None:
        raise AssertionError("the doctor logs nothing")

    wrapped.__runlogging__ = True  # type: ignore[attr-defined]
    logging.getLogger().setLevel("DEBUG")
    assert bool(ask())
    monkeypatch.setattr(logging.Logger, "callHandlers", wrapped)
    assert not ask()
    assert bool(ask(captured=False))


def test_what_only_the_console_loses_is_hidden(tmp_path: Path) -> None:
    """A console that shows less than the run keeps loses nothing for the run."""
    _run(tmp_path)
    _keep(level=logging.ERROR)
    logging.getLogger().setLevel("DEBUG")
    report = ask()
    assert not report
    found = the(report, "handler_level", "root", "hidden")
    mend(found)
    assert len(ask()) == 0


def test_a_metric_below_its_level_is_found(tmp_path: Path) -> None:
    """Loggers that log metrics are asked for at the level of the metrics, also before they exist."""
    _run(tmp_path)
    assert "metric" not in {one.code for one in ask()}
    found = the(ask(loggers=["model.loss"]), "metric")
    assert (found.logger, found.levels, found.fix) == ("model.loss", ("INFO",), 'logging.getLogger().setLevel("INFO")')
    assert "model.loss" not in logging.Logger.manager.loggerDict
    mend(found)
    assert "metric" not in {one.code for one in ask(loggers="model.loss")}
    assert "metric" in {one.code for one in ask(loggers="model.loss", metrics_level="DEBUG")}


def test_a_metric_beside_the_runs_handler_is_found(tmp_path: Path) -> None:
    """A logger of metrics that has no RunHandler on its way misses the one that is elsewhere."""
    _run(tmp_path, "train")
    _keep()
    logging.getLogger().setLevel("INFO")
    assert not ask(level="INFO")
    found = the(ask(loggers=["model"]), "metric")
    assert "the run's handler is on train" in found.why
    mend(found)
    assert "metric" not in {one.code for one in ask(loggers=["model"])}
    logging.getLogger("model").info("a probe", extra={"metrics": {"loss": 1}})
    assert _in_a_run(tmp_path)


def test_our_filters_are_named_as_intended(tmp_path: Path) -> None:
    """MetricFilter and SampleFilter are hints, filters that only add are none, metrics that one asks for are lost."""
    handler = _run(tmp_path)
    logging.getLogger().setLevel("DEBUG")
    for one in (runlogging.ContextFilter(), runlogging.RedactFilter(), runlogging.SampleFilter(every=2)):
        handler.addFilter(one)
    handler.addFilter(runlogging.MetricFilter(metrics=False))
    assert {one.severity for one in ask()} == {"hint"}
    (found,) = [one for one in ask() if one.logger == "root"]
    assert "SampleFilter" in found.why
    assert "as it is there for" in found.why
    lost = the(ask(loggers=["train"]), "metric")
    assert "MetricFilter" in lost.why
    mend(lost)
    assert "metric" not in {one.code for one in ask(loggers=["train"])}
    handler.addFilter(runlogging.MetricFilter())
    assert any("MetricFilter" in one.why and one.severity == "hint" for one in ask())


class _Adds(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request = 1
        return True


class _Decides:
    def filter(self, record: logging.LogRecord) -> bool:
        raise AssertionError("no filter is called")


def _gives_the_record(record: logging.LogRecord) -> Any:
    record.request = 1
    return record


def _gives_nothing(record: logging.LogRecord) -> Any:
    record.request = 1


def _by_level(record: logging.LogRecord) -> bool:
    if record.levelno > logging.INFO:
        return True
    raise AssertionError("no filter is called")


@pytest.mark.parametrize(
    ("one", "severities"),
    [
        (_Adds(), set()),
        (_gives_the_record, set()),
        (_gives_nothing, {"lost"}),
        (lambda record: 0, {"lost"}),
        (lambda record: record.levelno, {"hint"}),
        (_Decides(), {"hint"}),
        (logging.Filter(""), set()),
        (logging.Filter("a"), set()),
        (logging.Filter("a.b"), set()),
        (logging.Filter("a.bc"), {"lost"}),
    ],
)
def test_filters_are_judged_without_a_call(one: Any, severities: set[str]) -> None:
    """A filter whose code always passes is no finding, one that never does is a loss, any other a hint."""
    _keep()
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger("a.b").addFilter(one)
    assert {found.severity for found in ask() if found.code == "filter"} == severities
    for found in [found for found in ask() if found.code == "filter"]:
        mend(found)
    assert "filter" not in {found.code for found in ask()}


def test_two_handlers_of_one_run_are_named(tmp_path: Path) -> None:
    """Records that root and child write into one run twice are a hint, and one line takes the child's handler away."""
    _run(tmp_path, "a")
    _run(tmp_path)
    logging.getLogger("a.b").setLevel(1)
    logging.getLogger().setLevel(1)
    found = the(ask(), "duplicate", "a.b")
    assert (found.severity, found.fix) == (
        "hint",
        'logging.getLogger("a").removeHandler(logging.getLogger("a").handlers[0])',
    )
    mend(found)
    logging.getLogger("a.b").info("a probe")
    (lines,) = tmp_path.glob("runs/*/*/logs.jsonl")
    assert lines.read_bytes().count(b"\n") == 1
    assert len(ask()) == 0


def test_a_propagating_metrics_logger_loses_nothing(tmp_path: Path) -> None:
    """The verbs' logger is judged as what it is: a filter is a loss, a level hides its records from those who watch."""
    logging.basicConfig(level="WARNING", handlers=[runlogging.RunHandler(tmp_path / "runs")])
    metrics = logging.getLogger("runlogging.metrics")
    metrics.propagate = False
    assert [one for one in ask() if one.logger == "runlogging.metrics"] == []
    metrics.addHandler(Kept(logging.ERROR))
    found = {(one.code, one.severity) for one in ask() if one.logger == "runlogging.metrics"}
    assert found == {("level", "hidden"), ("handler_level", "hidden")}
    metrics.addFilter(lambda record: False)
    lost = the(ask(), "filter", "runlogging.metrics", "lost")
    mend(lost)
    assert "filter" not in {one.code for one in ask()}


@pytest.mark.parametrize("code", ["basic_config", "warnings", "raise_exceptions"])
def test_hints_on_the_whole_program(code: str) -> None:
    """Settings that lose nothing by themselves are hints, and their lines change them."""
    _keep()
    logging.basicConfig(level="DEBUG")  # without effect
    logging.raiseExceptions = False
    found = the(runlogging.doctor(), code)
    assert found.severity == "hint"
    mend(found)
    assert code not in {one.code for one in runlogging.doctor()}


def test_a_queue_of_other_processes_is_a_hint() -> None:
    """Who listens in another process cannot be seen, and that is what the finding says."""
    records: Any = multiprocessing.get_context("spawn").Queue()
    logging.getLogger().addHandler(runlogging.RunQueueHandler(records))
    logging.getLogger().setLevel(1)
    report = ask()
    assert not report
    assert {(one.code, one.severity) for one in report} == {("listener", "hint")}
    records.close()


def test_a_running_listener_is_followed(tmp_path: Path) -> None:
    """Handlers behind a queue take every level unless the listener heeds theirs; one of an ended run is named."""
    global listener
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logging.getLogger().addHandler(logging.handlers.QueueHandler(records))
    logging.getLogger().setLevel(1)
    run = runlogging.start_run("e", root=tmp_path / "runs")
    handler = runlogging.RunHandler(tmp_path / "runs", "e", run_id=run.id)
    handler.setLevel("ERROR")
    listener = logging.handlers.QueueListener(records, Kept(), handler)
    listener.start()
    assert len(ask()) == 0
    run.complete()
    found = the(ask(), "ended", "root", "lost")
    mend(found)
    assert len(ask()) == 0
    assert len(listener.handlers) == 2


def test_a_listener_lost_by_a_fork_is_found(run_script: RunScript) -> None:
    """In a forked child nobody takes from the queue, and a program's own listener has its name in the line."""
    program = """
        import logging, logging.handlers, os, queue, sys, warnings
        import runlogging
        warnings.simplefilter("ignore")
        records = queue.SimpleQueue()
        logging.basicConfig(level="DEBUG", handlers=[logging.handlers.QueueHandler(records)])
        worker = logging.handlers.QueueListener(records, logging.FileHandler("log.txt"))
        worker.start()
        assert not runlogging.doctor()
        pid = os.fork()
        if not pid:
            found = runlogging.doctor()[0]
            print(found.code, found.severity, found.fix, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        worker.stop()
    """
    assert run_script(program).stdout.split("\n")[0] == "queue lost worker.start()"


def test_memory_handlers_pass_all_levels_on(tmp_path: Path) -> None:
    """A target's level does not count, as MemoryHandler does not look at it."""
    logging.getLogger().setLevel(1)
    target = Kept(logging.CRITICAL)
    buffer = logging.handlers.MemoryHandler(1, target=target)
    logging.getLogger().addHandler(buffer)
    assert not ask()
    logging.getLogger().debug("a probe")
    buffer.flush()
    assert len(target.records) == 1


def test_a_report_can_be_filtered_and_compared(tmp_path: Path) -> None:
    """A report is a list whose order is always the same, worst first."""
    _set_up_for_a_capture(tmp_path)
    first, second = ask(), ask()
    assert isinstance(first, Report)
    assert list(first) == list(second)
    order = [("lost", "hidden", "hint").index(one.severity) for one in first]
    assert order == sorted(order)
