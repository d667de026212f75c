"""The sections of a ``fileConfig`` file in the shape that ``dictConfig`` takes."""

from __future__ import annotations

import configparser
from typing import Any

INI = "ini"


def ini_values(parser: configparser.ConfigParser) -> dict[str, Any]:
    """Return the loggers and handlers of a file; ``args`` and ``kwargs`` stay text.

    A handler's section is found again by its name, a logger's by ``section``.
    """
    loggers: dict[str, Any] = {}
    root = None
    for key in _listed(parser, "loggers", "keys"):
        section = f"logger_{key}"
        facts = _facts(parser, section)
        if key == "root":
            root = facts
        elif facts is not None:
            loggers[facts.pop("qualname", key)] = facts
        else:
            loggers[key] = None
    handlers = {key: _facts(parser, f"handler_{key}") for key in _listed(parser, "handlers", "keys")}
    return {"version": 1, "loggers": loggers, "handlers": handlers, "root": root}


def _facts(parser: configparser.ConfigParser, section: str) -> dict[str, Any] | None:
    if not parser.has_section(section):
        return None
    facts: dict[str, Any] = dict(parser.items(section))
    if "handlers" in facts:
        facts["handlers"] = _split(facts["handlers"])
    if "propagate" in facts:
        # As getint reads it; what is no number is refused later.
        facts["propagate"] = int(facts["propagate"]) if facts["propagate"].strip().isdigit() else facts["propagate"]
    return {**facts, "section": section}


def _listed(parser: configparser.ConfigParser, section: str, key: str) -> list[str]:
    return _split(parser.get(section, key, fallback=""))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
