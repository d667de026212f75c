"""Load a day's orders into a database: read, convert, store.

An application that logs as the documentation of logging recommends. The three lines that end in
"# runlogging" keep its records in a run folder as well; without them it is the same application.
"""

import argparse
import logging
import logging.handlers
import sys
from pathlib import Path

import extract
import load
import transform

from runlogging import RunHandler  # runlogging

log = logging.getLogger("app")


def configure_logging(log_file: Path) -> None:
    """Send INFO and above to the console, everything to a rotating file."""
    console = logging.StreamHandler(sys.stdout)
    console.setLevel(logging.INFO)
    console.setFormatter(logging.Formatter("%(levelname)-7s %(name)s: %(message)s"))
    file = logging.handlers.RotatingFileHandler(log_file, maxBytes=100_000, backupCount=3, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s:%(lineno)d %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[console, file])
    logging.captureWarnings(True)
    run = RunHandler(root="runs", experiment="daily-orders")  # runlogging
    logging.getLogger().addHandler(run)  # runlogging


def main() -> None:
    """Run the three steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("orders", nargs="?", type=Path, default=Path(__file__).with_name("orders.csv"))
    parser.add_argument("--database", type=Path, default=Path("orders.db"))
    arguments = parser.parse_args()

    configure_logging(Path("app.log"))
    log.info("reading %s", arguments.orders.name)
    rows = extract.read_orders(arguments.orders)
    orders = transform.convert_all(rows)
    stored = load.store(orders, arguments.database)
    log.info("%d of %d rows stored", stored, len(rows))


if __name__ == "__main__":
    main()
