"""Mending a live tree: lines of Python."""

from __future__ import annotations

import json
from typing import Any

from runlogging.doctor._model import HandlerView, LoggerView, Remedy, level_text

_NEW = "runlogging.RunHandler()"


def logger_expression(name: str) -> str:
    """Return the expression that gives a logger."""
    if name == "root":
        return "logging.getLogger()"
    is_plain = name.isascii() and name.isprintable()
    return f"logging.getLogger({json.dumps(name) if is_plain else ascii(name)})"


class PythonLines:
    """Lines that take ``import logging.handlers, runlogging`` for granted."""

    def ref(self, name: str) -> Any:
        """Return the expression of a logger."""
        return logger_expression(name)

    def level(self, thing: LoggerView | HandlerView, level: int) -> Remedy:
        """Set a level."""
        return thing.ref, f"{thing.ref}.setLevel({_level(level)})"

    def enabled(self, logger: LoggerView) -> Remedy:
        """Enable a logger."""
        return logger.ref, f"{logger.ref}.disabled = False"

    def all_enabled(self) -> Remedy:
        """Take ``logging.disable`` back."""
        return "logging.disable", "logging.disable(logging.NOTSET)"

    def propagating(self, logger: LoggerView) -> Remedy:
        """Let records go on."""
        return logger.ref, f"{logger.ref}.propagate = True"

    def unfiltered(self, thing: LoggerView | HandlerView, index: int) -> Remedy:
        """Remove a filter."""
        place = f"{thing.ref}.filters[{index}]"
        return place, f"{thing.ref}.removeFilter({place})"

    def new_handler(self, logger: LoggerView, level: int, *, is_captured: bool) -> Remedy:
        """Add a RunHandler; where nothing is configured, configure it in the documented way."""
        if logger.name == "root" and not logger.handlers:
            handlers = "" if is_captured else f", handlers=[{_NEW}]"
            return "logging.basicConfig", f"logging.basicConfig(level={_level(level)}{handlers})"
        new = "logging.StreamHandler()" if is_captured else _NEW
        return logger.ref, f"{logger.ref}.addHandler({new})"

    def attached(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Add a handler of another logger."""
        return logger.ref, f"{logger.ref}.addHandler({handler.ref})"

    def detached(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Remove a handler."""
        return handler.ref, f"{logger.ref}.removeHandler({handler.ref})"

    def mended(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Say what the reader of the handler knows; else a handler beside it."""
        return handler.ref, handler.remedy or f"{logger.ref}.addHandler({_NEW})"


def _level(level: int) -> str:
    text = level_text(level)
    return text if text.isdigit() else json.dumps(text)
