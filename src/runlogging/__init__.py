"""runlogging: Python's own logging as the experiment tracker."""

from runlogging._errors import RunLoggingError
from runlogging._version import __version__

__all__ = ["RunLoggingError", "__version__"]
