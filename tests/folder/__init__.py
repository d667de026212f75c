"""Tests of the run folder, and the small tools that they share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runlogging.folder import Durability, Line, RunSpec, now_text


def spec_of(root: Path, run_id: str = "r1", durability: Durability = "process", **more: Any) -> RunSpec:
    """Return the specification of a run of the experiment "test" below a root."""
    return RunSpec(root / "test" / run_id, run_id, "test", durability=durability, **more)


def log_line(message: str = "text", level: str = "INFO") -> Line:
    """Return a line for the stream of diagnostics."""
    return Line(time=now_text(), level=level, message=message)


def metric_line(value: float | None = 0.5, step: int = 0, name: str = "loss") -> Line:
    """Return a line for the stream of numbers."""
    return Line(time=now_text(), step=step, metrics={name: value})


def value_line(value: Any = "text", name: str = "note") -> Line:
    """Return a line for the stream of other values."""
    return Line(time=now_text(), values=[{"name": name, "type": "text", "value": value}])


def read_life(run: Path, writer: str = "main") -> list[dict[str, Any]]:
    """Return the lines of a writer's lock file, by the standard parser."""
    path = run / ".writers" / f"{writer}.lock"
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def read_run(run: Path) -> dict[str, Any]:
    """Return the manifest by the standard parser."""
    return json.loads((run / "run.json").read_bytes())  # type: ignore[no-any-return]
