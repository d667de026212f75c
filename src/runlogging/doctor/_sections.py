"""What the section of a handler says of it by names alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from runlogging.doctor._ini import INI

_MODULES = {
    "NullHandler": ("logging",),
    "RunHandler": ("runlogging", "runlogging.handlers"),
    "RunQueueHandler": ("runlogging", "runlogging.queues"),
    "QueueHandler": ("logging.handlers",),
    "MemoryHandler": ("logging.handlers",),
    "BufferingHandler": ("logging.handlers",),
}


def class_name(section: Mapping[str, Any], form: str) -> str:
    """Return the name of a handler's class or factory, with dots; "" where there is none."""
    name = section.get("()") or section.get("class")
    if not isinstance(name, str):
        return ""
    name = name.strip().removeprefix("ext://")
    # fileConfig looks for a class within logging first.
    within_logging = form == INI and name.removeprefix("handlers.").isidentifier()
    return f"logging.{name}" if within_logging else name


def is_handler(name: str, kind: str) -> bool:
    """Tell whether the name of a class is that of a handler that the doctor knows."""
    module, _, last = name.rpartition(".")
    return last == kind and module in _MODULES[kind]


def run_key(section: Mapping[str, Any]) -> Hashable:
    """Return what is equal for RunHandlers that share one run."""
    if "args" in section or "kwargs" in section:
        return str(section.get("args", "")), str(section.get("kwargs", ""))
    return tuple(str(section.get(key, default)) for key, default in _RUN_ARGUMENTS.items())


_RUN_ARGUMENTS = {"root": "runs", "experiment": "default", "run_id": ""}
