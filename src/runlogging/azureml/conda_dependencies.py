"""Stand for ``azureml.core.conda_dependencies``."""

from runlogging.submit import CondaDependencies

__all__ = ["CondaDependencies"]
