"""Where functions run unless told otherwise: processes of this machine, or threads where they cannot."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging.folder import say
from runlogging.sweep._processes import Workers


def local_executor(function: Callable[..., Any], count: int) -> Executor:
    """Return an executor of this machine for a function; where it has to be threads, one sentence on stderr says so."""
    if can_travel(function):
        return Workers(count)
    say(
        "the function of the sweep cannot be sent to other processes (it is a lambda, or defined in another function, "
        f"in a notebook or at a prompt), so it runs in threads of this one, {count} at a time; "
        "define it in a module to have processes"
    )
    return ThreadPoolExecutor(count, thread_name_prefix="runlogging-sweep")


def can_travel(function: Callable[..., Any]) -> bool:
    """Tell whether a spawned process can be given a function."""
    try:
        data = pickle.dumps(function)
    except Exception:
        return False
    return b"__main__" not in data or _has_main_file()


def _has_main_file() -> bool:
    """Tell whether a spawned process finds this program's main module: one of a prompt or notebook it does not."""
    main = sys.modules.get("__main__")
    if getattr(main, "__spec__", None) is not None:
        return True
    path = getattr(main, "__file__", None)
    return isinstance(path, str) and os.path.isfile(path)  # noqa: PTH113  (pathlib is no faster to read here)


def usable_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def refuse_while_importing() -> None:
    """Refuse to sweep in a worker that is importing the main module: there every worker would start a sweep.

    Raises:
        InvalidValueError: this is such a worker.
    """
    # What multiprocessing itself looks at to say the same.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InvalidValueError(
            "a worker of the sweep imports this program, and the program sweeps on import; "
            'put the call below `if __name__ == "__main__":`, or give executor=ThreadPoolExecutor()'
        )
