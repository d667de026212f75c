"""What runs are called where several are shown side by side. No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from runlogging.cli._escape import escape_cell

LONGEST = 24
_MADE_ID = re.compile(r"(\d{8}T\d{6})-\d{6}-([a-z0-9]{6})")


def labels_of(names: Mapping[str, str | None]) -> dict[str, str]:
    """Return a short label for each run, escaped: its name, else the second in its id; no two alike.

    Args:
        names: run id to the run's name.
    """
    plain = {run_id: _plain(run_id, name) for run_id, name in names.items()}
    counts = Counter(plain.values())
    return {run_id: label if counts[label] == 1 else _longer(run_id, label) for run_id, label in plain.items()}


def _plain(run_id: str, name: str | None) -> str:
    made = _MADE_ID.fullmatch(run_id)
    text = escape_cell(name or (made[1] if made else run_id))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}.."


def _longer(run_id: str, label: str) -> str:
    made = _MADE_ID.fullmatch(run_id)
    return f"{label}-{made[2]}" if made else escape_cell(run_id)
