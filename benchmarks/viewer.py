"""Measure the viewer in a real browser: first chart, zoom, many metrics, a new point, memory, the page's weight.

Each figure is the median of some passes, each of which has a server and a browser profile of its own; the files lie in
the page cache. It needs playwright and Debian's Chromium. It measures and never judges: the exit status is 0 whatever
the figures are.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from _figures import Figure
from _pages import medians, run

import runlogging
from runlogging.folder import format_time

READY = ".chart-card[data-ready]"
SOURCE = Path(__file__).resolve().parent.parent / "src"
_clock = time.perf_counter


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    points: int = 1_000_000
    names: int = 10_000
    passes: int = 5
    logged: int = 20


QUICK = Sizes(points=50_000, names=1_000, passes=1, logged=3)


# ---------------------------------------------------------------------- runs


def make_long_run(root: Path, points: int) -> str:
    """Make a run that has logged so many points of one metric and is open no more; return its key."""
    with runlogging.start_run("long", root=root, capture=False) as run:
        run.log("loss", 1.0, step=0)
    path = Path(run.path)
    with (path / "metrics.jsonl").open("a", encoding="ascii") as file:
        for step in range(1, points):
            moment = format_time(1.8e9 + step / 1000)
            value = math.exp(-step / points) + math.sin(step / 7) / 50
            file.write(f'{{"seq":{step + 1},"time":"{moment}","step":{step},"metrics":{{"loss":{value!r}}}}}\n')
    # The end of its writer and the summary say what a run that was logged point by point would say.
    _edit(path / "summary.json", points)
    lock = path / ".writers" / "main.lock"
    lines = [json.loads(text) for text in lock.read_text(encoding="utf-8").splitlines()]
    lines[-1]["counts"]["metrics"] = points
    lock.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return f"long/{path.name}"


def _edit(path: Path, points: int) -> None:
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary["counts"]["metrics"] = points
    summary["metrics"]["loss"].update(count=points, step=points - 1)
    path.write_text(json.dumps(summary), encoding="utf-8")


def make_wide_run(root: Path, names: int) -> str:
    """Make a run of so many metrics with ten points each; return its key."""
    with runlogging.start_run("wide", root=root, capture=False) as run:
        for step in range(10):
            run.log_metrics(
                {f"layer{n // 100:03d}/weight{n % 100:02d}": math.sin(n + step) for n in range(names)}, step=step
            )
    return f"wide/{Path(run.path).name}"


# ---------------------------------------------------------------------- server and browser


@contextmanager
def serving(root: Path) -> Iterator[tuple[str, int]]:
    """Give the URL of a new viewer, with the token, and its process id."""
    command = [sys.executable, "-m", "runlogging", "view", str(root), "--no-browser", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip(), server.pid
    finally:
        server.terminate()
        server.wait()


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has had resident, in megabytes; NaN where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return math.nan
    return float(text.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


@contextmanager
def tab(browser: Any, url: str) -> Iterator[Any]:
    """Give a page in a profile of its own that has been to the viewer once: the browser itself is warm."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{url}&view=nothing")
    page.wait_for_selector("main")
    yield page
    context.close()


# Playwright looks for an element every half second at worst, which is more than what is measured here: the page says
# itself when the frame after the one with the element begins, which is when people have seen it.
_FRAMES = """(() => {
  const sought = SELECTOR;
  window.frameSeen = new Promise((resolve) => {
    const look = (_, observer) => {
      if (!document.querySelector(sought)) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())));
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  });
})()"""


def seconds_until_seen(page: Any, url: str, selector: str) -> float:
    """Open a page; return the seconds from asking for it until an element of it is on the screen."""
    page.add_init_script(_FRAMES.replace("SELECTOR", json.dumps(selector)))
    begun = time.time()
    page.goto(url)
    return float(page.evaluate("window.frameSeen")) / 1000 - begun


def _of_run(url: str, key: str) -> str:
    return f"{url}&view=run&run={key}"


def _look(page: Any, expression: str) -> Any:
    return page.evaluate(
        f"() => {{ const {{ chart }} = document.querySelector('.chart-figure'); return {expression}; }}"
    )


# ---------------------------------------------------------------------- what is measured


def measure_long(browser: Any, root: Path, key: str, points: int) -> dict[str, float]:
    """Open a long run, and zoom to where all points are drawn."""
    with serving(root) as (url, pid), tab(browser, url) as page:
        first = seconds_until_seen(page, _of_run(url, key), READY)
        middle = points // 2
        zoom = page.evaluate(
            f"""async () => {{
              const {{ chart }} = document.querySelector('.chart-figure');
              const begin = performance.now();
              chart.group.zoomTo({middle - 200}, {middle + 200});
              const isWhole = () => !chart.columns.answer.sampled && chart.columns.x.length < 500;
              while (!isWhole()) await new Promise(requestAnimationFrame);
              await new Promise(requestAnimationFrame);
              return performance.now() - begin;
            }}"""
        )
        return {"first": first, "zoom": zoom / 1000, "memory": peak_mb(pid)}


def measure_wide(browser: Any, root: Path, key: str) -> dict[str, float]:
    """Open a run of many metrics, and scroll through it."""
    with serving(root) as (url, pid), tab(browser, url) as page:
        first = seconds_until_seen(page, _of_run(url, key), READY)
        most = 0
        for _ in range(10):
            page.mouse.wheel(0, 4_000)
            page.wait_for_timeout(50)
            most = max(most, page.locator("canvas").count())
        return {"names": first, "canvases": float(most), "memory": peak_mb(pid)}


def measure_live(browser: Any, root: Path, count: int) -> dict[str, float]:
    """Log points one by one, and wait for each on the screen."""
    with runlogging.start_run("live", root=root, capture=False) as run:
        run.log("loss", 0.5, step=0)
        with serving(root) as (url, pid), tab(browser, url) as page:
            page.goto(_of_run(url, f"live/{Path(run.path).name}"))
            page.wait_for_selector(READY)
            page.wait_for_timeout(1_000)
            waits = [_seen_after(page, run, step) for step in range(1, count + 1)]
            return {"latency": statistics.median(waits), "worst": max(waits), "memory": peak_mb(pid)}


def _seen_after(page: Any, run: Any, step: int) -> float:
    page.wait_for_timeout(137 * (step % 5))  # at any phase of the watcher
    begin = _clock()
    run.log("loss", step + 0.5, step=step)
    page.wait_for_function(f"() => document.querySelector('.card-figures').textContent === '{step + 0.5}'")
    return _clock() - begin


def page_weight(browser: Any, root: Path, key: str) -> float:
    """Return what the page's own files weigh, compressed, in kilobytes."""
    names = set()
    with serving(root) as (url, _), tab(browser, url) as page:
        page.on("request", lambda request: names.add(urlsplit(request.url).path))
        page.goto(_of_run(url, key))
        page.wait_for_selector(READY)
    static = SOURCE / "runlogging" / "viewer"
    files = [static / name.lstrip("/") for name in names if name.startswith("/static/")]
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in files if file.is_file()) / 1000


def measure(browser: Any, folder: Path, sizes: Sizes) -> list[Figure]:
    """Return all figures."""
    root = folder / "runs"
    long, wide = make_long_run(root, sizes.points), make_wide_run(root, sizes.names)
    many = medians(sizes.passes, lambda: measure_long(browser, root, long, sizes.points))
    names = medians(sizes.passes, lambda: measure_wide(browser, root, wide))
    live = measure_live(browser, root, sizes.logged)
    weight = page_weight(browser, root, long)
    return [
        Figure(f"first chart of a run with {sizes.points:,} points", many["first"], 1.0, "s"),
        Figure("zoom to full resolution", many["zoom"], 0.2, "s"),
        Figure("memory of the server, at most", many["memory"], 300, "MB"),
        Figure(f"first chart of a run with {sizes.names:,} metrics", names["names"], 1.5, "s"),
        Figure("charts in the page while it is scrolled, at most", names["canvases"], 40, ""),
        Figure("memory of the server, at most", names["memory"], 300, "MB"),
        Figure("a new point on the screen after the log call, median", live["latency"], 0.5, "s"),
        Figure("the same, slowest", live["worst"], unit="s"),
        Figure("weight of the run page, compressed", weight, 250, "KB"),
    ]


if __name__ == "__main__":
    run(__doc__, measure, Sizes(), QUICK)
