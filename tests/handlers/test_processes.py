"""Several processes write to one run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import SOURCE, RunScript
from . import life_of, lines_of, lines_of_all, manifest_of, messages_of, writers_of

WORKERS = 8
RECORDS = 5_000
WORKER = """
import logging, sys
from runlogging import RunHandler
worker, count, run_id = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] or None
log = logging.getLogger("train")
log.setLevel("INFO")
log.addHandler(RunHandler("runs", run_id=run_id))
sys.stdin.readline()
for n in range(worker * count, worker * count + count):
    log.info("number %d", n, extra={"metrics": {"n": n}} if n % 2 else {"n": n})
if worker % 2:
    raise ValueError(f"worker {worker}")
"""
HELLO = """
import logging, sys
from runlogging import RunHandler
logging.getLogger().addHandler(RunHandler("runs", run_id="r1"))
logging.warning("hello")
"""


def _run_workers(folder: Path, run_id: str, **environment: str) -> None:
    """Start all workers, let them go at once, and wait for them."""
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(worker), str(RECORDS), run_id],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
            stdin=pipe,
            stderr=subprocess.DEVNULL,
        )
        for worker in range(WORKERS)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [worker % 2 for worker in range(WORKERS)]


@pytest.mark.parametrize("way", ["variable", "run_id"])
def test_every_record_of_eight_processes_is_there_once(tmp_path: Path, way: str) -> None:
    """No line is torn, lost or doubled; each writer numbers its own; the run's status is its owner's."""
    run = tmp_path / "runs" / "default" / "r1"
    if way == "variable":
        _run_workers(tmp_path, "", RUNLOGGING_RUN=str(run))
    else:
        _run_workers(tmp_path, "r1")
    lines = lines_of_all(run)
    numbers = [line["metrics"]["n"] if "metrics" in line else line["attributes"]["n"] for line in lines]
    assert len(numbers) == WORKERS * RECORDS
    assert set(numbers) == set(range(WORKERS * RECORDS))
    assert all(path.read_bytes().endswith(b"}\n") for path in run.glob("*.jsonl"))
    writers = writers_of(run)
    manifest = manifest_of(run)
    assert (len(writers), manifest["owner"]) == (WORKERS, "main")
    assert {entry["name"] for entry in manifest["writers"]} == writers
    for writer in writers:
        own = lines_of(run, writer)
        assert [line["seq"] for line in own] == list(range(1, RECORDS + 1))
        first = own[0]["attributes"]["n"]
        status = "Failed" if first // RECORDS % 2 else "Completed"
        assert life_of(run, writer)[-1]["status"] == status
        if writer == "main":
            assert manifest["status"] == status
            assert manifest["counts"]["logs"] + manifest["counts"]["metrics"] == RECORDS


def test_failure_of_another_writer_is_not_the_runs(tmp_path: Path, run_script: RunScript) -> None:
    """A joined process fails and a later one completes: the manifest keeps the owner's status."""
    run_script(HELLO)
    run = tmp_path / "runs" / "default" / "r1"
    before = manifest_of(run)
    run_script(HELLO + "raise ValueError", check=False, RANK="1")
    run_script(HELLO, RANK="2")
    after = manifest_of(run)
    assert [life_of(run, name)[-1]["status"] for name in ("main", "rank1", "rank2")] == [
        *("Completed", "Failed", "Completed")
    ]
    assert {key: after[key] for key in after if key != "writers"} == {
        key: before[key] for key in before if key != "writers"
    }


def test_launched_ranks_name_their_writers_and_their_later_lives(tmp_path: Path, run_script: RunScript) -> None:
    """A rank's second life takes the next name, and its lock file says which life it is."""
    for rank in ("7", "0", "1", "0", "0"):
        run_script(HELLO, RANK=rank)
    run = tmp_path / "runs" / "default" / "r1"
    assert writers_of(run) == {"main", "rank0", "rank1", "rank0-2", "rank0-3"}
    starts = {name: life_of(run, name)[0] for name in writers_of(run)}
    assert {name: (start["rank"], start["attempt"]) for name, start in starts.items()} == {
        "main": (7, 1),
        "rank0": (0, 1),
        "rank0-2": (0, 2),
        "rank0-3": (0, 3),
        "rank1": (1, 1),
    }
    assert all(messages_of(run, name) == ["hello"] for name in starts)


@pytest.mark.parametrize("variable", ["SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"])
def test_other_launchers_ranks_are_known(tmp_path: Path, run_script: RunScript, variable: str) -> None:
    """Slurm, Open MPI and PMI give the rank as torchrun does."""
    run_script(HELLO)
    run_script(HELLO, **{variable: "3"})
    assert writers_of(tmp_path / "runs" / "default" / "r1") == {"main", "rank3"}


def test_process_without_a_rank_is_named_by_host_and_pid(tmp_path: Path, run_script: RunScript) -> None:
    """A further writer without a launcher is told apart by where it ran."""
    run_script(HELLO)
    run_script(HELLO)
    run = tmp_path / "runs" / "default" / "r1"
    (other,) = writers_of(run) - {"main"}
    assert other.endswith(f"-{life_of(run, other)[0]['pid']}")
