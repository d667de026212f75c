"""How a run ends, seen after the process is gone."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runlogging import RunHandler
from runlogging.folder import Life, writer_life

from ..conftest import SOURCE, RunScript, all_lines
from . import life_of, manifest_of, messages_of

PROLOGUE = """
import atexit, json, logging, os, signal, sys
from runlogging import RunHandler
log = logging.getLogger("train")
log.setLevel("DEBUG")
handler = RunHandler("runs", run_id="r1")
log.addHandler(handler)
log.info("start")
"""
OLD_ERROR = """
import sys
sys.last_value = ValueError("old")
if sys.version_info >= (3, 12):
    sys.last_exc = sys.last_value
"""
Ended = Callable[..., tuple[subprocess.CompletedProcess[str], dict[str, Any]]]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Give the folder of the run that the programs here write."""
    return tmp_path / "runs" / "default" / "r1"


@pytest.fixture
def ended(run: Path, run_script: RunScript) -> Ended:
    """Give a function that runs a program with an open handler, and returns the process and the manifest."""

    def end(body: str, before: str = "") -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
        done = run_script(before + PROLOGUE + textwrap.dedent(body), check=False)
        return done, manifest_of(run)

    return end


COMPLETED = {
    "plain": ("pass", 0),
    "closed": ("handler.close()", 0),
    "closed twice": ("handler.close(); handler.close()", 0),
    "removed": ("log.removeHandler(handler); del handler", 0),
    "exit code": ("sys.exit(3)", 3),
    "exit text": ("sys.exit('no')", 1),
    "caught": ("try: 1 / 0\nexcept ZeroDivisionError: log.exception('caught')", 0),
    "caught interrupt": ("try: raise KeyboardInterrupt\nexcept KeyboardInterrupt: pass", 0),
    "error in a thread": ("import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()", 0),
    "shutdown": ("logging.shutdown()", 0),
}


@pytest.mark.parametrize("case", COMPLETED)
def test_run_completes(run: Path, ended: Ended, case: str) -> None:
    """Whatever is no uncaught error of the program, a non-zero sys.exit included, is Completed."""
    body, code = COMPLETED[case]
    done, manifest = ended(body)
    assert done.returncode == code, done.stderr
    assert (manifest["status"], manifest["error"], manifest["final"]) == ("Completed", None, False)
    assert manifest["ended"] >= manifest["started"]
    assert manifest["counts"]["logs"] == len(all_lines(run))
    assert life_of(run)[-1].items() >= {"status": "Completed", "counts": manifest["counts"]}.items()
    assert writer_life(run, "main") is Life.DEAD


def test_run_fails_by_an_uncaught_error(run: Path, ended: Ended) -> None:
    """The manifest has the type, the message and the stack trace; the process ends as without us."""
    done, manifest = ended("""
        class Strange(ValueError):
            pass

        def deep():
            raise Strange("bad wolf") from KeyError("cause")

        deep()
    """)
    assert done.returncode == 1
    assert (manifest["status"], life_of(run)[-1]["status"]) == ("Failed", "Failed")
    assert (manifest["error"]["type"], manifest["error"]["message"]) == ("__main__.Strange", "bad wolf")
    trace = manifest["error"]["stacktrace"]
    assert "in deep" in trace
    assert "KeyError: 'cause'" in trace
    assert trace.endswith("Strange: bad wolf")
    assert done.stderr.rstrip().endswith("Strange: bad wolf")


# A shell starts what runs in its background with the signal ignored, and children inherit that.
BY_SIGNAL = "signal.signal(signal.SIGINT, signal.default_int_handler); os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize("body", ["raise KeyboardInterrupt", BY_SIGNAL])
def test_interrupted_run_is_canceled(run: Path, ended: Ended, body: str) -> None:
    """A KeyboardInterrupt that nothing catches, raised or by the signal, cancels."""
    done, manifest = ended(body)
    assert done.returncode != 0
    assert (manifest["status"], manifest["error"]["type"]) == ("Canceled", "KeyboardInterrupt")
    assert life_of(run)[-1]["status"] == "Canceled"


def test_error_after_a_configuration_closed_the_handler_still_fails_the_run(run: Path, ended: Ended) -> None:
    """The handler is closed but attached, no record comes any more, and then the program dies of an error."""
    _, manifest = ended("""
        import logging.config
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
        raise ValueError("late")
    """)
    assert (manifest["status"], manifest["error"]["message"]) == ("Failed", "late")


def test_error_after_the_handler_was_removed_and_closed_does_not_fail_the_run(ended: Ended) -> None:
    """A run that was ended by its program is over."""
    _, manifest = ended("log.removeHandler(handler); handler.close(); raise ValueError('late')")
    assert (manifest["status"], manifest["error"]) == ("Completed", None)


def test_error_that_was_there_before_the_handler_does_not_count(ended: Ended) -> None:
    """An earlier `sys.last_value`, such as a tool leaves behind, is not this run's."""
    _, manifest = ended("pass", OLD_ERROR)
    assert (manifest["status"], manifest["error"]) == ("Completed", None)


def test_error_beside_an_earlier_one_counts(ended: Ended) -> None:
    """The program's own end replaces what was in `sys.last_value` before."""
    _, manifest = ended("raise ValueError('new')", OLD_ERROR)
    assert (manifest["status"], manifest["error"]["message"]) == ("Failed", "new")


def test_error_at_a_prompt_does_not_fail_the_run(tmp_path: Path, run: Path) -> None:
    """With -i an uncaught error ends a statement, not the program."""
    script = tmp_path / "typed.py"
    script.write_text(PROLOGUE)
    subprocess.run(
        [sys.executable, "-i", str(script)],
        input="1 / 0\nlog.info('after')\n",
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert messages_of(run) == ["start", "after"]
    assert (manifest_of(run)["status"], manifest_of(run)["error"]) == ("Completed", None)


def test_hard_exit_leaves_no_end(run: Path, ended: Ended) -> None:
    """After os._exit the manifest says Running and the lock file has no end: the reader finds the writer dead."""
    done, manifest = ended("log.info('last'); os._exit(7)")
    assert done.returncode == 7
    assert (manifest["status"], manifest["ended"]) == ("Running", None)
    assert [sorted(line) for line in life_of(run)] == [["attempt", "host", "pid", "started", "writer"]]
    assert messages_of(run) == ["start", "last"]
    assert writer_life(run, "main") is Life.DEAD


@pytest.mark.parametrize(
    "before",
    [
        "import atexit, logging; atexit.register(lambda: log.info('late'))",
        "import atexit; atexit.register(lambda: log.info('late')); import logging",
    ],
    ids=["before ours", "after shutdown"],
)
def test_record_of_an_exit_hook_after_ours_reaches_the_file(run: Path, ended: Ended, before: str) -> None:
    """What other exit hooks log when the end is written is kept, and the end stays."""
    done, manifest = ended("pass", before)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(line["seq"], line["message"]) for line in all_lines(run)] == [(1, "start"), (2, "late")]
    assert manifest["status"] == "Completed"


def test_lazy_records_are_there_after_exit_and_after_an_error(tmp_path: Path, run_script: RunScript) -> None:
    """A lazy buffer is written at the normal exit and at an uncaught error."""
    for number, body in enumerate(("pass", "raise ValueError")):
        script = PROLOGUE.replace('run_id="r1"', f'run_id="r{number}", durability="lazy"')
        run_script(script + "for i in range(100): log.info('%d', i)\n" + body, check=False)
        lines = all_lines(tmp_path / "runs" / "default" / f"r{number}")
        assert [line["message"] for line in lines] == ["start", *map(str, range(100))]


def test_record_after_close_goes_on_in_the_same_files(handler: RunHandler, logger: logging.Logger) -> None:
    """A record after `close` reopens: Running again, the same names, and numbers that go on; then it ends again."""
    logger.info("one")
    handler.close()
    files = {path.name for path in handler.run_path.iterdir()}
    assert manifest_of(handler.run_path)["status"] == "Completed"
    logger.info("two", extra={"attribute": 1})
    manifest = manifest_of(handler.run_path)
    assert (manifest["status"], manifest["ended"], manifest["attempt"]) == ("Running", None, 1)
    assert writer_life(handler.run_path, "main") is Life.ALIVE
    handler.close()
    handler.close()
    assert {path.name for path in handler.run_path.iterdir()} == files
    assert [(line["seq"], line["message"]) for line in all_lines(handler.run_path)] == [(1, "one"), (2, "two")]
    assert manifest_of(handler.run_path)["counts"]["logs"] == 2
    assert ["reopened" in line for line in life_of(handler.run_path)] == [False, False, True, False]


def test_error_of_a_worker_thread_pool_is_the_programs_when_it_is_raised(ended: Ended) -> None:
    """An error of an executor that `result` raises again ends the program, and so fails the run."""
    _, manifest = ended("""
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(1) as pool:
            pool.submit(json.loads, "{").result()
    """)
    assert (manifest["status"], manifest["error"]["type"]) == (
        "Failed",
        f"json.decoder.{json.JSONDecodeError.__name__}",
    )
