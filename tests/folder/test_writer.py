"""The writer keeps every line, whatever happens to threads, processes, folders and disks."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runlogging._errors import FormatVersionError, RunEndedError
from runlogging.folder import (
    Durability,
    ErrorInfo,
    Life,
    Line,
    Writer,
    encode_line,
    list_writers,
    read_manifest,
    writer_life,
)
from runlogging.folder import _joining as joining_module
from runlogging.folder import _writer as writer_module
from runlogging.folder._life import claim_writer

from ..conftest import WAIT_FOR, RunScript, all_lines, read_lines
from . import log_line, metric_line, read_life, read_run, spec_of, value_line

REPOSITORY = str(Path(__file__).parent.parent.parent)
PREAMBLE = (
    """
import errno, json, os, resource, shutil, signal, sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.conftest import all_lines, read_lines
from tests.folder import log_line, metric_line, read_life, read_run, spec_of, value_line
from runlogging.folder import Life, Writer, writer_life
ROOT = Path(sys.argv[1])
RUN = spec_of(ROOT).path

PATIENCE_S = 10
"""
    + WAIT_FOR
)
Program = Callable[[str], str]
LINES: list[Callable[[], Line]] = [log_line, metric_line, value_line]


@pytest.fixture
def program(tmp_path: Path, run_script: RunScript) -> Program:
    """Give a function that runs a program with the tools of these tests, and returns what it prints."""

    def run(text: str) -> str:
        indent = len(text) - len(text.lstrip("\n "))
        body = "\n".join(line[indent - 1 :] for line in text.splitlines())
        done = run_script(PREAMBLE + body, str(tmp_path), REPOSITORY, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _writer(root: Path, durability: Durability = "process", **more: Any) -> Writer:
    return Writer(spec_of(root, durability=durability), **more)


def _numbers(run: Path, *writers: str) -> list[int]:
    """Return all numbers of a run's lines, sorted, from the files of the writers given."""
    streams = ("logs", "metrics", "values", "artifacts")
    names = [f".{writer}" if writer != "main" else "" for writer in writers or ("main",)]
    return sorted(line["seq"] for stream in streams for name in names for line in read_lines(run, stream + name))


def _messages(run: Path, stream: str = "logs") -> list[str]:
    return [line["message"] for line in sorted(read_lines(run, stream), key=lambda line: int(line["seq"]))]


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))


# ---------------------------------------------------------------------- lines and their places


@pytest.mark.parametrize(
    ("line", "stream"),
    [
        (log_line(), "logs"),
        (metric_line(1.5), "metrics"),
        (metric_line(None), "metrics"),
        (value_line(), "values"),
        (Line(time="t", metrics={"n": 1}, values=[{"name": "a", "type": "text", "value": "b"}]), "values"),
    ],
)
def test_line_goes_to_the_stream_of_what_it_carries(tmp_path: Path, line: Line, stream: str) -> None:
    """Values decide before metrics, and metrics before none; only that one file appears."""
    writer = _writer(tmp_path)
    writer.write(line)
    writer.end("Completed")
    assert [path.name for path in writer.spec.path.glob("*.jsonl")] == [f"{stream}.jsonl"]
    assert writer.counts() == dict.fromkeys(("logs", "metrics", "values", "artifacts"), 0) | {stream: 1}
    assert read_run(writer.spec.path)["counts"] == writer.counts()


def test_nothing_is_made_before_the_first_line(tmp_path: Path) -> None:
    """A writer that never writes leaves nothing, not even when it ends."""
    writer = _writer(tmp_path)
    writer.tick()
    writer.flush()
    writer.end("Completed")
    assert (writer.name, writer.is_open, writer.was_opened) == ("", False, False)
    assert list(tmp_path.iterdir()) == []


def test_first_line_makes_the_run(tmp_path: Path) -> None:
    """Manifest, life and stream appear with the first line, and the manifest says what the run is."""
    spec = spec_of(tmp_path, name="for people", tags={"a": "b", "c": None}, parent="r0")
    writer = Writer(spec)
    writer.write(log_line())
    assert sorted(str(path.relative_to(spec.path)) for path in spec.path.rglob("*")) == [
        *(".writers", ".writers/.manifest", ".writers/main.lock", "logs.jsonl", "run.json")
    ]
    manifest = read_run(spec.path)
    (entry,) = manifest["writers"]
    assert (entry["name"], entry["pid"], entry["host"]) == ("main", os.getpid(), os.uname().nodename)
    assert manifest["started"] == manifest["created"] <= entry["started"] == read_life(spec.path)[0]["started"]
    expected = {"format": 1, "id": "r1", "experiment": "test", "name": "for people", "tags": {"a": "b", "c": None}}
    expected |= {"status": "Running", "final": False, "owner": "main", "ended": None, "parent": "r0", "dropped": None}
    assert manifest.items() >= expected.items()
    writer.end("Completed")


def test_numbers_have_no_gap_over_all_streams(tmp_path: Path) -> None:
    """A writer counts its lines over its four streams; each is in its file when the call returns."""
    writer = _writer(tmp_path)
    for number in range(50):
        writer.write(LINES[number % 3]())
        if number % 10 == 0:
            writer.store(f"a{number}", b"x")
        assert len(_numbers(writer.spec.path)) == number + number // 10 + 2
    writer.end("Completed")
    assert _numbers(writer.spec.path) == list(range(1, 56))
    assert writer.counts() == {"logs": 17, "metrics": 17, "values": 16, "artifacts": 5}
    assert read_run(writer.spec.path)["counts"] == writer.counts() == read_life(writer.spec.path)[-1]["counts"]


def test_end_writes_status_time_and_error(tmp_path: Path) -> None:
    """The owner's end is the run's: status, time and error stand in the manifest, and the streams are closed."""
    before = _open_files()
    writer = _writer(tmp_path)
    writer.write(log_line())
    writer.end("Failed", ErrorInfo("ValueError", "what", "Traceback"))
    manifest = read_manifest(writer.spec.path)
    assert (manifest.status, manifest.error) == ("Failed", ErrorInfo("ValueError", "what", "Traceback"))
    assert manifest.ended == read_life(writer.spec.path)[-1]["ended"]
    assert _open_files() == before
    assert not list(writer.spec.path.rglob("*.tmp"))


def test_ending_twice_changes_nothing(tmp_path: Path) -> None:
    """The second end of a writer that has ended does nothing."""
    writer = _writer(tmp_path)
    writer.write(log_line())
    writer.end("Completed")
    before = {path: path.read_bytes() for path in writer.spec.path.rglob("*") if path.is_file()}
    writer.end("Failed")
    assert {path: path.read_bytes() for path in writer.spec.path.rglob("*") if path.is_file()} == before


def test_line_after_the_end_reopens_the_run(tmp_path: Path) -> None:
    """A later line goes on in the same files; the run is Running again until it ends again."""
    writer = _writer(tmp_path)
    writer.write(metric_line(1, 1))
    writer.end("Failed", ErrorInfo("ValueError", "what"))
    writer.write(metric_line(3, 2))
    manifest = read_manifest(writer.spec.path)
    assert (manifest.status, manifest.ended, manifest.error) == ("Running", None, None)
    assert writer_life(writer.spec.path, "main") is Life.ALIVE
    writer.end("Completed")
    assert [line["seq"] for line in read_lines(writer.spec.path, "metrics")] == [1, 2]
    assert read_run(writer.spec.path)["counts"]["metrics"] == 2
    assert len(read_manifest(writer.spec.path).writers) == 1
    summary = json.loads((writer.spec.path / "summary.json").read_bytes())["metrics"]["loss"]
    assert (summary["count"], summary["min"], summary["max"], summary["mean"], summary["step"]) == (2, 1, 3, 2.0, 2)


def test_line_after_linger_reaches_its_file_but_not_the_status(tmp_path: Path) -> None:
    """What is logged while the process goes away is kept, and the run stays as it ended."""
    writer = _writer(tmp_path)
    writer.write(log_line("first"))
    writer.end("Completed")
    writer.linger()
    writer.write(log_line("late"))
    assert _messages(writer.spec.path) == ["first", "late"]
    assert read_run(writer.spec.path)["status"] == "Completed"


def test_final_run_refuses_lines(tmp_path: Path) -> None:
    """After a final end neither this writer nor a new one adds anything."""
    writer = _writer(tmp_path)
    writer.write(log_line())
    writer.end("Canceled", final=True)
    before = {path: path.read_bytes() for path in writer.spec.path.rglob("*") if path.is_file()}
    for late in (writer, _writer(tmp_path), _writer(tmp_path, wanted="rank1")):
        for _ in range(2):
            with pytest.raises(RunEndedError):
                late.write(log_line())
    assert {path: path.read_bytes() for path in writer.spec.path.rglob("*") if path.is_file()} == before
    assert read_manifest(writer.spec.path).final


def test_final_run_refuses_a_writer_that_had_ended_before(tmp_path: Path) -> None:
    """A further writer that ended does not come back into a run that its owner made final meanwhile."""
    owner, other = _writer(tmp_path), _writer(tmp_path, wanted="rank1")
    for writer in (owner, other):
        writer.write(log_line())
    other.end("Completed")
    owner.end("Completed", final=True)
    with pytest.raises(RunEndedError):
        other.write(log_line())
    assert len(read_lines(owner.spec.path, "logs.rank1")) == 1


def test_newer_format_is_not_joined(tmp_path: Path) -> None:
    """A run of a newer format is refused, and stays untouched."""
    run = spec_of(tmp_path).path
    (run / ".writers").mkdir(parents=True)
    (run / "run.json").write_text('{"format": 3}')
    with pytest.raises(FormatVersionError):
        _writer(tmp_path).write(log_line())
    assert [path.name for path in (run / ".writers").iterdir()] == [".manifest"]
    assert (run / "run.json").read_text() == '{"format": 3}'


def test_callback_comes_with_every_opening(tmp_path: Path) -> None:
    """The callback is told of each opening and reopening, and may log itself."""
    calls: list[int] = []

    def on_open() -> None:
        calls.append(len(calls))
        writer.write(log_line("from the callback"))

    writer = _writer(tmp_path, on_open=on_open)
    for _ in range(2):
        writer.write(log_line("plain"))
        writer.write(log_line("plain"))
        writer.end("Completed")
    assert calls == [0, 1]
    assert _numbers(writer.spec.path) == [1, 2, 3, 4, 5, 6]


def test_line_in_the_middle_of_the_opening_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal handler that logs while the run is being opened loses nothing, and makes no second run."""
    writer, claim = _writer(tmp_path), claim_writer

    def claim_under_a_signal(run: Path, wanted: str) -> Any:
        signal.raise_signal(signal.SIGUSR1)
        return claim(run, wanted)

    monkeypatch.setattr(joining_module, "claim_writer", claim_under_a_signal)
    before = signal.signal(signal.SIGUSR1, lambda *_: writer.write(metric_line()))
    try:
        writer.write(log_line())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert _numbers(writer.spec.path) == [1, 2]
    assert writer.counts() == {"logs": 1, "metrics": 1, "values": 0, "artifacts": 0}
    writer.end("Completed")


# ---------------------------------------------------------------------- several writers


def test_further_writers_have_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who joins takes the wanted name, the launcher's rank, or host and process id; taken ones get a number."""
    owner = _writer(tmp_path)
    owner.write(log_line())
    joined = [_writer(tmp_path, wanted=name) for name in ("rank1", "rank1", "main", None)]
    for writer in joined:
        writer.write(log_line())
    monkeypatch.setenv("RANK", "7")
    joined.append(_writer(tmp_path))
    joined[-1].write(log_line())
    names = [writer.name for writer in joined]
    assert names[:3] == ["rank1", "rank1-2", "main-2"]
    assert names[3].endswith(f"-{os.getpid()}")
    assert names[4] == "rank7"
    assert read_life(owner.spec.path, "rank1-2")[0]["attempt"] == 2
    assert read_life(owner.spec.path, "rank7")[0]["rank"] == 7
    for name in ("main", *names):
        assert _numbers(owner.spec.path, name) == [1]
    assert [entry["name"] for entry in read_run(owner.spec.path)["writers"]] == ["main", *names]
    assert {info.name for info in list_writers(owner.spec.path)} == {"main", *names}
    for writer in (*joined, owner):
        writer.end("Completed")


def test_further_writer_never_ends_the_run(tmp_path: Path) -> None:
    """Others have ends of their own; the run's status, counts and finality are its owner's."""
    owner, other = _writer(tmp_path), _writer(tmp_path, wanted="rank1")
    owner.write(log_line())
    other.write(metric_line())
    other.end("Failed", ErrorInfo("ValueError", "what"), final=True)
    manifest = read_manifest(owner.spec.path)
    assert (owner.is_owner, other.is_owner) == (True, False)
    assert (manifest.status, manifest.error, manifest.final, manifest.counts) == ("Running", None, False, {})
    assert read_life(owner.spec.path, "rank1")[-1]["status"] == "Failed"
    assert (owner.spec.path / "summary.rank1.json").exists()
    owner.write(log_line())
    owner.end("Completed")
    assert read_run(owner.spec.path)["counts"]["logs"] == 2


def test_second_life_takes_a_further_name(tmp_path: Path, program: Program) -> None:
    """A process that goes on with the run of a killed one writes beside its files, which stay as they were."""
    program("""
        pid = os.fork()
        if pid == 0:
            writer = Writer(spec_of(ROOT))
            writer.write(log_line("first life"))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        writer = Writer(spec_of(ROOT), wanted="main")
        writer.write(log_line("second life"))
        assert writer.name == "main-2" and not writer.is_owner
        os._exit(0)
    """)
    run = spec_of(tmp_path).path
    assert (_messages(run), _messages(run, "logs.main-2")) == (["first life"], ["second life"])
    assert read_run(run)["owner"] == "main"
    assert [writer_life(run, name) for name in ("main", "main-2")] == [Life.DEAD, Life.DEAD]


def test_files_without_locks_are_not_taken_again(tmp_path: Path) -> None:
    """In a copy without .writers/ a new life still takes no name that has files."""
    first = _writer(tmp_path)
    first.write(log_line("first"))
    first.end("Completed")
    shutil.rmtree(first.spec.path / ".writers")
    second = _writer(tmp_path, wanted="main")
    second.write(log_line("second"))
    second.end("Completed")
    assert (second.name, _messages(first.spec.path)) == ("main-2", ["first"])


def test_processes_that_start_at_once_make_one_run(tmp_path: Path, program: Program) -> None:
    """Eight processes make the same run at the same moment: one owner, eight writers, no line lost."""
    program("""
        read, write = os.pipe()
        children = []
        for number in range(8):
            pid = os.fork()
            if pid == 0:
                os.close(write)
                writer = Writer(spec_of(ROOT))
                os.read(read, 1)
                for _ in range(20):
                    writer.write(log_line())
                writer.end("Completed")
                os._exit(0)
            children.append(pid)
        os.close(write)
        assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 8
    """)
    run = spec_of(tmp_path).path
    writers = [info.name for info in list_writers(run)]
    assert len(writers) == 8
    assert {entry["name"] for entry in read_run(run)["writers"]} == set(writers)
    assert [_numbers(run, name) for name in writers] == [list(range(1, 21))] * 8
    assert (read_run(run)["owner"], read_run(run)["status"]) == ("main", "Completed")


@pytest.mark.parametrize("durability", ["process", "lazy"])
def test_forked_child_is_a_writer_of_its_own(tmp_path: Path, program: Program, durability: str) -> None:
    """A child logs to files of its own from 1; the parent goes on in its own, and no line is written twice."""
    names = program(f"""
        writer = Writer(spec_of(ROOT, durability="{durability}"))
        for _ in range(10):
            writer.write(log_line("parent"))
        pid = os.fork()
        if pid == 0:
            assert not writer.is_open and not writer.is_owner
            for _ in range(5):
                writer.write(log_line("child"))
            writer.end("Completed")
            print(writer.name, flush=True)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        assert read_run(RUN)["status"] == "Running"
        assert writer_life(RUN, "main") is Life.ALIVE
        writer.write(log_line("parent"))
        writer.end("Completed")
    """)
    run, child = spec_of(tmp_path, durability="process").path, names.strip()
    assert child not in ("", "main")
    assert (_numbers(run), _numbers(run, child)) == (list(range(1, 12)), list(range(1, 6)))
    assert set(_messages(run)) == {"parent"}
    assert set(_messages(run, f"logs.{child}")) == {"child"}


@pytest.mark.parametrize("before", ["", "writer.write(metric_line())"], ids=["opening", "open"])
def test_child_forked_beside_busy_threads_can_log(tmp_path: Path, program: Program, before: str) -> None:
    """Children that are forked while other threads open the run, or log, neither hang nor write into its files."""
    program(f"""
        writer = Writer(spec_of(ROOT))
        {before}
        stop = threading.Event()

        def log():
            while not stop.is_set():
                writer.write(metric_line())

        threads = [threading.Thread(target=log, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        while not (RUN / ".writers" / ".manifest").exists():
            pass
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                writer.write(log_line())
                writer.end("Completed")
                os._exit(0)
            assert wait_for(pid) == 0
        stop.set()
        for thread in threads:
            thread.join()
        writer.end("Completed")
        numbers = [line["seq"] for line in all_lines(RUN)]
        assert numbers == list(range(1, len(numbers) + 1))
    """)
    names = [info.name for info in list_writers(spec_of(tmp_path).path)]
    assert len(names) == 21
    # While the run is being opened a child may be the one that makes it: then the parent is a further writer.
    assert [_numbers(spec_of(tmp_path).path, name) for name in names].count([1]) >= 20


# ---------------------------------------------------------------------- durability


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give the writer's monotonic clock, which stands still until a test moves ``now``."""
    stopped = SimpleNamespace(now=1000.0)
    stopped.monotonic = lambda: stopped.now
    monkeypatch.setattr(writer_module, "time", stopped)
    return stopped


@pytest.fixture
def lazy(tmp_path: Path, clock: SimpleNamespace) -> Writer:
    """Give a lazy writer with two streams open and nothing in its buffer."""
    writer = _writer(tmp_path, "lazy")
    writer.write(log_line("first"))
    writer.write(metric_line())
    return writer


def test_lazy_line_waits_for_a_tenth_of_a_second(lazy: Writer, clock: SimpleNamespace) -> None:
    """A line stays in the buffer until the first call after 100 ms, which writes all in their order."""
    lazy.write(log_line("a"))
    clock.now += 0.099
    lazy.write(log_line("b"))
    assert _messages(lazy.spec.path) == ["first"]
    clock.now += 0.002
    lazy.write(metric_line())
    assert _messages(lazy.spec.path) == ["first", "a", "b"]
    assert len(read_lines(lazy.spec.path, "metrics")) == 2
    lazy.end("Completed")


def test_lazy_buffer_holds_at_most_64_kib(lazy: Writer) -> None:
    """The buffer is bounded: with 64 KiB in it, over all streams, it is written."""
    run, given, waiting = lazy.spec.path, 0, []
    before = sum(path.stat().st_size for path in run.glob("*.jsonl"))
    for number in range(200):
        line = log_line("x" * 500) if number % 2 else metric_line(name="x" * 500)
        lazy.write(line)
        given += len(encode_line(line))
        waiting.append(given - (sum(path.stat().st_size for path in run.glob("*.jsonl")) - before))
    assert max(waiting) < 64 * 1024
    assert max(waiting) > 60 * 1024
    assert waiting.count(0) == given // (64 * 1024)
    lazy.end("Completed")
    assert _numbers(run) == list(range(1, 203))


@pytest.mark.parametrize(
    ("level", "waits"), [("DEBUG", True), ("INFO", True), ("WARNING", False), ("CRITICAL", False), ("ALARM", False)]
)
def test_lazy_line_of_a_warning_is_written_at_once(lazy: Writer, level: str, waits: bool) -> None:
    """From WARNING on, and at levels that nobody here knows, the buffer is written with the line."""
    lazy.write(log_line("quiet"))
    lazy.write(log_line("loud", level))
    assert _messages(lazy.spec.path) == (["first"] if waits else ["first", "quiet", "loud"])
    lazy.end("Completed")


@pytest.mark.parametrize("how", ["flush", "end"])
def test_lazy_buffer_is_written_by_flush_and_end(lazy: Writer, how: str) -> None:
    """Both flush and end leave nothing in the buffer."""
    for _ in range(20):
        lazy.write(metric_line())
    assert len(_numbers(lazy.spec.path)) == 2
    if how == "flush":
        lazy.flush()
    else:
        lazy.end("Completed")
    assert _numbers(lazy.spec.path) == list(range(1, 23))
    lazy.end("Completed")
    assert read_run(lazy.spec.path)["counts"]["metrics"] == 21


def test_lazy_line_during_the_end_is_not_lost(tmp_path: Path) -> None:
    """A line that another thread logs while the run is ending is in its file when the end is over."""
    writer = _writer(tmp_path, "lazy")
    writer.write(log_line("first"))
    with (writer.spec.path / ".writers" / ".manifest").open("rb") as manifest:
        import fcntl

        fcntl.flock(manifest, fcntl.LOCK_EX)
        ending = threading.Thread(target=writer.end, args=("Completed",))
        ending.start()
        while not (writer.spec.path / "summary.json").exists():
            time.sleep(0.001)
        writer.write(log_line("late"))
        fcntl.flock(manifest, fcntl.LOCK_UN)
        ending.join()
    assert _messages(writer.spec.path) == ["first", "late"]


def test_lazy_lines_of_threads_are_all_kept(tmp_path: Path) -> None:
    """Eight threads on one buffer lose and repeat nothing."""
    writer = _writer(tmp_path, "lazy")
    _write_from_threads(writer, 8, 500)
    writer.end("Completed")
    assert _numbers(writer.spec.path) == list(range(1, 4001))


def test_lazy_lines_on_a_full_disk_are_counted_right(tmp_path: Path, program: Program) -> None:
    """When the buffer does not fit, each line is in the file once or counted as dropped, never both or twice."""
    program("""
        writer = Writer(spec_of(ROOT, durability="lazy"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for number in range(2000):
            writer.write(log_line("x" * 50))
        writer.end("Completed")
    """)
    run = spec_of(tmp_path).path
    texts = [text for text in (run / "logs.jsonl").read_bytes().split(b"\n")[:-1] if text]
    numbers = [json.loads(text)["seq"] for text in texts if text.endswith(b"}")]
    assert len(numbers) == len(set(numbers))
    manifest = read_run(run)
    assert manifest["dropped"]["records"] + len(numbers) == 2000
    assert manifest["dropped"]["reason"] == "EFBIG"
    assert manifest["counts"]["logs"] == len(numbers)


def test_power_puts_every_line_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With "power" each line is synced before its call returns: one sync a line where one thread logs."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.append(os.fstat(fd).st_size))
    writer = _writer(tmp_path, "power")
    for number in range(1, 6):
        writer.write(log_line())
        assert len(synced) == number
        assert synced[-1] == (writer.spec.path / "logs.jsonl").stat().st_size
    writer.write(metric_line())
    assert synced[-1] == (writer.spec.path / "metrics.jsonl").stat().st_size
    writer.end("Completed")


@pytest.mark.parametrize("durability", ["process", "lazy"])
def test_other_durabilities_never_sync_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durability: Durability
) -> None:
    """Without "power" no line waits for the disk."""
    monkeypatch.setattr(os, "fdatasync", lambda fd: pytest.fail("a sync"))
    writer = _writer(tmp_path, durability)
    for _ in range(5):
        writer.write(log_line(level="ERROR"))
    writer.end("Completed")


def test_power_shares_a_sync_between_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every thread returns only after a sync that began behind its line; waiting threads share one."""
    path, lock, done = spec_of(tmp_path).path / "logs.jsonl", threading.Lock(), [0]
    syncs: list[int] = []

    def slow_sync(fd: int) -> None:
        size = os.fstat(fd).st_size
        time.sleep(0.003)
        with lock:
            syncs.append(size)
            done[0] = max(done[0], size)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    writer, late = _writer(tmp_path, "power"), []

    def log(thread: int) -> None:
        for number in range(15):
            text = f"<{thread}/{number}>"
            writer.write(log_line(text))
            if text.encode() not in path.read_bytes()[: done[0]]:
                late.append(text)

    threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert late == []
    assert len(syncs) < 110
    assert _numbers(writer.spec.path) == list(range(1, 121))
    writer.end("Completed")


def test_failed_sync_writes_no_line_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails to sync may cost an error, but the line that is in the file is not written again."""
    writer = _writer(tmp_path, "power")
    writer.write(log_line("first"))
    with monkeypatch.context() as patched:

        def fail_once(fd: int) -> None:
            patched.setattr(os, "fdatasync", lambda fd: None)
            raise OSError(errno.EIO, "broken disk")

        patched.setattr(os, "fdatasync", fail_once)
        with suppress(OSError):
            writer.write(log_line("second"))
        writer.write(log_line("third"))
    assert _messages(writer.spec.path) == ["first", "second", "third"]
    writer.end("Completed")


# ---------------------------------------------------------------------- threads and signals


def _write_from_threads(writer: Writer, threads: int, lines: int) -> None:
    start = threading.Barrier(threads)

    def log(thread: int) -> None:
        start.wait()
        for number in range(lines):
            writer.write(LINES[number % 3]())

    running = [threading.Thread(target=log, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def test_threads_lose_and_tear_nothing(tmp_path: Path) -> None:
    """Eight threads with 2,000 lines each: every number once, every line whole, the counts right."""
    writer = _writer(tmp_path)
    _write_from_threads(writer, 8, 2000)
    writer.end("Completed")
    lines = all_lines(writer.spec.path)
    assert [line["seq"] for line in lines] == list(range(1, 16_001))
    counts = {stream: len(read_lines(writer.spec.path, stream)) for stream in ("logs", "metrics", "values")}
    assert read_run(writer.spec.path)["counts"] == counts | {"artifacts": 0}
    summary = json.loads((writer.spec.path / "summary.json").read_bytes())
    assert summary["metrics"]["loss"]["count"] == counts["metrics"]


@pytest.mark.parametrize("durability", ["process", "lazy"])
def test_signal_handler_that_logs_loses_nothing(tmp_path: Path, program: Program, durability: str) -> None:
    """A handler at 1 kHz that logs in the middle of other calls: all its lines and all others are there once."""
    program(f"""
        writer = Writer(spec_of(ROOT, durability="{durability}"))
        handled = 0

        def handle(number, frame):
            global handled
            handled += 1
            writer.write(metric_line(handled, name="signal"))

        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        written, until = 0, time.monotonic() + 0.8
        while time.monotonic() < until:
            written += 1
            writer.write(metric_line(written, name="plain"))
            if written % 500 == 0:
                writer.flush()
                writer.tick()
        signal.setitimer(signal.ITIMER_REAL, 0)
        writer.end("Completed")
        lines = all_lines(RUN)
        assert handled > 100, handled
        assert [line["seq"] for line in lines] == list(range(1, handled + written + 1))
        for name, count in (("signal", handled), ("plain", written)):
            assert sorted(line["metrics"][name] for line in lines if name in line["metrics"]) == [
                *range(1, count + 1)
            ]
            metric = json.loads((RUN / "summary.json").read_bytes())["metrics"][name]
            assert metric["count"] == count, metric
        assert read_run(RUN)["counts"]["metrics"] == len(lines)
        assert read_run(RUN)["dropped"] is None
    """)


# ---------------------------------------------------------------------- what others do to folder and disk


def _vanish(run: Path) -> None:
    shutil.rmtree(run)


def test_deleted_folder_comes_back(tmp_path: Path) -> None:
    """Somebody deletes the folder: from the next look at it on, all lines are kept in a new one, by a live writer."""
    writer = _writer(tmp_path)
    run = writer.spec.path
    writer.write(log_line("before"))
    _vanish(run)
    writer.tick()
    writer.write(log_line("after"))
    writer.write(metric_line())
    assert _messages(run) == ["after"]
    assert len(read_lines(run, "metrics")) == 1
    manifest = read_run(run)
    assert (manifest["owner"], manifest["status"], manifest["id"]) == ("main", "Running", "r1")
    assert writer_life(run, "main") is Life.ALIVE
    writer.end("Completed")
    assert read_run(run)["status"] == "Completed"
    assert writer_life(run, "main") is Life.DEAD


def test_deleted_folder_comes_back_with_a_new_stream(tmp_path: Path) -> None:
    """A line for a stream that was not open yet brings the folder back at once."""
    writer = _writer(tmp_path)
    writer.write(log_line("before"))
    _vanish(writer.spec.path)
    writer.write(metric_line())
    writer.write(log_line("after"))
    assert (len(read_lines(writer.spec.path, "metrics")), _messages(writer.spec.path)) == (1, ["after"])
    writer.end("Completed")


def test_folder_that_came_back_names_its_writer(tmp_path: Path) -> None:
    """The new manifest and the new lock file tell of the writer what the old ones told."""
    writer = _writer(tmp_path)
    writer.write(log_line())
    _vanish(writer.spec.path)
    writer.tick()
    (info,) = list_writers(writer.spec.path)
    assert [entry["name"] for entry in read_run(writer.spec.path)["writers"]] == ["main"]
    assert (info.name, info.pid, info.ended) == ("main", os.getpid(), None)
    writer.end("Completed")


def test_folder_deleted_after_the_end_comes_back(tmp_path: Path) -> None:
    """A line after the end reopens the run, also where somebody deleted its folder in between."""
    writer = _writer(tmp_path)
    writer.write(log_line("before"))
    writer.end("Completed")
    _vanish(writer.spec.path)
    writer.write(log_line("after"))
    assert _messages(writer.spec.path) == ["after"]
    assert read_run(writer.spec.path)["status"] == "Running"
    writer.end("Completed")
    assert read_run(writer.spec.path)["status"] == "Completed"


def test_deleted_folders_cost_no_descriptors(tmp_path: Path) -> None:
    """However often the folder is deleted, the writer holds no more files than before."""
    writer = _writer(tmp_path)
    counts = set()
    for _ in range(10):
        writer.write(log_line())
        writer.write(metric_line())
        counts.add(_open_files())
        _vanish(writer.spec.path)
        writer.tick()
    writer.end("Completed")
    assert len(counts) == 1


def test_deleted_stream_file_comes_back(tmp_path: Path) -> None:
    """Only one file deleted: it is made again, and the others go on."""
    writer = _writer(tmp_path)
    for line in (log_line("one"), metric_line()):
        writer.write(line)
    (writer.spec.path / "logs.jsonl").unlink()
    writer.tick()
    for line in (log_line("two"), metric_line()):
        writer.write(line)
    assert (_messages(writer.spec.path), len(read_lines(writer.spec.path, "metrics"))) == (["two"], 2)
    writer.end("Completed")
    assert len(read_life(writer.spec.path)) == 2


def test_folder_deleted_before_the_end_raises_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An end that finds no folder says so on stderr, and the writer has ended."""
    writer = _writer(tmp_path)
    writer.write(log_line())
    _vanish(writer.spec.path)
    writer.end("Completed")
    assert not writer.is_open
    assert capsys.readouterr().err.count("runlogging: ") == 1


def test_folder_that_cannot_be_made_raises(tmp_path: Path) -> None:
    """A file where the folder should be is an error of the call, again and again, until it is gone."""
    (tmp_path / "test").write_bytes(b"")
    writer = _writer(tmp_path)
    for _ in range(3):
        with pytest.raises(OSError, match="test"):
            writer.write(log_line())
    (tmp_path / "test").unlink()
    writer.write(log_line())
    assert _numbers(writer.spec.path) == [4]
    assert writer.counts()["metrics"] == 0
    writer.end("Completed")


def test_daemon_that_closes_all_descriptors_stops_nothing(tmp_path: Path, program: Program) -> None:
    """After a closerange over everything all lines are kept, and the writer is seen alive again."""
    program("""
        writer = Writer(spec_of(ROOT))
        for line in (log_line(), metric_line()):
            writer.write(line)
        os.closerange(3, 4096)
        for line in (log_line(), metric_line(), log_line(), value_line()):
            writer.write(line)
        assert [line["seq"] for line in all_lines(RUN)] == [1, 2, 3, 4, 5, 6]
        writer.tick()
        assert writer_life(RUN, "main") is Life.ALIVE, "seen as dead"
        writer.end("Completed")
        assert writer_life(RUN, "main") is Life.DEAD
        assert read_run(RUN)["status"] == "Completed"
    """)


def test_closed_descriptors_never_mix_the_streams(program: Program) -> None:
    """After a closerange new files take the numbers of the old ones; still no line goes to another's file."""
    program("""
        writer = Writer(spec_of(ROOT))
        for line in (log_line(), metric_line()):
            writer.write(line)
        os.closerange(3, 4096)
        writer.write(value_line())
        writer.store("a", b"")
        for line in (log_line(), metric_line(), value_line()):
            writer.write(line)
        writer.end("Completed")
        found = {stream: [line["seq"] for line in read_lines(RUN, stream)] for stream in writer.counts()}
        assert found == {"logs": [1, 5], "metrics": [2, 6], "values": [3, 7], "artifacts": [4]}, found
        assert [line.get("writer") for line in read_life(RUN)][0] == "main"
    """)


def test_short_write_on_the_hot_path_tears_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a part of a line, the line comes again whole behind a newline, and the next ones as ever."""
    writer, sizes = _writer(tmp_path), [10]
    writer.write(log_line("one"))
    write = os.write
    monkeypatch.setattr(writer_module, "_os_write", lambda fd, data: write(fd, data[: sizes.pop()] if sizes else data))
    for text in ("two", "three"):
        writer.write(log_line(text))
    torn = (writer.spec.path / "logs.jsonl").read_bytes().split(b"\n")[1]
    assert torn == b'{"seq":2,"time'[:10]
    whole = [line for line in (writer.spec.path / "logs.jsonl").read_bytes().split(b"\n") if line.endswith(b"}")]
    assert [json.loads(line)["message"] for line in whole] == ["one", "two", "three"]
    assert writer.counts()["logs"] == 3
    writer.end("Completed")


def test_full_file_raises_and_the_writer_goes_on(tmp_path: Path, program: Program) -> None:
    """At the limit of a file's size the call raises EFBIG; when there is room again, lines are kept again."""
    program("""
        writer, lost, kept = Writer(spec_of(ROOT)), 0, 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        for number in range(500):
            try:
                writer.write(log_line("x" * 50))
                kept += 1
            except OSError as error:
                assert error.errno == errno.EFBIG, error
                writer.dropped.add(error)
                lost += 1
        assert lost and kept
        writer.write(metric_line())
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        writer.write(log_line("last"))
        writer.end("Completed")
        texts = [text for text in (RUN / "logs.jsonl").read_bytes().split(b"\\n") if text.endswith(b"}")]
        assert len(texts) == kept + 1 and json.loads(texts[-1])["message"] == "last"
        manifest = read_run(RUN)
        assert manifest["counts"] == {"logs": kept + 1, "metrics": 1, "values": 0, "artifacts": 0}
        dropped = manifest["dropped"]
        assert (dropped["records"], dropped["reason"]) == (lost, "EFBIG")
        assert dropped["first"] <= dropped["last"]
        assert read_life(RUN)[-1]["dropped"] == dropped
    """)


def test_full_disk_through_the_handler_is_counted_and_said_once(tmp_path: Path, run_script: RunScript) -> None:
    """A log call never raises: what does not fit is counted in the manifest, and stderr has one sentence."""
    done = run_script("""
        import logging, resource
        from runlogging import RunHandler
        handler = RunHandler("runs", run_id="r1")
        logger = logging.getLogger("train")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for number in range(300):
            logger.info("number %d", number)
        logger.info("fits", extra={"metrics": {"x": 1}})
    """)
    run = tmp_path / "runs" / "default" / "r1"
    kept = [line for line in (run / "logs.jsonl").read_bytes().split(b"\n") if line.endswith(b"}")]
    manifest = read_run(run)
    assert 0 < len(kept) < 300
    assert (manifest["dropped"]["records"], manifest["dropped"]["reason"]) == (300 - len(kept), "EFBIG")
    assert (manifest["status"], manifest["counts"]["logs"], manifest["counts"]["metrics"]) == (
        "Completed",
        len(kept),
        1,
    )
    assert done.stderr.count("runlogging: ") == len(done.stderr.splitlines()) == 1
    assert "being dropped" in done.stderr
    assert str(run) in done.stderr


@pytest.mark.parametrize("limit", [0, 20])
def test_disk_that_is_full_from_the_start_is_not_filled_with_files(program: Program, limit: int) -> None:
    """Where the run cannot even be made, a hundred tries leave no more files and descriptors than one."""
    program(f"""
        writer, seen = Writer(spec_of(ROOT)), set()
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
        for _ in range(100):
            try:
                writer.write(log_line())
                raise SystemExit("written")
            except OSError as error:
                assert error.errno == errno.EFBIG, error
            seen.add((len(list(RUN.rglob("*"))), len(os.listdir("/dev/fd"))))
        assert len(seen) == 1, sorted(seen)[-1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        writer.write(log_line())
        assert writer.is_owner and len(all_lines(RUN)) == 1
        writer.end("Completed")
    """)


# ---------------------------------------------------------------------- what is counted and summed up


def test_dropped_records_of_all_writers_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The manifest has the sum over writers and lives, from the first to the last, with the latest reason."""
    owner, other = _writer(tmp_path), _writer(tmp_path, wanted="rank1")
    for writer in (owner, other):
        writer.write(log_line())
    other.dropped.add(OSError(errno.ENOSPC, "full"), 3)
    other.dropped.add(OSError(errno.ENOSPC, "full"))
    other.end("Completed")
    assert read_run(owner.spec.path)["dropped"]["records"] == 4
    owner.dropped.add(ValueError("what"))
    owner.end("Completed")
    owner.write(log_line())
    owner.end("Completed")
    owner.save_dropped()
    dropped = read_run(owner.spec.path)["dropped"]
    assert (dropped["records"], dropped["reason"]) == (5, "ValueError")
    assert dropped["first"] < dropped["last"]
    assert capsys.readouterr().err.count("runlogging: ") == 2


def test_dropped_after_the_end_is_saved(tmp_path: Path) -> None:
    """What a final run refused is counted in its manifest, once."""
    writer = _writer(tmp_path)
    writer.write(log_line())
    writer.end("Completed", final=True)
    writer.dropped.add(RunEndedError("over"))
    for _ in range(2):
        writer.save_dropped()
    assert read_run(writer.spec.path)["dropped"]["records"] == 1
    assert read_run(writer.spec.path)["dropped"]["reason"] == "RunEndedError"


def test_forked_child_does_not_count_its_parents_losses(tmp_path: Path, program: Program) -> None:
    """What the parent dropped is counted once, though a child that was forked afterwards ends too."""
    program("""
        writer = Writer(spec_of(ROOT))
        writer.write(log_line())
        writer.dropped.add(OSError(errno.ENOSPC, "full"), 5)
        pid = os.fork()
        if pid == 0:
            writer.write(log_line())
            writer.end("Completed")
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        writer.end("Completed")
        assert read_run(RUN)["dropped"]["records"] == 5, read_run(RUN)["dropped"]
    """)


def test_failed_line_leaves_a_gap_and_no_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that the disk refused is missing among the numbers and in the counts."""
    writer = _writer(tmp_path)
    for line in (log_line(), metric_line()):
        writer.write(line)
    full = OSError(errno.ENOSPC, "full")
    with monkeypatch.context() as patched:
        for module, name in ((writer_module, "_os_write"), (os, "write")):
            patched.setattr(module, name, lambda fd, data: (_ for _ in ()).throw(full))
        for line in (log_line(), metric_line(), metric_line()):
            with pytest.raises(OSError, match="full"):
                writer.write(line)
    for line in (log_line(), metric_line()):
        writer.write(line)
    writer.end("Completed")
    assert _numbers(writer.spec.path) == [1, 2, 6, 7]
    assert writer.counts() == {"logs": 2, "metrics": 2, "values": 0, "artifacts": 0}


def test_summary_is_written_at_most_every_ten_seconds(tmp_path: Path, clock: SimpleNamespace) -> None:
    """A tick writes the summary when ten seconds are over, and the end always does."""
    writer = _writer(tmp_path)
    path = writer.spec.path / "summary.json"
    writer.write(metric_line(1, 5))
    clock.now += 9.9
    writer.tick()
    assert not path.exists()
    clock.now += 0.2
    writer.tick()
    first = json.loads(path.read_bytes())
    assert (first["format"], first["writer"], first["counts"]["metrics"]) == (1, "main", 1)
    writer.write(metric_line(None, 6))
    clock.now += 9.9
    writer.tick()
    assert json.loads(path.read_bytes()) == first
    writer.end("Completed")
    assert json.loads(path.read_bytes())["metrics"] == {
        "loss": {"count": 2, "last": None, "min": 1, "max": 1, "mean": 1.0, "step": 6, "nonfinite": 1}
    }


def test_largest_numbers_cost_no_line(tmp_path: Path) -> None:
    """Numbers near the end of the doubles are kept, and neither a line nor the end raises for them."""
    writer = _writer(tmp_path)
    for _ in range(3):
        writer.write(metric_line(1.7976931348623157e308))
    writer.end("Completed")
    assert read_run(writer.spec.path)["status"] == "Completed"
    assert json.loads((writer.spec.path / "summary.json").read_bytes())["metrics"]["loss"]["count"] == 3


def test_summary_of_many_lines_is_folded_on_the_way(tmp_path: Path) -> None:
    """Twenty thousand numbers are summed up right, and the writer does not hold them all."""
    writer = _writer(tmp_path)
    for number in range(20_000):
        writer.write(Line(time="t", step=number, metrics={"a": number, "b": -number}))
    assert sum(len(column) for column in writer._columns.values()) < 20_000
    writer.end("Completed")
    metrics = json.loads((writer.spec.path / "summary.json").read_bytes())["metrics"]
    expected = {"count": 20_000, "last": 19_999, "min": 0, "max": 19_999, "step": 19_999, "nonfinite": 0}
    assert metrics["a"] == expected | {"mean": pytest.approx(9999.5)}
    assert (metrics["b"]["min"], metrics["b"]["max"]) == (-19_999, 0)
