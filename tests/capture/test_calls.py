"""Records of log calls: an open run has each once, and a program notices nothing of it."""

from __future__ import annotations

import functools
import gc
import logging
import logging.handlers
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, Run, RunHandler, start_run
from runlogging.folder import end_from_outside

from ..conftest import RunScript, all_lines
from ..handlers import lines_of, lines_of_all, writers_of

ORIGINAL = logging.Logger.callHandlers
Start = Callable[..., Run]


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the runs of other tests out of sight, and see that the method is the original again."""
    monkeypatch.setattr("runlogging.run._context._open", {})
    monkeypatch.setattr("runlogging.run._context._outermost", None)
    assert logging.Logger.callHandlers is ORIGINAL
    yield
    left = logging.Logger.callHandlers
    logging.Logger.callHandlers = ORIGINAL  # type: ignore[method-assign]
    assert left is ORIGINAL


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a run of an id; what is left open is ended afterwards."""
    started: list[Run] = []

    def begin(run_id: str = "a", **options: Any) -> Run:
        started.append(start_run(root=tmp_path, run_id=run_id, environment=False, **options))
        return started[-1]

    yield begin
    for run in started:
        if run._session.writer.is_open:
            run.complete()


class Seen(logging.Handler):
    """Keep the attributes of each record as a user's handler sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.attributes.append(dict(record.__dict__))


def messages(run: Run, logger: logging.Logger | None = None) -> list[str]:
    """Return the messages of the records in a run, of all loggers or of one."""
    lines = lines_of_all(run.path)
    return [line["message"] for line in lines if logger is None or line["logger"] == logger.name]


def over(method: Any, calls: list[str]) -> Any:
    """Return a wrapper as Sentry's SDK puts one there, with what `functools.wraps` copies."""

    @functools.wraps(method)
    def wrapper(self: logging.Logger, record: logging.LogRecord) -> None:
        calls.append(record.getMessage())
        method(self, record)

    return wrapper


def put(method: Any) -> None:
    """Put a method in the place that we take, too."""
    logging.Logger.callHandlers = method  # type: ignore[method-assign]


# ---------------------------------------------------------------------- what is captured


def test_record_is_captured_before_the_handlers(start: Start, logger: logging.Logger) -> None:
    """A handler of the user's that raises loses nothing, and its error arrives as without us."""

    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise ZeroDivisionError(record.msg)

    logger.addHandler(Broken())
    with start() as run, pytest.raises(ZeroDivisionError, match="kept"):
        logger.info("kept")
    assert messages(run) == ["kept"]


def test_what_the_logger_stops_is_not_captured(start: Start, logger: logging.Logger) -> None:
    """Records below the level, held back by a filter of the logger, disabled, or under `logging.disable`."""
    logger.setLevel(logging.INFO)
    logger.addFilter(lambda record: "secretly" not in record.getMessage())
    with start() as run:
        logger.debug("below")
        logger.info("secretly")
        logging.disable(logging.WARNING)
        try:
            logger.warning("off")
            logger.error("on")
        finally:
            logging.disable(logging.NOTSET)
        logger.disabled = True
        logger.error("disabled")
        logger.disabled = False
        logger.info("last")
    assert messages(run) == ["on", "last"]


@pytest.mark.parametrize(("level", "kept"), [("WARNING", ["w", "e"]), (40, ["e"]), ("debug", ["d", "w", "e"])])
def test_level_of_the_run(start: Start, logger: logging.Logger, level: Any, kept: list[str]) -> None:
    """Records below the run's level are left out; the handlers get them."""
    seen = Seen()
    logger.addHandler(seen)
    with start(level=level) as run:
        logger.debug("d")
        logger.warning("w")
        logger.error("e")
    assert messages(run) == kept
    assert len(seen.attributes) == 3


@pytest.mark.parametrize("level", ["loud", True, None.__class__, 1.5])
def test_wrong_level_is_refused(start: Start, level: Any) -> None:
    """It says what a level is, and starts nothing."""
    with pytest.raises(InvalidValueError, match="level"):
        start(level=level)


def test_subclasses_of_logger_are_captured(start: Start) -> None:
    """Also one with a `callHandlers` of its own that calls ours, once."""
    calls = []

    class Plain(logging.Logger):
        pass

    class Own(logging.Logger):
        def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
            calls.append(record.getMessage())
            super().callHandlers(record)

    with start() as run:
        for kind in (Plain, Own):
            made = kind(kind.__name__)
            made.addHandler(logging.NullHandler())
            made.warning("from %s", kind.__name__)
            logging.LoggerAdapter(made, {"a": 1}).warning("adapted")
    assert messages(run) == ["from Plain", "adapted", "from Own", "adapted"]
    assert calls == ["from Own", "adapted"]


def test_redaction_can_be_left_out(start: Start, logger: logging.Logger) -> None:
    """Secrets are taken out unless `redact=False`; the user's handlers see the record as it is."""
    seen = Seen()
    logger.addHandler(seen)
    with start("a") as cleared:
        logger.info("password=%s", "hunter2secret")
    with start("b", redact=False) as plain:
        logger.info("password=%s", "hunter2secret")
    assert "hunter2secret" not in str(all_lines(cleared.path))
    assert messages(plain) == ["password=hunter2secret"]
    assert [one["args"] for one in seen.attributes] == [("hunter2secret",)] * 2


@pytest.mark.parametrize("capture", [None, True, "all", "logging", ("logging",), {"logging", "errors"}, ["warnings"]])
def test_what_capture_takes(capture: Any, run_script: RunScript, tmp_path: Path) -> None:
    """True, "all", names and sets of names are taken; log calls come where "logging" is among them."""
    program = f"""
    import logging
    from runlogging import start_run
    original = logging.Logger.callHandlers
    with start_run(root="runs", run_id="a", capture={capture!r}, environment=False):
        logging.getLogger("x").error("one")
    assert logging.Logger.callHandlers is original
    """
    run_script(program)
    lines = [line["message"] for line in all_lines(tmp_path / "runs" / "default" / "a") if line["logger"] == "x"]
    assert lines == ([] if capture == ["warnings"] else ["one"])


@pytest.mark.parametrize("capture", [False, (), set()])
def test_capture_can_be_off(start: Start, logger: logging.Logger, capture: Any) -> None:
    """Then the run takes no log calls; neither do they go to the run around it."""
    with start("a") as outer, start("b", capture=capture) as run:
        logger.error("nowhere")
        run.log("n", 1)
    assert messages(outer) == []
    assert [line.get("metrics") for line in all_lines(run.path)] == [{"n": 1}]


@pytest.mark.parametrize("capture", ["log", ("logging", "x"), 3, [["logging"]], [None], b"logging", object()])
def test_unknown_source_is_refused(start: Start, capture: Any) -> None:
    """The error names the sources that there are, and nothing is started."""
    with pytest.raises(InvalidValueError, match="faulthandler"):
        start(capture=capture)
    assert logging.Logger.callHandlers is ORIGINAL


def test_children_are_captured(start: Start, logger: logging.Logger) -> None:
    """Records in the block of a child run go to the child."""
    with start() as run:
        logger.info("before")
        with run.child_run("c") as child:
            logger.info("inside")
        logger.info("after")
    assert (messages(run), messages(child)) == (["before", "after"], ["inside"])


# ---------------------------------------------------------------------- what is changed, and put back


def test_record_is_marked_only_beside_a_handler_of_the_run(start: Start, logger: logging.Logger) -> None:
    """Handlers of the user's see no attribute of ours, but while a RunHandler of the same run is there."""
    seen = Seen()
    logger.addHandler(seen)
    logger.info("without a run")
    run = start()
    logger.info("one", extra={"metrics": {"a": 1}})
    other = RunHandler(run.path.parent.parent, "other", run_id="x")
    logger.info("with a handler of another run")
    mine = RunHandler(run.path.parent.parent, "default", run_id="a")
    logger.info("two")
    mine.close()
    del mine
    gc.collect()
    logger.info("three")
    run.complete()
    other.close()
    plain = set(seen.attributes[0])
    assert [set(one) - plain for one in seen.attributes] == [set(), {"metrics"}, set(), {"runlogging_run"}, set()]
    assert messages(run) == ["one", "with a handler of another run", "two", "three"]


@pytest.mark.parametrize("is_first", [False, True])
def test_explicit_handler_of_the_run_adds_nothing(start: Start, logger: logging.Logger, is_first: bool) -> None:
    """Whether it was there before the run or not, a record is in the run once."""
    run = None if is_first else start()
    root = run.path.parent.parent if run is not None else None
    if root is None:
        run = start("z")
        root = run.path.parent.parent
        run.complete()
    logger.addHandler(RunHandler(root, "default", run_id="a"))
    run = run if not is_first else start()
    assert run is not None
    for number in range(5):
        logger.info("record %d", number)
    run.complete()
    assert messages(run) == [f"record {number}" for number in range(5)]


def test_explicit_handler_behind_a_queue_adds_nothing(start: Start, logger: logging.Logger) -> None:
    """A QueueListener of the same process hands on what the run has."""
    run = start()
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    handler = RunHandler(run.path.parent.parent, "default", run_id="a")
    listener = logging.handlers.QueueListener(records, handler)
    logger.addHandler(logging.handlers.QueueHandler(records))
    listener.start()
    for number in range(100):
        logger.info("record %d", number, extra={"metrics": {"n": number}} if number % 2 else None)
    listener.stop()
    run.complete()
    handler.close()
    assert messages(run) == [f"record {number}" for number in range(100)]


def test_method_is_the_original_with_the_last_run(start: Start) -> None:
    """The first run wraps it, the last puts it back, in whatever order they end."""
    first = start("a")
    wrapped = logging.Logger.callHandlers
    assert wrapped is not ORIGINAL
    second = start("b")
    with second.activate():
        assert logging.Logger.callHandlers is wrapped
    first.complete()
    assert logging.Logger.callHandlers is wrapped
    second.complete()
    assert logging.Logger.callHandlers is ORIGINAL
    with second.activate():  # a block of a run that has ended
        pass
    assert logging.Logger.callHandlers is ORIGINAL


def test_wrapper_that_was_there_before(start: Start, logger: logging.Logger) -> None:
    """It goes on being called, each time once, and is what is put back."""
    calls: list[str] = []
    before = over(ORIGINAL, calls)
    put(before)
    with start() as run:
        logger.info("one")
    assert logging.Logger.callHandlers is before
    logger.info("two")
    put(ORIGINAL)
    assert (messages(run), calls) == (["one"], ["one", "two"])


def test_wrapper_that_came_later_and_went(start: Start, logger: logging.Logger) -> None:
    """While it is there and after it was taken off, each record is in the run once."""
    calls: list[str] = []
    with start() as run:
        logger.info("one")
        ours = logging.Logger.callHandlers
        put(over(ours, calls))
        logger.info("two")
        put(ours)
        logger.info("three")
    assert (messages(run), calls) == (["one", "two", "three"], ["two"])


def test_wrapper_that_outlives_the_run(start: Start, logger: logging.Logger) -> None:
    """It stays on top; a later run has each record once; when it goes, ours below it goes with the next record."""
    calls: list[str] = []
    run = start("a")
    ours = logging.Logger.callHandlers
    theirs = over(ours, calls)
    put(theirs)
    logger.info("one")
    run.complete()
    assert logging.Logger.callHandlers is theirs
    logger.info("in no run")
    with start("b") as later:
        logger.info("two")
    assert logging.Logger.callHandlers is theirs
    put(ours)  # what it found there
    logger.info("in no run, too")
    assert logging.Logger.callHandlers is ORIGINAL
    assert (messages(run), messages(later)) == (["one"], ["two"])
    assert calls == ["one", "in no run", "two"]


def test_wrapper_that_goes_under_a_second_run(start: Start, logger: logging.Logger) -> None:
    """It takes with it what a second run put over it; the wrapper of the first then captures again."""
    calls: list[str] = []
    with start("a") as first:
        ours = logging.Logger.callHandlers
        put(over(ours, calls))
        second = start("b")
        logger.info("one")
        put(ours)
        logger.info("two")
        with second:
            logger.info("three")
        logger.info("four")
    assert (messages(first), messages(second), calls) == (["one", "two", "four"], ["three"], ["one"])


def test_next_run_takes_what_a_wrapper_left(start: Start, logger: logging.Logger) -> None:
    """A wrapper of ours that an unwrapping put back without a record in between is used again, not wrapped."""
    run = start("a")
    ours = logging.Logger.callHandlers
    put(over(ours, []))
    run.complete()
    put(ours)
    with start("b") as later:
        assert logging.Logger.callHandlers is ours
        logger.info("one")
    assert logging.Logger.callHandlers is ORIGINAL
    assert (messages(run), messages(later)) == ([], ["one"])


def test_method_that_replaces_ours_without_calling_it(start: Start, logger: logging.Logger) -> None:
    """It hides the run until another run is opened; it is what stays."""

    def alone(self: logging.Logger, record: logging.LogRecord) -> None:
        pass

    with start("a") as run:
        put(alone)
        logger.info("hidden")
        with start("b") as inner:
            logger.info("kept")
    assert logging.Logger.callHandlers is alone
    put(ORIGINAL)
    assert (messages(run), messages(inner)) == ([], ["kept"])


# ---------------------------------------------------------------------- the end of a run


def test_run_ended_from_outside(start: Start, logger: logging.Logger) -> None:
    """Later records go to the run around it, the program goes on, and the method is put back at the end."""
    with start("a") as outer:
        with start("b") as inner:
            logger.info("one")
            end_from_outside(inner.path, "Canceled")
            inner._session.writer.tick()  # which a record does once a second
            logger.info("two")
        logger.info("three")
    logger.info("four")
    assert (messages(outer), messages(inner)) == (["two", "three"], ["one"])
    assert (outer.status, inner.status) == ("Completed", "Canceled")


def test_only_run_ended_from_outside(start: Start, logger: logging.Logger) -> None:
    """Its records go nowhere, and everything is put back though the run could not end itself."""
    before = sys.excepthook
    with start() as run:
        end_from_outside(run.path, "Completed")
        run._session.writer.tick()
        logger.info("nowhere")
        assert sys.excepthook is not before
    assert sys.excepthook is before
    assert messages(run) == []


def test_records_after_the_end(start: Start, logger: logging.Logger) -> None:
    """A run completed in its block takes nothing more; the outermost one does."""
    outer = start("a")
    with start("b") as run:
        run.complete()
        logger.info("later")
    outer.complete()
    logger.info("nowhere")
    assert (messages(run), messages(outer)) == ([], ["later"])


# ---------------------------------------------------------------------- records in the middle of things


def test_arguments_that_log(start: Start, logger: logging.Logger) -> None:
    """A `__str__` and a `__del__` that log have their records in the run, too."""

    class Talking:
        def __str__(self) -> str:
            logger.info("from str")
            return "text"

        def __del__(self) -> None:
            logger.info("from del")

    with start() as run:
        logger.info("got %s", Talking())
        gc.collect()
    # A second one from str, where a handler formats the record, is no matter of ours: there is no handler.
    assert sorted(messages(run)) == ["from del", "from str", "got text"]


def test_handler_of_a_signal_that_logs(run_script: RunScript, tmp_path: Path) -> None:
    """Nothing is lost or doubled when it comes in the middle of a log call."""
    program = """
    import itertools, logging, signal
    from runlogging import start_run
    log = logging.getLogger("x")
    log.setLevel("INFO")
    numbers = itertools.count()
    def on_timer(*_):  # another signal may come while it logs
        log.info("signal %d", next(numbers))
    signal.signal(signal.SIGALRM, on_timer)
    with start_run(root="runs", run_id="a", environment=False) as run:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for number in range(20_000):
            log.info("main %d", number)
        signal.setitimer(signal.ITIMER_REAL, 0)
    print(next(numbers))
    """
    count = int(run_script(program).stdout)
    run = tmp_path / "runs" / "default" / "a"
    kept = [line["message"] for line in all_lines(run)]
    assert count > 10
    assert len(kept) == len(set(kept))
    assert set(kept) == {f"main {n}" for n in range(20_000)} | {f"signal {n}" for n in range(count)}


def test_threads_log_while_runs_come_and_go(start: Start, logger: logging.Logger) -> None:
    """Every record is in one run at most, none before the first or after the last, and nobody raises."""
    outer = start("outer")
    is_over = threading.Event()
    counts: list[int] = []

    def work(thread: int) -> None:
        number = 0
        while not is_over.is_set():
            logger.info("%d-%d", thread, number)
            number += 1
        counts.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 1
    runs, number = [], 0
    while time.monotonic() < until:
        with start(f"r{number}") as run:
            logger.info("main-%d", number)
        runs.append(run)
        number += 1
    is_over.set()
    for thread in threads:
        thread.join()
    outer.complete()
    kept = messages(outer)
    assert len(counts) == 16
    assert len(kept) == len(set(kept)) == sum(counts)
    assert [messages(run) for run in runs] == [[f"main-{n}"] for n in range(len(runs))]


def test_log_call_near_the_end_of_the_stack(run_script: RunScript, tmp_path: Path) -> None:
    """It raises where it would raise without us, but for the one frame of ours, and leaves the run as it was."""
    program = """
    import logging, sys
    from runlogging import start_run
    log = logging.getLogger("x")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    log.setLevel("INFO")
    sys.setrecursionlimit(3000)

    def down(depth):
        # How many frames were left where the log call raised.
        try:
            return max(down(depth + 1), failed(depth))
        except RecursionError:
            return -1

    def failed(depth):
        try:
            log.info("deep %d", depth)
        except RecursionError:
            return -1
        return depth

    down(0)  # fills caches of isinstance, which take room, too
    control = down(0)
    with start_run(root="runs", run_id="a", environment=False) as run:
        log.info("first")
        ours = down(0)
        log.info("last")
    print(control, ours)
    """
    control, ours = map(int, run_script(program).stdout.split())
    assert control > 2000
    assert control - 1 <= ours <= control
    run = tmp_path / "runs" / "default" / "a"
    kept = [line["message"] for line in all_lines(run)]
    assert (kept.count("first"), kept[-1]) == (1, "last")
    assert len(kept) == len(set(kept)) > 2000


# ---------------------------------------------------------------------- processes


def test_forked_child_has_files_of_its_own(run_script: RunScript, tmp_path: Path) -> None:
    """Its records are in them, once, the parent's in the parent's; the child's end puts the method back there."""
    program = """
    import logging, os
    from runlogging import start_run
    original = logging.Logger.callHandlers
    log = logging.getLogger("x")
    with start_run(root="runs", run_id="a", environment=False):
        log.error("before")
        pid = os.fork()
        if not pid:
            log.error("child")
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            log.error("after")
    log.error("after its end")
    if not pid:
        os._exit(0 if logging.Logger.callHandlers is original else 3)
    """
    assert run_script(program).stdout == "0\n"
    run = tmp_path / "runs" / "default" / "a"
    (child,) = writers_of(run) - {"main"}
    kept = {name: [line["message"] for line in lines_of(run, name)] for name in ("main", child)}
    assert kept == {"main": ["before", "after"], child: ["child"]}


PROGRAM = """
import logging, logging.handlers, multiprocessing, os, sys, threading
from runlogging import start_run

def listen(records):
    while (record := records.get()) is not None:
        logging.getLogger(record.name).handle(record)

def work(records, run, way):
    root = logging.getLogger()
    root.handlers[:] = [logging.handlers.QueueHandler(records)]
    root.setLevel("INFO")
    log = logging.getLogger("worker")
    if way == "activate":
        log.info("outside 1")
        with run.activate():
            log.info("inside")
        log.info("outside 2")
    elif way == "start":
        os.environ["RUNLOGGING_RUN"] = str(run.path)
        with start_run(environment=False):
            log.info("inside")
    else:
        log.info("inside")
        log.info("metric", extra={"metrics": {"a": 1}})

def main():
    method, way = sys.argv[1:]
    context = multiprocessing.get_context(method)
    logging.basicConfig(level="INFO", filename="console.txt")
    records = context.Queue()
    with start_run(root="runs", run_id="a", environment=False) as run:
        thread = threading.Thread(target=listen, args=(records,))
        process = context.Process(target=work, args=(records, run, way))
        if method == "fork":
            process.start(), thread.start()
        else:
            thread.start(), process.start()
        process.join()
        records.put(None)
        thread.join()
    assert process.exitcode == 0

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("method", "way", "kept"),
    [
        ("fork", "plain", ["inside", "metric"]),
        ("spawn", "plain", ["inside", "metric"]),
        ("spawn", "activate", ["inside", "outside 1", "outside 2"]),
        ("spawn", "start", ["inside"]),
    ],
)
def test_worker_whose_records_come_through_a_queue(
    run_script: RunScript, tmp_path: Path, method: str, way: str, kept: list[str]
) -> None:
    """What it captured itself is not kept again where the parent's listener gives it to its logger, nor lost."""
    run_script(PROGRAM, method, way)
    lines = [line for line in lines_of_all(tmp_path / "runs" / "default" / "a") if line["logger"] == "worker"]
    assert sorted(line["message"] for line in lines) == kept
    assert (tmp_path / "console.txt").read_text().count("worker") == len(kept)


def test_worker_with_a_run_of_its_own_for_a_while(run_script: RunScript, tmp_path: Path) -> None:
    """What a worker logged before and after it captured itself is kept where the parent handles its records."""
    program = PROGRAM.replace(
        """        with start_run(environment=False):
            log.info("inside")
""",
        """        log.info("before")
        with start_run(environment=False):
            log.info("inside")
        log.info("later")
""",
    )
    assert program != PROGRAM
    run_script(program, "spawn", "start")
    lines = [line for line in lines_of_all(tmp_path / "runs" / "default" / "a") if line["logger"] == "worker"]
    assert sorted(line["message"] for line in lines) == ["before", "inside", "later"]
