"""Ask one question of 1,000 runs with SQL: which learning rates end with a low loss?

The script makes the runs below runs/, where they are missing; lays all of them out as one table below table/; and asks
DuckDB. It needs duckdb and runlogging[pack].

Usage: best_rates.py [--runs N]
"""

import argparse
import logging
import random
import time
from pathlib import Path

import duckdb

from runlogging import RunHandler
from runlogging.keeping.packing._dataset import dataset

ROOT, TABLE = Path("runs"), Path("table")
STEPS = 20

# One table over all runs: the columns experiment and run say of which run a row is.
QUESTION = """
with ends as (
    select experiment, run,
        max(value) filter (where name = 'rate') as rate,
        arg_max(value, step) filter (where name = 'loss') as loss
    from read_parquet('{table}/metrics/**/*.parquet', hive_partitioning = true)
    group by experiment, run
)
select experiment, round(log10(rate)) as magnitude, count(*) as runs,
    count(*) filter (where not isfinite(loss)) as diverged,
    median(loss) filter (where isfinite(loss)) as typical
from ends
group by all
order by experiment, magnitude
"""


def descend(log: logging.Logger, rate: float, dice: random.Random) -> None:
    """Go down a parabola from a random place; a rate that is too large throws the search out of it."""
    log.info("begin", extra={"metrics": {"rate": rate}})
    place = dice.uniform(1, 3)
    for step in range(STEPS):
        loss = place**2 if abs(place) < 1e6 else float("nan")
        log.info("step %d", step, extra={"metrics": {"loss": loss}, "step": step})
        place -= rate * 2 * place + dice.gauss(0, 0.01)


def make_runs(experiment: str, count: int) -> None:
    """Make as many runs as are missing, each with a rate of its own; the code that logs knows only logging."""
    there = sum(1 for _ in (ROOT / experiment).glob("*/run.json"))
    log = logging.getLogger("descend")
    log.setLevel(logging.INFO)
    for number in range(there, count):
        dice = random.Random(f"{experiment} {number}")
        handler = RunHandler(ROOT, experiment)
        log.addHandler(handler)
        descend(log, 10 ** dice.uniform(-3.5, 1.5), dice)
        log.removeHandler(handler)
        handler.close()


def main() -> None:
    """Make the runs, lay out the table, ask the question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    count = parser.parse_args().runs
    for experiment in ("parabola", "other parabola"):
        make_runs(experiment, count // 2)

    made = dataset(ROOT, TABLE)
    print(f"{made.files} files in {TABLE}, {made.packed + made.linked + made.copied} of them new")

    begun = time.perf_counter()
    answer = duckdb.sql(QUESTION.format(table=TABLE)).fetchall()
    print(f"{'EXPERIMENT':<16}{'RATE':<7}{'RUNS':>5}{'DIVERGED':>10}{'TYPICAL LOSS':>15}")
    for experiment, magnitude, runs, diverged, typical in answer:
        shown = "-" if typical is None else f"{typical:.5f}"
        print(f"{experiment:<16}{f'1e{int(magnitude):+d}':<7}{runs:>5}{diverged:>10}{shown:>15}")
    print(f"asked in {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
