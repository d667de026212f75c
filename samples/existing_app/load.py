"""Store orders in an SQLite database."""

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import transform

log = logging.getLogger(__name__)


def store(orders: Iterable[transform.Order], path: Path) -> int:
    """Store orders, an order that is there already once more as it is now; return how many."""
    rows = [(order.number, order.customer, order.cents) for order in orders]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table if not exists orders (number integer primary key, customer, cents)")
        database.executemany("insert or replace into orders values (?, ?, ?)", rows)
    log.info("%d orders in %s", len(rows), path.name)
    return len(rows)
