"""The way of a record from its logger through the handlers of it and its ancestors, as ``Logger.callHandlers`` goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from runlogging.doctor._model import FilterView, HandlerView, LoggerView, Verdict, level_text

PROBLEMS = {
    "ended": "the run of {0} has ended finally, and takes no more",
    "queue": "no running QueueListener takes from the queue of {0}",
    "target": "{0} has no target, and forgets what it holds",
    "null": "{0} keeps nothing",
}
DOUBTS = {"listener": "the records of {0} wait for a listener, which cannot be seen from here"}


@dataclass(frozen=True)
class Block:
    """What stands in the way at one handler.

    Attributes:
        code: its kind: a problem of `HandlerView`, "handler_level", "filter" or "listener".
        handler: the handler.
        why: in words.
        index: which of the filters.
        is_doubt: whether the record may pass all the same.
        is_intended: whether a filter of ours does what it is there for.
    """

    code: str
    handler: HandlerView
    why: str
    index: int = 0
    is_doubt: bool = False
    is_intended: bool = False


@dataclass(frozen=True)
class Step:
    """A handler on the way: whose it is, where behind it the record arrives, and what stands in the way."""

    owner: LoggerView
    handler: HandlerView
    reached: tuple[HandlerView, ...]
    blocks: tuple[Block, ...]


@dataclass
class Way:
    """The handlers that a record is offered to.

    Attributes:
        handlers: the handlers and their loggers, the nearest first.
        beyond: those that it would be offered to but for ``propagate=False``.
        cuts: the loggers that do not propagate, each with how many handlers stand beyond before it.
        end: the last logger of the way.
    """

    end: LoggerView
    handlers: list[tuple[LoggerView, HandlerView]] = field(default_factory=list)
    beyond: list[HandlerView] = field(default_factory=list)
    cuts: list[tuple[LoggerView, int]] = field(default_factory=list)

    @property
    def all_handlers(self) -> list[HandlerView]:
        """The handlers on the way and beyond."""
        return [*(handler for _, handler in self.handlers), *self.beyond]

    def cuts_before(self, *, wants_run: bool) -> list[LoggerView]:
        """Return the cuts that keep a record from a handler beyond them that would count."""
        counts = [one.leads_to_run if wants_run else one.problem != "null" for one in self.beyond]
        if True not in counts:
            return []
        first = counts.index(True)
        return [logger for logger, before in self.cuts if before <= first]


def way_of(logger: LoggerView) -> Way:
    """Return the way of a logger's records."""
    way = Way(end=logger)
    for one in logger.chain():
        if way.cuts:
            way.beyond.extend(one.handlers)
        else:
            way.end = one
            way.handlers.extend((one, handler) for handler in one.handlers)
        if not one.propagate and one.parent is not None:
            way.cuts.append((one, len(way.beyond)))
    return way


def follow(way: Way, logger: str, level: int, *, is_metric: bool) -> Iterator[Step]:
    """Yield what becomes of a logger's record at each handler of its way."""
    for owner, handler in way.handlers:
        reached, blocks = _offered(handler, logger, level, is_metric=is_metric)
        yield Step(owner, handler, tuple(reached), tuple(blocks))


def _offered(
    handler: HandlerView, logger: str, level: int, *, is_metric: bool, by_level: bool = True
) -> tuple[list[HandlerView], list[Block]]:
    blocks = list(_own_blocks(handler, logger, level, is_metric=is_metric, by_level=by_level))
    if not all(block.is_doubt or block.is_intended for block in blocks):
        return [], blocks
    reached = [] if handler.inner else [handler]
    for inner in handler.inner:
        further = _offered(inner, logger, level, is_metric=is_metric, by_level=handler.inner_levels)
        reached += further[0]
        blocks += further[1]
    return reached, blocks


def _own_blocks(handler: HandlerView, logger: str, level: int, *, is_metric: bool, by_level: bool) -> Iterator[Block]:
    label = handler.label
    if by_level and level < handler.level:
        yield Block("handler_level", handler, f"the level of {label} is {level_text(handler.level)}")
    for index, one in enumerate(handler.filters):
        verdict = one.verdict(logger, is_metric=is_metric)
        if verdict != "all":
            is_intended = is_as_intended(one, verdict, is_metric=is_metric)
            why = filter_text(one.label, label, verdict, is_intended=is_intended)
            yield Block("filter", handler, why, index, is_doubt=verdict == "some", is_intended=is_intended)
    if handler.problem is not None:
        yield Block(handler.problem, handler, PROBLEMS[handler.problem].format(label))
    if handler.doubt is not None:
        yield Block(handler.doubt, handler, DOUBTS[handler.doubt].format(label), is_doubt=True)


def is_as_intended(one: FilterView, verdict: Verdict, *, is_metric: bool) -> bool:
    """Tell whether a filter holds back what it is there for; metrics that somebody asks for are not meant to go."""
    return one.is_intended and not (is_metric and verdict == "none")


def filter_text(label: str, place: str, verdict: Verdict, *, is_intended: bool) -> str:
    """Say what a filter does, as far as it is known."""
    if is_intended:
        return f"{label} on {place} holds records back, as it is there for"
    does = "holds the records back" if verdict == "none" else "may hold records back; it was not called"
    return f"{label} on {place} {does}"
