"""How sweeps end that do not end by themselves: killed workers, Ctrl-C, a main module that cannot be imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from runlogging import RunEndedError, RunLoggingError, list_runs, start_run, sweep
from runlogging.sweep._processes import Workers

from ..conftest import SOURCE, RunScript
from . import targets

PATIENCE_S = 20


def test_a_killed_worker_costs_its_own_point(tmp_path: Path) -> None:
    """When a worker is killed its child is Failed and says so; all other points complete, those beside it too."""
    done = sweep(targets.deadly, {"n": range(5)}, root=tmp_path, max_concurrent=2)
    assert [child.status for child in done.children] == ["Completed", "Failed", *["Completed"] * 3]
    error = done.children[1].reader.error
    assert error is not None
    assert (error.type, error.message) == ("WorkerDied", "the worker process was killed by SIGKILL")
    assert done.children[1].series("n").values == [1]
    assert done.run.status == "Completed"


def test_a_broken_pool_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A process pool of the caller's breaks with one of its workers; the rest goes on in new processes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        done = sweep(targets.deadly, {"n": range(5)}, root=tmp_path, executor=pool)
    assert [child.status for child in done.children] == ["Completed", "Failed", *["Completed"] * 3]
    assert capsys.readouterr().err.count("the executor of the sweep is broken") == 1


def test_workers_are_an_executor() -> None:
    """Workers give results, raise what was raised as text, and survive the death of one."""
    with Workers(2) as workers:
        assert list(workers.map(abs, [-1, -2, -3])) == [1, 2, 3]
        with pytest.raises(RunLoggingError, match="ValueError: invalid literal for int"):
            workers.submit(int, "x").result()
        with pytest.raises(BrokenExecutor, match="ended with exit code 7"):
            workers.submit(os._exit, 7).result()
        assert workers.submit(abs, -4).result() == 4
        pids = {workers.submit(os.getpid).result() for _ in range(3)}
        assert os.getpid() not in pids
    with pytest.raises(RuntimeError, match="after shutdown"):
        workers.submit(abs, 1)


INTERRUPTED = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from runlogging import sweep

def work(n, run):
    for step in range(600):
        if n >= 0:
            run.log("step", step)
        time.sleep(0.05)

if __name__ == "__main__":
    executor = ThreadPoolExecutor(2) if sys.argv[1] == "threads" else None
    try:
        sweep(work, {"n": [-1, 1, 2, 3]}, root="runs", max_concurrent=2, executor=executor)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        if executor is not None:
            import os
            os._exit(0)
"""


def test_ctrl_c_cancels_everything(tmp_path: Path) -> None:
    """Ctrl-C cancels parent and children on their way at once, also one that logs nothing; no process stays."""
    process = _program(tmp_path, INTERRUPTED, "processes")
    pids = _running_pids(tmp_path / "runs", 2)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    said, problems = process.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - begun < 5
    assert (said, problems, process.returncode) == ("interrupted\n", "", 0)
    runs = list_runs(tmp_path / "runs")
    assert [run.status for run in runs] == ["Canceled"] * 3
    assert [pid for pid in pids if _is_alive(pid)] == []


def test_ctrl_c_with_an_executor_of_ones_own(tmp_path: Path) -> None:
    """Ctrl-C cancels parent and children in threads, too."""
    process = _program(tmp_path, INTERRUPTED, "threads")
    _running_pids(tmp_path / "runs", 2)
    process.send_signal(signal.SIGINT)
    said, problems = process.communicate(timeout=PATIENCE_S)
    assert (said, problems) == ("interrupted\n", "")
    assert [run.status for run in list_runs(tmp_path / "runs")] == ["Canceled"] * 3


def test_ending_the_parent_ends_the_sweep(tmp_path: Path) -> None:
    """Whoever ends the run of the sweep from outside cancels its children, and the call says so."""
    with start_run("mine", tmp_path) as run:
        timer = threading.Timer(1.0, run.cancel)
        timer.start()
        with pytest.raises(RunEndedError, match="ended as Canceled"):
            sweep(targets.slow, {"level": [1.0, 2.0, 3.0]}, parent=run, max_concurrent=2)
        timer.join()
    statuses = {child.status for child in run.get_children()}
    assert statuses == {"Canceled"}


def test_unguarded_programs_are_told(run_script: RunScript, tmp_path: Path) -> None:
    """A program that sweeps on import, without a guard, ends with a sentence instead of sweeps in sweeps."""
    done = run_script(
        """
        from runlogging import sweep
        def work(n): pass
        sweep(work, {"n": range(20)}, root="runs")
        """,
        check=False,
    )
    assert done.returncode == 1
    assert 'put the call below `if __name__ == "__main__":`' in done.stderr
    assert "no worker process of the sweep can start" in done.stderr.strip().splitlines()[-1]
    runs = list_runs(tmp_path / "runs")
    assert {run.status for run in runs if run.type == "sweep"} == {"Failed"}
    assert len(runs) <= 1 + (os.cpu_count() or 1)
    assert {run.status for run in runs if run.type != "sweep"} <= {"Failed", "Canceled"}


def test_functions_of_a_prompt_run_in_threads(tmp_path: Path) -> None:
    """A program from -c, whose functions no other process finds, sweeps in threads."""
    program = "from runlogging import sweep\ndef work(n): pass\nprint(sweep(work, {'n': [1, 2]}, root='runs').counts)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "{'Completed': 2}\n"
    assert "runs in threads" in done.stderr


def _program(folder: Path, text: str, *arguments: str) -> subprocess.Popen[str]:
    path = folder / "program.py"
    path.write_text(text, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(path), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _running_pids(root: Path, count: int) -> list[int]:
    """Wait until so many children run; return the processes that do."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        running = [run for run in list_runs(root) if run.parent and run.status == "Running"] if root.exists() else []
        if len(running) == count:
            return [writer.pid for run in running for writer in run.writers if writer.pid]
        time.sleep(0.05)
    raise AssertionError("the children did not start")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
