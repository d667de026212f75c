"""From the tree to findings: each logger and level is asked for, and equal answers become one finding."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from runlogging._errors import InvalidValueError
from runlogging.doctor._findings import SEVERITIES, Finding, Report, Severity
from runlogging.doctor._model import METRICS_LOGGER, LoggerView, Tree, level_text
from runlogging.doctor._reasons import Question, Reason, at_logger, on_the_way, reasons

STANDARD_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
# At which level the verbs of a run show their records.
_VERB_LEVEL = logging.INFO

_WHAT: dict[Severity, str] = {
    "lost": "records of {0} are lost",
    "hidden": "records of {0} are kept, but one place does not get them",
    "hint": "records of {0} may be missed",
}


def level_number(level: int | str) -> int:
    """Return a level's number.

    Raises:
        InvalidValueError: it is no number, and not the name of a level.
    """
    if isinstance(level, int):
        return int(level)
    names = logging.getLevelNamesMapping()
    if not isinstance(level, str) or level.upper() not in names:
        raise InvalidValueError(f"{level!r} is no level: give a number or one of {', '.join(names)}")
    return names[level.upper()]


def examine(tree: Tree, level: int, metric_loggers: Iterable[str], metrics_level: int) -> Report:
    """Return all findings of a tree, the worst first.

    Args:
        tree: the loggers.
        level: the lowest level that is to be kept.
        metric_loggers: names of loggers whose records carry metrics.
        metrics_level: the level of those records.
    """
    levels = sorted({level, *(one for one in STANDARD_LEVELS if one >= level)})
    collected = _Collected(tree.found)
    for logger in tree.loggers:
        if logger.name == METRICS_LOGGER:
            collected.add_all(logger, "", _of_verbs(tree, logger))
            continue
        for number in levels:
            asked = reasons(tree, logger, Question(number, levels[0]))
            collected.add_all(logger, level_text(number), asked)
    for name in metric_loggers:
        collected.add_all(*_metric(tree, name, metrics_level), code="metric")
    return collected.report()


def _of_verbs(tree: Tree, logger: LoggerView) -> Iterator[Reason]:
    """Yield what concerns the verbs of a run: they write by themselves, and show their records here.

    Only a filter holds a metric back. The rest matters to those whom the user lets see the records.
    """
    question = Question(_VERB_LEVEL, _VERB_LEVEL, is_metric=True)
    is_watched = bool(logger.handlers) or logger.propagate
    for reason in at_logger(tree, logger, question):
        if reason.code == "filter":
            yield reason
        elif is_watched:
            yield Reason(reason.code, "hidden", f"{reason.why}; the run keeps its metrics", reason.where, reason.fix)
    if is_watched and logger.handlers and tree.knows_handlers:
        shown = (one for one in on_the_way(tree, logger, question) if one.code == "handler_level")
        yield from (Reason(one.code, "hidden", one.why, one.where, one.fix) for one in shown)


def _metric(tree: Tree, name: str, level: int) -> tuple[LoggerView, str, Iterator[Reason]]:
    logger = tree.logger(name)
    has_runs = any(handler.leads_to_run for one in tree.loggers for handler in one.handlers)
    question = Question(level, level, is_metric=True, for_run=has_runs)
    lost = (one for one in reasons(tree, logger, question) if one.severity == "lost")
    return logger, level_text(level), lost


class _Collected:
    """Findings that differ only in the level become one."""

    def __init__(self, found: Sequence[Finding]) -> None:
        self._found = list(found)
        self._levels: dict[tuple[str, str, Reason], dict[str, None]] = {}

    def add_all(self, logger: LoggerView, level: str, found: Iterable[Reason], code: str | None = None) -> None:
        """Take the reasons for one logger and level."""
        for reason in found:
            names = self._levels.setdefault((code or reason.code, logger.name, reason), {})
            if level:
                names[level] = None

    def report(self) -> Report:
        """Return all findings, the worst first, in an order that is always the same."""
        made = [_finding(*key, tuple(levels)) for key, levels in self._levels.items()]
        order = {severity: at for at, severity in enumerate(SEVERITIES)}
        return Report(sorted([*self._found, *made], key=lambda one: order[one.severity]))


def _finding(code: str, logger: str, reason: Reason, levels: tuple[str, ...]) -> Finding:
    what = "records of {0} come twice" if code == "duplicate" else _WHAT[reason.severity]
    what = "metrics of {0} are lost" if code == "metric" else what
    said = what.format(logger) + (f" at {', '.join(levels)}" if levels else "")
    return Finding(code, logger, said, reason.why, reason.fix, levels, reason.severity, reason.where)
