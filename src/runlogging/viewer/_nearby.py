"""What to say of a root that holds no runs: what was sought, and which folders nearby hold some."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from runlogging.folder import RUN_MANIFEST, clean_text
from runlogging.reading.search._scan import experiments_of, is_run, names_in

SAMPLE = (
    "import logging, runlogging",
    'logging.basicConfig(level="INFO", handlers=[runlogging.RunHandler({root!r})])',
    'logging.info("step", extra={{"metrics": {{"loss": 0.5}}, "step": 1}})',
)

_SEARCH_S = 0.5
_MOST_FOUND = 5
_MOST_NAMES = 50  # of an experiment that are looked at for a manifest
_DEPTH = 2
_UPWARDS = 2
_NEVER = frozenset({"node_modules", "__pycache__", "site-packages", "proc", "sys", "dev"})


def holds_runs(root: Path) -> bool:
    """Tell whether a folder has a manifest two folders down."""
    return any(is_run(f"{path}/{name}") for _, path in experiments_of(root) for name in names_in(path))


def root_facts(root: Path) -> dict[str, Any]:
    """Return what a root is: ``root``, ``exists``, ``has_runs``; without runs also ``sought``, ``near``, ``sample``."""
    facts: dict[str, Any] = {"root": clean_text(str(root)), "exists": root.is_dir(), "has_runs": holds_runs(root)}
    if not facts["has_runs"]:
        facts["sought"] = clean_text(str(root / "<experiment>" / "<run id>" / RUN_MANIFEST))
        facts["near"] = [clean_text(str(path)) for path in near_roots(root)]
        facts["sample"] = [line.format(root=clean_text(str(root))) for line in SAMPLE]
    return facts


def near_roots(root: Path, within_s: float = _SEARCH_S) -> list[Path]:
    """Return folders near a root that hold runs, the nearest first: above it, beside it, and a little way down.

    Args:
        root: where no runs are.
        within_s: how long the search may take.
    """
    until = time.monotonic() + within_s
    found = (path for path in _candidates(root) if path != root and _has_run(path))
    taken: list[Path] = []
    known: set[str] = set()
    for path in found:
        real = os.path.realpath(path)
        if real in known:
            continue  # a link to what is named already
        known.add(real)
        taken.append(path)
        if len(taken) == _MOST_FOUND or time.monotonic() > until:
            break
    return taken


def _candidates(root: Path) -> Iterator[Path]:
    """Yield folders, each once: the parents, then what lies below the root and its parents, level by level."""
    until = time.monotonic() + _SEARCH_S
    above = [root, *islice(root.parents, _UPWARDS)]
    waiting = deque((path, 0) for path in above)
    seen: set[Path] = set()
    while waiting and time.monotonic() < until:
        path, depth = waiting.popleft()
        if path in seen:
            continue
        seen.add(path)
        yield path
        if depth < _DEPTH:
            waiting.extend((Path(inner), depth + 1) for name, inner in experiments_of(path) if name not in _NEVER)


def _has_run(root: Path) -> bool:
    for _, path in islice(experiments_of(root), _MOST_NAMES):
        if any(is_run(os.path.join(path, name)) for name in names_in(path)[:_MOST_NAMES]):  # noqa: PTH118
            return True
    return False


def no_runs_text(facts: dict[str, Any]) -> str:
    """Return for the terminal what `root_facts` says of a root without runs; several lines."""
    what = "holds no runs yet" if facts["exists"] else "is not there yet"
    lines = [f"{facts['root']} {what}: no {facts['sought']}"]
    if facts["near"]:
        lines += ["Folders nearby that hold runs:", *(f"  {path}" for path in facts["near"])]
    return "\n".join([*lines, "Three lines make a run there:", *(f"  {line}" for line in facts["sample"])])
