"""Forked and other child processes write as writers of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runlogging.folder import Life, writer_life

from ..conftest import SOURCE, WAIT_FOR, RunScript
from . import life_of, lines_of, lines_of_all, manifest_of, messages_of, writers_of

PROLOGUE = (
    """
import logging, os, signal, sys, threading, time
from runlogging import RunHandler
log = logging.getLogger("train")
log.setLevel("INFO")

def attach():
    handler = RunHandler("runs", run_id="r1")
    log.addHandler(handler)
    return handler

PATIENCE_S = 20
"""
    + WAIT_FOR
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Give the folder of the run that the programs here write."""
    return tmp_path / "runs" / "default" / "r1"


def test_forked_child_has_files_and_numbers_of_its_own(run: Path, run_script: RunScript) -> None:
    """The child's first record makes its writer; the parent's files are the parent's alone, before and after."""
    run_script(
        PROLOGUE
        + """
attach()
log.info("parent 1")
pid = os.fork()
if pid == 0:
    before = (run := log.handlers[0].run_path).joinpath("logs.jsonl").read_bytes()
    log.info("child 1")
    log.info("child 2", extra={"metrics": {"a": 1}})
    os._exit(run.joinpath("logs.jsonl").read_bytes() != before)
assert wait_for(pid) == 0
log.info("parent 2")
"""
    )
    (child,) = writers_of(run) - {"main"}
    assert [(line["seq"], line["message"]) for line in lines_of(run)] == [(1, "parent 1"), (2, "parent 2")]
    assert [(line["seq"], line["message"]) for line in lines_of(run, child)] == [(1, "child 1"), (2, "child 2")]
    assert all("process" not in line for line in lines_of_all(run))
    assert life_of(run, child)[0]["pid"] != life_of(run)[0]["pid"]
    assert manifest_of(run)["status"] == "Completed"


@pytest.mark.parametrize("child", ["sys.exit(0)", "raise ValueError('child')"])
def test_forked_child_that_exits_normally_ends_itself_alone(run: Path, run_script: RunScript, child: str) -> None:
    """A child that runs exit hooks writes its own end; the parent's run goes on and completes."""
    done = run_script(
        PROLOGUE
        + f"""
attach()
log.info("parent 1")
pid = os.fork()
if pid == 0:
    log.info("child")
    {child}
wait_for(pid)
import json
print(json.loads((log.handlers[0].run_path / "run.json").read_bytes())["status"])
log.info("parent 2")
"""
    )
    (name,) = writers_of(run) - {"main"}
    assert done.stdout.split() == ["Running"]
    assert life_of(run, name)[-1]["status"] == ("Failed" if "raise" in child else "Completed")
    assert messages_of(run) == ["parent 1", "parent 2"]
    assert (manifest_of(run)["status"], len(life_of(run))) == ("Completed", 2)


def test_forked_child_without_a_record_leaves_no_writer(run: Path, run_script: RunScript) -> None:
    """A child that says nothing makes nothing, though it closes its handlers at its exit."""
    run_script(PROLOGUE + "attach()\nlog.info('a')\npid = os.fork()\nif pid == 0: sys.exit()\nwait_for(pid)\n")
    assert writers_of(run) == {"main"}
    assert manifest_of(run)["status"] == "Completed"


def test_children_forked_before_the_first_record_share_the_run(run: Path, run_script: RunScript) -> None:
    """The run's id is fixed with the handler: whoever logs first makes the folder, the others join it."""
    run_script(
        PROLOGUE
        + """
handler = RunHandler("runs")
log.addHandler(handler)
pids = []
for number in range(8):
    pid = os.fork()
    if pid == 0:
        log.info("%d", number)
        sys.exit()
    pids.append(pid)
assert [wait_for(pid) for pid in pids] == [0] * 8
log.info("8")
os.rename(handler.run_path, "runs/default/r1")
os._exit(0)
"""
    )
    assert sorted(line["message"] for line in lines_of_all(run)) == [*"012345678"]
    assert len(writers_of(run)) == 9


# ---------------------------------------------------------------------- multiprocessing

POOL = """
import multiprocessing, pickle
COUNT = 50

def work(n):
    for k in range(COUNT):
        log.info("work", extra={"n": n * COUNT + k})

def work_with(handler, n):
    give(handler)
    work(n)

def give(handler):
    # In place of an inherited one, which would keep every record a second time.
    log.handlers[:] = [handler]
    log.setLevel("INFO")

def attach_alone():
    log.handlers.clear()
    attach()

def main(method, way):
    context = multiprocessing.get_context(method)
    handler = attach()
    log.info("parent", extra={"n": -1})
    if way == "process":
        workers = [context.Process(target=work_with, args=(handler, n)) for n in range(4)]
    elif way == "inherited process":
        workers = [context.Process(target=work, args=(n,)) for n in range(4)]
    else:
        starts = {"pool": (attach_alone, ()), "handler pool": (give, (handler,)), "inherited pool": (None, ())}
        initializer, given = starts[way]
        with context.Pool(4, initializer, given) as pool:
            pool.map(work, range(4), chunksize=1)
            pool.close()
            pool.join()
        return
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0] * 4

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
"""
WAYS = [
    *((method, way) for method in ("fork", "spawn", "forkserver") for way in ("pool", "handler pool", "process")),
    *(("fork", way) for way in ("inherited pool", "inherited process")),
]


@pytest.mark.parametrize(("method", "way"), WAYS)
def test_records_of_workers_are_kept_and_their_ends_written(
    run: Path, run_script: RunScript, method: str, way: str
) -> None:
    """Every record once, in files of the worker that made it, and each worker's end with its counts."""
    run_script(PROLOGUE + POOL, method, way)
    lines = lines_of_all(run)
    assert sorted(line["attributes"]["n"] for line in lines) == list(range(-1, 200))
    workers = writers_of(run) - {"main"}
    assert 1 <= len(workers) <= 4
    for worker in workers:
        own = lines_of(run, worker)
        assert [line["seq"] for line in own] == list(range(1, len(own) + 1))
        end = life_of(run, worker)[-1]
        assert (end["status"], end["counts"]["logs"]) == ("Completed", len(own))
        assert "Process" in worker or "Worker" in worker
    assert messages_of(run) == ["parent"]
    assert manifest_of(run)["status"] == "Completed"
    assert writer_life(run, "main") is Life.DEAD


def test_terminated_worker_leaves_no_end_and_no_harm(run: Path, run_script: RunScript) -> None:
    """A pool that is not closed terminates its workers: their records are there, and the run completes."""
    run_script(
        PROLOGUE
        + """
import multiprocessing

def work(n):
    log.info("work", extra={"n": n})

if __name__ == "__main__":
    attach()
    log.info("parent", extra={"n": -1})
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(work, range(100), chunksize=1)
"""
    )
    assert sorted(line["attributes"]["n"] for line in lines_of_all(run)) == list(range(-1, 100))
    assert manifest_of(run)["status"] == "Completed"


def test_pool_of_concurrent_futures_keeps_every_record(run: Path, run_script: RunScript) -> None:
    """The executor's workers are multiprocessing's, too."""
    run_script(
        PROLOGUE
        + """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

def work(n):
    log.info("work", extra={"n": n})

if __name__ == "__main__":
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn"), attach) as pool:
        list(pool.map(work, range(60)))
"""
    )
    assert sorted(line["attributes"]["n"] for line in lines_of_all(run)) == list(range(60))
    assert {life_of(run, name)[-1].get("status") for name in writers_of(run)} == {"Completed"}


# ---------------------------------------------------------------------- parents, children and locks


def test_killed_parent_is_dead_though_its_child_lives(run: Path, tmp_path: Path) -> None:
    """A forked child holds nothing of its parent's life; its own can be told apart."""
    program = """
attach()
log.info("parent")
if os.fork() == 0:
    log.info("child")
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
    os._exit(0)
time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-W", "ignore", "-c", PROLOGUE + program]
    parent = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        (name,) = writers_of(run) - {"main"}
        assert (writer_life(run, "main"), writer_life(run, name)) == (Life.ALIVE, Life.ALIVE)
        parent.kill()
        parent.wait()
        assert (writer_life(run, "main"), writer_life(run, name)) == (Life.DEAD, Life.ALIVE)
    finally:
        parent.kill()
        os.kill(child, signal.SIGKILL)
    assert parent.stdout.read() == b""
    assert writer_life(run, name) is Life.DEAD
    parent.stdout.close()
    parent.wait()


def test_silent_child_does_not_keep_its_parent_alive(run: Path, tmp_path: Path) -> None:
    """Not even a child that never logs, nor one that runs another program, holds the parent's lock."""
    program = """
import subprocess
attach()
log.info("parent")
if os.fork() == 0:
    time.sleep(60)
other = subprocess.Popen(["sleep", "60"], close_fds=False)
os.write(1, b"%d\\n" % other.pid)
time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-W", "ignore", "-c", PROLOGUE + program]
    parent = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    try:
        assert writer_life(run, "main") is Life.ALIVE
        parent.kill()
        parent.wait()
        # The child lets go of the lock with the first thing it does; on a busy machine it may not have run yet.
        deadline = time.monotonic() + 10
        while writer_life(run, "main") is not Life.DEAD and time.monotonic() < deadline:
            time.sleep(0.01)
        assert writer_life(run, "main") is Life.DEAD
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.stdout.close()


@pytest.mark.parametrize("durability", ["process", "lazy"])
def test_fork_while_threads_log(run: Path, run_script: RunScript, durability: str) -> None:
    """Forty children of a process whose threads log never hang; every record of all of them is there once."""
    program = """
RunHandler("runs", run_id="r1", durability="%s")
handler = attach()
stop = threading.Event()
counts = [0] * 4

def talk(number):
    while not stop.is_set():
        log.info("thread", extra={"n": (number, counts[number])})
        counts[number] += 1

threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
ends = []
for number in range(40):
    pid = os.fork()
    if pid == 0:
        log.info("child", extra={"n": (4, number)})
        handler.close()
        os._exit(0)
    ends.append(wait_for(pid))
stop.set()
for thread in threads:
    thread.join()
assert ends == [0] * 40, ends
print(*counts)
"""
    done = run_script(PROLOGUE + program % durability)
    counts = [int(text) for text in done.stdout.split()]
    expected = {(number, n) for number, count in enumerate((*counts, 40)) for n in range(count)}
    found = [tuple(line["attributes"]["n"]) for line in lines_of_all(run)]
    assert len(found) == len(expected)
    assert set(found) == expected
    assert all(count > 10 for count in counts)
    assert manifest_of(run)["durability"] == durability


def test_lazy_buffer_of_the_parent_is_not_written_by_the_child(run: Path, run_script: RunScript) -> None:
    """What waits in the parent's buffer at the fork is the parent's to write."""
    run_script(
        PROLOGUE
        + """
log.addHandler(RunHandler("runs", run_id="r1", durability="lazy"))
log.info("first")
for number in range(3):
    log.info("waiting %d", number)
pid = os.fork()
if pid == 0:
    log.info("child")
    sys.exit()
assert wait_for(pid) == 0
"""
    )
    (child,) = writers_of(run) - {"main"}
    assert messages_of(run, child) == ["child"]
    assert messages_of(run) == ["first", "waiting 0", "waiting 1", "waiting 2"]
