"""What a submitter hands to the supervisor of a run: over a pipe, from process to process, never in a file."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from runlogging.submit._config import ScriptRunConfig

MAX_CONCURRENT = 32
"""How many submitted runs of a root run at a time unless told otherwise; more are Queued."""


@dataclass
class Request:
    """One run that is to be started.

    Attributes:
        path: the run folder, prepared.
        config: what is run.
        python: the interpreter that submits.
        max_concurrent: how many runs of this root may run at a time.
        search: what the supervisor's ``sys.path`` needs to find this package.
    """

    path: Path
    config: ScriptRunConfig
    python: str
    max_concurrent: int = MAX_CONCURRENT
    search: list[str] = field(default_factory=list)

    def send(self, pipe: BinaryIO) -> None:
        """Write it into the pipe of a supervisor."""
        pipe.write(pickle.dumps(self))
        pipe.close()

    @staticmethod
    def receive(pipe: BinaryIO) -> Request:
        """Read one from the pipe of the submitter, which is this very program."""
        request = pickle.loads(pipe.read())  # noqa: S301  (a pipe from our own parent, no file)
        if not isinstance(request, Request):
            raise TypeError(f"a request was expected, not {type(request).__name__}")
        return request
