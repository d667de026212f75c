"""The logger tree as values: what the live tree and a configuration file have in common.

Nothing in it refers to a logger that anybody uses, so looking at it changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from runlogging.doctor._findings import Finding

Verdict = Literal["all", "none", "some"]
METRICS_LOGGER = "runlogging.metrics"


@dataclass(frozen=True)
class FilterView:
    """A filter.

    Attributes:
        label: its class, for people.
        ordinary: how many of the records without metrics it lets through.
        metric: how many of the metric records.
        is_intended: whether holding back is what it was put there for.
        prefix: the logger whose records and whose children's a plain ``logging.Filter`` lets through, or None.
    """

    label: str
    ordinary: Verdict = "some"
    metric: Verdict = "some"
    is_intended: bool = False
    prefix: str | None = None

    def verdict(self, logger: str, *, is_metric: bool) -> Verdict:
        """Tell how many of a logger's records pass."""
        if self.prefix is not None:
            passes = not self.prefix or logger == self.prefix or logger.startswith(self.prefix + ".")
            return "all" if passes else "none"
        return self.metric if is_metric else self.ordinary


@dataclass(frozen=True, eq=False)
class HandlerView:
    """A handler.

    Attributes:
        label: its class, for people.
        ref: where it is: an expression, or a key path.
        level: records below it are not taken.
        filters: its filters, in order.
        problem: why it keeps nothing: "ended", "queue", "target" or "null"; None where it keeps what it takes.
        doubt: why it may keep nothing: "listener", one that cannot be seen; or None.
        inner: the handlers that it hands records to.
        inner_levels: whether the levels of those count.
        run: what is equal for handlers of one run; None for one that is no RunHandler.
        is_captured: whether its run is captured, so that capture and handler agree who writes a record.
        remedy: what only the reader knows of how to mend the problem.
    """

    label: str
    ref: Any
    level: int = 0
    filters: tuple[FilterView, ...] = ()
    problem: str | None = None
    doubt: str | None = None
    inner: tuple[HandlerView, ...] = ()
    inner_levels: bool = False
    run: Hashable | None = None
    is_captured: bool = False
    remedy: str = ""

    @property
    def leads_to_run(self) -> bool:
        """Whether a record that it takes is meant for a run folder."""
        return self.run is not None or any(one.leads_to_run for one in self.inner)


@dataclass(eq=False)
class LoggerView:
    """A logger; attributes as those of ``logging.Logger``, and ``ref``, where it is."""

    name: str
    ref: Any
    parent: LoggerView | None = None
    level: int = 0
    propagate: bool = True
    disabled: bool = False
    disable: int = 0
    filters: tuple[FilterView, ...] = ()
    handlers: tuple[HandlerView, ...] = ()

    def chain(self) -> Iterator[LoggerView]:
        """Yield the logger and its ancestors up to the root."""
        one: LoggerView | None = self
        seen: set[int] = set()
        while one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            one = one.parent

    def effective(self) -> tuple[LoggerView, int]:
        """Return the logger whose level counts, and that level."""
        last = self
        for last in self.chain():
            if last.level:
                break
        return last, last.level


Remedy = tuple[str, str]


class Lines(Protocol):
    """How a finding is mended where it was found: each method returns what is at fault, and the line."""

    def ref(self, name: str) -> Any:
        """Return where a logger of a name would be."""

    def level(self, thing: LoggerView | HandlerView, level: int) -> Remedy:
        """Let records from a level on pass."""

    def enabled(self, logger: LoggerView) -> Remedy:
        """Enable a logger."""

    def all_enabled(self) -> Remedy:
        """Take ``logging.disable`` back."""

    def propagating(self, logger: LoggerView) -> Remedy:
        """Let records go on to the parent."""

    def unfiltered(self, thing: LoggerView | HandlerView, index: int) -> Remedy:
        """Take a filter away."""

    def new_handler(self, logger: LoggerView, level: int, *, is_captured: bool) -> Remedy:
        """Give a logger a handler that keeps its records; without one it has none at all or only null handlers."""

    def attached(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Give a logger a handler that there is elsewhere."""

    def detached(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Take a handler away from a logger."""

    def mended(self, logger: LoggerView, handler: HandlerView) -> Remedy:
        """Mend the problem or the doubt of a handler on the way of a logger's records."""


@dataclass
class Tree:
    """All loggers, and what holds for each.

    Attributes:
        loggers: root first, the others by name.
        lines: how to mend what is found.
        captured: whether an open run takes each record that its logger lets through, before any handler.
        last_resort: the level of the handler that shows records of a tree without handlers; None where there is none.
        knows_handlers: whether the handlers are known; an incremental configuration says nothing of them.
        found: what was found while reading.
    """

    loggers: list[LoggerView]
    lines: Lines
    captured: bool = False
    last_resort: int | None = logging.WARNING
    knows_handlers: bool = True
    found: list[Finding] = field(default_factory=list)

    def logger(self, name: str) -> LoggerView:
        """Return a logger by its name, as it would be made if there is none."""
        root, *others = self.loggers
        known = {one.name: one for one in others}
        if name in ("", "root"):
            return root
        if name in known:
            return known[name]
        parent = name.rpartition(".")[0]
        while parent and parent not in known:
            parent = parent.rpartition(".")[0]
        above = known.get(parent, root)
        return LoggerView(name, self.lines.ref(name), above, disable=above.disable)


def level_text(level: int) -> str:
    """Return a level's name, or its number where it has none."""
    name = logging.getLevelName(level)
    return str(level) if name == f"Level {level}" else str(name)
