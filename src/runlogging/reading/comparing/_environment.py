"""What runs ran in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runlogging.reading._run import RunReader
from runlogging.reading.comparing._model import Difference
from runlogging.reading.comparing._parameters import differences, flattened

_SNAPSHOT = "snapshot.id"  # the property that names the code


def environment_differences(runs: Sequence[RunReader]) -> tuple[Difference, ...]:
    """Return what ``environment.json`` says of each run, key by key, and the id of the code's snapshot."""
    facts = [_facts(run) for run in runs]
    return differences(facts, [bool(known) for known in facts])


def _facts(run: RunReader) -> dict[str, Any]:
    # A fact that could not be had is null there (git outside a repository): the run does not have it.
    facts = {key: value for key, value in flattened(run.environment).items() if value is not None}
    snapshot = run.properties.get(_SNAPSHOT)
    return {**facts, _SNAPSHOT: snapshot} if snapshot and facts else facts
