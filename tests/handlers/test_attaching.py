"""However the handler is attached, the same lines are kept, and the program's own output stays as it was."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from runlogging import RunHandler

from ..conftest import RunScript, all_lines, only_run
from . import lines_of, manifest_of, messages_of

WORK = """
import logging

def work():
    log = logging.getLogger("train")
    log.debug("hidden")
    log.info("epoch %d", 1, extra={"metrics": {"loss": 0.5}, "step": 1})
    log.warning("odd", extra={"who": "me"})
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("failed")
    log.info("text", extra={"metrics": {"note": "good", "n": 3}})
"""
INI = """
[loggers]
keys=root
[handlers]
keys=run
[formatters]
keys=
[logger_root]
level=INFO
handlers=run
[handler_run]
class=runlogging.RunHandler
args=("runs", "test")
"""
DICT = """
import logging.config
logging.config.dictConfig({{
    "version": 1,
    "handlers": {{"run": {{"{key}": "runlogging.RunHandler", "root": "runs", "experiment": "test", "level": "INFO"}}}},
    "root": {{"level": "DEBUG", "handlers": ["run"]}},
}})
"""
WAYS = {
    "class": DICT.format(key="class"),
    "factory": DICT.format(key="()"),
    "fileConfig": "import logging.config; logging.config.fileConfig('log.ini')",
    "basicConfig": (
        "import logging, runlogging\n"
        "logging.basicConfig(level='INFO', handlers=[runlogging.RunHandler('runs', 'test')])"
    ),
    "addHandler": (
        "import logging, runlogging\n"
        "logging.getLogger().addHandler(runlogging.RunHandler('runs', 'test')); logging.getLogger().setLevel('INFO')"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_attaching_keeps_the_same_lines(tmp_path: Path, run_script: RunScript, way: str) -> None:
    """By class path, factory, ini file, basicConfig or addHandler: four records, in three streams."""
    (tmp_path / "work.py").write_text(WORK)
    (tmp_path / "log.ini").write_text(INI)
    done = run_script(f"{WAYS[way]}\nimport work\nwork.work()\n")
    run = only_run(tmp_path / "runs")
    lines = lines_of(run)
    assert run.parent.name == "test"
    assert [(line["seq"], line["level"], line["message"]) for line in lines] == [
        (1, "INFO", "epoch 1"),
        (2, "WARNING", "odd"),
        (3, "ERROR", "failed"),
        (4, "INFO", "text"),
    ]
    assert {(line["logger"], line["file"], line["function"]) for line in lines} == {
        ("train", str(tmp_path / "work.py"), "work")
    }
    assert (lines[0]["metrics"], lines[0]["step"], lines[0]["template"]) == ({"loss": 0.5}, 1, "epoch %d")
    assert lines[1]["attributes"] == {"who": "me"}
    assert (lines[2]["exception"]["type"], lines[2]["exception"]["message"]) == ("ValueError", "bad")
    assert (lines[3]["metrics"], lines[3]["values"]) == (
        {"n": 3},
        [{"name": "note", "type": "text", "value": "good"}],
    )
    assert manifest_of(run)["status"] == "Completed"
    assert (done.stdout, done.stderr) == ("", "")


def test_configuration_passes_every_argument(tmp_path: Path, run_script: RunScript) -> None:
    """A dictConfig can give everything that the handler takes."""
    run_script("""
        import logging.config
        logging.config.dictConfig({
            "version": 1,
            "handlers": {"run": {
                "class": "runlogging.RunHandler", "root": "here", "experiment": "e 1", "run_name": "for people",
                "run_id": "r7", "durability": "lazy", "delay": False, "tags": {"a": "b", "c": None}, "redact": False,
            }},
            "root": {"handlers": ["run"]},
        })
        logging.warning("password=hunter2")
    """)
    run = tmp_path / "here" / "e 1" / "r7"
    manifest = manifest_of(run)
    assert (manifest["name"], manifest["tags"], manifest["durability"]) == (
        "for people",
        {"a": "b", "c": None},
        "lazy",
    )
    assert messages_of(run) == ["password=hunter2"]


def test_closed_by_a_later_configuration_the_handler_goes_on(tmp_path: Path, run_script: RunScript) -> None:
    """DictConfig closes handlers that stay attached: the next record reopens the run, and the exit ends it."""
    done = run_script("""
        import json, logging, logging.config
        from runlogging import RunHandler
        handler = RunHandler("runs", run_id="r1")
        status = lambda: print(json.loads((handler.run_path / "run.json").read_bytes())["status"])
        logging.getLogger().addHandler(handler)
        logging.warning("before")
        status()
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
        status()
        logging.warning("after")
        status()
    """)
    run = tmp_path / "runs" / "default" / "r1"
    assert done.stdout.split() == ["Running", "Completed", "Running"]
    assert [(line["seq"], line["message"]) for line in lines_of(run)] == [(1, "before"), (2, "after")]
    assert manifest_of(run)["status"] == "Completed"
    assert manifest_of(run)["counts"]["logs"] == 2
    assert len(manifest_of(run)["writers"]) == 1


NOISY = """
import logging, pickle, sys, threading
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
if sys.argv[1] == "with":
    from runlogging import RunFormatter, RunHandler
    for durability in ("process", "power", "lazy"):
        handler = RunHandler("runs", run_id=durability, durability=durability)
        logging.getLogger().addHandler(handler)
        other = pickle.loads(pickle.dumps(handler))
        logging.getLogger("child").addHandler(other)
log = logging.getLogger("child.train")
for number in range(20):
    log.debug("number %d", number, extra={"metrics": {"n": number, "t": "text", "big": list(range(number * 6_000))}})
thread = threading.Thread(target=log.info, args=("from a thread",))
thread.start()
thread.join()
log.error("an error", exc_info=ValueError("bad"))
print("done")
"""


def test_no_line_is_added_to_the_output_of_a_program(tmp_path: Path, run_script: RunScript) -> None:
    """With root at DEBUG and a console handler, stdout and stderr are the same bytes with the handler and without."""
    outputs = [(done.stdout, done.stderr) for done in (run_script(NOISY, "without"), run_script(NOISY, "with"))]
    assert outputs[0] == outputs[1]
    assert outputs[0][1].count("number") == 20
    assert {path.parent.name for path in tmp_path.glob("runs/*/*/run.json")} == {"process", "power", "lazy"}


def test_foreign_formatter_of_a_configuration_is_ignored_with_one_warning(
    tmp_path: Path, run_script: RunScript
) -> None:
    """Two handlers are given a formatter, and one RuntimeWarning names it; the lines stay JSON."""
    done = run_script("""
        import logging.config, warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            logging.config.dictConfig({
                "version": 1,
                "formatters": {"plain": {"format": "%(message)s"}},
                "handlers": {
                    "a": {"class": "runlogging.RunHandler", "run_id": "a", "formatter": "plain"},
                    "b": {"class": "runlogging.RunHandler", "run_id": "b", "formatter": "plain"},
                },
                "root": {"handlers": ["a", "b"]},
            })
        for warning in caught:
            print(warning.category.__name__, warning.message)
        logging.warning("kept")
    """)
    (said,) = done.stdout.splitlines()
    assert said.startswith("RuntimeWarning ")
    assert "Formatter" in said
    assert [messages_of(tmp_path / "runs" / "default" / run) for run in "ab"] == [["kept"], ["kept"]]


@pytest.mark.filterwarnings("ignore:RunHandler writes:RuntimeWarning")
def test_foreign_formatter_keeps_ours(handler: RunHandler) -> None:
    """After a foreign one the handler still has a formatter of its own, as after None."""
    ours = handler.formatter
    handler.setFormatter(logging.Formatter("%(message)s"))
    assert handler.formatter is ours
    handler.setFormatter(None)
    assert type(handler.formatter) is type(ours)


def test_folder_appears_with_the_first_record(tmp_path: Path, logger: logging.Logger) -> None:
    """With delay, the default, nothing is made before; the run's id and path are known all the same."""
    made = RunHandler(tmp_path / "runs", "test")
    logger.addHandler(made)
    assert list(tmp_path.iterdir()) == []
    assert made.run_path == tmp_path / "runs" / "test" / made.run_id
    logger.info("first")
    assert only_run(tmp_path / "runs") == made.run_path


def test_handler_that_never_got_a_record_leaves_nothing(tmp_path: Path) -> None:
    """Made and closed without a record: no folder."""
    RunHandler(tmp_path / "runs", "test").close()
    assert list(tmp_path.iterdir()) == []


def test_folder_appears_at_once_without_delay(tmp_path: Path, logger: logging.Logger) -> None:
    """delay=False makes the run when the handler is made, still without a record."""
    made = RunHandler(tmp_path / "runs", "test", delay=False)
    logger.addHandler(made)
    assert manifest_of(made.run_path)["status"] == "Running"
    assert all_lines(made.run_path) == []


def test_repr_names_run_and_level(handler: RunHandler) -> None:
    """The handler shows where it writes and from which level on."""
    handler.setLevel("ERROR")
    assert repr(handler) == f"<RunHandler {handler.run_path} (ERROR)>"


def test_level_of_the_handler_holds(handler: RunHandler, logger: logging.Logger) -> None:
    """Records below the handler's level are not kept."""
    handler.setLevel(logging.WARNING)
    logger.info("low")
    logger.warning("high")
    assert messages_of(handler.run_path) == ["high"]


def test_filters_of_the_handler_hold(handler: RunHandler, logger: logging.Logger) -> None:
    """What a filter refuses is not kept, and `handle` says so; a removed filter has no effect."""

    def refuse(record: logging.LogRecord) -> bool:
        return "secret" not in record.getMessage()

    handler.addFilter(refuse)
    logger.info("a secret")
    logger.info("plain")
    assert not handler.handle(logging.makeLogRecord({"msg": "secret"}))
    handler.removeFilter(refuse)
    logger.info("secret again")
    assert messages_of(handler.run_path) == ["plain", "secret again"]


def test_filter_may_put_another_record_in_its_place(handler: RunHandler, logger: logging.Logger) -> None:
    """From Python 3.12 on a filter's record takes the place; before, it only counts as true."""

    class Replacing(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            return logging.makeLogRecord(record.__dict__ | {"msg": "other"})  # type: ignore[return-value]

    handler.addFilter(Replacing())
    logger.info("first")
    assert messages_of(handler.run_path) == ["other" if sys.version_info >= (3, 12) else "first"]


# ---------------------------------------------------------------------- the environment


def test_run_variable_wins_over_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logger: logging.Logger
) -> None:
    """RUNLOGGING_RUN names a folder that does not exist yet: it is made, and nothing else."""
    run = tmp_path / "deep" / "exp" / "named"
    monkeypatch.setenv("RUNLOGGING_RUN", str(run))
    made = RunHandler(tmp_path / "other", "another", run_id="third")
    logger.addHandler(made)
    logger.info("here")
    assert (made.run_path, made.run_id) == (run, "named")
    assert messages_of(run) == ["here"]
    manifest = manifest_of(run)
    assert (manifest["id"], manifest["experiment"]) == ("named", "exp")
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_run_variable_joins_a_run_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_script: RunScript
) -> None:
    """A second process given the variable writes as a further writer, and does not end the run's manifest anew."""
    run = tmp_path / "runs" / "exp" / "named"
    program = (
        "import logging, runlogging\nlogging.getLogger().addHandler(runlogging.RunHandler())\nlogging.error('hello')\n"
    )
    run_script(program, RUNLOGGING_RUN=str(run))
    first = manifest_of(run)
    run_script(program, RUNLOGGING_RUN=str(run), RANK="5")
    assert messages_of(run) == messages_of(run, "rank5") == ["hello"]
    assert manifest_of(run)["ended"] == first["ended"]
    assert [writer["name"] for writer in manifest_of(run)["writers"]] == ["main", "rank5"]


def test_relative_run_variable_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logger: logging.Logger
) -> None:
    """A later change of the working folder moves nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNLOGGING_RUN", "runs/exp/named")
    made = RunHandler()
    logger.addHandler(made)
    monkeypatch.chdir("/")
    logger.info("here")
    assert made.run_path == tmp_path / "runs" / "exp" / "named"
    assert messages_of(tmp_path / "runs" / "exp" / "named") == ["here"]


def test_root_variable_takes_the_place_of_the_default_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_ROOT holds where no root is named, and only there."""
    monkeypatch.setenv("RUNLOGGING_ROOT", str(tmp_path / "elsewhere"))
    handlers = [RunHandler(), RunHandler(tmp_path / "named")]
    assert [made.run_path.parent for made in handlers] == [
        tmp_path / "elsewhere" / "default",
        tmp_path / "named" / "default",
    ]
    for made in handlers:
        made.close()


@pytest.mark.parametrize("variable", ["RUNLOGGING_RUN", "RUNLOGGING_ROOT"])
def test_empty_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """An empty variable is as good as one that is not set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "")
    made = RunHandler()
    assert made.run_path.parent == tmp_path / "runs" / "default"
    made.close()
