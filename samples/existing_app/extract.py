"""Read orders from a CSV file."""

import csv
import logging
from pathlib import Path

log = logging.getLogger(__name__)


def read_orders(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, each as column to text; empty rows are left out."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if any(row.values())]
    log.debug("columns: %s", ", ".join(rows[0]) if rows else "none")
    log.info("%d rows read", len(rows))
    return rows
