"""One run in many threads, tasks and processes."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runlogging import Experiment, Run, RunEndedError, start_run

from ..conftest import SOURCE, WAIT_FOR, RunScript
from ..handlers import life_of, lines_of, lines_of_all, manifest_of, writers_of

PROLOGUE = (
    """
import os, pickle, signal, sys, threading, time
from runlogging import Experiment, Run, RunEndedError, start_run
PATIENCE_S = 20
"""
    + WAIT_FOR
)
START = "run = start_run(root='runs', run_id='r1', environment=False)\n"
Process = subprocess.Popen[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the folder of the run that the programs here write."""
    return tmp_path / "runs" / "default" / "r1"


def _values(path: Path, name: str = "n") -> list[float | int]:
    return sorted(Run(Experiment(path.parent.parent, path.parent.name), path.name).series(name).values)


def _others(path: Path) -> list[str]:
    return sorted(writers_of(path) - {"main"})


# ---------------------------------------------------------------------- threads and tasks


def test_threads_lose_nothing(tmp_path: Path) -> None:
    """32 threads at once, with all kinds of verbs: every value is there, and no number is given twice or left out."""
    run = start_run(root=tmp_path, run_id="r1", environment=False)
    barrier = threading.Barrier(32)

    def work(thread: int) -> None:
        barrier.wait()
        for step in range(100):
            run.log("n", thread * 100 + step, step=step)
            if step % 20 == 0:
                run.log_row("rows", thread=thread, step=step)
                run.log("text", f"{thread} {step}")
                run.tag(f"t{thread}", str(step))
        run.upload_file(f"files/{thread}.txt", __file__)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.complete()
    assert _values(run.path) == list(range(3200))
    assert len(run.rows("rows")["thread"]) == 160
    assert len(run.values("text")) == 160
    assert run.tags == {f"t{number}": "80" for number in range(32)}
    assert len(run.get_file_names()) == 32
    assert run.reader.problems == []
    seqs = sorted(record.line.seq or 0 for record in run.reader.records())
    counts = manifest_of(run.path)["counts"]
    assert sum(counts.values()) == 3200 + 160 + 160 + 32
    assert len(set(seqs)) == len(seqs) == 3520


def test_pool_of_threads_shares_the_run(tmp_path: Path) -> None:
    """What an executor's threads log is one writer's."""
    with start_run(root=tmp_path, environment=False) as run, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: run.log("n", n), range(500)))
    assert _values(run.path) == list(range(500))
    assert writers_of(run.path) == {"main"}


def test_tasks_of_asyncio_share_the_run(tmp_path: Path) -> None:
    """A hundred tasks that take turns lose nothing; the run of the block is the current one in each."""

    async def work(task: int) -> bool:
        same = True
        for step in range(10):
            run.log("n", task * 10 + step)
            await asyncio.sleep(0)
            same = same and Run.get_context() is run
        return same

    async def main() -> list[bool]:
        return await asyncio.gather(*(work(task) for task in range(100)))

    with start_run(root=tmp_path, environment=False) as run:
        assert all(asyncio.run(main()))
    assert _values(run.path) == list(range(1000))


# ---------------------------------------------------------------------- fork


def test_forked_child_logs_through_the_same_object(path: Path, run_script: RunScript) -> None:
    """The child is a writer of its own from its first verb; the parent's run goes on and is the parent's to end."""
    run_script(
        PROLOGUE
        + START
        + """
run.log("n", 0)
pid = os.fork()
if pid == 0:
    run.log("n", 1)
    run.log_row("row", a=1)
    run.upload_file("child.txt", __file__)
    run.complete()
    os._exit(Run.get_context() is run)
assert wait_for(pid) == 0
assert run.status == "Running"
run.log("n", 2)
run.complete()
"""
    )
    (child,) = _others(path)
    assert [line["seq"] for line in lines_of(path)] == [1, 2]
    assert [line["metrics"]["n"] for line in lines_of(path)] == [0, 2]
    assert (lines_of(path, child)[0]["metrics"], life_of(path, child)[-1]["status"]) == ({"n": 1}, "Completed")
    assert manifest_of(path).items() >= {"status": "Completed", "final": True, "owner": "main"}.items()


LEAVING = ["pass", "sys.exit(0)", "sys.exit(3)", "raise ValueError('child')", "raise KeyboardInterrupt"]


@pytest.mark.parametrize("speaks", [True, False])
@pytest.mark.parametrize("end", LEAVING)
def test_block_left_in_a_forked_child_is_not_the_parents(
    path: Path, run_script: RunScript, end: str, speaks: bool
) -> None:
    """However the child leaves it, the parent's run stays open; a child that said nothing leaves no writer."""
    run_script(
        PROLOGUE
        + START
        + f"""
try:
    with run:
        run.log("n", 0)
        pid = os.fork()
        if pid == 0:
            {'run.log("n", 1)' if speaks else "pass"}
            {end}
        else:
            wait_for(pid)
            assert run.status == "Running", run.status
            run.log("n", 2)
except BaseException:
    os._exit(1)
if pid == 0:
    os._exit(0)
"""
    )
    manifest = manifest_of(path)
    assert (manifest["status"], manifest["error"], len(_others(path))) == ("Completed", None, int(speaks))
    assert _values(path) == ([0, 1, 2] if speaks else [0, 2])
    if speaks:
        status = "Canceled" if "Keyboard" in end else "Completed" if "0" in end or "pass" in end else "Failed"
        assert life_of(path, _others(path)[0])[-1]["status"] == status


def test_forked_child_can_fail_the_run(path: Path, run_script: RunScript) -> None:
    """`fail` in a child is meant for the run: its owner learns of it."""
    run_script(
        PROLOGUE
        + START
        + """
run.log("n", 0)
pid = os.fork()
if pid == 0:
    run.fail("the child says so", "C1")
    os._exit(0)
assert wait_for(pid) == 0
assert run.status == "Failed"
try:
    run.complete()
except RunEndedError:
    sys.exit(0)
sys.exit("no error")
"""
    )
    assert manifest_of(path)["error"] == {"type": "C1", "message": "the child says so", "stacktrace": "", "code": "C1"}
    assert _others(path) == []


def test_fork_while_threads_log(path: Path, run_script: RunScript) -> None:
    """Twenty children of a process whose threads use verbs never hang, and every value is there once."""
    done = run_script(
        PROLOGUE
        + START
        + """
stop, counts = threading.Event(), [0] * 4
def talk(number):
    while not stop.is_set():
        run.log("n", number * 1_000_000 + counts[number])
        counts[number] += 1
threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
ends = []
for number in range(20):
    pid = os.fork()
    if pid == 0:
        run.log("n", 4_000_000 + number)
        run.complete()
        os._exit(0)
    ends.append(wait_for(pid))
stop.set()
for thread in threads:
    thread.join()
assert ends == [0] * 20, ends
print(*counts)
"""
    )
    counts = [*map(int, done.stdout.split()), 20]
    assert _values(path) == [n * 1_000_000 + k for n, count in enumerate(counts) for k in range(count)]


# ---------------------------------------------------------------------- multiprocessing and pools

MODULE = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
from runlogging import Run, start_run

def log_in(run, number):
    run.log("n", number)
    run.log_row("rows", number=number)
    return run.id

def finish(child, number):
    child.log("n", number)
    child.complete()

def finish_silently(child, number):
    with child:
        pass

def child_and_parent(run, number):
    with run.child_run(run_id=f"c{number}", environment=False) as child:
        child.log("own", number)
        child.parent.log("n", number)

def in_processes(method, work, runs):
    context = multiprocessing.get_context(method)
    processes = [context.Process(target=work, args=(run, n), name=f"worker {n}") for n, run in enumerate(runs, 1)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes)

def start():
    return start_run(root="runs", run_id="r1", environment=False)
"""
METHODS = ("fork", "spawn", "forkserver")


def _with_module(tmp_path: Path, run_script: RunScript, body: str) -> str:
    (tmp_path / "workers.py").write_text(MODULE)
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return run_script(f"from workers import *\nif __name__ == '__main__':\n{indented}").stdout


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_multiprocessing_join_the_run(
    tmp_path: Path, path: Path, run_script: RunScript, method: str
) -> None:
    """Each is a writer named after its process, with an end of its own; the run stays the owner's."""
    body = f"run = start()\nrun.log('n', 0)\nin_processes('{method}', log_in, [run] * 3)\n"
    _with_module(tmp_path, run_script, f"{body}assert run.status == 'Running'\nrun.complete()")
    assert _values(path) == [0, 1, 2, 3]
    assert _others(path) == ["worker-1", "worker-2", "worker-3"]
    assert [life_of(path, name)[-1]["status"] for name in _others(path)] == ["Completed"] * 3
    assert manifest_of(path).items() >= {"status": "Completed", "final": True, "attempt": 1}.items()


@pytest.mark.parametrize("work", ["finish", "finish_silently"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_prepared_children_are_owned_by_their_workers(
    tmp_path: Path, path: Path, run_script: RunScript, method: str, work: str
) -> None:
    """Children that `create_children` made start with the worker's first verb, and its end is theirs."""
    body = "run = start()\nchildren = run.create_children(tag_key='k', tag_values=['a', 'b'])\n"
    body += "assert {child.status for child in children} == {'NotStarted'}\n"
    body += f"in_processes('{method}', {work}, children)\n"
    body += "assert {child.status for child in children} == {'Completed'}\n"
    _with_module(tmp_path, run_script, f"{body}print(*[child.id for child in children])\nrun.log('n', 0)")
    children = [found for found in path.parent.iterdir() if found.is_dir() and found.name != "r1"]
    for child in children:
        manifest = manifest_of(child)
        assert manifest.items() >= {"status": "Completed", "final": True, "owner": "main", "parent": "r1"}.items()
        assert writers_of(child) == {"main"}
        assert len(lines_of(child)) == (work == "finish")
        assert manifest["started"] is not None
    assert {manifest_of(child)["tags"]["k"] for child in children} == {"a", "b"}
    assert _values(path) == [0]


def test_joined_run_is_only_left(tmp_path: Path, path: Path, run_script: RunScript) -> None:
    """A worker that completes a running run that it was given ends its own part alone."""
    body = "run = start()\nrun.log('n', 0)\nin_processes('spawn', finish, [run, run])\n"
    _with_module(tmp_path, run_script, f"{body}assert run.status == 'Running'\nrun.log('n', 9)\nrun.cancel()")
    assert _values(path) == [0, 1, 2, 9]
    assert manifest_of(path)["status"] == "Canceled"
    assert [life_of(path, name)[-1]["status"] for name in _others(path)] == ["Completed"] * 2


def test_child_in_another_process_logs_to_its_parent(tmp_path: Path, path: Path, run_script: RunScript) -> None:
    """`run.parent` writes into the parent as one of its writers; the child is a run of its own."""
    _with_module(tmp_path, run_script, "run = start()\nin_processes('spawn', child_and_parent, [run] * 3)")
    assert _values(path) == [1, 2, 3]
    assert len(_others(path)) == 3
    for number in (1, 2, 3):
        child = path.with_name(f"c{number}")
        assert manifest_of(child).items() >= {"status": "Completed", "parent": "r1", "owner": "main"}.items()
        assert lines_of(child)[0]["metrics"] == {"own": number}
    assert manifest_of(path)["status"] == "Completed"


@pytest.mark.parametrize("method", METHODS)
def test_pool_of_processes_joins_the_run(tmp_path: Path, path: Path, run_script: RunScript, method: str) -> None:
    """A worker that gets the run forty times is one writer."""
    body = "from itertools import repeat\nrun = start()\n"
    body += f"with ProcessPoolExecutor(2, multiprocessing.get_context('{method}')) as pool:\n"
    body += "    assert set(pool.map(log_in, repeat(run), range(40))) == {run.id}\n"
    _with_module(tmp_path, run_script, body)
    assert _values(path) == list(range(40))
    assert len(_others(path)) in (1, 2)
    assert [life_of(path, name)[-1]["status"] for name in _others(path)] == ["Completed"] * len(_others(path))
    assert manifest_of(path)["status"] == "Completed"


def test_writers_that_join_keep_the_runs_durability(tmp_path: Path) -> None:
    """What the run promised holds for whoever looks it up."""
    with start_run(root=tmp_path, durability="power", environment=False) as run:
        found = pickle.loads(pickle.dumps(run))
        child = found.child_run(environment=False)
        child.complete()
        assert manifest_of(child.path)["durability"] == "power"


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])
def test_copies_are_the_same_run(tmp_path: Path, make: Any) -> None:
    """A copy is equal, shares the writer in this process, and either of the two ends the run."""
    run = start_run(root=tmp_path, environment=False)
    run.log("n", 1)
    other: Run = make(run)
    assert (other, other.id, hash(other)) == (run, run.id, hash(run))
    assert type(other) is Run
    other.log("n", 2)
    assert writers_of(run.path) == {"main"}
    other.complete()
    assert run.status == "Completed"
    for one in (run, other):
        with pytest.raises(RunEndedError):
            one.complete()
        with pytest.raises(RunEndedError):
            one.log("n", 3)
    assert _values(run.path) == [1, 2]


# ---------------------------------------------------------------------- ends from elsewhere

OWNER = """
import sys, time
from runlogging import RunEndedError, start_run
run = start_run(root=sys.argv[1], run_id="r1", environment=False)
run.log("n", 0)
print("ready", flush=True)
for number in range(1, 10_000):
    try:
        run.log("n", number)
    except RunEndedError as error:
        print(number, error, flush=True)
        break
    time.sleep(0.005)
try:
    run.complete()
except RunEndedError:
    print("refused", flush=True)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Any:
    """Give a process that logs to a run until it is told that the run has ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "runs")],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("verb", ["cancel", "fail"])
def test_end_from_outside_stays_and_reaches_the_owner(path: Path, owner: Process, verb: str) -> None:
    """The owner's next verb after about a second is refused, and so is its own end; its lines until then are whole."""
    run = Run(Experiment(path.parent.parent, "default"), "r1")
    begun = time.monotonic()
    run.cancel() if verb == "cancel" else run.fail("from outside", "O1")
    status = "Canceled" if verb == "cancel" else "Failed"
    assert run.status == status
    output, _ = owner.communicate(timeout=20)
    assert time.monotonic() - begun < 5
    told, refused = output.splitlines()
    number, _, message = told.partition(" ")
    assert status in message
    assert refused == "refused"
    assert owner.returncode == 0
    assert _values(path) == list(range(int(number)))
    assert run.reader.problems == []
    assert manifest_of(path).items() >= {"status": status, "final": True}.items()
    assert verb == "cancel" or manifest_of(path)["error"]["message"] == "from outside"
    with pytest.raises(RunEndedError):
        run.complete()


def test_killed_owner_is_seen_beside_a_living_writer(path: Path, owner: Process) -> None:
    """The run is NotResponding though another process goes on with it; somebody else can then complete it."""
    run = Run(Experiment(path.parent.parent, "default"), "r1")
    run.log("m", 1)
    assert run.status == "Running"
    owner.send_signal(signal.SIGKILL)
    owner.wait(20)
    assert run.status == "NotResponding"
    run.log("m", 2)
    run.complete()
    assert run.status == "Completed"
    assert _values(path, "m") == [1, 2]
    assert len(writers_of(path)) == 2
    with pytest.raises(RunEndedError):
        run.log("m", 3)


def test_run_that_does_not_respond_is_ended_without_joining_it(path: Path, owner: Process) -> None:
    """Completing it from outside makes no writer, and is final."""
    owner.kill()
    owner.wait(20)
    run = Run(Experiment(path.parent.parent, "default"), "r1")
    run.complete()
    manifest = manifest_of(path)
    assert (run.status, manifest["final"], manifest["ended"] is not None) == ("Completed", True, True)
    assert writers_of(path) == {"main"}


# ---------------------------------------------------------------------- RUNLOGGING_RUN

JOINER = """
import sys
from runlogging import Run, start_run
sys.stdin.readline()
number = int(sys.argv[1])
run = start_run(environment=False) if number % 2 else Run.get_context()
for step in range(200):
    run.log("n", number * 200 + step, step=step)
print("go", flush=True)
sys.stdin.readline()
assert Run.get_context() is run
run.complete()
"""


def test_processes_join_the_run_that_the_environment_names(tmp_path: Path) -> None:
    """Four at once, by start_run and get_context: one makes it and owns it, and only its end is the run's."""
    path = tmp_path / "exp" / "r1"
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "RUNLOGGING_RUN": str(path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", JOINER, str(number)],
            env={**environment, "RANK": str(number)},
            cwd=tmp_path,
            stdin=pipe,
            stdout=pipe,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
    owner = json.loads((path / ".writers" / "main.lock").read_bytes().splitlines()[0])["pid"]
    for process in sorted(processes, key=lambda process: process.pid == owner):
        assert manifest_of(path)["status"] == "Running"
        process.communicate(b"\n", timeout=20)
        assert process.returncode == 0
    assert manifest_of(path).items() >= {"status": "Completed", "final": True, "owner": "main"}.items()
    assert _values(path) == list(range(800))
    assert len(_others(path)) == 3
    assert all(name.startswith("rank") for name in _others(path))
    assert all(life_of(path, name)[-1]["status"] == "Completed" for name in writers_of(path))
    assert len(lines_of_all(path)) == 800
