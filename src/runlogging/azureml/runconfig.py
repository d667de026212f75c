"""Stand for ``azureml.core.runconfig``."""

import sys

from runlogging.submit import CondaDependencies, DockerConfiguration, DockerSection, PythonSection, RunConfiguration

# Azure's image holds what its service wants. Here a container needs a Python of the submitter's version, no more.
DEFAULT_CPU_IMAGE = f"docker.io/library/python:{sys.version_info.major}.{sys.version_info.minor}-slim"
"""The image for ``environment.docker.base_image`` where a script asks for the default one."""

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "CondaDependencies",
    "DockerConfiguration",
    "DockerSection",
    "PythonSection",
    "RunConfiguration",
]
