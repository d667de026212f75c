"""What runs are called where several stand side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from runlogging.drawing._markup import one_line

_LONGEST = 28


def labels_of(names: Mapping[str, str | None]) -> dict[str, str]:
    """Return a short label for each run: its name, else its id; no two alike.

    Args:
        names: run id to the run's name.
    """
    plain = {run_id: _cut(one_line(name or run_id)) for run_id, name in names.items()}
    counts = Counter(plain.values())
    return {run_id: text if counts[text] == 1 else f"{text} {run_id[-6:]}" for run_id, text in plain.items()}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
