"""Stand for ``azureml.core.script_run_config``."""

from runlogging.submit import ScriptRunConfig

__all__ = ["ScriptRunConfig"]
