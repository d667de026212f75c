"""The doctor: which loggers lose records, why, and the one line that mends it; of the live tree or of a file.

It looks and changes nothing: no level, handler or cache, and it calls no filter and runs no code of a configuration.
"""

import sys

from runlogging.doctor._callable import CallableModule
from runlogging.doctor._doctor import check_file, doctor
from runlogging.doctor._findings import Finding, Report

__all__ = ["Finding", "Report", "check_file", "doctor"]

# `runlogging.doctor` is this package as soon as somebody imported it, and has to stay the function that it was.
sys.modules[__name__].__class__ = CallableModule
