"""The flight recorder: what lay below the level is in the run once something went wrong, and not before."""

from __future__ import annotations

import decimal
import enum
import gc
import logging
import logging.config
import math
import pickle
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, Run, RunHandler, start_run
from runlogging.reading import RunReader

from ..conftest import RunScript, all_lines, only_run
from ..handlers import lines_of, writers_of

Start = Callable[..., Run]
Recorded = list[tuple[str, bool]]


@pytest.fixture(autouse=True)
def _no_open_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the runs that other tests left open out of sight."""
    monkeypatch.setattr("runlogging.run._context._open", {})
    monkeypatch.setattr("runlogging.run._context._outermost", None)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a run at INFO with a flight recorder; what is left open is ended afterwards."""
    started: list[Run] = []

    def begin(**options: Any) -> Run:
        given = {"level": "INFO", "flight_recorder": 5, **options}
        started.append(start_run(root=tmp_path / "runs", experiment="test", environment=False, **given))
        return started[-1]

    yield begin
    for run in started:
        if run._session.writer.is_open:
            run.complete()


@pytest.fixture(params=["run", "handler", "dictConfig"])
def path(request: pytest.FixtureRequest, tmp_path: Path, start: Start, logger: logging.Logger) -> Path:
    """Give the folder of a run that keeps INFO, and five records below it, in each way that there is."""
    if request.param == "run":
        return start(flight_when="loss > 10").path
    if request.param == "handler":
        handler = RunHandler(tmp_path / "runs", "test", flight_recorder=5, flight_when="loss > 10")
        handler.setLevel(logging.INFO)
        logger.addHandler(handler)
        return handler.run_path
    configured = {
        "class": "runlogging.RunHandler",
        "level": "INFO",
        "root": str(tmp_path / "runs"),
        "experiment": "test",
        "flight_recorder": 5,
        "flight_when": "loss > 10",
    }
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"run": configured},
        "loggers": {logger.name: {"level": "DEBUG", "handlers": ["run"], "propagate": False}},
    }
    logging.config.dictConfig(config)
    (made,) = logger.handlers
    assert isinstance(made, RunHandler)
    return made.run_path


def recorded(run: Path) -> Recorded:
    """Return the messages in the order of their numbers, and whether each was marked."""
    return [(line.get("message", ""), line.get("recorded", False)) for line in all_lines(run)]


# ---------------------------------------------------------------------- what it keeps, and when it writes


def test_nothing_is_written_until_something_goes_wrong(path: Path, logger: logging.Logger) -> None:
    """Records below the level stay in memory; others are written as ever."""
    logger.debug("unseen")
    logger.info("seen", extra={"metrics": {"loss": 1.0}})
    logger.warning("odd")
    assert recorded(path) == [("seen", False), ("odd", False)]


def test_an_error_brings_the_last_records(path: Path, logger: logging.Logger) -> None:
    """They stand before it with numbers drawn then and their own times; the oldest are gone, none comes twice."""
    before = time.time()
    for number in range(8):
        logger.debug("debug %d of %s", number, "all")
    logger.info("between")
    time.sleep(0.02)
    logger.error("bad")
    logger.debug("later")
    logger.critical("worse")
    logger.error("no more")
    kept = [(f"debug {number} of all", True) for number in range(3, 8)]
    assert recorded(path) == [
        ("between", False),
        *kept,
        ("bad", False),
        ("later", True),
        ("worse", False),
        ("no more", False),
    ]
    lines = all_lines(path)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[1]["template"] == "debug %d of %s"
    assert lines[1]["line"] == lines[2]["line"] > 0
    entries = RunReader(path).logs()
    assert [entry.message for entry in entries][:7] == [text for text, _ in kept] + ["between", "bad"]
    assert before - 0.001 <= entries[0].time.timestamp() < entries[6].time.timestamp() - 0.015
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)


@pytest.mark.parametrize(
    ("metrics", "is_trigger"),
    [
        ({"loss": math.nan}, True),
        ({"other": -math.inf}, True),
        ({"loss": 10.5}, True),
        ({"loss": 11}, True),
        ({"loss": 10}, False),
        ({"loss": -50.0, "other": 50}, False),
        ({"loss": "11"}, False),
        ({"loss": [11, math.inf]}, False),
    ],
)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_metrics_of_log_calls(
    path: Path, logger: logging.Logger, metrics: dict[str, Any], is_trigger: bool, level: int
) -> None:
    """One that is not finite or crosses the threshold is a trigger, also below the level: then it is marked, too."""
    logger.debug("before")
    logger.log(level, "metric", extra={"metrics": metrics})
    metric = ("metric", level == logging.DEBUG)
    written = [("before", True), metric] if is_trigger else [metric] if level == logging.INFO else []
    assert recorded(path) == written


@pytest.mark.parametrize(
    ("log", "is_trigger"),
    [
        (lambda run: run.log("loss", math.nan), True),
        (lambda run: run.log("loss", 10.1), True),
        (lambda run: run.log("loss", 11, step=3), True),
        (lambda run: run.log_metrics({"a": 1, "loss": 12}), True),
        (lambda run: run.log_metrics({"a": math.inf}), True),
        (lambda run: run.log("loss", 10.0), False),
        (lambda run: run.log_row("t", loss=11), False),
    ],
)
def test_metrics_of_verbs(start: Start, logger: logging.Logger, log: Callable[[Run], None], is_trigger: bool) -> None:
    """The same for the verbs of a run."""
    run = start(flight_when="loss > 10")
    logger.debug("before")
    log(run)
    marks = [line.get("recorded", False) for line in all_lines(run.path)]
    assert marks == ([True, False] if is_trigger else [False])


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_conditions(start: Start, logger: logging.Logger, sign: str) -> None:
    """Each comparison is as in Python; names may have spaces and signs, numbers an exponent."""
    for value in (-2.0, -1.5, 0):
        run = start(flight_when=f" val/loss x {sign} -15e-1 ")
        with run:
            logger.debug("before")
            run.log("val/loss x", value)
        assert len(all_lines(run.path)) == 1 + eval(f"{value} {sign} -1.5")


def test_errors_below_the_level(start: Start, logger: logging.Logger) -> None:
    """Where even an ERROR lies below the level, it has itself written with the others."""
    run = start(level=logging.CRITICAL)
    logger.info("before")
    logger.error("bad")
    logger.info("after")
    assert recorded(run.path) == [("before", True), ("bad", True)]


def test_levels_of_the_user(path: Path, logger: logging.Logger) -> None:
    """A level of another name counts by its number."""
    logging.addLevelName(45, "DREADFUL")
    logger.debug("before")
    logger.log(45, "bad")
    assert recorded(path) == [("before", True), ("bad", False)]


# ---------------------------------------------------------------------- ends


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_block_that_an_error_leaves(start: Start, logger: logging.Logger, error: type[BaseException]) -> None:
    """An exception has the records written; an interrupt, which is no error, has not."""
    run = start()

    def leave() -> None:
        with run:
            logger.debug("before")
            raise error

    with pytest.raises(error):
        leave()
    assert recorded(run.path) == ([("before", True)] if error is ValueError else [])


def test_fail(start: Start, logger: logging.Logger, tmp_path: Path) -> None:
    """`fail` has them written, those of a handler of the run, too; `complete` has not."""
    runs = start(), start()
    for run, end in zip(runs, ("fail", "complete"), strict=True):
        handler = RunHandler(tmp_path / "runs", "test", run_id=run.id, flight_recorder=5)
        handler.setLevel("WARNING")
        with run.activate():
            logger.debug("of the run")
        handler.handle(logging.makeLogRecord({"msg": "of the handler", "levelno": 20, "levelname": "INFO"}))
        getattr(run, end)()
        handler.close()
    failed, completed = (recorded(run.path) for run in runs)
    assert failed == [("of the run", True), ("of the handler", True)]
    assert completed == []


@pytest.mark.parametrize("is_handler", [False, True])
@pytest.mark.parametrize("error", ["ValueError", None])
def test_end_of_the_program(run_script: RunScript, tmp_path: Path, is_handler: bool, error: str | None) -> None:
    """An uncaught exception has the records written, in a handler without a run at exit; a plain end has not."""
    program = f"""
    import logging
    from runlogging import RunHandler, start_run
    log = logging.getLogger("x")
    log.setLevel("DEBUG")
    if {is_handler}:
        handler = RunHandler("runs", flight_recorder=3)
        handler.setLevel("INFO")
        log.addHandler(handler)
    else:
        run = start_run(root="runs", level="INFO", flight_recorder=3, environment=False)
    log.info("seen")
    for number in range(5):
        log.debug("debug %d", number)
    raise {error or "SystemExit"}
    """
    run_script(program, check=False)
    found = recorded(only_run(tmp_path / "runs"))
    kept = [(f"debug {number}", True) for number in (2, 3, 4)] if error else []
    assert found[: 1 + len(kept)] == [("seen", False), *kept]
    assert [text for text, _ in found[1 + len(kept) :]] == (["uncaught ValueError"] if error and not is_handler else [])


def test_thread_that_dies(run_script: RunScript, tmp_path: Path) -> None:
    """An uncaught exception of a thread is an ERROR of the run, and so a trigger."""
    program = """
    import logging, threading
    from runlogging import start_run
    log = logging.getLogger("x")
    log.setLevel("DEBUG")
    with start_run(root="runs", level="INFO", flight_recorder=3, environment=False):
        log.debug("before")
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    """
    run_script(program)
    (first, second) = recorded(only_run(tmp_path / "runs"))
    assert (first, second[0][:20], second[1]) == (("before", True), "uncaught in a thread", False)


def test_forked_child_has_a_ring_of_its_own(run_script: RunScript, tmp_path: Path) -> None:
    """What the parent's holds is the parent's: no record comes twice."""
    program = """
    import logging, os
    from runlogging import start_run
    log = logging.getLogger("x")
    log.setLevel("DEBUG")
    with start_run(root="runs", level="INFO", flight_recorder=9, environment=False):
        log.debug("parent")
        if not (pid := os.fork()):
            log.debug("child")
        else:
            os.waitpid(pid, 0)
        log.error("bad")
    if not pid:
        os._exit(0)
    """
    run_script(program)
    run = only_run(tmp_path / "runs")
    (child,) = writers_of(run) - {"main"}
    kept = {name: [line["message"] for line in lines_of(run, name)] for name in ("main", child)}
    assert kept == {"main": ["parent", "bad"], child: ["child", "bad"]}


# ---------------------------------------------------------------------- what a record is made of


class Colour(enum.IntEnum):
    """A number with a name."""

    RED = 1


class Mood(str, enum.Enum):  # noqa: UP042  (its text is not its value)
    """A text with a name."""

    GOOD = "good"


class Odd:
    """Neither its text nor its repr can be had."""

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __str__ = __repr__


@pytest.mark.parametrize(
    ("template", "args"),
    [
        ("%s", ("text",)),
        ("%r %a", ("text", "ü")),
        ("%d %5.2f %s %x", (3, 2.5, True, 255)),
        ("%s %r", (None, None)),
        ("%s %r", ([1, "a"], (1, "a"))),
        ("%(a)s %(b)r %(c)d", ({"a": 1.5, "b": "x", "c": 7},)),
        ("%.3f %d %s", (decimal.Decimal("1.5"), decimal.Decimal(7), decimal.Decimal("1.50"))),
        ("%s %r", (ValueError("bad"), ValueError("bad"))),
        ("%s %r %d", (Colour.RED, Colour.RED, Colour.RED)),
        ("%s %r", (Mood.GOOD, Mood.GOOD)),
        ("100%%", ()),
        ("%d", ("no number",)),
    ],
)
def test_message_is_what_it_would_have_been(
    start: Start, logger: logging.Logger, template: str, args: tuple[Any, ...]
) -> None:
    """A record that was kept reads as one that was written at once; one that cannot be formatted, too."""
    run = start()
    for level in (logging.DEBUG, logging.ERROR):
        logger.log(level, template, *args)
    first, second = all_lines(run.path)
    assert first["recorded"]
    assert first["message"] == second["message"]
    assert first["template"] == second["template"]


def test_argument_that_cannot_be_shown(path: Path, logger: logging.Logger) -> None:
    """It costs itself, and nothing is raised."""
    logger.debug("%s and %r", Odd(), Odd())
    logger.error("bad")
    assert recorded(path)[0] == (
        "<Odd whose str raised ZeroDivisionError> and <Odd whose repr raised ZeroDivisionError>",
        True,
    )


def test_arguments_are_those_of_the_call(path: Path, logger: logging.Logger) -> None:
    """What is changed later, in arguments, metrics, extras and a dict message, changes nothing."""
    items, extra = [1], {"deep": [1]}
    row: dict[str, Any] = {"n": 1, "list": [1]}
    logger.debug("items %s", items, extra={"metrics": row, "step": 3, "more": extra})
    logger.debug("mapped %(n)s", row)
    logger.debug({"message": "dict", "items": items})
    items.append(2)
    row["n"] = 99
    row["list"].append(2)
    extra["deep"].append(2)
    logger.error("bad")
    first, second, third, _ = all_lines(path)
    assert (first["message"], first["metrics"], first["step"]) == ("items [1]", {"n": 1}, 3)
    assert (first["values"][0]["value"], first["attributes"]) == ([1], {"more": {"deep": [1]}})
    assert second["message"] == "mapped 1"
    assert (third["message"], third["attributes"]) == ("dict", {"items": [1]})


def test_large_things_are_bounded(start: Start, logger: logging.Logger) -> None:
    """Ten megabytes as text, list, dict, bytes, extra or message leave some thousand characters, quickly."""
    run = start(flight_recorder=100)
    text = "x" * 10_000_000
    things = [text, [text], ["abc"] * 3_000_000, dict.fromkeys(range(1_000_000)), set(range(1_000_000)), text.encode()]
    begun = time.perf_counter()
    for thing in things:
        logger.debug("got %s and %r", thing, thing)
    assert time.perf_counter() - begun < 2
    logger.debug(text)
    logger.debug("extra", extra={"big": text, "list": [text]})
    logger.debug("metric", extra={"metrics": {"big": [text]}})
    try:
        raise ValueError("bad")
    except ValueError:
        logger.debug("error", exc_info=True)
    logger.error("bad")
    lines = all_lines(run.path)
    assert len(lines) == len(things) + 5
    assert all(len(str(line)) < 50_000 for line in lines)
    assert lines[2]["message"].startswith("got ['abc', 'abc', ")
    assert lines[3]["message"].startswith("got {0: None, 1: None, ")
    assert lines[len(things)]["message"].startswith("xxx")


def test_message_is_formatted_late_and_exception_at_once(path: Path, logger: logging.Logger) -> None:
    """The message only when it is written; the traceback at the call, and no frame is kept alive."""
    formatted = []

    class Record(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802  (logging's name)
            formatted.append(self.msg)
            return super().getMessage()

    class Held:
        pass

    def fail() -> None:
        held = Held()
        living.append(held)
        raise LookupError("lost")

    living: list[Any] = []
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Record)
    try:
        try:
            fail()
        except LookupError:
            logger.debug("caught %d", 1, exc_info=True, stack_info=True)
        logger.debug("plain %d", 2)
        assert formatted == []
        living.clear()
        gc.collect()
        assert not [one for one in gc.get_objects() if type(one) is Held]
        logger.error("bad")
    finally:
        logging.setLogRecordFactory(factory)
    line = all_lines(path)[0]
    assert (line["message"], line["exception"]["type"], line["exception"]["message"]) == (
        "caught 1",
        "LookupError",
        "lost",
    )
    assert "in fail" in line["exception"]["stacktrace"]
    assert line["stack"].startswith("Stack (most recent call last)")


def test_exception_that_a_handler_formatted_before(start: Start, logger: logging.Logger) -> None:
    """Its type and message are kept as well, whoever formatted it first."""
    run = start()
    record = logging.makeLogRecord({"name": logger.name, "levelno": 10, "levelname": "DEBUG", "msg": "m"})
    error = ValueError("a: b")
    record.exc_info, record.exc_text = (ValueError, error, None), "as formatted"
    logger.handle(record)
    logger.error("bad")
    assert all_lines(run.path)[0]["exception"] == {
        "type": "ValueError",
        "message": "a: b",
        "stacktrace": "as formatted",
    }


def test_record_is_left_as_it_is(path: Path, logger: logging.Logger) -> None:
    """Other handlers see the record that was made, with its own arguments."""

    class Seen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.args, record.exc_info, record.__dict__.get("more")))

    seen: list[Any] = []
    items = [1]
    logger.addHandler(Seen())
    logger.debug("%s %s", items, 1, extra={"more": items}, exc_info=ValueError("bad"))
    ((args, info, more),) = seen
    assert args[0] is more is items
    assert info[0] is ValueError


def test_secrets_are_redacted(path: Path, logger: logging.Logger) -> None:
    """In what was kept as in what is written at once."""
    logger.debug("password=%s", "hunter2secret")
    error = ValueError("password=hunter2secret")
    logger.debug("got %s", "auth_token=hunter2secret", extra={"api_key": "hunter2secret"}, exc_info=error)
    logger.error("bad")
    assert len(all_lines(path)) == 3
    assert "hunter2secret" not in str(all_lines(path))


def test_memory_does_not_grow(path: Path, logger: logging.Logger) -> None:
    """A hundred thousand records leave no more than a few."""

    def log(count: int) -> None:
        for number in range(count):
            logger.debug("number %d of %s", number, [number])

    log(1000)
    gc.collect()
    tracemalloc.start()
    log(1000)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    log(98_000)
    tracemalloc.start()
    log(1000)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after < before + 20_000


# ---------------------------------------------------------------------- levels, options, pickles


def test_level_that_is_changed(tmp_path: Path, logger: logging.Logger) -> None:
    """A handler's level decides at each record what is written and what is kept; it shows the one that was set."""
    handler = RunHandler(tmp_path / "runs", "test", flight_recorder=5)
    logger.addHandler(handler)
    logger.debug("written: there is no level")
    handler.setLevel("WARNING")
    assert "WARNING" in repr(handler)
    logger.info("kept")
    handler.setLevel(logging.INFO)
    logger.info("written")
    logger.error("bad")
    assert recorded(handler.run_path) == [
        ("written: there is no level", False),
        ("written", False),
        ("kept", True),
        ("bad", False),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flight_recorder": -1}, "1 or more"),
        ({"flight_recorder": 2.5}, "1 or more"),
        ({"flight_recorder": "9"}, "1 or more"),
        ({"flight_recorder": True}, "1 or more"),
        ({"flight_recorder": 0, "flight_when": "loss > 1"}, "1 or more"),
        ({"flight_recorder": 5, "flight_when": ""}, "no condition"),
        ({"flight_recorder": 5, "flight_when": "loss"}, "no condition"),
        ({"flight_recorder": 5, "flight_when": "loss > x"}, "no condition"),
        ({"flight_recorder": 5, "flight_when": "> 1"}, "no condition"),
        ({"flight_recorder": 5, "flight_when": "loss => 1"}, "no condition"),
        ({"flight_recorder": 5, "flight_when": "loss > 1.2.3"}, "no number"),
        ({"flight_recorder": 5, "flight_when": 10}, "no condition"),
    ],
)
def test_options_that_are_none(start: Start, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """They are refused with what would be right, before anything is made."""
    with pytest.raises(InvalidValueError, match=message):
        RunHandler(tmp_path / "runs", **options)
    with pytest.raises(InvalidValueError, match=message):
        start(**options)
    assert not (tmp_path / "runs").exists()


def test_pickled_handler_records_on(tmp_path: Path, logger: logging.Logger) -> None:
    """It joins its run with the same level and options, and an empty ring."""
    handler = RunHandler(tmp_path / "runs", "test", flight_recorder=5, flight_when="loss > 10")
    handler.setLevel("INFO")
    logger.addHandler(handler)
    logger.debug("the first one's")
    again = pickle.loads(pickle.dumps(handler))
    logger.removeHandler(handler)
    logger.addHandler(again)
    logger.debug("kept")
    logger.info("metric", extra={"metrics": {"loss": 11}})
    handler.close()
    assert recorded(handler.run_path) == [("kept", True), ("metric", False)]
    assert repr(again) == repr(handler)
