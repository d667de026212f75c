"""A process that a signal kills leaves its Python stacks in the run folder."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from runlogging.reading import RunReader

from ..conftest import RunScript
from ..handlers import writers_of

CRASHES = {
    "string_at": ("import ctypes; ctypes.string_at(0)", signal.SIGSEGV),
    "sigsegv": ("import faulthandler; faulthandler._sigsegv()", signal.SIGSEGV),
    "abort": ("import os; os.abort()", signal.SIGABRT),
}
BEGIN = """
import faulthandler, logging, os, sys, threading
from runlogging import start_run
log = logging.getLogger("x")

def start(run_id="a", capture=("logging", "faulthandler")):
    return start_run(root="runs", run_id=run_id, capture=capture, environment=False)
"""


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    """Give the folder of the run that the programs start."""
    return tmp_path / "runs" / "default" / "a"


@pytest.mark.parametrize("name", CRASHES)
def test_stacks_are_in_the_run_folder(run_script: RunScript, run_path: Path, name: str) -> None:
    """All threads' stacks are in ``faults.txt``, the records are there, and the run does not respond."""
    crash, number = CRASHES[name]
    program = f"""{BEGIN}
def sleeper(event):
    event.wait()

def deep_down():
    {crash}

run = start()
threading.Thread(target=sleeper, args=(threading.Event(),), daemon=True).start()
log.error("before")
deep_down()
"""
    done = run_script(program, check=False)
    assert done.returncode == -number
    text = (run_path / "faults.txt").read_text()
    assert text.startswith("Fatal Python error: " + ("Aborted" if name == "abort" else "Segmentation fault"))
    assert "in deep_down" in text
    assert "in sleeper" in text
    assert done.stderr == "before\n"  # of logging, which has no handler
    reader = RunReader(run_path)
    assert reader.status == "NotResponding"
    assert [entry.message for entry in reader.logs()] == ["before"]


def test_program_that_enabled_it_itself(run_script: RunScript, tmp_path: Path) -> None:
    """It keeps its own file, and it stays enabled behind the run."""
    program = f"""{BEGIN}
mine = open("mine.txt", "w")
faulthandler.enable(mine)
with start():
    log.error("one")
assert faulthandler.is_enabled()
start("b")
faulthandler._sigsegv()
"""
    assert run_script(program, check=False).returncode == -signal.SIGSEGV
    assert "Segmentation fault" in (tmp_path / "mine.txt").read_text()
    assert list(tmp_path.glob("runs/*/*/faults*")) == []


def test_program_that_enables_it_meanwhile(run_script: RunScript, tmp_path: Path) -> None:
    """The end of the run leaves it enabled, with the program's file."""
    program = f"""{BEGIN}
mine = open("mine.txt", "w")
with start():
    faulthandler.enable(mine)
assert faulthandler.is_enabled()
with start("b"):
    faulthandler.disable()
assert not faulthandler.is_enabled()
faulthandler.enable(mine)
faulthandler._sigsegv()
"""
    assert run_script(program, check=False).returncode == -signal.SIGSEGV
    assert "Segmentation fault" in (tmp_path / "mine.txt").read_text()
    assert list(tmp_path.glob("runs/*/*/faults*")) == []


def test_nothing_is_left_after_the_run(run_script: RunScript, tmp_path: Path) -> None:
    """It is disabled again, with the run that enabled it, and a file without a stack is gone; also at exit."""
    program = f"""{BEGIN}
run = start()
assert faulthandler.is_enabled()
assert (run.path / "faults.txt").exists()
second = start("b")
second.complete()
assert faulthandler.is_enabled()
run.complete()
assert not faulthandler.is_enabled()
third = start("c")
assert (third.path / "faults.txt").exists()
"""
    run_script(program)
    assert list(tmp_path.glob("runs/*/*/faults*")) == []


def test_it_is_off_by_default(run_script: RunScript, tmp_path: Path) -> None:
    """A run without the source leaves it alone."""
    run_script(f"{BEGIN}\nwith start(capture=None):\n    assert not faulthandler.is_enabled()\n")
    assert list(tmp_path.glob("runs/*/*/faults*")) == []


def test_forked_child_that_crashes(run_script: RunScript, run_path: Path) -> None:
    """Its stack is in the run folder, too, and the run goes on and completes."""
    program = f"""{BEGIN}
def in_child():
    faulthandler._sigsegv()

with start() as run:
    pid = os.fork()
    if not pid:
        in_child()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    log.error("after")
"""
    assert int(run_script(program).stdout) == -signal.SIGSEGV
    (text,) = [path.read_text() for path in run_path.glob("faults*.txt")]
    assert "in in_child" in text
    assert RunReader(run_path).status == "Completed"


def test_further_writer_has_a_file_of_its_own(run_script: RunScript, run_path: Path) -> None:
    """Two processes of one run do not write into one file."""
    program = f"""{BEGIN}
import subprocess
def deep_down():
    faulthandler._sigsegv()

if len(sys.argv) > 1:
    start()
    log.error("child")
    deep_down()
run = start()
done = subprocess.run([sys.executable, __file__, "child"], env=run.environ())
print(done.returncode)
run.complete()
"""
    assert int(run_script(program).stdout) == -signal.SIGSEGV
    (child,) = writers_of(run_path) - {"main"}
    assert [path.name for path in run_path.glob("faults*")] == [f"faults.{child}.txt"]
    assert "in deep_down" in (run_path / f"faults.{child}.txt").read_text()


def test_folder_that_takes_no_file(run_script: RunScript, run_path: Path) -> None:
    """A crash file that cannot be made costs the stacks, and nothing else."""
    program = f"""{BEGIN}
from runlogging.capture._faults import FaultCapture
with start(capture=None) as run:
    (run.path / "faults.txt").mkdir()
    capture = FaultCapture(run.path, "main")
    capture.start()
    assert not faulthandler.is_enabled()
    capture.stop()
    log.error("kept")
"""
    run_script(program)
    assert [entry.message for entry in RunReader(run_path).logs()] == ["kept"]
