"""What a run keeps of its environment in ``environment.json``: cheap to take, bounded, without secrets."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import EllipsisType
from typing import Any

from runlogging._redaction import Redactor
from runlogging.folder import host_name
from runlogging.run._command import bounded, command_line
from runlogging.run._git import describe, find_repository, read_config
from runlogging.run._git_config import filter_names
from runlogging.run._git_status import GitStatus
from runlogging.run._packages import installed_packages

_MAX_TEXT = 2_048
# Nothing else of the environment is kept: most secrets of a program stand there.
VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
    *("CUBLAS_WORKSPACE_CONFIG", "JAX_PLATFORMS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("PYTHONHASHSEED", "VIRTUAL_ENV", "CONDA_DEFAULT_ENV"),
    *("RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
    *("SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_JOB_PARTITION", "SLURM_JOB_NODELIST", "SLURM_JOB_NUM_NODES"),
    *("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_CPUS_PER_TASK"),
    *("SLURM_NODEID", "SLURM_PROCID", "SLURM_LOCALID", "PBS_JOBID", "LSB_JOBID"),
    *("TZ", "LANG", "LC_ALL"),
)


class EnvironmentCapture:
    """Take the facts about the environment of this process now, and what git says of changes later.

    Where the program lies in a repository, a child process runs ``git status``. `collect` takes its answer, `give_up`
    stops it; until one of them has, the child is there, at the latest until this object goes.
    Not for two threads at once; in a forked child of the program both do nothing. Nothing here raises.

    Args:
        redactor: what takes secrets out of texts; left out, one with the usual patterns; None leaves them in, except
            for the user and password of the remote.
        ignored: a folder that makes no working tree dirty, such as the root of the runs; None for none.
        folder: where the code is looked for first; None takes the main script's folder.

    Attributes:
        facts: ready for JSON, in this order; what cannot be had is None. Long texts are cut, with a marker.

            - ``command``: the list of arguments, the interpreter first.
            - ``working_directory``.
            - ``program``: the path of the main script, None where there is none.
            - ``python``: ``version``, ``implementation``, ``executable``.
            - ``host``: ``name``, ``system``, ``release``, ``machine``, ``cpus`` (a count).
            - ``packages``: the version of each installed distribution by its normalised name (PEP 503).
            - ``git``: None outside a repository, else ``root``, ``commit``, ``branch`` (None when detached), ``remote``
              (an address without credentials), ``dirty`` (None while or where not known) and perhaps ``note``.
            - ``variables``: what is set of `VARIABLES`; nothing else of the process environment.
    """

    def __init__(
        self,
        redactor: Redactor | EllipsisType | None = ...,
        ignored: str | os.PathLike[str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._redactor = Redactor() if isinstance(redactor, EllipsisType) else redactor
        self._clear_text = self._redactor.text if self._redactor is not None else None
        self._ignored, self._folder = ignored, folder
        self._status: GitStatus | None = None
        takers: dict[str, Callable[[], Any]] = {
            "command": lambda: command_line(sys.orig_argv or sys.argv, self._redactor),
            "working_directory": lambda: self._clear(_working_directory()),
            "program": lambda: self._clear(_program()),
            "python": self._python,
            "host": self._host,
            "packages": installed_packages,
            "git": self._git,
            "variables": self._variables,
        }
        self.facts: dict[str, Any] = {name: _tried(take) for name, take in takers.items()}
        self._take()

    def collect(self, wait_s: float = 0.0) -> bool:
        """Take what ``git status`` said.

        Args:
            wait_s: how long to wait for it at most, in seconds; 0 or less only looks.

        Returns:
            Whether the facts changed.
        """
        if self._status is not None:
            self._status.wait(wait_s)
        return self._take()

    def give_up(self) -> bool:
        """Take what ``git status`` said, or stop it and leave a note; return whether the facts changed."""
        if self._status is not None:
            self._status.give_up()
        return self._take()

    def _take(self) -> bool:
        status = self._status
        if status is None or not status.is_over:
            return False
        self._status = None
        git = self.facts["git"]
        notes = [note for note in (git.pop("note", None), status.note) if note]
        # A new mapping: the facts of before may be on their way into a file.
        self.facts["git"] = {**git, "dirty": status.dirty, **({"note": "; ".join(notes)} if notes else {})}
        return True

    def _clear(self, text: str | Path | None) -> str | None:
        return bounded(str(text), _MAX_TEXT, self._clear_text) if text else None

    def _python(self) -> dict[str, Any]:
        return {
            "version": sys.version.split(maxsplit=1)[0],
            "implementation": sys.implementation.name,
            "executable": self._clear(sys.executable),
        }

    def _host(self) -> dict[str, Any]:
        # Not the module platform: it starts processes on some systems.
        system: Any = os.uname() if hasattr(os, "uname") else None
        return {
            "name": self._clear(host_name()),
            "system": system.sysname if system else sys.platform,
            "release": system.release if system else None,
            "machine": system.machine if system else None,
            "cpus": os.cpu_count(),
        }

    def _git(self) -> dict[str, Any] | None:
        program = _program()
        begin = self._folder or (program.parent if program else None)
        repository = find_repository(begin, None if self._folder else _working_directory())
        if repository is None:
            return None
        config = read_config(repository)
        facts = describe(repository, config, lambda text: self._clear(text) or "")
        self._status = GitStatus(repository.root, filter_names(config), _inside(repository.root, self._ignored))
        return facts

    def _variables(self) -> dict[str, str]:
        return {
            name: bounded(os.environ[name], _MAX_TEXT, self._clear_text) for name in VARIABLES if name in os.environ
        }


def _program() -> Path | None:
    """Return the main script with its links followed, or None: a prompt, a notebook, ``python -c``."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if not isinstance(path, str) or not Path(path).is_file():
        return None
    return Path(os.path.realpath(path))


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None


def _inside(root: Path, path: str | os.PathLike[str] | None) -> str | None:
    """Return a path relative to the root that it lies below, or None."""
    if path is None:
        return None
    real, real_root = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    return real.relative_to(real_root).as_posix() if real_root in real.parents else None


def _tried(take: Callable[[], Any]) -> Any:
    try:
        return take()
    except Exception:
        return None
