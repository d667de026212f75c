"""Completion in the shell: ids of runs, names of metrics and experiments, levels.

A shell inserts what it is given as it is, so only words of harmless characters are offered. What takes longer than some
hundredths of a second is left out: nobody waits for a completion.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from runlogging._errors import InvalidValueError, RunLoggingError

SHELLS = ("bash", "zsh", "fish")
MOST = 50
SECONDS = 0.04

_VARIABLE = "_RUNLOGGING_COMPLETE"
_HARMLESS = re.compile(r"[\w./:@%+=,-]+", re.ASCII)
_HEAD_BYTES = 1 << 16  # of a metrics file, where no summary names the metrics
_NAME = re.compile(rb'"([\w./:@%+=,-]+)":')
_WHERE_TO_PUT_IT = {
    "bash": 'In every shell: this line belongs into ~/.bashrc:  eval "$(runlogging completion bash)"',
    "zsh": 'In every shell: this line belongs into ~/.zshrc, below compinit:  eval "$(runlogging completion zsh)"',
    "fish": "In every shell:  runlogging completion fish > ~/.config/fish/completions/runlogging.fish",
}

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[Any]]]
"""What click calls as ``shell_complete=``: context, parameter, and the word as far as it was typed."""


def completion_script(command: click.Command, shell: str | None) -> str:
    """Return the script that makes a shell complete this command, with a comment that says where it belongs.

    Args:
        command: the command as a whole.
        shell: bash, zsh or fish; None is what the variable SHELL names.

    Raises:
        InvalidValueError: it is none of them (also a ValueError).
    """
    name = shell or Path(os.environ.get("SHELL", "")).name
    kind = get_completion_class(name) if name in SHELLS else None
    if kind is None:
        raise InvalidValueError(f"{name!r} is no shell that completes; name one of {', '.join(SHELLS)}.")
    return f"{kind(command, {}, 'runlogging', _VARIABLE).source().strip()}\n\n# {_WHERE_TO_PUT_IT[name]}\n"


def _quietly(function: Callable[[click.Context, str], Iterable[tuple[str, str | None]]]) -> Completer:
    """Make a completer: harmless words, each once, so many at most, and none where something goes wrong."""

    @wraps(function)
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        items: dict[str, CompletionItem[Any]] = {}
        try:
            for value, text in function(context, incomplete):
                if _HARMLESS.fullmatch(value):
                    items.setdefault(value, CompletionItem(value, help=_help(text)))
                if len(items) >= MOST:
                    break
        except (RunLoggingError, OSError, ValueError):
            return []
        return list(items.values())

    return complete


def _help(text: str | None) -> str | None:
    from runlogging.cli._escape import escape_cell

    return escape_cell(text) if text else None


@_quietly
def complete_runs(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    """Offer ids of runs, the newest first: those that begin with the word, or whose name does."""
    yield from _runs(context, incomplete)


@_quietly
def complete_runs_or_metrics(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    """Offer the metrics of the runs that are named already, then runs; for RUN... METRIC."""
    yield from _metrics(context, incomplete)
    yield from _runs(context, incomplete)


@_quietly
def complete_metrics(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    """Offer the metrics of the run that is named already."""
    yield from _metrics(context, incomplete)


@_quietly
def complete_experiments(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    """Offer the experiments below the root."""
    from runlogging.reading.search._scan import experiments_of

    yield from ((name, None) for name, _ in experiments_of(_root(context)) if name.startswith(incomplete))


@_quietly
def complete_levels(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    """Offer the standard levels."""
    from runlogging.folder import STANDARD_LEVELS

    yield from ((name, None) for name in STANDARD_LEVELS if name.startswith(incomplete.upper()))


def _root(context: click.Context) -> Path:
    from runlogging.folder import DEFAULT_ROOT, find_root

    return find_root(context.params.get("root") or DEFAULT_ROOT)


def _runs(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    from runlogging.reading.search._scan import is_run

    until = time.monotonic() + SECONDS
    found = _newest_first(context)
    if "latest".startswith(incomplete) and found:
        yield "latest", None
    for name, path in found:
        if time.monotonic() > until:
            break
        folder = f"{path}/{name}"
        if name.startswith(incomplete):
            if is_run(folder):
                yield name, _called(folder)
        elif (called := _called(folder)) is not None and called.startswith(incomplete):
            yield name, called


def _newest_first(context: click.Context) -> list[tuple[str, str]]:
    """Return names of run folders and the folders that they lie in; ids begin with the time when they were made."""
    from runlogging.reading.search._scan import experiments_of, names_in

    return sorted(((name, path) for _, path in experiments_of(_root(context)) for name in names_in(path)), reverse=True)


def _latest(context: click.Context) -> Path:
    """Return the newest run by its id, which needs no look at manifests."""
    from runlogging.reading.search._scan import is_run

    paths = (Path(path, name) for name, path in _newest_first(context))
    return next((path for path in paths if is_run(path)), Path())


def _called(folder: str) -> str | None:
    from runlogging.folder import read_manifest

    try:
        return read_manifest(Path(folder)).name
    except (RunLoggingError, OSError):
        return None


def _metrics(context: click.Context, incomplete: str) -> Iterator[tuple[str, str | None]]:
    from runlogging.reading import resolve_run

    names: dict[str, None] = {}
    for run in _named(context):
        try:
            path = _latest(context) if run == "latest" else resolve_run(run, _root(context))
            names |= dict.fromkeys(_metric_names(path))
        except (RunLoggingError, OSError):  # a metric, or no run yet
            continue
    yield from ((name, None) for name in names if name.startswith(incomplete))


def _named(context: click.Context) -> Iterator[str]:
    given = context.params
    # Of RUN... METRIC the last word typed counts as the metric, though another run may follow.
    for value in (given.get("run"), *(given.get("runs") or ()), given.get("metric")):
        if isinstance(value, str):
            yield value


def _metric_names(run: Path) -> list[str]:
    """Return names of metrics from the summaries, which are small; else from the first metrics themselves."""
    import msgspec

    from runlogging.folder import WriterSummary

    names: dict[str, None] = {}
    for path in sorted(run.glob("summary*.json")):
        try:
            names |= dict.fromkeys(msgspec.json.decode(path.read_bytes(), type=WriterSummary).metrics)
        except (OSError, ValueError):
            continue
    return list(names) or _names_in_lines(run)


def _names_in_lines(run: Path) -> list[str]:
    names: dict[str, None] = {}
    for path in sorted(run.glob("metrics*.jsonl")):
        with path.open("rb") as file:
            for line in file.read(_HEAD_BYTES).split(b"\n"):
                _, _, metrics = line.partition(b'"metrics":{')
                names |= dict.fromkeys(name.decode() for name in _NAME.findall(metrics.partition(b"}")[0]))
    return list(names)
