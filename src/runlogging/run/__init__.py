"""Runs for people who want more than a handler: every verb, files, tags, children, models.

It knows the writing side, and the reading side to give results back.
"""

from runlogging.run._experiment import Experiment
from runlogging.run._models import Model
from runlogging.run._run import Run
from runlogging.run._start import start_run
from runlogging.run._workspace import Workspace

__all__ = ["Experiment", "Model", "Run", "Workspace", "start_run"]
