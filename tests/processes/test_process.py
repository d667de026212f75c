"""Commands of any kind whose output becomes records: live, complete, and never a hang."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, start_run
from runlogging.folder import read_manifest
from runlogging.processes._process import CompletedCapture, capture_process
from runlogging.reading import open_run
from runlogging.run import Run
from tests.capture.programs import PATIENCE_S, environment, in_pipes, in_terminal, messages, records, script, until
from tests.conftest import only_run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give an open run that captures nothing else."""
    opened = start_run("process", tmp_path / "runs", environment=False, capture=())
    yield opened
    if opened.status == "Running":
        opened.complete()


def captured(run: Run, command: str, **options: Any) -> CompletedCapture:
    """Run a shell command, without showing it."""
    return capture_process(["sh", "-c", command], run, **{"show": False, **options})


def test_each_line_is_a_record_of_its_channel(run: Run) -> None:
    """Lines of both channels are records with the process id, and the result counts them."""
    done = captured(run, "echo one; echo two >&2; printf three")
    assert (done.returncode, done.lines, done.dropped, done.timed_out) == (0, 3, 0, False)
    assert messages(run.path, "stdout", "main") == ["one", "three"]
    assert messages(run.path, "stderr", "main") == ["two"]
    assert {line["attributes"]["pid"] for line in records(run.path, "main")} == {done.pid}
    assert 0 < done.duration_s < PATIENCE_S


def test_metrics_can_be_printed(run: Run) -> None:
    """JSON lines become metrics and levels; a key of theirs takes no place of a record's own field."""
    lines = [
        '{"metrics": {"loss": 0.25}, "step": 3}',
        '{"metrics": {"loss": NaN}, "step": 4}',
        '{"level": "error", "message": "no %s here", "logger": "app", "levelno": 1, "args": [1], "msecs": "x"}',
        '{"just": "json"}',
    ]
    done = captured(run, "cat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    assert done.lines == 4
    reader = open_run(run.path)
    assert [str(value) for value in reader.series("loss").values] == ["0.25", "nan"]
    (error,) = [line for line in records(run.path, "main") if line.get("level") == "ERROR"]
    assert (error["logger"], error["message"]) == ("app", "no %s here")
    assert error["attributes"] == {"levelno": 1, "args": [1], "msecs": "x", "pid": done.pid}
    assert messages(run.path, "stdout", "main")[-1] == '{"just": "json"}'


@pytest.mark.parametrize(
    ("command", "code"),
    [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", -signal.SIGKILL), ("kill -TERM $$", -signal.SIGTERM)],
)
def test_the_exit_code_is_the_command_s(run: Run, command: str, code: int) -> None:
    """The exit code, or the signal as a negative number, is what subprocess would say."""
    assert captured(run, command).returncode == code == subprocess.run(["sh", "-c", command]).returncode


def test_records_are_written_while_the_command_runs(run: Run, tmp_path: Path) -> None:
    """A line is a record before the command has ended."""
    command = f"echo first; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo last"

    def go() -> None:
        if until(lambda: messages(run.path, "stdout", "main") == ["first"]):
            (tmp_path / "go").touch()

    watcher = threading.Thread(target=go)
    watcher.start()
    done = captured(run, command, timeout_s=PATIENCE_S)
    watcher.join()
    assert (done.returncode, done.lines) == (0, 2)


def test_bytes_pass_through_unchanged(run: Run, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What the command prints reaches stdout and stderr byte for byte, in the records invalid bytes are escaped."""
    capture_process(["sh", "-c", r"printf 'a\377\000b\r\n'; printf '\033[31mred\033[0m' >&2"], run)
    assert capfdbinary.readouterr() == (b"a\xff\0b\r\n", b"\x1b[31mred\x1b[0m")
    assert messages(run.path, "stdout", "main") == ["a\\xff\0b"]
    assert messages(run.path, "stderr", "main") == ["red"]


def test_a_replaced_stdout_shows_it_as_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stdout is an object without bytes, as in a notebook, it gets the text."""
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    capture_process(["printf", "a line\\n"], run)
    assert shown.getvalue() == "a line\n"


def test_a_terminal_is_a_terminal(run: Run) -> None:
    """With tty the command sees a terminal, its bar is one line, and both outputs are one channel."""
    program = (
        "import sys\nprint(sys.stdout.isatty(), sys.stderr.isatty())\n"
        "for i in range(300): print(f'\\r{i}', end='', file=sys.stderr, flush=True)"
    )
    done = captured(run, f'"{sys.executable}" -c "{program}"', tty=True)
    assert done.returncode == 0
    assert messages(run.path, "console", "main") == ["True True", "299"]


def test_our_terminal_is_the_command_s(tmp_path: Path) -> None:
    """Under a terminal the command gets one of the same size, and shows the same."""
    program = """
    import sys
    from runlogging import start_run
    from runlogging.processes._process import capture_process
    with start_run("process", "runs", environment=False):
        capture_process(["sh", "-c", "stty size <&1; test -t 1 -a -t 2 && echo terminals"])
    """
    done = in_terminal(script(tmp_path, program), tmp_path)
    assert done.stdout == b"30 100\r\nterminals\r\n"
    assert messages(only_run(tmp_path / "runs"), "console", "main") == ["30 100", "terminals"]


def test_the_child_alone_finds_the_run(run: Run) -> None:
    """RUNLOGGING_RUN is in the command's environment, and not in ours."""
    captured(run, 'echo "$RUNLOGGING_RUN $MORE"', env={"PATH": os.environ["PATH"], "MORE": "x"})
    assert messages(run.path, "stdout", "main") == [f"{run.path} x"]
    assert "RUNLOGGING_RUN" not in os.environ


def test_the_folder_and_the_input_are_given_on(run: Run, tmp_path: Path) -> None:
    """The working directory and stdin are those that were asked for."""
    (tmp_path / "in.txt").write_text("from a file\n")
    with open(tmp_path / "in.txt") as file:
        capture_process("cat; pwd", run, cwd=tmp_path, stdin=file, shell=True, show=False)
    assert messages(run.path, "stdout", "main") == ["from a file", str(tmp_path)]


def test_a_program_that_is_not_there(run: Run) -> None:
    """A program that cannot be started is an OSError, and no descriptor stays open."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        capture_process(["there-is-no-such-program"], run)
    assert len(os.listdir("/proc/self/fd")) == before


def test_nothing_stays_open(run: Run) -> None:
    """After the end no descriptor, thread or child is left."""
    captured(run, "echo x")  # opens the run's stream
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    captured(run, "echo x; (exit 1)", tty=True)
    captured(run, "echo x >&2")
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before


def test_a_command_that_closes_its_output_is_waited_for(run: Run) -> None:
    """A command without output is waited for, and its exit code is known."""
    done = captured(run, "echo x; exec >&- 2>&-; sleep 0.3; exit 4")
    assert done.returncode == 4
    assert done.duration_s >= 0.3


def test_processes_that_are_left_behind_are_let_go(run: Run, tmp_path: Path) -> None:
    """A process that holds the output after the command's end is listened to for a while, and a record says so."""
    command = f"(sleep 0.3; echo late; exec sleep 20) & echo $! > {tmp_path}/pid; echo now"
    try:
        done = captured(run, command)
        assert (done.returncode, done.lines) == (0, 2)
        assert 0.9 < done.duration_s < 10
        assert messages(run.path, "stdout", "main") == ["now", "late"]
        (said,) = messages(run.path, "runlogging", "main")
        assert "hold its stdout and stderr open" in said
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_command_that_never_stops_printing_is_ended(run: Run) -> None:
    """A command that prints without end is ended in time, with its children; what it printed is kept or counted."""
    done = captured(run, "yes | cat", timeout_s=0.5, max_bytes=10_000)
    assert done.returncode == -signal.SIGTERM
    assert done.timed_out
    assert done.duration_s < 10
    assert done.lines == 5_000
    assert done.dropped > 0
    assert sum("max_bytes" in text for text in messages(run.path, "runlogging", "main")) == 1


def test_a_command_that_ignores_the_end_is_killed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that ignores SIGTERM gets SIGKILL after a grace."""
    monkeypatch.setattr("runlogging.processes._child._KILL_AFTER_S", 0.3)
    done = captured(run, "trap '' TERM; while :; do sleep 0.05; done", timeout_s=0.3)
    assert (done.returncode, done.timed_out) == (-signal.SIGKILL, True)


def test_output_without_newlines_is_bounded(run: Run) -> None:
    """Megabytes without a newline come in pieces that can be put together again."""
    done = captured(run, "head -c 3000000 /dev/zero | tr '\\0' x")
    assert done.returncode == 0
    kept = messages(run.path, "stdout", "main")
    assert "".join(kept) == "x" * 3_000_000
    assert max(map(len, kept)) == 65536


def test_a_run_that_ends_meanwhile_loses_only_records(run: Run, tmp_path: Path) -> None:
    """When the run ends while the command goes on, the command is not disturbed and the lines are counted."""
    ender = threading.Timer(0.3, run.complete)
    ender.start()
    done = captured(run, f"for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done; echo done > {tmp_path}/done")
    ender.join()
    assert (tmp_path / "done").exists()
    assert done.returncode == 0
    assert done.lines + done.dropped == 8
    assert done.dropped > 0


def test_secrets_are_not_kept(run: Run) -> None:
    """A secret in a line is replaced in its record."""
    captured(run, "echo password=hunter2")
    assert "hunter2" not in str(records(run.path, "main"))


def test_the_current_run_is_taken(run: Run) -> None:
    """Without a run the current one gets the records, and stays open."""
    capture_process(["echo", "here"], show=False)
    assert messages(run.path, "stdout", "main") == ["here"]
    assert run.status == "Running"


@pytest.mark.parametrize(("command", "status"), [("true", "Completed"), ("exit 3", "Failed")])
def test_without_a_run_there_is_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, status: str
) -> None:
    """Where no run is open, the command gets one of its own, which ends as the command did."""
    monkeypatch.chdir(tmp_path)
    capture_process(["sh", "-c", command], show=False)
    manifest = read_manifest(only_run(tmp_path / "runs"))
    assert (manifest.status, manifest.experiment) == (status, "default")
    if manifest.error is not None:
        assert manifest.error.message == "\"sh -c 'exit 3'\" ended with exit code 3"


def test_ctrl_c_is_the_command_s(tmp_path: Path) -> None:
    """At a Ctrl-C the command may save what it has; then KeyboardInterrupt goes on."""
    program = """
    import sys
    from runlogging import start_run
    from runlogging.processes._process import capture_process
    try:
        with start_run("process", "runs", environment=False):
            capture_process(["sh", "-c", "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done"])
    except KeyboardInterrupt:
        print("interrupted")
    """
    with subprocess.Popen(
        script(tmp_path, program), cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == b"saved\ninterrupted\n"
    run = only_run(tmp_path / "runs")
    assert messages(run, "stdout", "main") == ["ready", "saved"]
    assert read_manifest(run).status == "Canceled"


def test_many_lines_come_complete(tmp_path: Path) -> None:
    """A hundred thousand lines on two channels are all shown and kept, each channel in its order."""
    program = """
    from runlogging import start_run
    from runlogging.processes._process import capture_process
    with start_run("process", "runs", environment=False):
        print(capture_process("seq 50000; seq 50000 >&2", shell=True).lines)
    """
    done = in_pipes(script(tmp_path, program), tmp_path)
    numbers = b"".join(b"%d\n" % number for number in range(1, 50_001))
    assert (done.stdout, done.stderr) == (numbers + b"100000\n", numbers)
    run = only_run(tmp_path / "runs")
    for logger in ("stdout", "stderr"):
        assert messages(run, logger, "main") == [str(number) for number in range(1, 50_001)]


@pytest.mark.parametrize("options", [{"timeout_s": "1"}, {"timeout_s": True}, {"max_bytes": -1}, {"max_bytes": 1.5}])
def test_options_are_checked(run: Run, options: dict[str, Any]) -> None:
    """A wrong option is refused before anything starts."""
    with pytest.raises(InvalidValueError):
        capture_process(["true"], run, **options)
