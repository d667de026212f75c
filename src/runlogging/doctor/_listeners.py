"""Which QueueListener takes from the queue of a handler, and what a program could call it."""

from __future__ import annotations

import gc
import sys
from logging.handlers import QueueListener
from typing import Any


def find_listener(handler: Any, expression: str) -> tuple[Any, str] | None:
    """Return the listener of a QueueHandler, a running one first, and an expression for it; None without one.

    Args:
        handler: the QueueHandler.
        expression: an expression of Python that gives the handler.
    """
    own = getattr(handler, "listener", None)  # set by dictConfig from Python 3.12 on
    if own is not None and _is_listener(own):
        return own, f"{expression}.listener"
    queue = getattr(handler, "queue", None)
    found = [one for one in gc.get_objects() if _is_listener(one) and getattr(one, "queue", None) is queue]
    if queue is None or not found:
        return None
    best = next(filter(is_running, found), found[0])
    return best, _name_of(best) or (
        "next(one for one in __import__('gc').get_objects() if issubclass(type(one), logging.handlers.QueueListener)"
        f" and one.queue is {expression}.queue)"
    )


def is_running(listener: Any) -> bool:
    """Tell whether a listener's thread lives; it does not in a forked child."""
    thread = getattr(listener, "_thread", None)
    return thread is not None and bool(getattr(thread, "is_alive", lambda: True)())


def _is_listener(one: object) -> bool:
    # Not isinstance: proxies answer for their class by code of their own.
    return issubclass(type(one), QueueListener)


def _name_of(listener: object) -> str | None:
    """Return the name of a global that is the listener: as the program says it, or by ``sys.modules``."""
    for module_name, module in list(sys.modules.items()):
        values = getattr(module, "__dict__", None)
        for name, value in list(values.items()) if isinstance(values, dict) else ():
            if value is listener and isinstance(name, str) and name.isidentifier():
                return name if module_name == "__main__" else f"__import__('sys').modules[{module_name!r}].{name}"
    return None
