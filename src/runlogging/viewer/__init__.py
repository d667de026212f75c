"""The live viewer of runs in a browser (extra ``viewer``): it reads run folders and serves pages on the loopback."""

from runlogging.viewer._app import create_app
from runlogging.viewer._serve import view
from runlogging.viewer._settings import Settings

__all__ = ["Settings", "create_app", "view"]
