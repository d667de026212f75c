"""What is run, and in which environment: plain configuration objects. Nothing here starts a process."""

from runlogging.submit._conda import CondaDependencies
from runlogging.submit._config import DockerConfiguration, RunConfiguration, ScriptRunConfig
from runlogging.submit._environment import DockerSection, Environment, PythonSection

__all__ = [
    "CondaDependencies",
    "DockerConfiguration",
    "DockerSection",
    "Environment",
    "PythonSection",
    "RunConfiguration",
    "ScriptRunConfig",
]
