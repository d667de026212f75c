"""runlogging: Python's own logging as the experiment tracker."""

from runlogging._errors import RunLoggingError
from runlogging.formatters import RunFormatter
from runlogging.handlers import RunHandler
from runlogging._version import __version__

__all__ = ["RunFormatter", "RunHandler", "RunLoggingError", "__version__"]
