"""Start a Python script as it would start by itself, in the run that RUNLOGGING_RUN names.

``python -c "from runlogging.submit._bootstrap import main; main()" PARENT SCRIPT ARGUMENT ...``. The script is
``__main__``, its folder the first entry of ``sys.path``, its arguments ``sys.argv``. It need not know of any run: its
log records, warnings, errors and crashes are captured; its output is its supervisor's.
"""

from __future__ import annotations

import os
import runpy
import sys
from contextlib import suppress

CAPTURED = ("logging", "errors", "warnings", "asyncio", "faulthandler")


def main() -> None:
    """Run the script; its exit code is the process's."""
    parent, script, *arguments = sys.argv[1:]
    die_with(int(parent))
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))  # noqa: PTH100, PTH120  (before anything is imported)
    _open_run()
    runpy.run_path(script, run_name="__main__")


def _open_run() -> None:
    """Open the run; a script runs also where that is not possible, and its supervisor keeps what it prints."""
    from runlogging.folder import say

    try:
        from runlogging.run import start_run

        start_run(capture=CAPTURED, environment=False)
    except Exception as error:
        say(f"the script's log records are not captured: {type(error).__name__}: {error}")


def die_with(parent: int) -> None:
    """Have this process killed when its parent dies, where the system can (Linux).

    Args:
        parent: the process id of the parent; if it has died already, this process ends here.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(Exception):
        import ctypes
        import signal

        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if parent and os.getppid() != parent:
        os._exit(1)


def main_of_command() -> None:
    """Become another program that is killed when its parent dies: ``PARENT PROGRAM ARGUMENT ...``."""
    parent, *command = sys.argv[1:]
    die_with(int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606  (the user's command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)
