"""Turn rows of text into orders."""

import logging
import warnings
from dataclasses import dataclass
from decimal import Decimal

log = logging.getLogger(__name__)

_CENTS_PER_UNIT = {"EUR": Decimal(100), "CHF": Decimal("104.2"), "SEK": Decimal("8.7")}


@dataclass(frozen=True)
class Order:
    """One order, its amount in euro cents."""

    number: int
    customer: str
    cents: int


def convert_all(rows: list[dict[str, str]]) -> list[Order]:
    """Return the orders of all rows that can be read; the others are logged and left out."""
    orders = []
    for row in rows:
        try:
            orders.append(convert(row))
        except (ArithmeticError, LookupError, ValueError):
            log.exception("order %s left out", row["order"], extra={"order": row["order"]})
    return orders


def convert(row: dict[str, str]) -> Order:
    """Return the order of one row."""
    if row["currency"] == "SEK":
        warnings.warn("amounts in SEK will be refused from next year on", FutureWarning, stacklevel=2)
    if not row["customer"]:
        log.warning("order %s has no customer", row["order"], extra={"order": row["order"]})
    cents = Decimal(row["amount"]) * _CENTS_PER_UNIT[row["currency"]]
    return Order(int(row["order"]), row["customer"] or "unknown", round(cents))
