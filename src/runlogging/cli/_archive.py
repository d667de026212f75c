"""``runlogging archive``: a run as one zip."""

from __future__ import annotations

from pathlib import Path

from runlogging.cli._escape import escape
from runlogging.cli._json import json_text
from runlogging.cli._output import Output
from runlogging.cli._progress import progress_bar
from runlogging.keeping._archive import archive


def archive_run(run: Path, out: str, output: Output, *, as_json: bool, overwrite: bool = False) -> None:
    """Write a run into a zip and say what is in it.

    Raises:
        RunLoggingError, OSError: as `archive`.
    """
    with progress_bar("archiving") as progress:
        made = archive(run, out, overwrite=overwrite, progress=progress)
    if as_json:
        output.write(json_text(made._asdict(), indent=2))
        return
    output.write(f"{escape(str(made.path))}: {made.files} files, {made.size:,} bytes in {made.packed_size:,}")
    for name in made.left_out:
        output.write(f"  left out: {escape(name)}")
