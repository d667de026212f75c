"""A guard of a container, which does not end with the client of its engine: it belongs to a daemon or a monitor.

The client is killed with its supervisor, as any command is. The guard is the client's child in a session of its own:
it waits until the client is gone, however that ended, and removes what is left of the container. This module is run
by its path, without the package around it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

_LOOK_S = 0.2
_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (as little as possible is imported)
_FROM_HERE = "import sys; sys.path.insert(0, sys.argv.pop(1)); "
_START = f"{_FROM_HERE}from _guard import start; start(); from _bootstrap import main_of_command as go; go()"
_WATCH = f"{_FROM_HERE}from _guard import watch; watch()"


def guarded(program: str, name: str, command: list[str]) -> list[str]:
    """Return the command that starts the client of an engine with its guard.

    Args:
        program: the engine.
        name: of the container.
        command: the client's whole command; it is killed when this process ends.
    """
    return [sys.executable, "-I", "-c", _START, _HERE, program, name, str(os.getpid()), *command]


def start() -> None:
    """Start the guard of the container ``argv[2]`` of the engine ``argv[1]``; take both off the arguments."""
    program, name = sys.argv.pop(1), sys.argv.pop(1)
    quiet = subprocess.DEVNULL
    subprocess.Popen(  # noqa: S603  (this interpreter)
        [sys.executable, "-I", "-c", _WATCH, _HERE, str(os.getpid()), program, name],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        cwd="/",
        start_new_session=True,
    )


def watch() -> None:
    """Remove a container when the process that started this one has ended."""
    client, program, name = sys.argv[1:]
    while os.getppid() == int(client):
        time.sleep(_LOOK_S)
    # Killed at first: podman's "rm" would wait ten seconds for a shell, which does not heed SIGTERM there.
    for verb in (["kill"], ["rm", "--force"]):
        subprocess.run([program, *verb, name], check=False)  # noqa: S603  (the engine)
