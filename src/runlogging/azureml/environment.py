"""Stand for ``azureml.core.environment``."""

from runlogging.submit import CondaDependencies, DockerSection, Environment, PythonSection

__all__ = ["CondaDependencies", "DockerSection", "Environment", "PythonSection"]
