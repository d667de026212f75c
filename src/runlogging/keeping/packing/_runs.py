"""The runs below a root, those that cannot be read too."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runlogging.folder import StreamName, stream_name
from runlogging.reading.search._scan import scan


def runs_below(root: Path, experiment: str | None = None) -> dict[Path, str | None]:
    """Return the run folders below a root by name, each with what is wrong with it, or None."""
    found: dict[Path, str | None] = {}
    for folder in scan(root, experiment):
        here = Path(folder.path)
        found |= {here / name if name else here: problem for name, problem in folder.damaged.items()}
        found |= dict.fromkeys((here / name for name in folder.runs), None)
    return dict(sorted(found.items()))


def streams_of(run: Path) -> dict[StreamName, Path]:
    """Return the files of a run's streams, packed or not; none where the folder cannot be read."""
    with suppress(OSError):
        found = {stream_name(path.name): path for path in sorted(run.iterdir())}
        return {name: path for name, path in found.items() if name is not None}
    return {}
