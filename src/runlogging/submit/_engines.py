"""Container engines: which one answers, and how it maps the files' owner."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from runlogging._errors import EnvironmentBuildError

_INFO_WAIT_S = {"docker": 5.0, "podman": 60.0}
# Neither command starts anything; each ends with an error where its engine does not work.
_INFO = {
    "docker": ["info", "--format", "{{.SecurityOptions}}"],
    "podman": ["info", "--format", "rootless={{.Host.Security.Rootless}}"],
}
_STOP_GRACE_S = 5
_STOP_WAIT_S = 60.0


class Engine(NamedTuple):
    """An engine that answers.

    Attributes:
        kind: "docker" or "podman".
        program: its path.
        rootless: whether it runs without the rights of root.
    """

    kind: str
    program: str
    rootless: bool

    @property
    def owner(self) -> list[str]:
        """The options with which the files that a container writes belong to the caller.

        Root in a container of rootless docker, and of podman that root runs, is the caller already.
        """
        if self.kind == "podman":
            return ["--userns=keep-id"] if self.rootless else []
        return [] if self.rootless else ["--user", f"{os.getuid()}:{os.getgid()}"]


def find_engine(kinds: Sequence[str] = ("docker", "podman")) -> Engine:
    """Return the first engine that is on PATH and answers.

    Raises:
        EnvironmentBuildError: there is none; with the engines' own words.
    """
    words = []
    for kind in kinds:
        program = shutil.which(kind)
        if program is None:
            continue
        said = _info(kind, program)
        if isinstance(said, Engine):
            return said
        words.append(f"{kind}: {said}")
    if not words:
        raise EnvironmentBuildError(
            f"the environment is a container, and no {' or '.join(kinds)} is on PATH. "
            f"Install {' or '.join(kinds)}, or set docker.enabled = False."
        )
    raise EnvironmentBuildError(
        f"the environment is a container, and no engine runs: {'; '.join(words)}. "
        "Start the engine, or set docker.enabled = False.",
        "\n".join(words),
    )


def _info(kind: str, program: str) -> Engine | str:
    """Return the engine, or why it does not answer."""
    try:
        done = subprocess.run(  # noqa: S603  (the engine, without a shell)
            [program, *_INFO[kind]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=_INFO_WAIT_S[kind],
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {_INFO_WAIT_S[kind]:g} s"
    except OSError as error:
        return str(error.strerror)
    if done.returncode:
        return (done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}")[-500:]
    return Engine(kind, program, "rootless=true" in done.stdout or "name=rootless" in done.stdout)


def stop_container(name: str) -> bool:
    """Stop a container, which gets a few seconds to end by itself.

    Returns whether an engine stopped it; False where no engine knows it.
    """
    for kind in ("podman", "docker"):
        program = shutil.which(kind)
        if program is None:
            continue
        command = [program, "stop", "-t", str(_STOP_GRACE_S), name]
        with suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(command, capture_output=True, timeout=_STOP_WAIT_S, check=False)  # noqa: S603
            if done.returncode == 0:
                return True
    return False
