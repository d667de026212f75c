"""Importing the package costs a program little."""

from __future__ import annotations

import pytest

from ..conftest import RunScript

HEAVY = ("asyncio", "click", "filelock", "hashlib", "multiprocessing", "rich", "socket", "sqlite3", "subprocess")


@pytest.mark.parametrize("statement", ["import runlogging", "from runlogging import RunHandler, RunFormatter"])
def test_import_brings_no_heavy_module_and_no_thread(run_script: RunScript, statement: str) -> None:
    """A program that only logs does not pay for locks, servers, tables and processes before its first record."""
    done = run_script(f"""
        import sys
        before = set(sys.modules)
        {statement}
        import threading
        print([name for name in {HEAVY!r} if name in set(sys.modules) - before], threading.active_count())
    """)
    assert done.stdout.split() == ["[]", "1"]


def test_writing_starts_no_thread(run_script: RunScript) -> None:
    """Through all the life of a handler there is the main thread alone, and no heavy module for people appears."""
    done = run_script("""
        import logging, sys, threading
        from runlogging import RunHandler
        started = []
        start = threading.Thread.start
        threading.Thread.start = lambda self: (started.append(self), start(self))
        for durability in ("process", "power", "lazy"):
            handler = RunHandler("runs", run_id=durability, durability=durability)
            logging.getLogger().addHandler(handler)
        for number in range(100):
            logging.warning("%d", number, extra={"metrics": {"n": number, "text": "a"}})
        for handler in logging.getLogger().handlers:
            handler.close()
        print(len(started), threading.active_count(), [n for n in ("click", "rich", "sqlite3") if n in sys.modules])
    """)
    assert done.stdout.split() == ["0", "1", "[]"]


def test_import_registers_no_handler_and_logs_nothing(run_script: RunScript) -> None:
    """The root logger, its class and the record factory are the ones from before."""
    done = run_script("""
        import logging
        def state():
            root = logging.getLogger()
            return (
                root.handlers, root.level, logging.getLoggerClass(), logging.getLogRecordFactory(),
                logging.Logger.callHandlers, logging.Logger.makeRecord, logging.shutdown, logging.lastResort,
            )
        before = state()
        import runlogging
        runlogging.RunHandler("runs").close()
        print(before == state())
    """)
    assert (done.stdout, done.stderr) == ("True\n", "")
