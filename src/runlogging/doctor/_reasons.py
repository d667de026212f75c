"""Why a record of one logger and one level is lost: at the logger, and on its way through the handlers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runlogging.doctor._findings import Severity
from runlogging.doctor._model import HandlerView, LoggerView, Remedy, Tree, level_text
from runlogging.doctor._ways import Block, Step, Way, filter_text, follow, is_as_intended, way_of


@dataclass(frozen=True)
class Reason:
    """A reason: its kind, how bad it is, in words, what is at fault, and the line that mends it."""

    code: str
    severity: Severity
    why: str
    where: str
    fix: str


@dataclass(frozen=True)
class Question:
    """A record to ask for.

    Attributes:
        level: its level.
        wanted: the lowest level that is asked for; what is mended is mended down to it.
        is_metric: whether it carries metrics.
        for_run: whether only a run counts: the caller said that the logger's records belong to one.
    """

    level: int
    wanted: int
    is_metric: bool = False
    for_run: bool = False


def reasons(tree: Tree, logger: LoggerView, question: Question) -> Iterator[Reason]:
    """Yield all reasons why a record is lost or may be, each with what mends it alone."""
    yield from at_logger(tree, logger, question)
    if tree.knows_handlers:
        yield from on_the_way(tree, logger, question)


def at_logger(tree: Tree, logger: LoggerView, question: Question) -> Iterator[Reason]:
    """Yield what stops a record before capture and handlers, in the order in which logging looks at it."""
    lines, level = tree.lines, question.level
    if logger.disabled:
        yield _reason("disabled", "lost", "it is disabled, as disable_existing_loggers does", lines.enabled(logger))
    if level <= logger.disable:
        yield _reason("disable", "lost", f"logging.disable({level_text(logger.disable)})", lines.all_enabled())
    owner, effective = logger.effective()
    if level < effective:
        why = f"the level of {owner.name} is {level_text(effective)}"
        yield _reason("level", "lost", why, lines.level(owner, question.wanted))
    yield from _filters(tree, logger, question)


def _filters(tree: Tree, logger: LoggerView, question: Question) -> Iterator[Reason]:
    for index, one in enumerate(logger.filters):
        verdict = one.verdict(logger.name, is_metric=question.is_metric)
        if verdict != "all":
            is_intended = is_as_intended(one, verdict, is_metric=question.is_metric)
            severity: Severity = "lost" if verdict == "none" and not is_intended else "hint"
            why = filter_text(one.label, f"logger {logger.name}", verdict, is_intended=is_intended)
            yield _reason("filter", severity, why, tree.lines.unfiltered(logger, index))


def on_the_way(tree: Tree, logger: LoggerView, question: Question) -> Iterator[Reason]:
    """Yield what loses a record that its logger lets through."""
    way = way_of(logger)
    steps = list(follow(way, logger.name, question.level, is_metric=question.is_metric))
    asked = _Asked(tree, logger, question, way, steps)
    for step in steps:
        for block in step.blocks:
            yield from asked.blocked(step, block)
    yield from asked.duplicates()
    yield from asked.nobody()


class _Asked:
    """One record on its way: who keeps it, and what that makes of each obstacle."""

    def __init__(self, tree: Tree, logger: LoggerView, question: Question, way: Way, steps: list[Step]) -> None:
        self._tree, self._logger, self._question = tree, logger, question
        self._way, self._steps = way, steps
        self._wants_run = not tree.captured and (question.for_run or any(one.leads_to_run for one in way.all_handlers))
        self._reached = [leaf for step in steps for leaf in step.reached]
        self._in_run = tree.captured or any(leaf.run is not None for leaf in self._reached)
        self._kept = self._in_run if self._wants_run or tree.captured else bool(self._reached)

    def blocked(self, step: Step, block: Block) -> Iterator[Reason]:
        """Yield the reason for what stands in the way at one handler."""
        if block.code == "null":  # beside other handlers it takes nothing away
            return
        if block.is_doubt or block.is_intended:
            severity: Severity = "hint"
        elif block.code in ("queue", "target", "ended"):
            severity = "hidden" if self._in_run else "lost"
        else:
            counts = not self._kept and (not self._wants_run or step.handler.leads_to_run)
            severity = "lost" if counts else "hidden"
        yield _reason(block.code, severity, block.why, self._remedy(step, block))

    def _remedy(self, step: Step, block: Block) -> Remedy:
        lines = self._tree.lines
        if block.code == "handler_level":
            return lines.level(block.handler, self._question.wanted)
        if block.code == "filter":
            return lines.unfiltered(block.handler, block.index)
        return lines.mended(step.owner, block.handler)

    def duplicates(self) -> Iterator[Reason]:
        """Yield where one run gets the record twice, by two handlers of one way."""
        seen: dict[object, Step] = {}
        for step in reversed(self._steps):
            for leaf in step.reached:
                first = seen.setdefault(leaf.run, step) if leaf.run is not None and not leaf.is_captured else step
                if first is not step:
                    why = f"{step.owner.name} and {first.owner.name} have handlers of one run"
                    yield _reason("duplicate", "hint", why, self._tree.lines.detached(step.owner, step.handler))

    def nobody(self) -> Iterator[Reason]:
        """Yield why no handler that counts stands on the way at all."""
        captured = self._tree.captured
        if self._kept and not (captured and not self._reached):
            return
        severity: Severity = "hidden" if captured else "lost"
        shown = not self._steps and not self._wants_run and self._is_last_resort()
        cuts = self._way.cuts_before(wants_run=self._wants_run)
        if shown:
            return
        for owner in cuts:
            why = f"propagate is False at {owner.name}, and no handler before it keeps them"
            yield _reason("propagate", severity, why, self._tree.lines.propagating(owner))
        if not cuts:
            yield from self._without(severity)

    def _is_last_resort(self) -> bool:
        least = self._tree.last_resort
        return least is not None and self._question.level >= least

    def _without(self, severity: Severity) -> Iterator[Reason]:
        end, lines, wanted = self._way.end, self._tree.lines, self._question.wanted
        is_captured = self._tree.captured
        elsewhere = self._elsewhere() if self._question.for_run else None
        if elsewhere is not None and not any(one.leads_to_run for one in self._way.all_handlers):
            why = f"the run's handler is on {elsewhere[0].name}, which is not on the way"
            yield _reason("elsewhere", severity, why, lines.attached(self._logger, elsewhere[1]))
        elif not self._steps:
            why = f"there is no handler up to {end.name}; the last resort of logging shows only WARNING and above"
            yield _reason("no_handler", severity, why, lines.new_handler(end, wanted, is_captured=is_captured))
        elif not is_captured and all(step.handler.problem == "null" for step in self._steps):
            why = f"there is nothing but NullHandler up to {end.name}"
            yield _reason("null_handler", severity, why, lines.new_handler(end, wanted, is_captured=is_captured))

    def _elsewhere(self) -> tuple[LoggerView, HandlerView] | None:
        pairs = ((one, handler) for one in self._tree.loggers for handler in one.handlers)
        return next((pair for pair in pairs if pair[1].leads_to_run), None)


def _reason(code: str, severity: Severity, why: str, remedy: Remedy) -> Reason:
    return Reason(code, severity, why, *remedy)
