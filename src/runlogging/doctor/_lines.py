"""Mending a configuration file: one line of it, in its own form, and the path of its key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from runlogging.doctor._files import Configuration
from runlogging.doctor._ini import INI
from runlogging.doctor._model import HandlerView, LoggerView, Remedy, level_text
from runlogging.doctor._sections import class_name, is_handler

_KEY = re.compile(r"[A-Za-z0-9_-]+")

Path = tuple[str, ...]


class FileLines:
    """Lines for one file. The place of a thing is the path of its section.

    Args:
        configuration: the file.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def ref(self, name: str) -> Any:
        """Return the path of a logger's section."""
        if name == "root":
            return ("root",)
        return ("loggers", name)

    def level(self, thing: LoggerView | HandlerView, level: int) -> Remedy:
        """Set a level."""
        text = level_text(level)
        return self.line(thing.ref, "level", int(text) if text.isdigit() else text)

    def enabled(self, logger: LoggerView) -> Remedy:
        """Keep existing loggers enabled; in INI files that is an argument of the call."""
        if self._configuration.form == INI:
            name = json.dumps(self._configuration.path.name)
            call = f"logging.config.fileConfig({name}, disable_existing_loggers=False)"
            return "fileConfig(disable_existing_loggers)", call
        return self.line((), "disable_existing_loggers", False)

    def all_enabled(self) -> Remedy:
        """Say that no file does this; it never comes up."""
        return "logging.disable", "logging.disable(logging.NOTSET)"

    def propagating(self, logger: LoggerView) -> Remedy:
        """Let records go on."""
        return self.line(logger.ref, "propagate", 1 if self._configuration.form == INI else True)

    def unfiltered(self, thing: LoggerView | HandlerView, index: int) -> Remedy:
        """List the other filters only."""
        listed = list(self._section(thing.ref).get("filters", ()))
        return self.line(thing.ref, "filters", listed[:index] + listed[index + 1 :])

    def new_handler(self, logger: LoggerView, level: int, *, is_captured: bool) -> Remedy:
        """List a handler of the file, the run's first; define one where there is none."""
        handlers = self._configuration.values.get("handlers")
        names = [str(name) for name in handlers] if isinstance(handlers, Mapping) else []
        if not names:
            return self._first_handler()
        kinds = {name: class_name(self._section(("handlers", name)), self._configuration.form) for name in names}
        keeping = [name for name in names if not is_handler(kinds[name], "NullHandler")]
        if not keeping:
            return self.line(("handlers", names[0]), "class", "runlogging.RunHandler")
        runs = [name for name in keeping if is_handler(kinds[name], "RunHandler")]
        return self._listed(logger, (runs or keeping)[0])

    def attached(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """List a handler that another logger has."""
        return self._listed(logger, str(handler.ref[-1]))

    def detached(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """List the other handlers only."""
        listed = [name for name in self._section(logger.ref).get("handlers", ()) if name != handler.ref[-1]]
        return self.line(logger.ref, "handlers", listed)

    def mended(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Give a buffer a target; start a listener, which only the program can."""
        others = [str(name) for name in self._configuration.values["handlers"] if name != handler.ref[-1]]
        if handler.remedy == "target" and others:
            return self.line(handler.ref, "target", others[0])
        if handler.remedy:
            return self.line(handler.ref, "class", "runlogging.RunHandler")
        name = json.dumps(str(handler.ref[-1]))
        return self.text_of(handler.ref), f"logging.getHandlerByName({name}).listener.start()"

    def line(self, section: Path, key: str, value: Any) -> Remedy:
        """Return the path of a key, and its line with a new value."""
        return self.text_of((*section, key)), _WRITERS[self._configuration.form](key, value)

    def text_of(self, path: Path) -> str:
        """Return the path of a key for people: dots between keys, quotes around those that have some themselves."""
        if self._configuration.form == INI:
            path = self._ini_path(path)
        full = (*self._configuration.base, *map(str, path))
        return ".".join(key if _KEY.fullmatch(key) else json.dumps(key) for key in full)

    def _ini_path(self, path: Path) -> Path:
        if len(path) > 1 and path[0] in ("loggers", "handlers"):
            section = self._section(path[:2]).get("section") or f"{path[0][:-1]}_{path[1]}"
            return (str(section), *path[2:])
        return (f"logger_{path[0]}", *path[1:]) if path[:1] == ("root",) else path

    def _section(self, path: Path) -> Mapping[str, Any]:
        found: Any = self._configuration.values
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _listed(self, logger: LoggerView, handler: str) -> Remedy:
        listed = self._section(logger.ref).get("handlers", ())
        return self.line(logger.ref, "handlers", [*(listed if isinstance(listed, list) else ()), handler])

    def _first_handler(self) -> Remedy:
        if self._configuration.form == INI:
            return self.line(("handlers",), "keys", ["run"])
        return self.line((), "handlers", {"run": {"class": "runlogging.RunHandler"}})


def _json_line(key: str, value: Any) -> str:
    return f"{json.dumps(key)}: {json.dumps(value)}"


def _yaml_line(key: str, value: Any) -> str:
    return f"{key}: {value if isinstance(value, str) and _KEY.fullmatch(value) else json.dumps(value)}"


def _toml_line(key: str, value: Any) -> str:
    return f"{key} = {_toml_value(value)}"


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_toml_line(key, item) for key, item in value.items()) + " }"
    return json.dumps(value)


def _ini_line(key: str, value: Any) -> str:
    return f"{key}={','.join(value) if isinstance(value, list) else value}"


_WRITERS = {"json": _json_line, "toml": _toml_line, "yaml": _yaml_line, INI: _ini_line}
