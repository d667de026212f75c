"""The names of the Azure ML SDK v1, kept locally: its training scripts go on with other import lines.

Replace ``azureml.core`` by ``runlogging.azureml`` and ``azureml.widgets`` by ``runlogging.azureml.widgets`` in the
import lines of a script. A script that says ``import azureml.core`` needs the same where it uses that name, such as
``azureml.core.VERSION``.

Runs from here keep ``./outputs`` of the working directory at their end and ``./logs`` while they go, of both only files
that changed since the run began.
"""

from runlogging._version import __version__
from runlogging.azureml.environment import Environment
from runlogging.azureml.experiment import Experiment
from runlogging.azureml.model import Model
from runlogging.azureml.run import Run
from runlogging.azureml.script_run_config import ScriptRunConfig
from runlogging.azureml.workspace import Workspace

VERSION = __version__

__all__ = [
    "VERSION",
    "Environment",
    "Experiment",
    "Model",
    "Run",
    "ScriptRunConfig",
    "Workspace",
    "__version__",
]
