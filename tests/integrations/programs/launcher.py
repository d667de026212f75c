"""Open a run, then run a program in it as `python PROGRAM` would; note which records pass all loggers.

Usage: launcher.py ROOT CAPTURE SEEN PROGRAM [ARGUMENT ...], where SEEN is a file that gets a JSON line a record.
"""

import json
import logging
import os
import runpy
import sys
from pathlib import Path

from runlogging import start_run

original = logging.Logger.callHandlers


def main() -> None:
    """Be the launcher."""
    root, capture, seen, program, *arguments = sys.argv[1:]
    file = os.open(seen, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def observe(self: logging.Logger, record: logging.LogRecord) -> None:
        # One write a line: forked children share the file.
        os.write(file, json.dumps([record.name, record.levelname, record.getMessage()]).encode() + b"\n")
        original(self, record)

    logging.Logger.callHandlers = observe
    sys.argv[:] = [program, *arguments]
    path = Path(program).absolute()
    sys.path[0] = str(path.parent)
    try:
        with start_run("real", root, capture=capture.split(",")):
            runpy.run_path(str(path), run_name="__main__")
    finally:
        assert logging.Logger.callHandlers is observe, "the run did not put back what it found"


if __name__ == "__main__":
    main()
