"""Programs in processes of their own, with pipes or a terminal, and what is left of them."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tests.conftest import SOURCE

PATIENCE_S = 30.0


class Ended(msgspec.Struct, frozen=True):
    """What a program printed and how it ended; stderr is empty where both were one."""

    code: int
    stdout: bytes
    stderr: bytes = b""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a program that runs in a folder."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("RUNLOGGING_", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1", "PWD": str(folder), **more}


def script(folder: Path, program: str) -> list[str]:
    """Write a program, and return the command that runs it."""
    path = folder / "program.py"
    path.write_text(textwrap.dedent(program), encoding="utf-8")
    return [sys.executable, str(path)]


def in_pipes(command: list[str], folder: Path, *, one_pipe: bool = False, **more: str) -> Ended:
    """Run a command with a pipe for each output, or one for both, until all who hold them have ended."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if one_pipe else subprocess.PIPE,
        timeout=PATIENCE_S,
    )
    return Ended(done.returncode, done.stdout, done.stderr or b"")


def in_terminal(command: list[str], folder: Path, *, resized_at: bytes = b"", **more: str) -> Ended:
    """Run a command with a terminal of 30 rows and 100 columns; 40 and 120 once it has printed `resized_at`."""
    master, slave = os.openpty()
    set_size(master, 30, 100)
    try:
        with subprocess.Popen(
            command, cwd=folder, env=environment(folder, **more), stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        ) as process:  # fmt: skip
            os.close(slave)
            printed = _read_terminal(master, resized_at)
            return Ended(process.wait(PATIENCE_S), printed)
    finally:
        os.close(master)


def _read_terminal(master: int, resized_at: bytes) -> bytes:
    printed = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # nobody holds the terminal any more
            return printed
        printed += piece
        if resized_at and resized_at in printed:
            set_size(master, 40, 120)
            resized_at = b""


def set_size(terminal: int, rows: int, columns: int) -> None:
    """Give a terminal a size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def records(run: Path, writer: str = "output") -> list[dict[str, Any]]:
    """Return the records of a writer in the order of their numbers."""
    suffix = "" if writer == "main" else f".{writer}"
    lines: list[dict[str, Any]] = []
    for stream in ("logs", "metrics", "values"):
        path = run / f"{stream}{suffix}.jsonl"
        if path.exists():
            lines += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(lines, key=lambda line: int(line["seq"]))


def messages(run: Path, logger: str, writer: str = "output") -> list[str]:
    """Return the messages of one logger."""
    return [line["message"] for line in records(run, writer) if line["logger"] == logger]


def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something is so; return whether it came to be."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def processes_with(text: str) -> Mapping[int, str]:
    """Return the processes whose command line has a text in it."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found[int(path.parent.name)] = line
    return found
