"""A small program that looks like a training: what ``runlogging demo`` runs in a process of its own.

It uses `logging` and the handler, as any program would. The numbers are seeded: every run says the same.
"""

from __future__ import annotations

import logging
import math
import random
import sys
import time

from runlogging import RunHandler

logger = logging.getLogger("demo.train")

STEPS = 40


def main(root: str) -> None:
    """Train nothing for 40 steps, in under a second, and print the path of the run."""
    handler = RunHandler(root, "demo", run_name="small-training", tags={"model": "none", "seed": "7"})
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])
    train(random.Random(7))
    handler.close()
    sys.stdout.write(f"{handler.run_path}\n")


def train(noise: random.Random) -> None:
    """Log what a training logs: progress, numbers at each step, a warning, a handled error, and a table."""
    logger.info("training for %d steps", STEPS)
    for step in range(STEPS):
        time.sleep(0.01)  # so that the log and the table show time going by
        _step(step, noise)
    table = {"class": ["cat", "dog", "owl"], "right": [31, 28, 35], "wrong": [4, 7, 1]}
    logger.info("validated", extra={"metrics": {"by_class": table}, "step": STEPS - 1})
    logger.info("done")


def _step(step: int, noise: random.Random) -> None:
    loss = 2.3 * math.exp(-step / 12) + noise.uniform(0, 0.08)
    accuracy = 1 - 0.9 * math.exp(-step / 10) - noise.uniform(0, 0.03)
    logger.info("step", extra={"metrics": {"loss": loss, "accuracy": accuracy}, "step": step})
    if step % 10 == 0:
        logger.debug("learning rate is now %g", 0.1 / (1 + step), extra={"step": step})
    if step == 17:
        logger.warning("loss has not improved for 3 steps", extra={"step": step})
    if step == 25:
        _load_nothing()


def _load_nothing() -> None:
    try:
        _ = {"sizes": [3]}["shape"]
    except KeyError:
        logger.exception("a batch was left out")


if __name__ == "__main__":
    main(*sys.argv[1:2])
