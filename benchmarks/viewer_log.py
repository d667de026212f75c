"""Measure log and curve as one in a real browser: from a point to its lines, from a line to all charts, and the log.

The run has 1,000,000 points of several metrics and 1,000,000 log lines, logged in turns by one process. Each figure is
the median of some passes, each of which has a server and a browser profile of its own; of what is done several times in
a pass the slowest is told, too. The files lie in the page cache. It needs playwright and Debian's Chromium. It measures
and never judges: the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import logging
import math
import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _figures import Figure
from _pages import medians, run

import runlogging
from viewer import READY, peak_mb, seconds_until_seen, serving, tab

METRICS = ("loss", "accuracy", "rate", "norm")
RARE = "a needle"
ROW = ".log-row:not(.log-waiting)"
PATIENCE_MS = 600_000


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    lines: int = 1_000_000
    passes: int = 5
    moments: int = 20


QUICK = Sizes(lines=20_000, passes=1, moments=4)


# ---------------------------------------------------------------------- the run


def make_run(root: Path, lines: int) -> str:
    """Log so many points and lines in turns; return the run's key."""
    log = logging.getLogger("train.loop")
    log.setLevel(logging.INFO)
    log.addHandler(logging.NullHandler())  # else warnings go to stderr
    with runlogging.start_run("both", root=root) as run:
        for step in range(lines):
            numbers = {name: math.exp(-step / lines) + math.sin(step / 7 + at) / 50 for at, name in enumerate(METRICS)}
            run.log_metrics(numbers, step=step)
            if step % 1_000 == 999:
                log.warning("step %d of the run took long", step)
            elif step == lines // 3:
                log.info("step %d of the run has %s", step, RARE, extra={"mark": "needle", "step": step})
            else:
                log.info("step %d of the run", step)
    return f"both/{Path(run.path).name}"


# ---------------------------------------------------------------------- the page

# The page times what it does in answer: from the event that the browser made of the pointer, the button or the key, to
# the end of the frame in which something holds. What holds before is an error of the benchmark.
_WATCH = """([kind, holds]) => {
  const isThere = new Function(`return (${holds});`);
  window.pointed = document.querySelector(".chart-aside p.mono")?.textContent;
  window.marked = document.querySelector(".chart-figure")?.chart.group.mark;
  window.drawn = new Set();
  if (isThere()) throw new Error(`holds already: ${holds}`);
  window.done = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`never holds: ${holds}`)), 60_000);
    addEventListener(kind, async ({ timeStamp }) => {
      while (!isThere()) await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      resolve(performance.now() - timeStamp);
    }, { once: true, capture: true });
  });
}"""
# A chart tells when it has drawn with another mark than before.
_TELL = """() => {
  for (const { chart } of document.querySelectorAll(".chart-figure"))
    chart.plot.hooks.draw.push(() => chart.group.mark !== window.marked && window.drawn?.add(chart));
}"""
# The lines are those of the point that the page says is pointed at now.
_HAS_LINES = """(() => {
  const told = document.querySelector(".chart-aside p.mono").textContent;
  const step = / step (\\d+)/.exec(told)?.[1];
  const lines = [...document.querySelectorAll(".chart-aside .around-line .text")];
  return told !== window.pointed && lines.some((line) => line.textContent.startsWith(`step ${step} of`));
})()"""
_ARE_DRAWN = f"window.drawn.size === {len(METRICS)}"
_HAVE_MARKS = f"""(() => {{
  const charts = [...document.querySelectorAll(".chart-figure")].map(({{ chart }}) => chart);
  return charts.length === {len(METRICS)} && charts.every((chart) => chart.plot && chart.group.mark);
}})()"""
# Frames from now on until ``window.isOver``: ``window.frames`` are their lengths in milliseconds.
_FRAMES = """() => {
  Object.assign(window, { frames: [], isOver: false });
  let before = performance.now();
  const look = (now) => {
    window.frames.push(now - before);
    before = now;
    if (!window.isOver) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def timed(page: Any, kind: str, holds: str, act: Callable[[], object]) -> float:
    """Do something; return the seconds from the event of its kind until something holds and is on the screen."""
    page.evaluate(_WATCH, [kind, holds])
    act()
    return float(page.evaluate("window.done")) / 1000


def point_at(page: Any, share: float) -> float:
    """Point into the first chart; return the seconds until the lines of that moment stand beside it."""
    box = page.locator(".chart-figure .u-over").first.bounding_box()
    x, y = box["x"] + box["width"] * share, box["y"] + box["height"] / 2
    return timed(page, "pointermove", _HAS_LINES, lambda: page.mouse.move(x, y))


def click_line(page: Any, number: int) -> float:
    """Click a line beside the charts; return the seconds until all charts have drawn its moment."""
    line = page.locator(".chart-aside .around-line").nth(number)
    line.hover()
    return timed(page, "click", _ARE_DRAWN, line.click)


def search(page: Any, text: str, hits: int) -> float:
    """Search the log for a text; return the seconds from Enter until all its hits are counted."""
    # Typing would begin the search before Enter does.
    page.locator(".log-query").evaluate("(box, text) => (box.value = text)", text)
    told = "document.querySelector('.log-found').textContent"
    holds = f"/(^|of ){hits:,} hits$/.test({told})"
    return timed(page, "keydown", holds, lambda: page.press(".log-query", "Enter"))


def jump(page: Any, line: int) -> float:
    """Go to a line of the log; return the seconds from Enter until it is there."""
    page.fill(".log-goto", str(line))
    holds = f"document.querySelector(\".log-row[data-row='{line - 1}']:not(.log-waiting)\")"
    return timed(page, "keydown", holds, lambda: page.press(".log-goto", "Enter"))


def scroll(page: Any, notches: int) -> list[float]:
    """Turn the wheel over the log; return the seconds of each frame."""
    box = page.locator(".log-view").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(_FRAMES)
    for _ in range(notches):
        page.mouse.wheel(0, 120)
    return [frame / 1000 for frame in page.evaluate("(window.isOver = true, window.frames)")]


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has had, in seconds; NaN where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------------- what is measured


def measure_together(browser: Any, root: Path, key: str, sizes: Sizes) -> dict[str, float]:
    """Point at moments of the charts, and click lines beside them."""
    with serving(root) as (url, pid), tab(browser, url) as page:
        seconds_until_seen(page, f"{url}&view=run&run={key}", READY)
        found = {"early": point_at(page, 0.3)}
        # The last ticks come when all of the log was looked through.
        ticks = "document.querySelector('.chart-figure').chart.group.notes?.ticks"
        _wait(page, f"{ticks}?.reduce((sum, tick) => sum + tick.count, 0) === {sizes.lines // 1_000}")
        page.wait_for_timeout(1_000)
        page.evaluate(_TELL)
        pairs = [_there_and_back(page, number) for number in range(sizes.moments)]
        lines, marks = zip(*pairs, strict=True)
        found |= {"lines": statistics.median(lines), "lines, slowest": max(lines)}
        found |= {"marks": statistics.median(marks), "marks, slowest": max(marks)}
        return found | {"memory": peak_mb(pid)}


def _there_and_back(page: Any, number: int) -> tuple[float, float]:
    lines = point_at(page, 0.05 + number * 0.37 % 0.9)
    page.wait_for_timeout(150)
    marks = click_line(page, 2 + number % 3)
    page.wait_for_timeout(150)
    return lines, marks


def measure_log(browser: Any, root: Path, key: str, sizes: Sizes) -> dict[str, float]:
    """Open the log, scroll, jump and search in it, and go from a line to the charts."""
    with serving(root) as (url, pid), tab(browser, url) as page:
        found = {"first": seconds_until_seen(page, f"{url}&view=run&run={key}&tab=logs", ROW)}
        seen = "document.querySelector('.log-seen').textContent"
        _wait(page, f"{seen}.includes('of {sizes.lines:,}') && !{seen}.includes('reading')")
        frames = sorted(scroll(page, 100))
        found |= {"frame": statistics.median(frames), "frame, slowest": frames[len(frames) * 95 // 100]}
        found["jump"] = jump(page, sizes.lines // 2 + 1)
        for name, text, hits in (("rare", RARE, 1), ("every", "of the run", sizes.lines)):
            before = cpu_s(pid)
            found[name] = search(page, text, hits)
            found[f"{name}, cpu"] = cpu_s(pid) - before
        page.locator(f"{ROW}.log-current").click()
        page.keyboard.press("Escape")
        found["charts"] = timed(page, "keydown", _HAVE_MARKS, lambda: page.locator("body").press("1"))
        return found | {"memory": peak_mb(pid)}


def _wait(page: Any, holds: str) -> None:
    page.wait_for_function(f"() => {holds}", timeout=PATIENCE_MS)


def measure(browser: Any, folder: Path, sizes: Sizes) -> list[Figure]:
    """Return all figures of log and curve together.

    Args:
        browser: of playwright.
        folder: where a root may be made.
        sizes: how much is measured.
    """
    root = folder / "both"
    key = make_run(root, sizes.lines)
    both = medians(sizes.passes, lambda: measure_together(browser, root, key, sizes))
    log = medians(sizes.passes, lambda: measure_log(browser, root, key, sizes))
    many = f"{sizes.lines:,}"
    return [
        Figure(f"{many} points and lines: from pointing at a point to its lines", both["lines"], 0.1, "s"),
        Figure("  the same, slowest", both["lines, slowest"], unit="s"),
        Figure("  the same as soon as the first chart is there", both["early"], unit="s"),
        Figure("from a click on a line to its mark on all charts", both["marks"], 0.1, "s"),
        Figure("  the same, slowest", both["marks, slowest"], unit="s"),
        Figure("first log line on the screen", log["first"], unit="s"),
        Figure("a frame while the log is scrolled", log["frame"], unit="s"),
        Figure("  19 of 20 frames are shorter than", log["frame, slowest"], unit="s"),
        Figure(f"jump to line {sizes.lines // 2 + 1:,}", log["jump"], unit="s"),
        Figure(f"search of {many} lines for what one holds", log["rare"], 1.0, "s"),
        Figure("  processor time of the server for it", log["rare, cpu"], unit="s"),
        Figure("search for what every line holds", log["every"], 1.0, "s"),
        Figure("  processor time of the server for it", log["every, cpu"], unit="s"),
        Figure("from the log to the charts, with the mark of a line", log["charts"], unit="s"),
        Figure("memory of the server, at most", max(both["memory"], log["memory"]), 300, "MB"),
    ]


if __name__ == "__main__":
    run(__doc__, measure, Sizes(), QUICK)
