"""runlogging: Python's own logging as the experiment tracker."""

from runlogging._errors import RunLoggingError
from runlogging._version import __version__
from runlogging.formatters import RunFormatter
from runlogging.handlers import RunHandler

__all__ = ["RunFormatter", "RunHandler", "RunLoggingError", "__version__"]
