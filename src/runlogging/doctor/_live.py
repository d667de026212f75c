"""The live logger tree, read without changing it: no look-up, no level cache, no lock."""

from __future__ import annotations

import logging
from typing import Any

from runlogging.doctor._attributes import filters_of, number_of, value_of
from runlogging.doctor._findings import Finding
from runlogging.doctor._handlers import read_handlers
from runlogging.doctor._model import LoggerView, Tree
from runlogging.doctor._python import PythonLines, logger_expression


def read_tree(captured: bool | None) -> Tree:
    """Return the loggers as they are now.

    Args:
        captured: whether an open run captures; None looks whether ``Logger.callHandlers`` is wrapped.
    """
    if captured is None:
        captured = bool(getattr(logging.Logger.callHandlers, "__runlogging__", False))
    found: list[Finding] = []
    tree = Tree(_loggers(found), PythonLines(), captured, _last_resort(), found=found)
    found.extend(_hints(tree))
    return tree


def _loggers(found: list[Finding]) -> list[LoggerView]:
    root = logging.Logger.manager.root
    # A copy of a dict is one step; going through one that another thread fills is not.
    known = dict(logging.Logger.manager.loggerDict.copy())
    objects: list[tuple[str, Any]] = [("root", root)]
    objects += [(str(name), known[name]) for name in sorted(known, key=str)]
    views: dict[int, LoggerView] = {}
    for name, logger in objects:
        # By type: an odd object may answer for its class by code of its own.
        if issubclass(type(logger), logging.PlaceHolder):
            continue
        try:
            views[id(logger)] = _view(name, logger)
        except Exception as error:
            found.append(_unreadable(name, error))
            if logger is root:  # there is no tree without one
                views[id(root)] = LoggerView(name, logger_expression(name))
    for _, logger in objects:
        view = views.get(id(logger))
        if view is not None and logger is not root:
            view.parent = views.get(id(value_of(logger, "parent", root)), views.get(id(root)))
    return list(views.values())


def _view(name: str, logger: Any) -> LoggerView:
    expression = logger_expression(name)
    manager = value_of(logger, "manager", logging.Logger.manager)
    return LoggerView(
        name,
        expression,
        level=number_of(value_of(logger, "level", 0)),
        propagate=bool(value_of(logger, "propagate", True)),
        disabled=bool(value_of(logger, "disabled", False)),
        disable=number_of(value_of(manager, "disable", 0)),
        filters=filters_of(logger),
        handlers=read_handlers(value_of(logger, "handlers", []), expression),
    )


def _unreadable(name: str, error: Exception) -> Finding:
    why = f"it cannot be read: {type(error).__name__}"
    fix = f"logging.Logger.manager.loggerDict.pop({name!r})"
    return Finding("unreadable", name, f"{name} is no ordinary logger", why, fix, (), "hint", logger_expression(name))


def _last_resort() -> int | None:
    handler = logging.lastResort
    return None if handler is None else number_of(value_of(handler, "level", 0))


def _hints(tree: Tree) -> list[Finding]:
    """Return what concerns the whole program."""
    hints = []
    root = tree.loggers[0]
    if not logging.raiseExceptions:
        why = "logging.raiseExceptions is False: an error in a handler loses a record without a word"
        hints.append(("raise_exceptions", "logging.raiseExceptions", why, "logging.raiseExceptions = True"))
    if root.handlers and root.level == logging.WARNING:
        why = (
            "root has handlers and the level WARNING: basicConfig(level=...) has no effect, "
            "and whether one asked for more cannot be seen"
        )
        hints.append(("basic_config", root.ref, why, f'{root.ref}.setLevel("DEBUG")'))
    if getattr(logging, "_warnings_showwarning", None) is None:
        why = "warnings go to stderr and not through logging"
        hints.append(("warnings", "logging.captureWarnings", why, "logging.captureWarnings(True)"))
    return [Finding(code, "root", why, why, fix, (), "hint", where) for code, where, why, fix in hints]
