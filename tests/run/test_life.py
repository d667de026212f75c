"""How a run ends: by its verbs, by a ``with`` block, and with its process."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, Run, RunEndedError, RunHandler, RunLoggingError, start_run

from ..conftest import SOURCE, RunScript
from ..handlers import life_of, manifest_of

SECRET = "hunter2hunter2"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run that was started; it is ended afterwards."""
    started = start_run(root=tmp_path, run_id="r1", environment=False)
    yield started
    with suppress(RunEndedError):
        started.complete()


# ---------------------------------------------------------------------- the verbs

ENDS: dict[str, tuple[Callable[[Run], None], str]] = {
    "complete": (lambda run: run.complete(), "Completed"),
    "fail": (lambda run: run.fail("it broke"), "Failed"),
    "cancel": (lambda run: run.cancel(), "Canceled"),
}


@pytest.mark.parametrize("verb", ENDS)
def test_terminal_status_is_written_once(run: Run, verb: str) -> None:
    """Each verb is final; a second one of any kind is our error and a RuntimeError, and changes nothing."""
    end, status = ENDS[verb]
    run.log("loss", 1.0)
    assert run.get_status() == "Running"
    end(run)
    before = manifest_of(run.path)
    assert (before["status"], before["final"], run.status) == (status, True, status)
    assert before["ended"] >= before["started"]
    assert before["counts"]["metrics"] == 1
    assert life_of(run.path)[-1]["status"] == status
    for second, _ in ENDS.values():
        with pytest.raises(RunEndedError, match=status) as caught:
            second(run)
        assert isinstance(caught.value, RunLoggingError)
        assert isinstance(caught.value, RuntimeError)
        assert "resume=True" in str(caught.value)
    assert manifest_of(run.path) == before


LATE_VERBS: dict[str, Callable[[Run], None]] = {
    "log": lambda run: run.log("a", 1),
    "log_metrics": lambda run: run.log_metrics({"a": 1}),
    "log_list": lambda run: run.log_list("a", [1, 2]),
    "log_row": lambda run: run.log_row("a", b=1),
    "log_table": lambda run: run.log_table("a", {"b": [1]}),
    "log_text": lambda run: run.log_text("a", "b"),
    "upload_file": lambda run: run.upload_file("a.txt", io.BytesIO(b"a")),
}


@pytest.mark.parametrize("verb", LATE_VERBS)
def test_verbs_after_the_end_are_refused(run: Run, verb: str) -> None:
    """Logging and uploads raise at the call, and no file of the run changes; nor does one looked up anew."""
    run.log("a", 0)
    run.complete()
    before = _content(run.path)
    for late in (run, Run.get(run.experiment.workspace, run.id)):
        with pytest.raises(RunEndedError, match="Completed"):
            LATE_VERBS[verb](late)
    assert _content(run.path) == before


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_organisation_is_allowed_after_the_end(run: Run, tmp_path: Path) -> None:
    """Tags, properties, names and models can still be given."""
    run.upload_file("model.bin", io.BytesIO(b"weights"))
    run.complete()
    run.tag("reviewed", "yes")
    run.set_tags({"extra": None})
    run.remove_tags("extra")
    run.add_properties({"commit": "abc"})
    run.display_name = "best"
    model = run.register_model("best", "model.bin")
    assert (run.get_tags(), run.get_properties(), run.name) == ({"reviewed": "yes"}, {"commit": "abc"}, "best")
    assert model.version == 1
    assert run.status == "Completed"


# ---------------------------------------------------------------------- details of a failure


def test_details_are_a_text_with_a_code(run: Run) -> None:
    """The text is the message; the code is kept, and is the type."""
    run.fail("no data\udc80", "NoData")
    error = manifest_of(run.path)["error"]
    assert error["message"].startswith("no data")
    assert (error["type"], error["code"], error["stacktrace"]) == ("NoData", "NoData", "")


def test_details_are_an_exception_with_its_traceback(run: Run) -> None:
    """Type, message, cause and the lines of the traceback are kept, and the code beside them."""
    try:
        raise ValueError("bad wolf") from KeyError("cause")
    except ValueError as error:
        run.fail(error, error_code="E7")
    kept = manifest_of(run.path)["error"]
    assert (kept["type"], kept["message"], kept["code"]) == ("ValueError", "bad wolf", "E7")
    assert "test_details_are_an_exception" in kept["stacktrace"]
    assert "KeyError: 'cause'" in kept["stacktrace"]
    assert run.get_details()["error"]["error"]["code"] == "E7"


def test_failure_without_details_has_no_error(run: Run) -> None:
    """Nothing is invented."""
    run.fail()
    assert (manifest_of(run.path)["status"], manifest_of(run.path)["error"]) == ("Failed", None)


@pytest.mark.parametrize("given", [{"error_details": 7}, {"error_code": 7}, {"error_details": ["a"]}])
def test_details_of_another_type_are_refused(run: Run, given: dict[str, Any]) -> None:
    """It is our error and a ValueError, and the run goes on."""
    with pytest.raises(InvalidValueError, match=r"not (int|list)"):
        run.fail(**given)
    run.log("a", 1)
    assert run.status == "Running"


def test_secrets_in_an_error_are_redacted(tmp_path: Path) -> None:
    """Neither the text nor the exception of `fail`, nor one that leaves a block, brings a secret into the manifest."""
    error = ValueError(f"connect with password={SECRET}")
    start_run(root=tmp_path, run_id="text", environment=False).fail(f"connect with password={SECRET}")
    start_run(root=tmp_path, run_id="error", environment=False).fail(error)
    with pytest.raises(ValueError, match="connect"), start_run(root=tmp_path, run_id="block", environment=False):
        raise error
    for name in ("text", "error", "block"):
        written = (tmp_path / "default" / name / "run.json").read_text()
        assert "connect with password=" in written
        assert SECRET not in written


# ---------------------------------------------------------------------- blocks

LEAVING: dict[str, tuple[BaseException | None, str]] = {
    "normally": (None, "Completed"),
    "exit none": (SystemExit(), "Completed"),
    "exit 0": (SystemExit(0), "Completed"),
    "exit 3": (SystemExit(3), "Failed"),
    "exit text": (SystemExit("no"), "Failed"),
    "interrupt": (KeyboardInterrupt(), "Canceled"),
    "cancelled": (asyncio.CancelledError(), "Canceled"),
    "error": (ZeroDivisionError("by zero"), "Failed"),
    "base": (BaseException("odd"), "Failed"),
}


@pytest.mark.parametrize("way", LEAVING)
def test_block_ends_the_run(run: Run, way: str) -> None:
    """How the block is left gives the status; the exception is kept with its traceback and goes on up."""
    error, status = LEAVING[way]
    gone_up = nullcontext() if error is None else pytest.raises(type(error))
    with gone_up as caught, run as entered:
        assert entered is run
        run.log("a", 1)
        _raise(error)
    assert error is None or (caught is not None and caught.value is error)
    manifest = manifest_of(run.path)
    assert (manifest["status"], manifest["final"]) == (status, True)
    if status == "Completed":
        assert manifest["error"] is None
    else:
        assert manifest["error"]["type"].rpartition(".")[2] == type(error).__name__
        assert "test_block_ends_the_run" in manifest["error"]["stacktrace"]


@pytest.mark.parametrize("verb", ENDS)
def test_end_inside_a_block_stays(run: Run, verb: str) -> None:
    """Leaving the block changes nothing any more, neither normally nor by an error."""
    end, status = ENDS[verb]

    def work() -> None:
        with run:
            end(run)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert manifest_of(run.path)["status"] == status
    assert "Zero" not in str(manifest_of(run.path)["error"])


def test_blocks_of_several_runs_are_nested(tmp_path: Path) -> None:
    """Each block ends its own run, and an error that the outer one catches fails only the inner."""
    with start_run(root=tmp_path, run_id="outer", environment=False) as outer:
        with pytest.raises(ValueError, match="inner"), outer.child_run(run_id="inner", environment=False) as inner:
            raise ValueError("inner")
        assert (inner.status, outer.status) == ("Failed", "Running")
        outer.log("a", 1)
    assert outer.status == "Completed"


def test_outermost_block_of_one_run_ends_it(run: Run) -> None:
    """A function that opens a block around the run of its caller does not end the caller's."""
    with run:
        with Run.get(run.experiment.workspace, run.id) as same:
            same.log("a", 1)
        with pytest.raises(ValueError, match="caught"), run:
            raise ValueError("caught")
        run.log("a", 2)
        assert run.status == "Running"
    assert run.status == "Completed"
    assert run.series("a").values == [1, 2]


def test_error_that_leaves_the_block_is_not_hidden_by_an_end_from_elsewhere(run: Run) -> None:
    """Another process has canceled the run: leaving the block raises the block's own error, or nothing."""
    code = "import sys; from runlogging.folder import end_from_outside; from pathlib import Path;"
    code += "end_from_outside(Path(sys.argv[1]), 'Canceled')"

    def work() -> None:
        with run:
            run.log("a", 1)
            subprocess.run([sys.executable, "-c", code, str(run.path)], env=_environment(), check=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert run.status == "Canceled"
    assert run.series("a").values == [1]


def test_handler_that_closes_does_not_end_an_open_run(tmp_path: Path) -> None:
    """A handler on the same run comes and goes; the run is still ended by its own verb."""
    run = start_run(root=tmp_path, run_id="r1", environment=False)
    handler = RunHandler(tmp_path, run_id="r1")
    handler.close()
    assert (run.status, len(life_of(run.path))) == ("Running", 1)
    run.log("a", 1)
    run.complete()
    assert manifest_of(run.path)["final"]


# ---------------------------------------------------------------------- the end of the process

PROLOGUE = """
import sys, time
from runlogging import start_run
run = start_run(root="runs", run_id="r1", environment=False)
run.log("a", 1)
"""
# A shell may have had its background jobs ignore the signal.
WAITING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
"""
EXITS = {
    "plain": ("pass", "Completed", None, 0),
    "error": ("raise ValueError('password=hunter2hunter2')", "Failed", "ValueError", 1),
    "interrupt": ("raise KeyboardInterrupt", "Canceled", "KeyboardInterrupt", None),
    "exit in a block": ("with run:\n    sys.exit(3)", "Failed", "SystemExit", 3),
    "exit 0 in a block": ("with run:\n    sys.exit(0)", "Completed", None, 0),
    "error in a block": ("with run:\n    1 / 0", "Failed", "ZeroDivisionError", 1),
    "forgotten": ("del run", "Completed", None, 0),
}


@pytest.mark.parametrize("case", EXITS)
def test_exit_of_the_process_ends_an_open_run(tmp_path: Path, run_script: RunScript, case: str) -> None:
    """A run that nobody ended is ended with the process, by the error that ended it; without secrets."""
    body, status, error, code = EXITS[case]
    done = run_script(PROLOGUE + body, check=False)
    path = tmp_path / "runs" / "default" / "r1"
    manifest = manifest_of(path)
    assert manifest["status"] == status
    assert (manifest["error"] or {}).get("type") == error
    assert code is None or done.returncode == code
    if case == "error":
        assert manifest["error"]["message"].startswith("password=")
        assert SECRET not in (path / "run.json").read_text()
    assert "runlogging" not in done.stderr.replace("from runlogging", "")


@pytest.mark.parametrize("body", ["time.sleep(60)", "with run:\n    time.sleep(60)"], ids=["open", "block"])
def test_interrupt_from_the_keyboard_cancels(tmp_path: Path, body: str) -> None:
    """SIGINT reaches a process that waits: the run is Canceled, with the place where it was interrupted."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + WAITING + body],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    manifest = manifest_of(tmp_path / "runs" / "default" / "r1")
    assert (manifest["status"], manifest["error"]["type"]) == ("Canceled", "KeyboardInterrupt")
    assert process.returncode != 0


def test_run_that_was_opened_twice_ends_with_the_process(tmp_path: Path, run_script: RunScript) -> None:
    """RUNLOGGING_RUN makes two starts of one process two writers of one run; each gets its end."""
    path = tmp_path / "named" / "r1"
    run_script(
        "from runlogging import start_run\nfor n in range(2):\n    start_run(environment=False).log('a', n)\n",
        RUNLOGGING_RUN=str(path),
    )
    assert manifest_of(path)["status"] == "Completed"
    assert [life_of(path, lock.stem)[-1]["status"] for lock in (path / ".writers").glob("*.lock")] == ["Completed"] * 2


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE)}
