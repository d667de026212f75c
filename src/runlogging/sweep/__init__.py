"""Sweeps: many points of a function or a script, each in a child run of its own.

It knows runs, submitting and reading.
"""

import sys

from runlogging.sweep._callable import CallableModule
from runlogging.sweep._distributions import (
    choice,
    loguniform,
    normal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    uniform,
)
from runlogging.sweep._policies import BanditPolicy, MedianStoppingPolicy, TruncationSelectionPolicy
from runlogging.sweep._result import Sweep
from runlogging.sweep._space import grid, random_choice
from runlogging.sweep._stopping import StoppedEarly
from runlogging.sweep._sweep import sweep

random = random_choice

__all__ = [
    "BanditPolicy",
    "MedianStoppingPolicy",
    "StoppedEarly",
    "Sweep",
    "TruncationSelectionPolicy",
    "choice",
    "grid",
    "loguniform",
    "normal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "random",
    "random_choice",
    "sweep",
    "uniform",
]

# `runlogging.sweep` is this package as soon as somebody imported it, and has to stay the function that it is.
sys.modules[__name__].__class__ = CallableModule
