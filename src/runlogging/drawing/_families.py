"""Which metrics share a chart: those of one quantity in training, validation and test. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PHASES = "train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|eval(?:uation)?|dev"
_FIRST = re.compile(rf"(?:{_PHASES})[/_.\- ](?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_LAST = re.compile(rf"(?P<rest>.+)[/_.\- ](?:{_PHASES})", re.IGNORECASE | re.DOTALL)


def family_of(name: str) -> str:
    """Return the name of a metric without its phase: ``train/loss`` and ``loss_val`` are ``loss``."""
    match = _FIRST.fullmatch(name) or _LAST.fullmatch(name)
    return match["rest"] if match else name


def families(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the metrics that share a chart, family to names.

    Families whose names begin alike (``system/...``) stand together; else the order is that of first appearance.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(family_of(name), []).append(name)
    prefixes = list(dict.fromkeys(map(_prefix, found)))
    ranks = {prefix: rank for rank, prefix in enumerate(prefixes)}
    return {family: found[family] for family in sorted(found, key=lambda family: ranks[_prefix(family)])}


def _prefix(family: str) -> str:
    first, slash, _ = family.partition("/")
    return first if slash else ""
