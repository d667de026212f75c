"""``runlogging demo``: a run to look at, made by a program of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from runlogging._errors import RunLoggingError
from runlogging.cli._escape import escape
from runlogging.cli._output import Output
from runlogging.cli._show import show_run
from runlogging.folder import DEFAULT_ROOT, RUN_VARIABLE, check_writable, find_root
from runlogging.reading import open_run


def show_demo(root: str, output: Output) -> None:
    """Make the run, show it, and name the next commands.

    Raises:
        RootError: the root cannot hold runs (also an OSError).
        RunLoggingError: the program failed.
    """
    folder = find_root(root)
    check_writable(folder)
    run = _make_run(folder)
    show_run(open_run(run), output, as_json=False)
    output.write_all(["", output.paint("Next", bold=True), *_next(root)])


def _make_run(root: Path) -> Path:
    # A variable that names a run would win over the root, and put the demo into somebody's run.
    environment = {key: value for key, value in os.environ.items() if key != RUN_VARIABLE}
    command = [sys.executable, "-m", "runlogging._demo", str(root)]
    done = subprocess.run(  # noqa: S603  (this interpreter and a module of ours)
        command, env=environment, capture_output=True, encoding="utf-8", errors="backslashreplace"
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RunLoggingError(f"The demo program ended with status {done.returncode}: {last}")
    return Path(done.stdout.strip().splitlines()[-1])


def _next(root: str) -> list[str]:
    at = "" if root == DEFAULT_ROOT else f" --root {shlex.quote(root)}"
    listed = "" if root == DEFAULT_ROOT else f" {shlex.quote(root)}"
    commands = {
        f"runlogging ls{listed}": "all runs",
        f"runlogging logs latest{at}": "the log; -f follows a run that is going on",
        f"runlogging metrics latest{at}": "the numbers; --csv for other programs",
    }
    width = max(map(len, commands))
    return [escape(f"  {command.ljust(width)}  # {what}") for command, what in commands.items()]
