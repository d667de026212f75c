"""Handlers, threads, signal handlers and destructors of one process share a run and lose nothing."""

from __future__ import annotations

import copy
import logging
import pickle
import threading
from pathlib import Path

import pytest

from runlogging import RunHandler
from runlogging.folder import Durability, Life, writer_life

from ..conftest import RunScript, all_lines
from . import lines_of, manifest_of, messages_of, writers_of


def _made(logger: logging.Logger, *arguments: object, **more: object) -> RunHandler:
    """Make a handler and attach it."""
    handler = RunHandler(*arguments, **more)  # type: ignore[arg-type]
    logger.addHandler(handler)
    return handler


def test_handlers_without_a_run_id_share_run_and_writer(tmp_path: Path, logger: logging.Logger) -> None:
    """Same root and experiment: one folder, one writer; a record that reaches both is there twice."""
    first = _made(logger, tmp_path, "e", run_name="first", tags={"a": "1"})
    second = _made(logger, tmp_path, "e", run_name="second", tags={"b": "2"}, durability="lazy")
    assert (first.run_id, first.run_path) == (second.run_id, second.run_path)
    logger.info("twice")
    assert [(line["seq"], line["message"]) for line in lines_of(first.run_path)] == [(1, "twice"), (2, "twice")]
    assert writers_of(first.run_path) == {"main"}
    manifest = manifest_of(first.run_path)
    assert (manifest["name"], manifest["tags"], manifest["durability"]) == ("first", {"a": "1"}, "process")


def test_handlers_on_sibling_loggers_share_the_run_of_their_process(tmp_path: Path, logger: logging.Logger) -> None:
    """The usual case of two handlers: one a logger, with levels of their own, numbered together."""
    loggers = [logger.getChild("a"), logger.getChild("b")]
    handlers = [_made(child, tmp_path) for child in loggers]
    handlers[0].setLevel("ERROR")
    for child in loggers:
        child.info("low")
        child.error("high")
    found = [(line["seq"], line["logger"], line["level"]) for line in lines_of(handlers[0].run_path)]
    names = [child.name for child in loggers]
    assert found == [(1, names[0], "ERROR"), (2, names[1], "INFO"), (3, names[1], "ERROR")]
    for child, handler in zip(loggers, handlers, strict=True):
        child.removeHandler(handler)
        handler.close()


def test_paths_of_one_root_are_the_same_root(
    tmp_path: Path, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative, absolute or with a detour: the root is the folder."""
    monkeypatch.chdir(tmp_path)
    roots = ["r", tmp_path / "r", str(tmp_path / "x" / ".." / "r"), "./r/"]
    assert len({_made(logger, root).run_path for root in roots}) == 1


@pytest.mark.parametrize("other", [{"experiment": "f"}, {"root": "other"}, {"run_id": "mine"}])
def test_different_places_are_different_runs(tmp_path: Path, logger: logging.Logger, other: dict[str, str]) -> None:
    """Another experiment, another root or a run id of one's own: nothing is shared."""
    first = _made(logger, root=tmp_path / "root", experiment="e")
    given = {"root": "root", "experiment": "e"} | other
    second = _made(logger, root=tmp_path / given.pop("root"), **given)
    assert first.run_path != second.run_path
    logger.info("to both")
    assert messages_of(first.run_path) == messages_of(second.run_path) == ["to both"]


def test_same_run_id_in_one_process_is_one_writer(tmp_path: Path, logger: logging.Logger) -> None:
    """Joining one's own run makes no further writer."""
    first, second = (_made(logger, tmp_path, run_id="r1") for _ in range(2))
    logger.info("x")
    assert [line["seq"] for line in all_lines(first.run_path)] == [1, 2]
    assert writers_of(second.run_path) == {"main"}


def test_run_ends_with_its_last_handler(tmp_path: Path, logger: logging.Logger) -> None:
    """One of two is closed, even twice: the run goes on; with the other it ends."""
    first, second = (_made(logger, tmp_path) for _ in range(2))
    logger.info("x")
    first.close()
    first.close()
    assert manifest_of(first.run_path)["status"] == "Running"
    assert writer_life(first.run_path, "main") is Life.ALIVE
    second.close()
    assert manifest_of(first.run_path)["status"] == "Completed"
    assert writer_life(first.run_path, "main") is Life.DEAD


def test_handler_after_the_end_starts_a_new_run(tmp_path: Path, logger: logging.Logger) -> None:
    """When all are closed the next one without a run id has a run of its own, though an old one is reopened."""
    first = _made(logger, tmp_path)
    logger.info("one")
    first.close()
    second = _made(logger, tmp_path)
    logger.info("two")
    assert first.run_path != second.run_path
    assert (messages_of(first.run_path), messages_of(second.run_path)) == (["one", "two"], ["two"])
    first.close()
    assert (manifest_of(first.run_path)["status"], manifest_of(second.run_path)["status"]) == ("Completed", "Running")


def test_later_process_life_joins_by_run_id(tmp_path: Path, run_script: RunScript) -> None:
    """A closed run that another process continues keeps the first one's files as they were."""
    program = "import logging, runlogging\nlogging.getLogger().addHandler(runlogging.RunHandler(run_id='r1'))\n"
    run = tmp_path / "runs" / "default" / "r1"
    run_script(program + "logging.error('one')")
    before = (run / "logs.jsonl").read_bytes()
    run_script(program + "logging.error('two')")
    assert (run / "logs.jsonl").read_bytes() == before
    (other,) = writers_of(run) - {"main"}
    assert messages_of(run, other) == ["two"]


# ---------------------------------------------------------------------- copies


def test_unpickled_handler_joins_its_run(tmp_path: Path, logger: logging.Logger) -> None:
    """In the process that it came from it is the same writer; level, redaction and run are kept."""
    first = _made(logger, tmp_path, "e", durability="lazy", redact=False)
    first.setLevel("WARNING")
    second = pickle.loads(pickle.dumps(first))
    logger.addHandler(second)
    assert (second.run_path, second.run_id, second.level) == (first.run_path, first.run_id, logging.WARNING)
    logger.info("low")
    logger.warning("password=hunter2")
    assert messages_of(first.run_path) == ["password=hunter2"] * 2
    assert writers_of(first.run_path) == {"main"}


def test_unpickled_handler_joins_its_run_in_another_process(tmp_path: Path, run_script: RunScript) -> None:
    """Before or after the folder was made, and whoever makes it: both write to the one run."""
    handler = RunHandler(tmp_path / "root", "e")
    (tmp_path / "handler.pickle").write_bytes(pickle.dumps(handler))
    program = """
        import logging, pathlib, pickle
        logging.getLogger().addHandler(pickle.loads(pathlib.Path("handler.pickle").read_bytes()))
        logging.warning("from another")
    """
    for _ in range(2):
        run_script(program)
    handler.emit(logging.makeLogRecord({"msg": "from here"}))
    handler.close()
    found = [messages_of(handler.run_path, writer) for writer in writers_of(handler.run_path)]
    assert sorted(found) == [["from another"], ["from another"], ["from here"]]
    assert messages_of(handler.run_path) == ["from another"]
    assert manifest_of(handler.run_path)["status"] == "Completed"


def test_unpickled_handler_keeps_its_run_against_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pickled handler names its run; a variable set in between does not lead it elsewhere."""
    handler = RunHandler(tmp_path / "runs", "e", run_id="r1")
    data = pickle.dumps(handler)
    monkeypatch.setenv("RUNLOGGING_RUN", str(tmp_path / "runs" / "e" / "r2"))
    other = pickle.loads(data)
    assert other.run_path == handler.run_path
    for made in (handler, other):
        made.close()


def test_unpickled_handler_of_a_named_run_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that RUNLOGGING_RUN named may have a folder name of its own; without the variable it is found again."""
    run = tmp_path / "my runs!" / "Run (1)"
    monkeypatch.setenv("RUNLOGGING_RUN", str(run))
    handler = RunHandler()
    data = pickle.dumps(handler)
    monkeypatch.delenv("RUNLOGGING_RUN")
    other = pickle.loads(data)
    assert other.run_path == handler.run_path == run
    for made in (handler, other):
        made.close()


def test_copied_handler_joins_its_run(tmp_path: Path, logger: logging.Logger) -> None:
    """copy.copy and copy.deepcopy, as some configurators make them, are further handlers of the run."""
    first = _made(logger, tmp_path)
    for other in (copy.copy(first), copy.deepcopy(first)):
        logger.addHandler(other)
    logger.info("x")
    assert messages_of(first.run_path) == ["x"] * 3
    first.close()
    assert manifest_of(first.run_path)["status"] == "Running"


# ---------------------------------------------------------------------- at the same time


@pytest.mark.parametrize("durability", ["process", "lazy"])
def test_threads_lose_nothing(tmp_path: Path, logger: logging.Logger, durability: Durability) -> None:
    """Eight threads of two thousand records from the first one on; every number is drawn once."""
    handler = _made(logger, tmp_path, durability=durability)
    gate = threading.Barrier(8)

    def work(number: int) -> None:
        gate.wait()
        for n in range(2_000):
            extra = {"metrics": {"n": n}} if n % 2 else {"n": n}
            logger.info("%d", number, extra=extra)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.close()
    lines = all_lines(handler.run_path)
    assert [line["seq"] for line in lines] == list(range(1, 16_001))
    found = {(line["message"], (line.get("metrics") or line["attributes"])["n"]) for line in lines}
    assert found == {(str(number), n) for number in range(8) for n in range(2_000)}
    counts = manifest_of(handler.run_path)["counts"]
    assert (counts["logs"], counts["metrics"]) == (8_000, 8_000)


def test_threads_that_close_and_reopen_lose_nothing(tmp_path: Path, logger: logging.Logger) -> None:
    """One thread closes the handler over and over while others log: every record is kept, each close ends the run."""
    handler = _made(logger, tmp_path)
    done = threading.Event()

    def close() -> None:
        while not done.is_set():
            handler.close()

    def work() -> None:
        for n in range(1_000):
            logger.info("%d", n)

    closing, threads = threading.Thread(target=close), [threading.Thread(target=work) for _ in range(3)]
    for thread in (closing, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    closing.join()
    handler.close()
    lines = all_lines(handler.run_path)
    assert [line["seq"] for line in lines] == list(range(1, 3_001))
    assert sorted(int(line["message"]) for line in lines) == sorted([*range(1_000)] * 3)
    manifest = manifest_of(handler.run_path)
    assert (manifest["status"], manifest["dropped"]) == ("Completed", None)
    # A line on its way in each thread, while the last end was written, may not be counted yet.
    assert 3_000 - len(threads) <= manifest["counts"]["logs"] <= 3_000


def test_signal_handler_logs_in_the_middle_of_a_record(tmp_path: Path, run_script: RunScript) -> None:
    """A timer's handler logs while the main thread does, opens and closes: no record is lost, none hangs."""
    done = run_script("""
        import logging, signal
        from runlogging import RunHandler
        handler = RunHandler("runs", run_id="r1")
        log = logging.getLogger("train")
        log.setLevel("INFO")
        log.addHandler(handler)
        ticks = 0
        def tick(number, frame):
            global ticks
            ticks += 1
            log.info("tick", extra={"metrics": {"n": ticks}})
        signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for n in range(20_000):
            log.info("%d", n)
            if n % 2_000 == 0:
                handler.close()
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(ticks)
    """)
    run = tmp_path / "runs" / "default" / "r1"
    lines, ticks = all_lines(run), int(done.stdout)
    assert ticks > 5
    # One tick may come in the middle of another's call, before it has its number.
    assert sorted(line["metrics"]["n"] for line in lines if "metrics" in line) == list(range(1, ticks + 1))
    assert [int(line["message"]) for line in lines if "metrics" not in line] == list(range(20_000))
    assert [line["seq"] for line in lines] == list(range(1, 20_001 + ticks))
    assert (manifest_of(run)["status"], manifest_of(run)["dropped"], done.stderr) == ("Completed", None, "")


def test_destructors_log(tmp_path: Path, run_script: RunScript) -> None:
    """Garbage that logs when it is collected, within log calls and at the end of the interpreter."""
    done = run_script("""
        import gc, logging
        from runlogging import RunHandler
        log = logging.getLogger("train")
        log.setLevel("INFO")
        log.addHandler(RunHandler("runs", run_id="r1"))
        class Loud:
            def __init__(self, n):
                self.n, self.cycle = n, self
            def __del__(self):
                log.info("gone", extra={"metrics": {"n": self.n}})
        gc.set_threshold(5, 2, 2)
        for n in range(500):
            Loud(n)
            log.info("%d", n, extra={"some": [{"made": n}]})
        gc.collect()
        kept = Loud(500)
    """)
    run = tmp_path / "runs" / "default" / "r1"
    lines = all_lines(run)
    assert {line["metrics"]["n"] for line in lines if "metrics" in line} >= set(range(500))
    assert [int(line["message"]) for line in lines if "metrics" not in line] == list(range(500))
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert done.stderr == ""


def test_record_logged_while_a_record_is_built(handler: RunHandler, logger: logging.Logger) -> None:
    """An argument whose text logs, and a value whose repr does: the inner record goes first, both are kept."""

    class Chatty:
        def __str__(self) -> str:
            logger.info("inner")
            return "chatty"

        __repr__ = __str__

    logger.info("outer %s", Chatty())
    messages = messages_of(handler.run_path)
    assert messages[-1] == "outer chatty"
    assert set(messages[:-1]) == {"inner"}
    logger.info("outer", extra={"who": Chatty()})
    assert lines_of(handler.run_path)[-1]["attributes"] == {"who": "chatty"}
