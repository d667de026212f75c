"""Measure the page of runs in a real browser: 10,000 runs of 500 columns, opened, sorted, filtered, grouped, scrolled.

The runs are copies of one real run whose summary and manifest were written anew with numbers of their own; the files
lie in the page cache. "The first time" is without anything that lists and viewers keep below ``.index``. It needs
playwright and Debian's Chromium. It measures and never judges: the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _figures import Figure
from _pages import medians, run

import runlogging
from runlogging.folder import read_manifest, write_manifest
from viewer import peak_mb, seconds_until_seen, serving, tab

ROW = ".grid-row[data-key]"
EXPERIMENTS = 10
PARAMETERS, TAGS = 15, 5
# Entries of manifests that are younger are not trusted.
AGE_NS = 10_000_000_000


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    runs: int = 10_000
    metrics: int = 480
    passes: int = 3


QUICK = Sizes(runs=400, metrics=80, passes=1)


# ---------------------------------------------------------------------- runs


def make_runs(root: Path, sizes: Sizes) -> None:
    """Fill a root with runs that have ended, each with numbers of its own."""
    names = [f"layer{place // 20:02d}/weight{place % 20:02d}" for place in range(sizes.metrics)]
    with runlogging.start_run("seed", root=root.parent / "seed", capture=False) as run:
        for step in range(2):
            run.log_metrics(dict.fromkeys(names, step / 3), step=step)
    seed, rng = Path(run.path), random.Random(7)
    summary = json.loads((seed / "summary.json").read_text(encoding="utf-8"))
    for number in range(sizes.runs):
        _make_run(root, number, seed, summary, rng)


def _make_run(root: Path, number: int, seed: Path, summary: Any, rng: random.Random) -> None:
    folder = root / f"exp{number % EXPERIMENTS}" / f"20261125T{number:06d}-000000-abcdef"
    shutil.copytree(seed, folder)
    for place, found in enumerate(summary["metrics"].values()):
        low, high = sorted((rng.random(), rng.random()))
        found.update(last=place + high, min=place + low, max=place + high, mean=place + (low + high) / 2)
    # The first metric says which run it is, so that an order and a filter can be told from any other.
    next(iter(summary["metrics"].values())).update(last=_score(number))
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    manifest = read_manifest(seed)
    manifest.id, manifest.experiment, manifest.name = folder.name, folder.parent.name, f"run {number}"
    manifest.number = number
    manifest.parameters = {f"p{place}": number % (place + 2) / 4 for place in range(PARAMETERS)}
    manifest.tags = {f"t{place}": f"v{number % (place + 3)}" for place in range(TAGS)}
    write_manifest(folder, manifest)
    moment = time.time_ns() - AGE_NS
    os.utime(folder / "run.json", ns=(moment, moment))


def _score(number: int) -> float:
    """Return the first metric of a run: no two have the same, and their order is not that of the runs."""
    return (number * 7_919 % 1_000_003) / 7


# ---------------------------------------------------------------------- the page

METRIC = "layer00/weight00"
# The clock of the page from an act to the second frame after what was waited for is in the page.
_UNTIL = """async ([act, holds]) => {
  const [doIt, isThere] = [act, holds].map((text) => new Function(`return (${text});`));
  const begin = performance.now();
  doIt();
  while (!isThere()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}"""
_IS_READ = "!document.querySelector('.runs-loading') && document.querySelector('.grid-row[data-key]')"


def _seconds(page: Any, act: str, holds: str) -> float:
    return float(page.evaluate(_UNTIL, [act, holds])) / 1000


def _first_row(number: int) -> str:
    return f"document.querySelector({ROW!r})?.querySelector('.name a')?.textContent.trim() === 'run {number}'"


def sort(page: Any, best: int) -> float:
    """Click a metric's head; return the seconds until the run with the least of it is the first row."""
    head = f"[...document.querySelectorAll('[role=columnheader] button')].find((one) => one.textContent === {METRIC!r})"
    return _seconds(page, f"{head}.click()", _first_row(best))


def choose(page: Any, where: str, first: int) -> float:
    """Write a filter and press Enter; return the seconds until the first row is that of a run."""
    act = f"""(() => {{
      const box = document.querySelector('input.filter');
      box.value = {json.dumps(where)};
      box.dispatchEvent(new Event('input', {{ bubbles: true }}));
      box.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true }}));
    }})()"""
    return _seconds(page, act, _first_row(first))


def group(page: Any, name: str, count: int) -> float:
    """Choose a column to group by; return the seconds until its groups are there."""
    act = f"""(() => {{
      const box = document.querySelectorAll('.runs-bar select')[1];
      box.value = [...box.options].find((one) => one.textContent === {name!r}).value;
      box.dispatchEvent(new Event('change', {{ bubbles: true }}));
    }})()"""
    return _seconds(page, act, f"document.querySelectorAll('table.groups tbody tr').length === {count}")


def scroll(page: Any, direction: str) -> float:
    """Jump to the end of the rows or the columns; return the seconds until what is there has its cells."""
    side = {"down": ("scrollTop", "scrollHeight"), "right": ("scrollLeft", "scrollWidth")}[direction]
    grid = "document.querySelector('.grid')"
    # No row waits, and each cell that is seen has its number.
    ends = {
        "down": f"document.querySelector('.grid-row:last-child').ariaRowIndex === {grid}.ariaRowCount",
        "right": f"[...document.querySelectorAll('[role=columnheader]')].at(-1).ariaColIndex === {grid}.ariaColCount",
    }
    holds = (
        f"{ends[direction]} && !document.querySelector('.grid .waiting') && "
        "[...document.querySelectorAll('.grid-row .cell.number')].every((cell) => cell.textContent)"
    )
    return _seconds(page, f"{grid}.{side[0]} = {grid}.{side[1]}", holds)


# ---------------------------------------------------------------------- what is measured


def measure_opening(browser: Any, root: Path, sizes: Sizes, *, is_first: bool) -> dict[str, float]:
    """Open the page, and sort, and filter, as soon as the first row is there."""
    found: dict[str, float] = {}
    best = min(range(sizes.runs), key=_score)
    acts: dict[str, Callable[[Any, int], float]] = {"sort": sort, "filter": _choose_one}
    for what, act in acts.items():
        if is_first:
            shutil.rmtree(root / ".index", ignore_errors=True)
        with serving(root) as (url, pid), tab(browser, url) as page:
            begun = time.perf_counter()
            found["row"] = seconds_until_seen(page, f"{url}&view=runs&cols=metrics.{METRIC}", ROW)
            found[what] = act(page, best)
            page.wait_for_function(f"() => {_IS_READ}", timeout=600_000)
            found["read"] = time.perf_counter() - begun
            _wait_for(root / ".index" / "figures.bin")
            found["memory"] = max(found.get("memory", 0.0), peak_mb(pid))
    return found


def _wait_for(path: Path) -> None:
    """Wait until the server has written what it keeps, half a minute at most: a disk may be read-only."""
    until = time.monotonic() + 30
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.05)


def _choose_one(page: Any, number: int) -> float:
    return choose(page, f"metrics.`{METRIC}` <= {_score(number)!r}", number)


def measure_read(browser: Any, root: Path, sizes: Sizes) -> dict[str, float]:
    """Sort, filter, group and scroll a page all of whose runs have been read."""
    best = min(range(sizes.runs), key=_score)
    columns = ",".join(f"metrics.layer{n // 20:02d}/weight{n % 20:02d}" for n in range(sizes.metrics))
    with serving(root) as (url, pid), tab(browser, url) as page:
        page.goto(f"{url}&view=runs&cols={columns}")
        page.wait_for_function(f"() => {_IS_READ}", timeout=600_000)
        found = {"sort": sort(page, best)}
        found["filter"] = choose(page, "params.p0 = 0.25", _odd(sizes.runs))
        found["metric"] = _choose_one(page, best)
        choose(page, "", best)
        page.wait_for_function(f"() => document.querySelector('.grid')?.ariaRowCount === '{sizes.runs + 1}'")
        found["down"], found["right"] = scroll(page, "down"), scroll(page, "right")
        found["cells"] = float(page.locator(".grid .cell").count())
        found["group"] = group(page, "params.p3", 5)
        found["memory"] = peak_mb(pid)
        return found


def _odd(runs: int) -> int:
    """Return the run with the least first metric among those that a filter by p0 leaves."""
    return min(range(1, runs, 2), key=_score)


def measure(browser: Any, folder: Path, sizes: Sizes) -> list[Figure]:
    """Return all figures of the page of runs."""
    root = folder / "many"
    make_runs(root, sizes)
    many = f"{sizes.runs:,} runs x {sizes.metrics + PARAMETERS + TAGS} columns"
    first = medians(sizes.passes, lambda: measure_opening(browser, root, sizes, is_first=True))
    again = medians(sizes.passes, lambda: measure_opening(browser, root, sizes, is_first=False))
    read = medians(sizes.passes, lambda: measure_read(browser, root, sizes))
    return [
        *_opening_figures(f"{many}, the first time", first),
        *_opening_figures(f"{many}, again", again),
        Figure(f"{many}: sorted by a metric, from the click", read["sort"], 0.2, "s"),
        Figure("filtered by a parameter, from Enter", read["filter"], 0.2, "s"),
        Figure("filtered by a metric, from Enter", read["metric"], 0.2, "s"),
        Figure("grouped by a parameter", read["group"], 0.2, "s"),
        Figure("scrolled to the last row", read["down"], unit="s"),
        Figure("scrolled to the last column", read["right"], unit="s"),
        Figure("cells in the page, at most", read["cells"], 900),
        Figure("memory of the server, at most", max(one["memory"] for one in (first, again, read)), 300, "MB"),
    ]


def _opening_figures(what: str, found: dict[str, float]) -> list[Figure]:
    return [
        Figure(f"{what}: first row", found["row"], 1.5, "s"),
        Figure("  sorted by a metric right after it", found["sort"], unit="s"),
        Figure("  filtered by a metric right after it", found["filter"], unit="s"),
        Figure("  all is read after", found["read"], unit="s"),
    ]


if __name__ == "__main__":
    run(__doc__, measure, Sizes(), QUICK)
