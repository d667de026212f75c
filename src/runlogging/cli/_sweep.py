"""``runlogging sweep``: a script at many points. What the options say is read by pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.cli._escape import escape
from runlogging.cli._output import Output
from runlogging.sweep._distributions import Distribution, loguniform, uniform
from runlogging.sweep._space import MAX_POINTS, Space, grid, random_choice

if TYPE_CHECKING:
    from runlogging.sweep._result import Sweep

_INTEGER = re.compile(r"[+-]?\d+\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
_FORMS = "name=1,2,3 or name=0.0:1.0:0.1 or, with --random, name=0:1 or name=log:1e-4:1e-1"


def parse_param(text: str) -> tuple[str, list[Any] | Distribution]:
    """Return the name and the values of an option ``--param``.

    ``depth=2,4,8`` and ``opt=adam`` are lists. ``alpha=0.0:1.0:0.1`` is a range with a step, without its end.
    ``lr=0:1`` are numbers between two, and ``lr=log:1e-4:1e-1`` those by their logarithm. Numbers become numbers where
    they are written as such; everything else is text.

    Raises:
        InvalidValueError: it has no name or no value, or a range has nothing in it.
    """
    name, sign, values = text.partition("=")
    if not (name and sign and values):
        raise InvalidValueError(f"{text!r} is no parameter; write {_FORMS}")
    parts = values.split(":")
    if parts[0] == "log" and len(parts) == 3:
        return name, loguniform(*(_bound(text, part) for part in parts[1:]))
    if len(parts) in (2, 3) and all(map(_NUMBER.match, parts)):
        return name, _range(text, *parts) if len(parts) == 3 else uniform(*(float(part) for part in parts))
    return name, [_value(word) for word in values.split(",")]


def parse_params(texts: Sequence[str], draws: int | None) -> Space:
    """Return the space that all options ``--param`` say.

    Args:
        texts: each as `parse_param` takes it.
        draws: how many points are to be drawn; None takes every combination.

    Raises:
        InvalidValueError: there is none, one is wrong or comes twice, or has no list though every combination is taken.
    """
    parameters: dict[str, list[Any] | Distribution] = {}
    for name, values in map(parse_param, texts):
        if name in parameters:
            raise InvalidValueError(
                f"the parameter {name!r} is given twice; write its values in one --param {name}=1,2,3"
            )
        if draws is None and isinstance(values, Distribution):
            raise InvalidValueError(
                f"{name}: {values!r} has to be drawn from; add --random 20, or give a step or a list"
            )
        parameters[name] = values
    if not parameters:
        raise InvalidValueError(f"there is no parameter to vary; write --param {_FORMS}")
    return grid(parameters) if draws is None else random_choice(parameters)


def sweep_script(
    script: str,
    params: Sequence[str],
    arguments: Sequence[str],
    root: str,
    output: Output,
    *,
    experiment: str = "default",
    draws: int | None = None,
    metric: str | None = None,
    **options: Any,
) -> bool:
    """Submit a script for each point, wait, print the table, and the best point where there is a metric.

    Args:
        script: the path of the script; its folder is what is run.
        params: the options ``--param``.
        arguments: further arguments of the script; ``{name}`` in them stands for the value of a parameter.
        root: the folder of runs.
        output: where it is printed.
        experiment: the experiment of the runs.
        draws: how many points are drawn; None takes every combination.
        metric: the primary metric.
        options: goal, max_concurrent, seed and so on, as `runlogging.sweep` takes them.

    Returns:
        Whether any point completed.

    Raises:
        RunLoggingError: an option is not valid, or there is no such script.
    """
    from runlogging.submit import ScriptRunConfig
    from runlogging.sweep._sweep import sweep

    path = Path(script)
    config = ScriptRunConfig(path.parent, path.name, list(arguments))
    space = parse_params(params, draws)
    done = sweep(config, space, experiment=experiment, root=root, metric=metric, max_total=draws, **options)
    output.write_all(escape(line) for line in str(done).splitlines())
    if metric is not None:
        output.write(escape(_best(done, metric)))
    return done.run.status == "Completed"


def _best(done: Sweep, metric: str) -> str:
    try:
        best = done.best(metric)
    except (RunLoggingError, OSError) as error:
        return f"No best point: {error}"
    point = ", ".join(f"{name}={value}" for name, value in best.parameters.items())
    return f"Best: {metric}={best.reader.summary()[metric].last} at {point} ({best.id})"


def _bound(text: str, word: str) -> float:
    if not _NUMBER.match(word):
        raise InvalidValueError(f"{text!r}: {word!r} is no number; write name=log:1e-4:1e-1")
    return float(word)


def _range(text: str, *words: str) -> list[float | int]:
    """Return start, start + step and so on, without the stop, each rounded once: no sum that drifts."""
    start, stop, step = map(Decimal, words)
    if not step:
        raise InvalidValueError(f"{text!r}: the step of a range is not 0")
    steps = (stop - start) / step
    if steps <= 0:
        raise InvalidValueError(f"{text!r}: there is nothing from {start} to {stop} in steps of {step}")
    if steps > MAX_POINTS:
        raise InvalidValueError(f"{text!r}: these are more than {MAX_POINTS:,} values; take a larger step")
    count, rest = divmod(stop - start, step)
    kind = int if all(map(_INTEGER.match, words)) else float
    return [kind(start + number * step) for number in range(int(count) + bool(rest))]


def _value(word: str) -> Any:
    if _INTEGER.match(word):
        return int(word) if str(int(word)) == word else word  # 007 is no number, but a name
    return float(word) if _NUMBER.match(word) else word
