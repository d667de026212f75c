"""The two questions: what does the live tree lose, and what would a configuration lose?"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike

from runlogging.doctor._examine import examine, level_number
from runlogging.doctor._findings import Report
from runlogging.doctor._live import read_tree


def doctor(
    *,
    level: int | str = "DEBUG",
    metrics_level: int | str = "INFO",
    loggers: Iterable[str] = (),
    captured: bool | None = None,
) -> Report:
    """Say which loggers lose records, why, and what mends it; nothing is changed, and no filter is called.

    Where a RunHandler is on the way of a logger's records, or an open run captures, a record counts as lost that no
    run gets; else one that no handler gets.

    Args:
        level: the lowest level that is to be kept: a name or a number.
        metrics_level: the level of the metric records of ``loggers``.
        loggers: names of loggers whose records carry metrics; each is asked for at that level, whether it exists or
            not. Where a RunHandler is anywhere in the tree, only a run counts for them.
        captured: whether an open run takes every record before the handlers; None looks.

    Returns:
        The findings, the worst first; true when records are lost.

    Raises:
        InvalidValueError: a level is none (also a ValueError).
    """
    names = (loggers,) if isinstance(loggers, str) else tuple(loggers)
    return examine(read_tree(captured), level_number(level), names, level_number(metrics_level))


def check_file(
    path: str | PathLike[str],
    *,
    level: int | str = "DEBUG",
    metrics_level: int | str = "INFO",
    loggers: Iterable[str] = (),
    captured: bool = False,
) -> Report:
    """Say which loggers lose records under a configuration file: JSON, TOML, YAML or INI; none of it is executed.

    Args:
        path: the file; its suffix says what it is.
        level: as for `doctor`.
        metrics_level: as for `doctor`.
        loggers: as for `doctor`.
        captured: whether the program opens a run, which takes every record before the handlers.

    Raises:
        InvalidValueError: the file does not parse, or a level is none (also a ValueError).
        MissingExtraError: a YAML file, and PyYAML is not installed (also an ImportError).
        OSError: the file cannot be read.
    """
    from runlogging.doctor._configured import configured_tree
    from runlogging.doctor._files import read_configuration

    tree = configured_tree(read_configuration(path), captured=captured)
    names = (loggers,) if isinstance(loggers, str) else tuple(loggers)
    return examine(tree, level_number(level), names, level_number(metrics_level))
