"""Take the pictures of the viewer and of a report in ``docs/pictures``: ``python viewer/take_pictures.py``.

Makes runs with a fixed seed in a temporary root, shows them by a viewer of this checkout, and takes each page in a
headless Chromium. It needs the package, ``playwright`` and Chromium (``--chromium PATH``); nothing is fetched.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import runlogging
from runlogging.charts import ConfusionMatrix
from runlogging.reading import open_run
from runlogging.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MOST_BYTES = 200_000
STEPS = 400
RATES = (0.003, 0.01, 0.03)
CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SETTLED_MS = 700


# ---------------------------------------------------------------------- runs


def train(root: Path, rate: float, seed: int) -> str:
    """Log a run that learns as quickly as its rate says; return ``experiment/id``."""
    chance = random.Random(f"{rate} {seed}")
    luck = 0.7 + 0.6 * chance.random()
    log = logging.getLogger("train.loop")
    parameters = {"lr": rate, "seed": seed, "model": {"name": "resnet", "layers": [64, 128]}}
    name = f"lr {rate}, seed {seed}"
    with runlogging.start_run("digits", root=root, name=name, parameters=parameters, tags={"data": "cifar"}) as run:
        log.info("10 classes, 50,000 pictures for training, 10,000 to validate")
        for step in range(STEPS):
            _log_step(run, log, chance, rate, luck, step)
        run.log_confusion_matrix("confusion", _confusion(chance, rate), "of the last epoch")
        run.log_text("note", "the learning rate is halved at step 250")
        return _key(run)


def _log_step(
    run: runlogging.Run, log: logging.Logger, chance: random.Random, rate: float, luck: float, step: int
) -> None:
    turn = STEPS * 5 // 8
    gone = rate * luck * (min(step, turn) + max(0, step - turn) / 2)
    loss = 2.3 * math.exp(-gone) + 0.12 + chance.gauss(0, 0.03 + rate)
    seen = 2.3 * math.exp(-gone * 0.9) + 0.18 + rate * step / STEPS
    speed = rate if step < turn else rate / 2
    run.log_metrics({"train/loss": loss, "train/accuracy": 1 - loss / 2.8, "lr": speed}, step=step)
    if step % 10 == 0:
        run.log_metrics({"val/loss": seen + chance.gauss(0, 0.02), "val/accuracy": 1 - seen / 2.8}, step=step)
        log.info("epoch %d done, loss %.3f", step // 10, loss, extra={"step": step})
    if step % 37 == 5:
        log.debug("batch of 128 in %.1f ms", 40 + chance.random() * 9, extra={"step": step})
    if step == turn:
        log.info("learning rate halved", extra={"mark": True, "step": step})
    if step in (120, 330):
        log.warning("gradient norm %.1f is above 10, clipped", 10 + chance.random() * 9, extra={"step": step})


def _confusion(chance: random.Random, rate: float) -> ConfusionMatrix:
    def count(true: int, predicted: int) -> int:
        if true == predicted:
            return 780 + chance.randrange(190)
        is_alike = {CLASSES[true], CLASSES[predicted]} in ({"cat", "dog"}, {"car", "truck"}, {"deer", "horse"})
        return chance.randrange(110) if is_alike else chance.randrange(3 + int(600 * rate))

    places = range(len(CLASSES))
    return ConfusionMatrix(CLASSES, tuple(tuple(count(true, predicted) for predicted in places) for true in places))


def break_down(root: Path) -> None:
    """Log a run that fails."""
    with suppress(RuntimeError), runlogging.start_run("digits", root=root, name="batch 4096") as run:
        run.log_metrics({"train/loss": 2.31, "train/accuracy": 0.1}, step=0)
        raise RuntimeError("out of memory: tried to allocate 2.00 GiB")


def _key(run: runlogging.Run) -> str:
    return f"{run.path.parent.name}/{run.path.name}"


# ---------------------------------------------------------------------- pictures


@dataclass(frozen=True)
class Picture:
    """A picture to take.

    Attributes:
        name: its file's name without the ending.
        state: what stands in the URL of the page.
        ready: a selector of what must be there.
        theme: "light" or "dark".
        size: width and height of the window in pixels.
        prepare: what is done in the page before it is taken.
    """

    name: str
    state: dict[str, str]
    ready: str
    theme: str = "light"
    size: tuple[int, int] = (1280, 800)
    prepare: Callable[[Page], None] = field(default=lambda page: None)


def _point_at_curve(page: Page) -> None:
    box = page.locator(".chart-card .u-over").first.bounding_box()
    if box is None:
        raise SystemExit("The page of a run shows no chart; look at it by `runlogging view`.")
    page.mouse.move(box["x"] + box["width"] * 0.31, box["y"] + box["height"] * 0.5)
    page.locator(".around-line").first.wait_for()


def wanted(run: str) -> list[Picture]:
    """Return the pictures to take, of a run and of all of them."""
    chart = ".chart-card[data-ready]"
    one = {"view": "run", "run": run}
    every = {"view": "compare", "where": "status = 'Completed'"}
    return [
        Picture("viewer-runs", {"view": "runs"}, ".grid svg"),
        Picture("viewer-run-light", one, chart, prepare=_point_at_curve),
        Picture("viewer-run-dark", one, chart, theme="dark", prepare=_point_at_curve),
        Picture("viewer-run-narrow", one, chart, size=(360, 740)),
        Picture("viewer-logs-dark", {**one, "tab": "logs"}, ".virtual-list > *", theme="dark", size=(1180, 760)),
        Picture("viewer-values", {**one, "tab": "values", "value": "confusion"}, ".plot-matrix", size=(1280, 880)),
        Picture("viewer-compare", every, chart, size=(1180, 720)),
        Picture("viewer-groups", {**every, "group": "params.lr"}, chart),
    ]


def take(browser: Browser, url: str, picture: Picture, folder: Path) -> Path:
    """Take a picture; return its path.

    Args:
        browser: the browser.
        url: the URL that the viewer printed, with its token.
        picture: what is wanted.
        folder: where its file goes.
    """
    from urllib.parse import urlencode

    size = {"width": picture.size[0], "height": picture.size[1]}
    context = browser.new_context(viewport=size, locale="en-US", color_scheme=picture.theme, timezone_id="UTC")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{url}&{urlencode(picture.state)}")
    page.locator(picture.ready).first.wait_for()
    page.wait_for_timeout(SETTLED_MS)
    picture.prepare(page)
    page.wait_for_timeout(SETTLED_MS)
    path = folder / f"{picture.name}.png"
    page.screenshot(path=path)
    context.close()
    return path


def take_report(browser: Browser, run: Path, theme: str, folder: Path) -> Path:
    """Take a picture of the report of a run, from its metrics on; return its path."""
    file = write_report(open_run(run), run.parent.parent / "report.html")
    context = browser.new_context(viewport={"width": 1120, "height": 1180}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{file.as_uri()}#metrics")
    path = folder / f"report-{theme}.png"
    page.screenshot(path=path)
    context.close()
    return path


@contextmanager
def viewing(root: Path) -> Iterator[str]:
    """Show a root while the block runs; give the URL."""
    command = [sys.executable, "-m", "runlogging", "view", str(root), "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.terminate()
        process.wait()


def make_runs(root: Path) -> str:
    """Make the runs that are shown; return the one whose page is taken."""
    logging.basicConfig(level=logging.DEBUG, handlers=[logging.NullHandler()])
    made = {(rate, seed): train(root, rate, seed) for rate in RATES for seed in (0, 1, 2)}
    break_down(root)
    return made[RATES[1], 0]


def main() -> None:
    """Take all pictures, and say how large each became."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Take the pictures of the viewer.")
    parser.add_argument("--to", type=Path, default=PICTURES, metavar="FOLDER", help="where they go [docs/pictures]")
    parser.add_argument(
        "--chromium", default="/usr/bin/chromium", metavar="PATH", help="the browser [/usr/bin/chromium]"
    )
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        run = make_runs(root)
        with viewing(root) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
            paths = [take(browser, url, picture, options.to) for picture in wanted(run)]
            paths += [take_report(browser, root / run, theme, options.to) for theme in ("light", "dark")]
            browser.close()
    sizes = {path.name: path.stat().st_size for path in paths}
    sys.stdout.write("".join(f"{name} {size:,} bytes\n" for name, size in sizes.items()))
    large = [name for name, size in sizes.items() if size > MOST_BYTES]
    if large:
        raise SystemExit(f"larger than {MOST_BYTES:,} bytes: {', '.join(large)}. Show less in them.")


if __name__ == "__main__":
    main()
