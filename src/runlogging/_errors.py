"""The errors of runlogging.

RunLoggingError
 |-- InvalidNameError     (ValueError)
 |-- InvalidValueError    (ValueError)
 |    '-- FilterError     where it is raised: reading.search
 |-- FormatVersionError   (ValueError)
 |-- RootError            (OSError)
 |-- RunNotFoundError     (FileNotFoundError)
 |-- ArtifactNotFoundError (FileNotFoundError)
 |-- SourceError          (OSError)
 |-- MetricNotFoundError  (KeyError)
 |-- ExistsError          (FileExistsError)
 |-- RunEndedError        (RuntimeError)
 |-- RunActiveError       (RuntimeError)
 |-- RunFailedError       (RuntimeError)
 |-- MissingExtraError    (ImportError)
 '-- EnvironmentBuildError (RuntimeError)

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


class _NearError(RunLoggingError):
    """Be the base of what names candidates that come near what was not found."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, candidates)
        self.candidates = candidates

    def __str__(self) -> str:
        near = f" Did you mean {', '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.args[0]}{near}"


class RunNotFoundError(_NearError, FileNotFoundError):
    """Say that no run is found under a path or name.

    Args:
        message: what was looked for and where.
        candidates: run ids that come near, best first.
    """


class ArtifactNotFoundError(_NearError, FileNotFoundError):
    """Say that there is no file under a path, or no artifact of a name.

    Args:
        message: what was looked for and where.
        candidates: names that come near, best first.
    """


class SourceError(RunLoggingError, OSError):
    """Say that a file that a run should keep could not be read."""

    def __str__(self) -> str:
        return str(self.args[0])


class ExistsError(RunLoggingError, FileExistsError):
    """Say that a run or an artifact of this name exists already; the message says how to go on."""

    def __str__(self) -> str:
        return str(self.args[0])


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


class RunActiveError(RunLoggingError, RuntimeError):
    """Say that a run is being written by a living process, so that it cannot be resumed or deleted."""


class RunFailedError(RunLoggingError, RuntimeError):
    """Say that a run that was waited for did not complete.

    Args:
        message: which run, and how it ended.
        status: its status: Failed, Canceled, NotResponding or Unknown.
        error_details: what ended it, with the last lines of its output; empty where nothing is known.
    """

    def __init__(self, message: str, status: str = "", error_details: str = "") -> None:
        super().__init__(message, status, error_details)
        self.status = status
        self.error_details = error_details

    def __str__(self) -> str:
        return f"{self.args[0]}\n{self.error_details}" if self.error_details else str(self.args[0])


class MissingExtraError(RunLoggingError, ImportError):
    """Say that a package is not installed which one of the extras of runlogging brings.

    Args:
        purpose: what needs the package.
        package: the package's name.
        extra: the extra.
    """

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(purpose, package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.args[0]} needs {self.package}, which is not installed: pip install 'runlogging[{self.extra}]'"


class EnvironmentBuildError(RunLoggingError, RuntimeError):
    """Say that the environment of a submitted run could not be made.

    Args:
        message: which environment, what is wrong with it, and what to do.
        details: the last lines that the installer or the container engine printed; empty where it printed none.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message, details)
        self.details = details

    def __str__(self) -> str:
        return str(self.args[0])
