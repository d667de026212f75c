"""``runlogging exec``: a command in its own run, as if it had been run alone."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from runlogging.folder import Manifest, read_manifest
from tests.capture.programs import PATIENCE_S, Ended, environment, in_pipes, in_terminal, messages
from tests.cli.tools import COMMAND
from tests.conftest import only_run


def executed(folder: Path, *arguments: str) -> Ended:
    """Run ``runlogging exec`` with arguments, in pipes."""
    return in_pipes([*COMMAND, "exec", *arguments], folder)


def ended(folder: Path) -> Manifest:
    """Return the manifest of the only run."""
    return read_manifest(only_run(folder / "runs"))


def test_a_command_becomes_a_run(tmp_path: Path) -> None:
    """Output and exit status are the command's; the run has its records, name, tags and experiment."""
    options = ["--experiment", "sweep", "--name", "first", "--tag", "seed=7", "--tag", "quick"]
    line = '{"metrics": {"loss": 0.5}, "step": 1}'
    done = executed(tmp_path, *options, "--", "sh", "-c", f"echo '{line}'; printf 'no end' >&2")
    assert done == Ended(0, line.encode() + b"\n", b"no end")
    manifest = ended(tmp_path)
    assert (manifest.status, manifest.experiment, manifest.name) == ("Completed", "sweep", "first")
    assert manifest.tags == {"seed": "7", "quick": None}
    assert (manifest.counts["metrics"], manifest.counts["logs"]) == (1, 1)


def test_options_of_the_command_are_its_own(tmp_path: Path) -> None:
    """What stands behind the command is for the command, with or without the two dashes before it."""
    assert executed(tmp_path, "echo", "--name", "x", "--", "-h").stdout == b"--name x -- -h\n"
    assert executed(tmp_path, "--", "sh", "-c", 'echo "$1"', "sh", "--help").stdout == b"--help\n"


@pytest.mark.parametrize(
    ("command", "code", "status"),
    [
        ("exit 0", 0, "Completed"),
        ("echo the reason >&2; exit 3", 3, "Failed"),
        ("kill -TERM $$", 143, "Failed"),
        ("kill -INT $$", 130, "Canceled"),
        ("kill -SEGV $$", 139, "Failed"),
    ],
)
def test_the_exit_status_is_passed_on(tmp_path: Path, command: str, code: int, status: str) -> None:
    """The shell sees the command's exit status, and the run ends by it."""
    assert executed(tmp_path, "--", "sh", "-c", command).code == code
    assert ended(tmp_path).status == status


def test_a_failure_keeps_the_last_lines(tmp_path: Path) -> None:
    """The error of a failed run says how the command ended, and has the last lines of its output."""
    executed(tmp_path, "--", "sh", "-c", "seq 100; echo 'password=hunter2'; exit 3")
    error = ended(tmp_path).error
    assert error is not None
    assert error.message.endswith("ended with exit code 3")
    lines = error.stacktrace.splitlines()
    assert (len(lines), lines[0]) == (20, "82")
    assert "hunter2" not in error.stacktrace


@pytest.mark.parametrize(("command", "code"), [("there-is-no-such-program", 127), ("/etc/passwd", 126), ("/", 126)])
def test_what_cannot_be_executed(tmp_path: Path, command: str, code: int) -> None:
    """A command that is missing or no program gives the shell's exit status, a sentence, and a failed run."""
    done = executed(tmp_path, "--", command)
    assert (done.code, done.stdout) == (code, b"")
    assert done.stderr.startswith(f"runlogging: {command}: ".encode())
    assert ended(tmp_path).status == "Failed"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, "Failed"), (signal.SIGINT, "Canceled"), (signal.SIGHUP, "Failed")]
)
def test_signals_are_handed_on(tmp_path: Path, number: signal.Signals, status: str) -> None:
    """A signal to ``exec`` reaches the command, whose own end counts."""
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("these tests were started with nohup, and what they start ignores the signal, too")
    trap = f"trap 'echo got it; exit 9' {number.name.removeprefix('SIG')}"
    with subprocess.Popen(
        [*COMMAND, "exec", "--", "sh", "-c", f"{trap}; echo ready; while :; do sleep 0.05; done"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid, number)
        assert process.stdout.read() == b"got it\n"
        assert process.wait(PATIENCE_S) == 9
    assert ended(tmp_path).status == status
    assert messages(only_run(tmp_path / "runs"), "stdout", "main") == ["ready", "got it"]


def test_a_run_is_resumed(tmp_path: Path) -> None:
    """With --resume a run that has ended goes on."""
    executed(tmp_path, "--", "sh", "-c", "echo one; exit 1")
    run = only_run(tmp_path / "runs")
    assert executed(tmp_path, "--resume", run.name, "--", "echo", "two").code == 0
    assert read_manifest(run).status == "Completed"
    assert read_manifest(run).attempt == 2
    assert (messages(run, "stdout", "main"), messages(run, "stdout", "main-2")) == (["one"], ["two"])


def test_a_python_program_takes_part(tmp_path: Path) -> None:
    """A program that opens a run itself takes part in the one that ``exec`` made."""
    program = "from runlogging import start_run\nwith start_run() as run: run.log('loss', 0.5)\nprint('done')\n"
    (tmp_path / "train.py").write_text(program)
    assert executed(tmp_path, "--", COMMAND[0], "train.py") == Ended(0, b"done\n")
    assert ended(tmp_path).status == "Completed"
    assert len(ended(tmp_path).writers) == 2


def test_the_end_of_a_pipe_ends_the_command(tmp_path: Path) -> None:
    """In a pipeline whose reader goes away the command gets its SIGPIPE, as without us."""
    command = [*COMMAND, "exec", "--", "yes"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"y\n"
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 128 + signal.SIGPIPE


def test_a_terminal_stays_one(tmp_path: Path) -> None:
    """In a terminal the command has a terminal of the same size for its output, and ours for its input."""
    done = in_terminal(
        [*COMMAND, "exec", "--", "sh", "-c", "stty size <&1; stty size; test -t 2 && echo yes"], tmp_path
    )
    assert done == Ended(0, b"30 100\r\n30 100\r\nyes\r\n")
    assert messages(only_run(tmp_path / "runs"), "console", "main") == ["30 100", "30 100", "yes"]


@pytest.mark.parametrize("arguments", [["--tag", "=x", "--", "true"], ["--resume", "nothing", "--", "true"], []])
def test_wrong_options_are_said(tmp_path: Path, arguments: list[str]) -> None:
    """A wrong tag, a run that is not there or no command at all: a sentence, exit status 2, and nothing runs."""
    done = executed(tmp_path, *arguments)
    assert (done.code, done.stdout) == (2, b"")
    assert b"Error: " in done.stderr
