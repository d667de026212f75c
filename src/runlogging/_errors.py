"""The errors of runlogging.

RunLoggingError
 |-- InvalidNameError     (ValueError)
 |-- InvalidValueError    (ValueError)
 |-- FormatVersionError   (ValueError)
 |-- RootError            (OSError)
 |-- RunNotFoundError     (FileNotFoundError)
 |-- MetricNotFoundError  (KeyError)
 '-- RunEndedError        (RuntimeError)

Each is also the builtin that it resembles, so that code which knows nothing of this package can catch it.
"""

from __future__ import annotations

from os import PathLike, fspath


class RunLoggingError(Exception):
    """Be the base of every error that this package raises."""


class InvalidNameError(RunLoggingError, ValueError):
    """Say that a name is not allowed, and offer one that is.

    Args:
        message: what is wrong with the name.
        name: the name as it was given.
        suggestion: a valid spelling, or None where there is none.
    """

    def __init__(self, message: str, name: str = "", suggestion: str | None = None) -> None:
        super().__init__(message, name, suggestion)
        self.name = name
        self.suggestion = suggestion

    def __str__(self) -> str:
        hint = f"; for instance {self.suggestion!r}" if self.suggestion else ""
        return f"{self.args[0]}{hint}"


class InvalidValueError(RunLoggingError, ValueError):
    """Say that a value is not one that the call takes."""


class FormatVersionError(RunLoggingError, ValueError):
    """Say that a run folder was written in a format newer than this package reads.

    Args:
        path: the manifest.
        version: the format version that it names.
        known: the newest version that this package reads.
    """

    def __init__(self, path: str | PathLike[str], version: object, known: int) -> None:
        super().__init__(fspath(path), version, known)
        self.path = fspath(path)
        self.version = version
        self.known = known

    def __str__(self) -> str:
        return (
            f"{self.path} is of format {self.version!r}; this runlogging reads formats up to {self.known}. "
            "Read it with a newer runlogging (pip install -U runlogging)."
        )


class RootError(RunLoggingError, OSError):
    """Say that a folder cannot hold runs: it is a file, or cannot be written.

    Args:
        message: what is wrong and what to do.
        path: the folder in question.
    """

    def __init__(self, message: str, path: str | PathLike[str] = "") -> None:
        super().__init__(message, fspath(path))
        self.path = fspath(path)

    def __str__(self) -> str:
        return str(self.args[0])


class RunNotFoundError(RunLoggingError, FileNotFoundError):
    """Say that no run is found under a path or name.

    Args:
        message: what was looked for and where.
        candidates: run ids that come near, best first.
    """

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, candidates)
        self.candidates = candidates

    def __str__(self) -> str:
        near = f" Did you mean {', '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.args[0]}{near}"


class MetricNotFoundError(RunLoggingError, KeyError):
    """Say that a run has no metric of a name.

    Args:
        name: the name that was asked for.
        candidates: names that come near, best first.
    """

    def __init__(self, name: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(name, candidates)
        self.name = name
        self.candidates = candidates

    def __str__(self) -> str:
        near = f" Did you mean {', '.join(self.candidates)}?" if self.candidates else ""
        return f"the run has no metric {self.name!r}.{near}"


class RunEndedError(RunLoggingError, RuntimeError):
    """Say that a run has a final status and takes no more records."""
