"""The program behind test_matrix.py: every order of two configuration calls, with a run opened at every place.

Each combination runs in a forked process of its own, twice: with a run, and without anything of ours. What a process
saw goes to a JSON file: records that should be kept, console output, levels and handlers.
"""

from __future__ import annotations

import itertools
import json
import logging
import logging.config
import logging.handlers
import os
import queue
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runlogging import RunHandler, start_run

ORIGINAL = logging.Logger.callHandlers
LOGGERS = ("", "app", "app.child", "quiet", "late")
LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
FORMAT = "%(levelname)s %(name)s %(message)s"
INI = """
[loggers]
keys=root,app
[handlers]
keys=console
[formatters]
keys=plain
[logger_root]
level=INFO
handlers=console
[logger_app]
level=DEBUG
handlers=
qualname=app
[handler_console]
class=StreamHandler
level=NOTSET
formatter=plain
args=(sys.stderr,)
[formatter_plain]
format=ini %(levelname)s %(name)s %(message)s
"""


class Case:
    """One process: its steps, and what it expects of the run."""

    def __init__(self, folder: Path, with_run: bool) -> None:
        self.folder, self.with_run = folder, with_run
        self.run: Any = None
        self.expected: list[str] = []
        self.number = 0
        self.listener: Any = None

    def start(self) -> None:
        """Open the run."""
        if self.with_run:
            self.run = start_run("matrix", self.folder / "runs", run_id="x", environment=False)

    def log(self) -> None:
        """Log at every level to every logger, and note what passes the logger's level."""
        for name, level in itertools.product(LOGGERS, LEVELS):
            logger = logging.getLogger(name)
            self.number += 1
            message = f"record-{self.number}"
            if self.run is not None and logger.isEnabledFor(level):
                self.expected.append(message)
            logger.log(level, "record-%d", self.number)


def basic(case: Case) -> None:
    logging.basicConfig(level=logging.DEBUG, format=FORMAT)


def force(case: Case) -> None:
    logging.basicConfig(level=logging.INFO, format="forced " + FORMAT, force=True)


def dict_with_root(case: Case) -> None:
    console = {"class": "logging.StreamHandler", "formatter": "f"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"f": {"format": "dict " + FORMAT}},
            "handlers": {"console": console},
            "loggers": {"quiet": {"level": "DEBUG", "handlers": ["console"], "propagate": False}},
            "root": {"level": "INFO", "handlers": ["console"]},
        }
    )


def dict_without_root(case: Case) -> None:
    logging.config.dictConfig({"version": 1})


def incremental(case: Case) -> None:
    logging.config.dictConfig({"version": 1, "incremental": True, "loggers": {"app": {"level": "ERROR"}}})


def file(case: Case) -> None:
    path = case.folder / "logging.ini"
    path.write_text(INI, encoding="utf-8")
    logging.config.fileConfig(path)


def add_and_remove(case: Case) -> None:
    first, second = logging.StreamHandler(), logging.StreamHandler()
    first.setFormatter(logging.Formatter("added " + FORMAT))
    logging.getLogger("app").addHandler(first)
    logging.getLogger().addHandler(second)
    logging.getLogger().removeHandler(second)


def no_propagation(case: Case) -> None:
    logger = logging.getLogger("quiet")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("quiet " + FORMAT))
    logger.addHandler(handler)


def shutdown(case: Case) -> None:
    logging.shutdown()


def queued(case: Case) -> None:
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    # A file of its own: between two threads there is no order.
    console = logging.FileHandler(case.folder / "queued.txt", encoding="utf-8")
    console.setFormatter(logging.Formatter("queued " + FORMAT))
    case.listener = logging.handlers.QueueListener(records, console)
    logging.getLogger().addHandler(logging.handlers.QueueHandler(records))
    case.listener.start()


def own_handler(case: Case) -> None:
    # Any handler on the root logger makes a later basicConfig do nothing; so the control process gets one, too.
    handler = RunHandler(case.folder / "runs", "matrix", run_id="x") if case.run is not None else logging.NullHandler()
    logging.getLogger().addHandler(handler)


STEPS: dict[str, Callable[[Case], None]] = {
    "basic": basic,
    "force": force,
    "dict_with_root": dict_with_root,
    "dict_without_root": dict_without_root,
    "incremental": incremental,
    "file": file,
    "add_and_remove": add_and_remove,
    "no_propagation": no_propagation,
    "shutdown": shutdown,
    "queued": queued,
    "own_handler": own_handler,
}


def combinations() -> list[tuple[str, ...]]:
    """Return all orders of two steps, with the opening of the run before, between and after them."""
    orders = []
    for pair in itertools.permutations(STEPS, 2):
        for place in range(3):
            steps = list(pair)
            steps.insert(place, "start")
            # A handler for a run that is to be opened later would open it itself.
            if "own_handler" not in steps or steps.index("start") < steps.index("own_handler"):
                orders.append(tuple(steps))
    return orders


def state() -> list[Any]:
    """Return levels, flags and handlers of all loggers, without ours."""
    manager = logging.Logger.manager
    seen = []
    for name in ("", *sorted(name for name in manager.loggerDict if not name.startswith("runlogging"))):
        logger = logging.getLogger(name)
        handlers = [
            [type(handler).__name__, handler.level, getattr(handler.formatter, "_fmt", None)]
            for handler in logger.handlers
            if not isinstance(handler, RunHandler | logging.NullHandler)
        ]
        seen.append([name, logger.level, logger.propagate, logger.disabled, handlers])
    return seen


def kept(folder: Path) -> list[str]:
    """Return the messages of all records in the run."""
    files = sorted(folder.glob("runs/matrix/x/logs*.jsonl"))
    return [json.loads(line)["message"] for path in files for line in path.read_bytes().splitlines()]


def work(steps: tuple[str, ...], folder: Path, with_run: bool) -> None:
    """Be one process: take the steps, log before and after each, and write down what there is to see."""
    folder.mkdir(parents=True)
    console = os.open(folder / "console.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(console, 2)
    case = Case(folder, with_run)
    case.log()
    for step in steps:
        (case.start if step == "start" else lambda step=step: STEPS[step](case))()  # type: ignore[misc]
        case.log()
    verbs = 0
    if case.run is not None:
        case.run.log("verb", 1.0)
    seen = state()
    if case.listener is not None:
        case.listener.stop()
    is_wrapped = logging.Logger.callHandlers is not ORIGINAL
    if case.run is not None:
        verbs = len(case.run.series("verb"))
        case.run.complete()
        case.run = None
    root = logging.getLogger()  # a handler that is left on a run that has ended says so on stderr
    root.handlers[:] = [one for one in root.handlers if not isinstance(one, RunHandler | logging.NullHandler)]
    case.log()
    facts = {
        "expected": case.expected,
        "kept": kept(folder),
        "verbs": verbs,
        "state": seen,
        "was_wrapped": is_wrapped,
        "is_restored": logging.Logger.callHandlers is ORIGINAL,
    }
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def main(base: Path) -> None:
    """Run all combinations, each in two processes."""
    for number, steps in enumerate(combinations()):
        for kind in ("run", "control"):
            pid = os.fork()
            if not pid:
                code = 1
                try:
                    work(steps, base / str(number) / kind, kind == "run")
                    code = 0
                finally:
                    sys.stderr.flush()
                    os._exit(code)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
                sys.stdout.write(f"{steps} {kind} failed: see {base / str(number) / kind / 'console.txt'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
