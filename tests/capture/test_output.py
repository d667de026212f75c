"""Output at the level of descriptors: everything is kept, and what is shown is the same as without us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging.folder import read_manifest
from tests.capture.programs import (
    PATIENCE_S,
    Ended,
    environment,
    in_pipes,
    in_terminal,
    messages,
    processes_with,
    records,
    script,
    until,
)
from tests.conftest import only_run

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are looked at in /proc")

# CAPTURED=0 makes the same program without us.
_BEGIN = """
import ctypes, os, signal, subprocess, sys, time
from runlogging import start_run
from runlogging.capture._output import OutputCapture

run = start_run("out", "runs", environment=False, capture=())
capture = OutputCapture(run.path, redact=True, stdout=True, stderr=True, max_bytes=MAX_BYTES)
IS_CAPTURED = os.environ.get("CAPTURED") != "0"
def start():
    return IS_CAPTURED and capture.start()
def stop(*args):
    if IS_CAPTURED:
        capture.stop(*args)
"""
_END = """
stop()
run.complete()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder, and check that no process of a test outlives it."""
    yield tmp_path
    assert until(lambda: not processes_with(str(tmp_path)), 10), processes_with(str(tmp_path))


def program(
    folder: Path, middle: str, *, begin: str = "start()\n", end: str = _END, max_bytes: int = 1 << 30
) -> list[str]:
    """Return the command of a program whose output is captured while its middle runs."""
    return script(folder, _BEGIN.replace("MAX_BYTES", str(max_bytes)) + begin + middle + end)


_NOISE = r"""
print("a line", sys.stdout.isatty(), sys.stderr.isatty())
print("a warning", file=sys.stderr)
sys.stdout.write("no newline yet, "); sys.stdout.flush()
os.write(1, b"raw \xff\xfe\x00 bytes\n")
os.write(2, b"\x1b[31mred\x1b[0m\n")
ctypes.CDLL(None).printf(b"from C\n")
ctypes.CDLL(None).fflush(None)
subprocess.run(["sh", "-c", "echo from a child; echo its error >&2"])
for step in range(200):
    sys.stderr.write("\r%3d%%|%-20s|" % (step // 2, "#" * (step // 10))); sys.stderr.flush()
print(file=sys.stderr)
print("long " + "x" * 100_000)
for step in range(2000):
    print(step)
print("the end", end="")
"""
_KEPT_STDOUT = ["a line", "no newline yet, raw \\xff\\xfe\x00 bytes", "from C", "from a child"]


def both_ways(command: list[str], folder: Path, way: Any, **options: Any) -> tuple[Ended, Ended]:
    """Run a program without us and with us."""
    alone = way(command, folder, CAPTURED="0", **options)
    for run in (folder / "runs").glob("*/*"):
        run.rename(folder / f"alone-{run.name}")
    return alone, way(command, folder, **options)


def test_two_pipes_get_the_same_bytes(folder: Path) -> None:
    """What reaches two pipes is the same as without us, and all of it is kept."""
    alone, captured = both_ways(program(folder, _NOISE), folder, in_pipes)
    assert captured == alone
    run = only_run(folder / "runs")
    kept = messages(run, "stdout")
    assert [kept[0].split(" False")[0], *kept[1:4]] == _KEPT_STDOUT
    assert "".join(kept[4:-2001]) == "long " + "x" * 100_000
    assert kept[-2001:] == [*map(str, range(2000)), "the end"]
    assert messages(run, "stderr") == ["a warning", "red", "its error", " 99%|################### |"]


def test_one_pipe_keeps_its_order(folder: Path) -> None:
    """Where both go to one pipe, the order of all writes is the same as without us."""
    middle = "sys.stdout.flush()\nfor step in range(3000):\n    os.write(1 + step % 2, b'%d\\n' % step)\n"
    alone, captured = both_ways(program(folder, _NOISE + middle), folder, in_pipes, one_pipe=True)
    assert captured == alone
    kept = messages(only_run(folder / "runs"), "console")
    assert [text for text in kept if text.isdecimal()][-2999:] == [str(step) for step in range(1, 3000)]


def test_a_terminal_gets_the_same_bytes(folder: Path) -> None:
    """A terminal shows the same bytes in the same order, the program still sees a terminal, a bar is one line."""
    alone, captured = both_ways(program(folder, _NOISE), folder, in_terminal)
    assert captured == alone
    assert b"a line True True" in captured.stdout
    assert b"\x1b[31mred" in captured.stdout
    kept = messages(only_run(folder / "runs"), "console")
    assert kept[:4] == ["a line True True", "a warning", *_KEPT_STDOUT[1:2], "red"]
    assert [text for text in kept if "%|" in text] == [" 99%|################### |"]
    assert kept[-1] == "the end"


def test_the_size_of_the_window_is_followed(folder: Path) -> None:
    """The program sees the size of its terminal, and a change of it."""
    middle = """
print("size", *os.get_terminal_size(1), flush=True)
until = time.monotonic() + 20
while os.get_terminal_size(1).columns == 100 and time.monotonic() < until:
    time.sleep(0.02)
print("now", *os.get_terminal_size(1))
"""
    done = in_terminal(program(folder, middle), folder, resized_at=b"size")
    assert done.stdout.split(b"\r\n")[:2] == [b"size 100 30", b"now 120 40"]


def test_a_file_gets_the_same_bytes(folder: Path) -> None:
    """Output into a file goes on where the file stood."""
    with open(folder / "out.txt", "wb") as file:
        file.write(b"before\n")
        file.flush()
        subprocess.run(
            program(folder, "print('in between')\n", end=_END + "print('after')\n"),
            cwd=folder,
            env=environment(folder),
            stdout=file,
            stderr=file,
            check=True,
            timeout=PATIENCE_S,
        )
    assert (folder / "out.txt").read_bytes() == b"before\nin between\nafter\n"


def test_the_descriptors_are_put_back(folder: Path) -> None:
    """After the stop both descriptors are what they were, nothing more is open, and the objects are the same."""
    begin = """
def state():
    inodes = [os.fstat(fd).st_ino for fd in (1, 2)]
    return inodes, sorted(os.listdir("/proc/self/fd")), id(sys.stdout), id(sys.stderr)
before = state()
start()
"""
    end = "stop()\nassert state() == before\nprint('same')\nrun.complete()\n"
    done = in_pipes(program(folder, "print('kept')\n", begin=begin, end=end), folder)
    assert done == Ended(0, b"kept\nsame\n")
    assert messages(only_run(folder / "runs"), "stdout") == ["kept"]


def test_it_can_begin_again(folder: Path) -> None:
    """A second capture of the same run keeps what comes in its time, with a further writer."""
    middle = "print('one')\nstop()\nprint('between')\nstart()\nprint('two')\n"
    assert in_pipes(program(folder, middle), folder) == Ended(0, b"one\nbetween\ntwo\n")
    run = only_run(folder / "runs")
    assert (messages(run, "stdout"), messages(run, "stdout", "output-2")) == (["one"], ["two"])


@pytest.mark.parametrize(
    ("death", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("ctypes.string_at(0)", -signal.SIGSEGV),
        ("os._exit(7)", 7),
        ("sys.exit(3)", 3),
    ],
)
@pytest.mark.parametrize("way", [in_pipes, in_terminal])
def test_nothing_that_was_printed_is_lost_by_a_death(folder: Path, death: str, code: int, way: Any) -> None:
    """However a program dies, what it had written is shown and kept, and its exit code is its own."""
    middle = f"for step in range(500):\n    print(step, flush=True)\n{death}\n"
    done = way(program(folder, middle, end=""), folder)
    assert done.code == code
    assert done.stdout.split() == [b"%d" % step for step in range(500)]
    run = only_run(folder / "runs")
    logger = "stdout" if way is in_pipes else "console"
    assert until(lambda: len(messages(run, logger)) == 500)
    assert messages(run, logger) == [str(step) for step in range(500)]


def test_who_prints_after_the_end_is_not_killed(folder: Path) -> None:
    """A process that the program left behind goes on printing to where the program did."""
    later = "sleep 0.7; echo later; echo status $? >> done.txt"
    middle = f"subprocess.Popen(['sh', '-c', {later!r}])\nprint('now')\n"
    assert in_pipes(program(folder, middle), folder) == Ended(0, b"now\nlater\n")
    assert (folder / "done.txt").read_text() == "status 0\n"
    run = only_run(folder / "runs")
    assert messages(run, "stdout") == ["now"]
    assert read_manifest(run).status == "Completed"


def test_a_program_that_execs_another_is_still_captured(folder: Path) -> None:
    """What a program prints that took the place of the first is kept as well."""
    middle = "sys.stdout.flush()\nos.execv('/bin/sh', ['sh', '-c', 'echo another program; exit 5'])\n"
    assert in_pipes(program(folder, "print('first')\n" + middle, end=""), folder) == Ended(
        5, b"first\nanother program\n"
    )
    run = only_run(folder / "runs")
    assert until(lambda: len(messages(run, "stdout")) == 2)


def test_a_forked_child_shares_the_channel(folder: Path) -> None:
    """A forked child's output is kept too; its stop does nothing."""
    middle = """
sys.stdout.flush()
if os.fork() == 0:
    print("from the child", flush=True)
    stop()
    print("after its stop", flush=True)
    os._exit(0)
os.wait()
print("from the parent")
"""
    assert in_pipes(program(folder, middle), folder).stdout == b"from the child\nafter its stop\nfrom the parent\n"
    kept = messages(only_run(folder / "runs"), "stdout")
    assert kept == ["from the child", "after its stop", "from the parent"]


def test_the_program_has_no_child_and_no_thread_of_ours(folder: Path) -> None:
    """A program that waits for all its children meets none of ours, and no thread."""
    middle = """
import threading
print(threading.active_count(), len(os.listdir("/proc/self/task")))
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child")
"""
    assert in_pipes(program(folder, middle), folder).stdout == b"1 1\nno child\n"


def test_signals_of_the_group_do_not_reach_the_tee(folder: Path) -> None:
    """What interrupts or ends the program's whole group does not cut its output off."""
    middle = """
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, lambda *args: None)
os.setpgid(0, 0)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT) * 5:
    os.killpg(0, number)
    time.sleep(0.02)
print("still here")
"""
    assert in_pipes(program(folder, middle, begin="os.setpgid(0, 0)\nstart()\n"), folder) == Ended(0, b"still here\n")
    assert messages(only_run(folder / "runs"), "stdout") == ["still here"]


@pytest.mark.parametrize(
    ("begin", "sentence", "printed"),
    [
        ("os.close(1)", "stdout is not captured: its descriptor 1 is closed", b""),
        ("sys.stdout = None", "stdout is not captured: there is no sys.stdout", b""),
        ("import io; sys.stdout = io.StringIO()", "stdout is not captured: sys.stdout was replaced", b""),
        ("sys.stdout = sys.stderr", "stdout is not captured: sys.stdout was replaced by one that", b""),
        ("sys.executable = ''", "output is not captured: OSError: '' is no Python", b"printed\n"),
        ("sys.executable = '/nowhere/python3'", "output is not captured", b"printed\n"),
    ],
)
def test_what_cannot_be_captured_is_said_and_left(folder: Path, begin: str, sentence: str, printed: bytes) -> None:
    """A stdout that is closed, missing or replaced, or a helper that cannot start: a sentence, and nothing changes."""
    middle = "print('printed')\nprint('error', file=sys.stderr)\n"
    end = _END + "os._exit(0)\n" if "close" in begin else _END
    done = in_pipes(program(folder, middle, begin=f"{begin}\nstart()\n", end=end), folder)
    assert (done.code, done.stdout) == (0, printed)
    said, *others = done.stderr.decode().splitlines()
    assert said.startswith(f"runlogging: {sentence}")
    assert "error" in others


def test_a_helper_that_fails_costs_records_only(folder: Path) -> None:
    """Where the helper cannot keep anything, output is shown as before, and a sentence says so."""
    middle = "import shutil; shutil.rmtree(run.path)\nprint('shown')\n"
    done = in_pipes(program(folder, middle, end="stop()\n"), folder)
    assert (done.code, done.stdout) == (0, b"shown\n")
    assert b"output is shown but not kept in" in done.stderr


def test_a_descriptor_that_somebody_took_stays_theirs(folder: Path) -> None:
    """Who put another file in the place of descriptor 1 keeps it, and what was printed before is kept."""
    middle = """
print("before", flush=True)
file = os.open("other.txt", os.O_WRONLY | os.O_CREAT)
os.dup2(file, 1)
print("into the file", flush=True)
"""
    done = in_pipes(program(folder, middle, end=_END + "print('still into the file')\n"), folder)
    assert done.stdout == b"before\n"
    assert (folder / "other.txt").read_text() == "into the file\nstill into the file\n"
    assert messages(only_run(folder / "runs"), "stdout") == ["before"]


def test_one_of_both_can_be_captured(folder: Path) -> None:
    """With stdout alone stderr is left as it was."""
    begin = "capture._wanted = [1]\ninode = os.fstat(2).st_ino\nstart()\nassert os.fstat(2).st_ino == inode\n"
    middle = "print('out')\nprint('err', file=sys.stderr)\n"
    assert in_pipes(program(folder, middle, begin=begin), folder) == Ended(0, b"out\n", b"err\n")
    assert [line["logger"] for line in records(only_run(folder / "runs"))] == ["stdout"]


def test_a_reader_that_went_away_is_met_by_the_program(folder: Path) -> None:
    """Where nobody reads any more, the program gets its broken pipe as without us, and does not print for ever."""
    middle = """
try:
    while True:
        os.write(1, b"y\\n" * 1000)
except BrokenPipeError:
    os._exit(9)
"""
    with subprocess.Popen(
        program(folder, middle), cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 9


def test_a_reader_that_is_slow_blocks_nothing_for_ever(folder: Path) -> None:
    """Where nobody reads for a while, the stop returns in time, and nothing of the output is lost."""
    middle = "print('x' * 40000, flush=True)\nos.write(1, b'y' * 50000)\n"
    end = "begun = time.monotonic(); stop(0.5)\nprint(time.monotonic() - begun < 3, file=sys.stderr)\nprint('z')\n"
    with subprocess.Popen(
        program(folder, middle, end=end),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"may be missing" in process.stderr.readline()
        assert process.stderr.readline() == b"True\n"
        data = process.stdout.read()
    assert sorted(data) == sorted(b"x" * 40000 + b"\n" + b"y" * 50000 + b"z\n")


def test_two_channels_do_not_block_each_other(folder: Path) -> None:
    """While nobody reads stdout, stderr still comes through, as with two pipes."""
    middle = """
if os.fork() == 0:
    os.write(1, b"x" * 1_000_000)
    os._exit(0)
time.sleep(0.3)
print("through", file=sys.stderr)
os.wait()
"""
    with subprocess.Popen(
        program(folder, middle),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == b"through\n"
        assert len(process.stdout.read()) == 1_000_000


def test_too_much_text_is_counted(folder: Path) -> None:
    """Past max_bytes lines are shown and counted, and a record says so once."""
    middle = "for step in range(1000):\n    print('%09d' % step)\n"
    done = in_pipes(program(folder, middle, max_bytes=1000), folder)
    assert len(done.stdout) == 10_000
    run = only_run(folder / "runs")
    assert len(messages(run, "stdout")) == 100
    assert len(messages(run, "runlogging")) == 1
    dropped = read_manifest(run).dropped
    assert dropped is not None
    assert (dropped.records, dropped.reason) == (900, "EFBIG")


def test_a_disk_that_fails_is_counted(folder: Path) -> None:
    """Where the run takes no more bytes, output is shown as before and the lines are counted."""
    begin = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\nstart()\n"
    middle = "for step in range(1000):\n    print('%09d' % step)\n"
    done = in_pipes(program(folder, middle, begin=begin), folder)
    assert (done.code, len(done.stdout)) == (0, 10_000)
    run = only_run(folder / "runs")
    text = (run / "logs.output.jsonl").read_bytes()
    dropped = read_manifest(run).dropped
    assert dropped is not None
    assert text.count(b"\n") + dropped.records == 1000
    assert dropped.reason == "EFBIG"


def test_secrets_are_shown_and_not_kept(folder: Path) -> None:
    """A secret stays on the screen as the program printed it, and is replaced in the record."""
    done = in_pipes(program(folder, "print('password=hunter2')\n"), folder)
    assert done.stdout == b"password=hunter2\n"
    (kept,) = messages(only_run(folder / "runs"), "stdout")
    assert "hunter2" not in kept


def test_a_question_is_kept_while_it_waits(folder: Path) -> None:
    """A line without its newline becomes a record after a second."""
    middle = "print('name? ', end='', flush=True)\ntime.sleep(1.6)\nprint('Ann')\n"
    in_pipes(program(folder, middle), folder)
    lines = records(only_run(folder / "runs"))
    assert [line["message"] for line in lines] == ["name? ", "Ann"]
    assert lines[1]["attributes"] == {"continued": True}
    assert lines[0]["time"] < lines[1]["time"]


def test_two_runs_can_capture_one_inside_the_other(folder: Path) -> None:
    """A capture within a capture keeps in both, and the output is the same."""
    middle = """
second = start_run("inner", "runs", environment=False, capture=())
inner = OutputCapture(second.path, redact=True, stdout=True, stderr=True)
inner.start()
print("both")
inner.stop()
print("outer only")
second.complete()
"""
    assert in_pipes(program(folder, middle), folder) == Ended(0, b"both\nouter only\n")
    (outer,) = (folder / "runs" / "out").glob("*/run.json")
    (inner,) = (folder / "runs" / "inner").glob("*/run.json")
    assert messages(outer.parent, "stdout") == ["both", "outer only"]
    assert messages(inner.parent, "stdout") == ["both"]


def test_the_tee_holds_nothing_of_the_program_open(folder: Path) -> None:
    """A descriptor that children inherit is not kept open by the tee."""
    middle = """
until = time.monotonic() + 20
read, write = PIPE
os.close(write)
assert os.read(read, 1) == b""
print("closed", flush=True)
"""
    begin = "PIPE = os.pipe()\nos.set_inheritable(PIPE[1], True)\nstart()\n"
    started = time.monotonic()
    assert in_pipes(program(folder, middle, begin=begin), folder).stdout == b"closed\n"
    assert time.monotonic() - started < PATIENCE_S
    assert os.path.exists(folder / "runs")
