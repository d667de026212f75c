"""Tests of the handlers, from the configuration to the end of the process; and how they look into a run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..conftest import read_lines

STREAMS = ("logs", "metrics", "values")
# Gives up the rights of root, for which no folder is closed; a module imported later might not be readable.
DROP_RIGHTS = "os.getuid() or os.setuid(65534)"


def manifest_of(run: Path) -> dict[str, Any]:
    """Return the manifest of a run as plain JSON."""
    manifest: dict[str, Any] = json.loads((run / "run.json").read_bytes())
    return manifest


def life_of(run: Path, writer: str = "main") -> list[dict[str, Any]]:
    """Return the lines of a writer's lock file."""
    return [json.loads(text) for text in (run / ".writers" / f"{writer}.lock").read_bytes().splitlines()]


def writers_of(run: Path) -> set[str]:
    """Return the names of all writers of a run, by their lock files."""
    return {path.stem for path in (run / ".writers").glob("*.lock")}


def lines_of(run: Path, writer: str = "main") -> list[dict[str, Any]]:
    """Return the records of one writer in the order of their numbers."""
    suffix = "" if writer == "main" else f".{writer}"
    lines = [line for stream in STREAMS for line in read_lines(run, stream + suffix)]
    return sorted(lines, key=lambda line: int(line["seq"]))


def lines_of_all(run: Path) -> list[dict[str, Any]]:
    """Return the records of all writers."""
    return [line for writer in writers_of(run) for line in lines_of(run, writer)]


def messages_of(run: Path, writer: str = "main") -> list[str]:
    """Return the messages of one writer in order."""
    return [line["message"] for line in lines_of(run, writer)]
