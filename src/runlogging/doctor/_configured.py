"""The tree that a configuration would make, without making it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from runlogging.doctor._files import Configuration
from runlogging.doctor._filters import named_filter
from runlogging.doctor._findings import Finding, Severity
from runlogging.doctor._ini import INI
from runlogging.doctor._lines import FileLines
from runlogging.doctor._model import FilterView, HandlerView, LoggerView, Remedy, Tree
from runlogging.doctor._sections import class_name, is_handler, run_key

EXISTING = "*"
_DEEPEST = 8


def configured_tree(configuration: Configuration, *, captured: bool) -> Tree:
    """Return the loggers that a configuration names, as it would leave them in a program that has just begun."""
    return _Reading(configuration, captured=captured).tree


class _Reading:
    def __init__(self, configuration: Configuration, *, captured: bool) -> None:
        self._values = configuration.values
        self._form = configuration.form
        self.lines = FileLines(configuration)
        self._used: set[str] = set()
        is_incremental = bool(self._values.get("incremental", False))
        self.tree = Tree([], self.lines, captured, knows_handlers=not is_incremental)
        self._check_version()
        self.tree.loggers += self._loggers()
        if is_incremental:
            self._say_incremental()
        else:
            self._say_disabled()
            self._check_unused()

    # What stands in the file, and what would be refused.

    def _say(self, code: str, logger: str, what: str, why: str, remedy: Remedy, severity: Severity = "lost") -> None:
        finding = Finding(code, logger, what, why, remedy[1], (), severity, remedy[0])
        if finding not in self.tree.found:  # a handler is looked at for each logger that has it
            self.tree.found.append(finding)

    def _refuse(self, path: tuple[str, ...], why: str, key: str, value: Any) -> None:
        what = "the configuration is refused, and every logger stays as it was"
        line = self.lines.line(path, key, value)[1]
        self._say("refused", EXISTING, what, why, (self.lines.text_of((*path, key)), line))

    def _check_version(self) -> None:
        if self._values.get("version") != 1:
            self._refuse((), f"version is {self._values.get('version')!r}, and must be 1", "version", 1)

    def _section(self, *path: str) -> Mapping[str, Any]:
        found: Any = self._values
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _names(self, path: tuple[str, ...], key: str) -> list[str]:
        listed = self._section(*path).get(key) or ()
        return [str(one) for one in listed] if isinstance(listed, list | tuple) else []

    def _level(self, path: tuple[str, ...], default: int) -> int:
        level = self._section(*path).get("level")
        if level is None:
            return default
        if isinstance(level, int):
            return int(level)
        known = logging.getLevelNamesMapping()
        if not isinstance(level, str) or level not in known:
            self._refuse(path, f"{level!r} is no level, unless the program adds one of that name", "level", "DEBUG")
            return default
        return known[level]

    # Loggers.

    def _loggers(self) -> list[LoggerView]:
        sections = self._section("loggers")
        # getLogger("root") is the root too. Without a section it stays as Python begins.
        place = ("loggers", "root") if "root" in sections and not self._section("root") else ("root",)
        root = self._logger("root", place, logging.WARNING)
        names = [str(name) for name in sections if name != "root"]
        views = {name: self._logger(name, ("loggers", name), 0) for name in names}
        for name in sorted(views):
            parent = name.rpartition(".")[0]
            while parent and parent not in views:
                parent = parent.rpartition(".")[0]
            views[name].parent = views.get(parent, root)
        return [root, *(views[name] for name in sorted(views))]

    def _logger(self, name: str, path: tuple[str, ...], level: int) -> LoggerView:
        section = self._section(*path)
        if self._form == INI and not section:
            self._refuse(path, f"there is no section for the logger {name!r}", "handlers", [])
        return LoggerView(
            name,
            path,
            level=self._level(path, level),
            propagate=bool(section.get("propagate", True)),
            filters=self._filters(path),
            handlers=tuple(self._handlers(path, "handlers", 0)),
        )

    # Handlers and filters.

    def _handlers(self, path: tuple[str, ...], key: str, depth: int) -> Iterator[HandlerView]:
        for name in self._names(path, key) if depth < _DEEPEST else ():
            if name in self._section("handlers"):
                self._used.add(name)
                yield self._handler(name, depth)
            else:
                others = [one for one in self._names(path, key) if one != name]
                self._refuse(path, f"there is no handler {name!r}", key, others)

    def _handler(self, name: str, depth: int) -> HandlerView:
        path = ("handlers", name)
        section = self._section(*path)
        kind = class_name(section, self._form)
        if not kind:
            self._refuse(path, f"the handler {name!r} has no class", "class", "runlogging.RunHandler")
        label = f"{name} ({kind.rpartition('.')[2]})" if kind else name
        facts = self._kind_of(path, kind, section, depth)
        return HandlerView(label, path, self._level(path, 0), self._filters(path), **facts)

    def _kind_of(self, path: tuple[str, ...], kind: str, section: Mapping[str, Any], depth: int) -> dict[str, Any]:
        if is_handler(kind, "RunHandler"):
            return {"run": run_key(section)}
        if is_handler(kind, "NullHandler"):
            return {"problem": "null"}
        if is_handler(kind, "QueueHandler") or is_handler(kind, "RunQueueHandler"):
            # dictConfig makes the listener, and leaves it to the program to start it.
            inner = tuple(self._handlers(path, "handlers", depth + 1))
            return {"doubt": "listener", "inner": inner, "inner_levels": bool(section.get("respect_handler_level"))}
        if is_handler(kind, "MemoryHandler") or is_handler(kind, "BufferingHandler"):
            return self._buffer(kind, section, depth)
        return {}

    def _buffer(self, kind: str, section: Mapping[str, Any], depth: int) -> dict[str, Any]:
        if is_handler(kind, "BufferingHandler"):
            return {"problem": "target", "remedy": "class"}
        target = section.get("target")
        if isinstance(target, str) and target in self._section("handlers") and depth < _DEEPEST:
            self._used.add(target)
            return {"inner": (self._handler(target, depth + 1),)}
        return {"problem": "target", "remedy": "target"}

    def _filters(self, path: tuple[str, ...]) -> tuple[FilterView, ...]:
        names = self._names(path, "filters") if self._form != INI else []  # fileConfig knows none
        views = []
        for name in names:
            section = self._section("filters", name)
            if name not in self._section("filters"):
                others = [one for one in names if one != name]
                self._refuse(path, f"there is no filter {name!r}", "filters", others)
            views.append(named_filter(str(section.get("()", "")).removeprefix("ext://"), section))
        return tuple(views)

    # What concerns the whole file.

    def _say_disabled(self) -> None:
        if self._form == INI or self._values.get("disable_existing_loggers", True):
            why = "disable_existing_loggers is on: a logger made before, and not named here or below one, is disabled"
            root = self.tree.loggers[0]
            self._say("disabled", EXISTING, "records of earlier loggers are lost", why, self.lines.enabled(root))

    def _say_incremental(self) -> None:
        sections = [key for key in ("filters", "formatters") if self._section(key)]
        why = "incremental: levels and propagate are taken, handlers and filters stay those that the program has"
        if sections:
            why += f"; {' and '.join(sections)} here are ignored"
        what = "only a part of the file counts"
        self._say("incremental", EXISTING, what, why, self.lines.line((), "incremental", False), "hint")

    def _check_unused(self) -> None:
        for name in map(str, self._section("handlers")):
            if name not in self._used:
                label = f"the handler {name!r}"
                root = self.tree.loggers[0]
                listed = self.lines.line(("root",), "handlers", [*self._names(("root",), "handlers"), name])
                why = f"no logger has {label}"
                self._say("unused", root.name, f"{label} gets no records", why, listed, "hint")
