"""What the tests of comparing share: runs of given metrics, parameters and log lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runlogging import start_run
from runlogging.folder import Line, now_text
from tests.reading.tools import written

Values = Iterable[float | int | None] | Mapping[int, float | int]


def measured(root: Path, run_id: str, **metrics: Values) -> Path:
    """Return the folder of a run with metrics: values from step 0 on, or step to value."""
    with start_run("test", root, run_id=run_id, capture=False, environment=False) as run:
        for name, values in metrics.items():
            points = values.items() if isinstance(values, Mapping) else enumerate(values)
            for step, value in points:
                run.log(name, value, step=step)
    return root / "test" / run_id


def started(root: Path, run_id: str, parameters: Mapping[str, Any], **tags: str | None) -> Path:
    """Return the folder of a run with parameters and tags."""
    options = {"run_id": run_id, "capture": False, "environment": False}
    with start_run("test", root, tags=tags, parameters=parameters, **options):  # type: ignore[arg-type]
        pass
    return root / "test" / run_id


def in_environment(root: Path, run_id: str, facts: Mapping[str, Any]) -> Path:
    """Return the folder of a run whose environment file says these facts."""
    path = started(root, run_id, {})
    (path / "environment.json").write_text(json.dumps(facts), encoding="utf-8")
    return path


def logged(root: Path, run_id: str, *lines: Line) -> Path:
    """Return the folder of a run that logged these lines."""
    return written(root, *lines, run_id=run_id)


def entry(template: str, *args: object, level: str = "WARNING", file: str = "/code/train.py", **fields: Any) -> Line:
    """Return a line as a log call makes it."""
    place = {"file": file, "line": 10, "logger": "app", **fields}
    return Line(time=now_text(), level=level, message=template % args, template=template, **place)
