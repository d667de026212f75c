"""What is left after a process was killed, and who can tell that it is dead."""

from __future__ import annotations

import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runlogging.folder import Life, writer_life

from ..conftest import SOURCE, RunScript
from . import DROP_RIGHTS, life_of, lines_of, manifest_of

WRITER = """
import itertools, logging, os, sys
from runlogging import RunHandler
log = logging.getLogger("train")
log.setLevel("INFO")
log.addHandler(RunHandler(sys.argv[1], run_id=sys.argv[2]))
for n in itertools.count():
    log.info("number %d", n, extra=[{"n": n}, {"metrics": {"n": n}}, {"metrics": {"n": n, "t": "x"}}][n % 3])
    os.write(1, b"%d\\n" % n)
"""
PROBER = """
import sys
from pathlib import Path
from runlogging.folder import writer_life
for line in sys.stdin:
    print(*{writer_life(Path(line.strip()), "main").name for _ in range(20)}, flush=True)
"""
Process = subprocess.Popen[bytes]


def _start(program: str, *arguments: str) -> Process:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdin=pipe, stdout=pipe, env=environment)


def _stop(process: Process) -> bytes:
    process.kill()
    return process.communicate()[0]


def _started(process: Process) -> bytes:
    """Return the first bytes that a process wrote."""
    assert process.stdout is not None
    return os.read(process.stdout.fileno(), 1 << 16)


def _number_in(line: dict[str, object]) -> object:
    for place in ("metrics", "attributes"):
        found = line.get(place)
        if isinstance(found, dict):
            return found["n"]
    raise AssertionError(f"no number in {line}")


def _cut_torn_tail(run: Path) -> None:
    """Take off what a kill in the middle of a write left.

    Linux looks for deadly signals at each page that it copies, so a line over the end of a page can be torn there. The
    call had not returned.
    """
    for path in run.glob("*.jsonl"):
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            assert len(data) % mmap.PAGESIZE == 0
            path.write_bytes(whole)


@pytest.fixture
def probers() -> Iterator[list[Process]]:
    """Give eight processes that ask whether the writer of a run lives."""
    processes = [_start(PROBER) for _ in range(8)]
    yield processes
    for process in processes:
        _stop(process)


def _ask(probers: list[Process], run: Path) -> set[str]:
    for prober in probers:
        assert prober.stdin is not None
        prober.stdin.write(f"{run}\n".encode())
        prober.stdin.flush()
    return {name for prober in probers if prober.stdout for name in prober.stdout.readline().decode().split()}


def test_kill_loses_no_record_whose_call_returned(tmp_path: Path, probers: list[Process]) -> None:
    """Ten writers are killed at a random moment, while eight readers probe them at once."""
    for number in range(10):
        run = tmp_path / "default" / f"r{number}"
        process = _start(WRITER, str(tmp_path), run.name)
        printed = _started(process)
        assert _ask(probers, run) == {"ALIVE"}
        time.sleep(random.random() * 0.05)
        printed += _stop(process)
        assert _ask(probers, run) == {"DEAD"}
        _cut_torn_tail(run)
        returned = {int(text) for text in printed.split(b"\n")[:-1]}
        lines = lines_of(run)
        assert returned - {_number_in(line) for line in lines} == set()
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert len(lines) - len(returned) in (0, 1, 2)
        assert all((path.read_bytes() or b"}\n").endswith(b"}\n") for path in run.glob("*.jsonl"))
        assert len(life_of(run)) == 1
        assert (manifest_of(run)["status"], manifest_of(run)["ended"]) == ("Running", None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT])
def test_other_deadly_signals_lose_nothing_either(tmp_path: Path, number: signal.Signals) -> None:
    """Terminated, or ended by a crash: all that was logged is there, and the writer is dead."""
    process = _start(WRITER, str(tmp_path), "r1")
    printed = _started(process)
    process.send_signal(number)
    printed += process.communicate()[0]
    run = tmp_path / "default" / "r1"
    _cut_torn_tail(run)
    numbers = {_number_in(line) for line in lines_of(run)}
    assert process.returncode == -number
    assert {int(text) for text in printed.split(b"\n")[:-1]} <= numbers
    assert writer_life(run, "main") is Life.DEAD


@pytest.fixture
def open_root() -> Iterator[Path]:
    """Give a folder that every user can reach, unlike pytest's."""
    root = Path(tempfile.mkdtemp(prefix="runlogging-"))
    root.chmod(0o755)
    yield root
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    shutil.rmtree(root)


STRANGER = f"""
import os, sys
from pathlib import Path
from runlogging.folder import writer_life
run = Path(sys.argv[1])
writer_life(run, "main")
{DROP_RIGHTS}
print(writer_life(run, "main").name, end="")
"""


def _life_for_a_stranger(run_script: RunScript, run: Path) -> str:
    return run_script(STRANGER, str(run)).stdout


def test_life_can_be_told_in_a_read_only_folder(open_root: Path, run_script: RunScript) -> None:
    """One who may read but not write the folder sees the same, and leaves nothing there."""
    process = _start(WRITER, str(open_root), "r1")
    try:
        _started(process)
        run = open_root / "default" / "r1"
        for path in (*run.rglob("*"), run):
            path.chmod(0o555 if path.is_dir() else 0o444)
        assert _life_for_a_stranger(run_script, run) == "ALIVE"
    finally:
        _stop(process)
    before = sorted(run.rglob("*"))
    assert _life_for_a_stranger(run_script, run) == "DEAD"
    assert sorted(run.rglob("*")) == before


@pytest.mark.parametrize("closed", [".writers/main.lock", ".writers", "."])
def test_life_is_unknown_where_the_lock_file_may_not_be_read(
    open_root: Path, run_script: RunScript, closed: str
) -> None:
    """Without the right to open the lock file, neither alive nor dead is said."""
    process = _start(WRITER, str(open_root), "r1")
    _started(process)
    _stop(process)
    run = open_root / "default" / "r1"
    (run / closed).chmod(0)
    assert _life_for_a_stranger(run_script, run) == "UNKNOWN"


def test_process_id_in_the_lock_file_does_not_matter(tmp_path: Path) -> None:
    """A lock file that names a living process, but that nobody holds, is of a dead writer."""
    run = tmp_path / "default" / "r1"
    process = _start(WRITER, str(tmp_path), "r1")
    _started(process)
    _stop(process)
    (start,) = life_of(run)
    path = run / ".writers" / "main.lock"
    path.write_text(json.dumps(start | {"pid": os.getpid()}) + "\n")
    assert writer_life(run, "main") is Life.DEAD


def test_missing_lock_file_is_said(tmp_path: Path) -> None:
    """A copy without the writers' folder leaves open what became of them, and the probe makes no file."""
    assert writer_life(tmp_path, "main") is Life.MISSING
    assert list(tmp_path.iterdir()) == []
