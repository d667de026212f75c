"""What nobody caught and warnings come into the run; stderr, exit code and hooks are as without us."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ..conftest import SOURCE, all_lines
from ..handlers import lines_of, manifest_of, writers_of

PRELUDE = """
import asyncio, logging, os, sys, threading, warnings
given = dict(capture=CAPTURE, environment=False)
HOOKS = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning, warnings._showwarnmsg,
    asyncio.BaseEventLoop.call_exception_handler, asyncio.BaseEventLoop.default_exception_handler)

def hooks():
    return (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning, warnings._showwarnmsg,
        asyncio.BaseEventLoop.call_exception_handler, asyncio.BaseEventLoop.default_exception_handler)

class Nothing:
    def complete(self): pass
    def __enter__(self): return self
    def __exit__(self, *_): pass

def start(run_id="a"):
    if sys.argv[1] == "control":
        return Nothing()
    from runlogging import start_run
    return start_run(root="runs", run_id=run_id, **given)

if not EARLY:
    run = start()
"""


class Outcome(NamedTuple):
    """What a program did, and what its run has."""

    returncode: int
    stdout: str
    stderr: str
    lines: list[dict[str, Any]]
    path: Path

    @property
    def kept(self) -> list[tuple[Any, Any, Any]]:
        """Level, logger and message of each record."""
        return [(line["level"], line["logger"], line["message"]) for line in self.lines]


Compare = Callable[..., Outcome]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Give a function that runs a program with a run and without, and sees that both do and print the same."""

    def run(program: str, capture: Any = None, *, is_early: bool = False) -> Outcome:
        prelude = PRELUDE.replace("CAPTURE", repr(capture)).replace("EARLY", repr(is_early))
        path = tmp_path / "script.py"
        path.write_text(prelude + textwrap.dedent(program), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        done = [
            subprocess.run(
                [sys.executable, str(path), kind], cwd=tmp_path, env=environment, capture_output=True, timeout=60
            )
            for kind in ("control", "run")
        ]
        control, ours = ((one.returncode, one.stdout.decode(), _without_addresses(one.stderr)) for one in done)
        assert ours == control
        folder = tmp_path / "runs" / "default" / "a"
        return Outcome(*ours, all_lines(folder), folder)

    return run


def _without_addresses(text: bytes) -> str:
    return re.sub("0x[0-9a-f]+", "0x", text.decode())


# ---------------------------------------------------------------------- uncaught exceptions


def test_uncaught_exception_of_the_program(compare: Compare) -> None:
    """It is a record with its traceback, the run failed, and the traceback on stderr is the same."""
    done = compare(
        """
        def fail():
            raise ValueError("bad token=abcdefsecret")
        fail()
        """
    )
    assert done.returncode == 1
    assert "ValueError: bad token=abcdefsecret" in done.stderr
    (line,) = done.lines
    assert (line["level"], line["logger"]) == ("CRITICAL", "uncaught")
    assert line["message"].startswith("uncaught ValueError: bad token=")
    assert line["exception"]["type"] == "ValueError"
    assert "in fail" in line["exception"]["stacktrace"]
    assert "abcdefsecret" not in str(line) + (done.path / "run.json").read_text()
    assert manifest_of(done.path)["status"] == "Failed"


def test_uncaught_exception_of_a_thread(compare: Compare) -> None:
    """It is a record with the thread's name; so is one in a chain."""
    done = compare(
        """
        def fail():
            try:
                {}["x"]
            except KeyError as error:
                raise RuntimeError("no x") from error
        thread = threading.Thread(target=fail, name="worker 7")
        thread.start()
        thread.join()
        """
    )
    assert done.kept == [("ERROR", "uncaught", "uncaught in a thread: RuntimeError: no x")]
    assert done.lines[0]["thread"] == "worker 7"
    assert "direct cause" in done.lines[0]["exception"]["stacktrace"]
    assert manifest_of(done.path)["status"] == "Completed"


def test_unraisable_exceptions(compare: Compare) -> None:
    """What a destructor raises is a record that says where."""
    done = compare(
        """
        class Bad:
            def __repr__(self):
                return "<a bad one>"
            def __del__(self):
                raise OSError("in del")
        Bad()
        """
    )
    ((level, logger, message),) = done.kept
    assert (level, logger) == ("ERROR", "uncaught")
    assert message.startswith("ignored in <function Bad.__del__")
    assert message.endswith("OSError: in del")


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit(3)", "SystemExit('text')"])
def test_ends_that_are_no_errors(compare: Compare, error: str) -> None:
    """KeyboardInterrupt and SystemExit make no record, in threads and destructors neither."""
    done = compare(
        f"""
        def fail(*_):
            raise {error}
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        class Bad:
            __del__ = fail
        Bad()
        fail()
        """
    )
    assert done.returncode != 0
    assert done.lines == []


def test_errors_that_cannot_be_shown(compare: Compare) -> None:
    """An exception whose `__str__` raises is a record, too."""
    done = compare(
        """
        class Odd(Exception):
            def __str__(self):
                raise ZeroDivisionError
        raise Odd
        """
    )
    assert done.kept == [("CRITICAL", "uncaught", "uncaught Odd")]


def test_errors_can_be_left_out(compare: Compare) -> None:
    """Where "errors" is no source of the run, its hooks are those that were there."""
    done = compare(
        """
        assert hooks() == HOOKS
        raise ValueError
        """,
        ("logging",),
    )
    assert done.lines == []


def test_errors_alone_can_be_captured(compare: Compare) -> None:
    """A run that captures no log calls has the errors and the warnings that it asked for."""
    done = compare(
        """
        logging.getLogger("x").error("not wanted")
        warnings.warn("odd")
        raise ValueError("bad")
        """,
        ("errors", "warnings"),
    )
    assert done.kept == [
        ("WARNING", "py.warnings", "odd"),
        ("CRITICAL", "uncaught", "uncaught ValueError: bad"),
    ]


def test_error_goes_to_the_run_of_its_context(compare: Compare, tmp_path: Path) -> None:
    """That of a thread in a block goes to its run; a run that captures nothing has none."""
    done = compare(
        """
        def fail():
            raise ValueError("bad")
        inner = start("inner")
        given["capture"] = False
        silent = start("silent")
        def entered(one):
            if sys.argv[1] == "run":
                # A block would be left before the hook of the thread is called.
                from runlogging.run._context import enter
                enter(one)
            fail()
        for one in (inner, silent):
            thread = threading.Thread(target=entered, args=(one,), name="t")
            thread.start()
            thread.join()
        """
    )
    assert done.lines == []
    kept = {name: all_lines(tmp_path / "runs" / "default" / name) for name in ("inner", "silent")}
    assert [line["message"] for line in kept["inner"]] == ["uncaught in a thread: ValueError: bad"]
    assert kept["silent"] == []


def test_forked_child(compare: Compare) -> None:
    """Its uncaught exception is in its own files; the parent's run goes on."""
    done = compare(
        """
        pid = os.fork()
        if not pid:
            raise ValueError("child")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert done.stdout == "1\n"
    assert done.lines == []
    (child,) = writers_of(done.path) - {"main"}
    assert [line["message"] for line in lines_of(done.path, child)] == ["uncaught ValueError: child"]
    assert manifest_of(done.path)["status"] == "Completed"


# ---------------------------------------------------------------------- hooks are put back


def test_hooks_are_put_back(compare: Compare) -> None:
    """With the last run all hooks are the objects that they were, in whatever order the runs end."""
    done = compare(
        """
        second = start("b")
        for hook, before in zip(hooks(), HOOKS):
            if sys.argv[1] == "run":
                assert (hook is before) == (before is warnings.showwarning)
        run.complete()
        if sys.argv[1] == "run":
            assert hooks()[0] is not HOOKS[0]
        second.complete()
        assert all(hook is before for hook, before in zip(hooks(), HOOKS))
        raise ValueError("in no run")
        """,
        ("logging", "errors", "warnings", "asyncio"),
    )
    assert done.lines == []


OWN = """
def own(*args):
    # As IPython and rich replace it: something else, and not always the one that was there.
    print("own hook", getattr(args[0], "exc_type", args[0]), file=sys.stderr)
"""


@pytest.mark.parametrize("name", ["sys.excepthook", "threading.excepthook", "sys.unraisablehook"])
@pytest.mark.parametrize("is_early", [False, True])
def test_hook_of_the_user(compare: Compare, name: str, is_early: bool) -> None:
    """One that was there before the run is called after ours, and put back; one that came later stays."""
    done = compare(
        f"""
        {OWN.replace(chr(10), chr(10) + "        ")}
        {name} = own
        if EARLY:
            run = start()
        class Bad:
            def __del__(self):
                raise ValueError("bad")
        def fail():
            thread = threading.Thread(target=Bad.__del__, args=(None,))
            thread.start()
            thread.join()
            Bad()
            Bad.__del__(None)
        try:
            fail()
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)
        run.complete()
        assert {name} is own
        """.replace("EARLY", repr(is_early)),
        is_early=is_early,
    )
    assert done.stderr.count("own hook") == 1
    # A later hook that does not call ours hides it: it was the user's wish.
    assert len(done.lines) == (3 if is_early else 2)


def test_hook_that_is_wrapped_and_unwrapped(compare: Compare) -> None:
    """What calls ours and comes off again leaves no trace; left on it passes through after the end."""
    done = compare(
        """
        def wrap(inner):
            def hook(*args):
                print("wrapped", file=sys.stderr)
                inner(*args)
            return hook
        def fail(number):
            error = ValueError(f"number {number}")
            sys.excepthook(ValueError, error, None)
        ours = sys.excepthook
        sys.excepthook = wrap(ours)
        fail(1)
        sys.excepthook = ours
        fail(2)
        sys.excepthook = kept = wrap(ours)
        second = start("b")
        fail(3)
        second.complete()
        run.complete()
        fail(4)
        assert sys.excepthook is kept
        """
    )
    assert done.stderr.count("wrapped") == 3
    assert [line["message"][-1] for line in done.lines] == ["1", "2", "3"]


# ---------------------------------------------------------------------- warnings


def test_warnings(compare: Compare) -> None:
    """Those that the filters let through are records with category and place, and stay on stderr."""
    done = compare(
        """
        def odd():
            warnings.warn("password=hunter2secret", DeprecationWarning)
        for _ in range(3):
            odd()
        warnings.simplefilter("ignore")
        warnings.warn("unseen")
        warnings.simplefilter("error")
        try:
            warnings.warn("raised")
        except UserWarning:
            print("caught")
        """,
        ("logging", "warnings"),
    )
    assert done.stderr.count("hunter2secret") == 2  # the message, and its line of the source
    (line,) = done.lines
    assert (line["level"], line["logger"]) == ("WARNING", "py.warnings")
    assert line["attributes"]["category"] == "DeprecationWarning"
    assert line["file"].endswith("script.py")
    assert line["line"] > 0
    assert "hunter2secret" not in str(line)


def test_warning_of_a_source(compare: Compare) -> None:
    """A ResourceWarning keeps on stderr what it says of where the file was opened."""
    done = compare(
        """
        import tracemalloc
        warnings.simplefilter("always")
        open(__file__)
        tracemalloc.start()
        open(__file__)
        """,
        ("warnings",),
    )
    assert "Enable tracemalloc" in done.stderr
    assert "Object allocated at" in done.stderr
    assert [line["attributes"]["category"] for line in done.lines] == ["ResourceWarning"] * 2


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_program_that_captures_warnings_itself(compare: Compare, when: str) -> None:
    """With `logging.captureWarnings` each is in the run once, whenever it is switched on and off."""
    done = compare(
        f"""
        when = {when!r}
        logging.basicConfig(format="%(name)s %(message)s")
        warnings.simplefilter("always")
        if when == "before":
            logging.captureWarnings(True)
        run = start()
        warnings.warn("one")
        if when == "during":
            logging.captureWarnings(True)
        warnings.warn("two")
        if when == "during":
            logging.captureWarnings(False)
        warnings.warn("three")
        run.complete()
        if when == "after":
            logging.captureWarnings(True)
        warnings.warn("four")
        logging.captureWarnings(False)
        assert warnings.showwarning is HOOKS[3]
        assert warnings._showwarnmsg is HOOKS[4]
        """,
        ("logging", "warnings"),
        is_early=True,
    )
    assert all(line["logger"] == "py.warnings" for line in done.lines)
    found = [next(text for text in ("one", "two", "three", "four") if text in line["message"]) for line in done.lines]
    assert found == ["one", "two", "three"]


def test_warnings_that_the_program_catches(compare: Compare) -> None:
    """In `catch_warnings` the filters of the block count; what it records itself comes into no run."""
    done = compare(
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.warn("unseen")
            inner = start("b")
        warnings.warn("one")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.warn("recorded")
        print(len(caught))
        with warnings.catch_warnings():
            inner.complete()
            warnings.simplefilter("always")
            warnings.warn("two")
            run.complete()
        warnings.warn("three")
        assert hooks() == HOOKS
        """,
        ("warnings",),
    )
    assert done.stdout == "1\n"
    assert [line["message"] for line in done.lines] == ["one", "two"]


def test_show_function_of_the_user(compare: Compare) -> None:
    """A `warnings.showwarning` of the user's shows them as before, and stays."""
    done = compare(
        """
        def own(message, category, filename, lineno, file=None, line=None):
            print("own", message, file=sys.stderr)
        warnings.showwarning = own
        warnings.warn("one")
        run.complete()
        assert warnings.showwarning is own
        """,
        ("warnings",),
    )
    assert done.stderr == "own one\n"
    assert [line["message"] for line in done.lines] == ["one"]


# ---------------------------------------------------------------------- asyncio

LOOP = """
logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
def default(loop, context):
    loop.default_exception_handler(context)
def own(loop, context):
    print("own", context["message"], file=sys.stderr)
def both(loop, context):
    own(loop, context)
    loop.default_exception_handler(dict(context))
def broken(loop, context):
    raise KeyError("broken handler")
def callback():
    raise ValueError("bad password=hunter2secret")
async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(HANDLER)
    loop.call_soon(callback)
    await asyncio.sleep(0.01)
asyncio.run(main())
run.complete()
assert hooks() == HOOKS
"""


@pytest.mark.parametrize("handler", ["None", "default", "own", "both", "broken"])
def test_errors_of_a_loop(compare: Compare, handler: str) -> None:
    """Each is in the run once, whether the program's handler calls the default one, which logs it, or not."""
    done = compare(LOOP.replace("HANDLER", handler), ("logging", "asyncio"))
    (line,) = done.lines
    assert (line["level"], line["logger"]) == ("ERROR", "asyncio")
    assert line["exception"]["type"] == ("KeyError" if handler == "broken" else "ValueError")
    assert "hunter2secret" not in str(line)


@pytest.mark.parametrize("handler", ["None", "own"])
def test_errors_of_a_loop_without_log_calls(compare: Compare, handler: str) -> None:
    """A run that captures no log calls has them from the hook."""
    done = compare(LOOP.replace("HANDLER", handler), ("asyncio",))
    assert [line["exception"]["type"] for line in done.lines] == ["ValueError"]
