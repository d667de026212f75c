"""A workspace: a root folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import RootError
from runlogging.folder import DEFAULT_ROOT, ROOT_VARIABLE, RUN_MANIFEST, find_root

if TYPE_CHECKING:
    from typing import Self

    from runlogging.run._experiment import Experiment
    from runlogging.run._models import Model
    from runlogging.run._run import Run

_LOCAL = "local"


class Workspace:
    """A root: the folder that holds experiments. It appears with its first run.

    Args:
        root: the folder; the default gives way to the variable RUNLOGGING_ROOT.

    Attributes:
        path: the folder, absolute.

    Raises:
        RootError: it is a file (also an OSError).
    """

    resource_group = location = subscription_id = _LOCAL

    def __init__(self, root: str | os.PathLike[str] = DEFAULT_ROOT) -> None:
        self.path = find_root(root)
        if self.path.exists() and not self.path.is_dir():
            raise RootError(f"{self.path} is a file; name a folder of runs", self.path)

    @classmethod
    def from_config(cls, path: str | os.PathLike[str] | None = None, **_azure: Any) -> Self:
        """Find the workspace: the variable RUNLOGGING_ROOT, else a ``runs`` folder here or above, else ``./runs``.

        A folder above the working directory is taken only if it holds a run.

        Args:
            path: where to begin, a folder or a file in it, such as the ``config.json`` of Azure; None is the working
                directory.
            _azure: other arguments of Azure's method (auth ...) have no effect.
        """
        begin = _folder_of(path)
        if path is None and os.environ.get(ROOT_VARIABLE):
            return cls()
        for folder in (begin, *begin.parents):
            if _holds_runs(folder / DEFAULT_ROOT):
                return cls._at(folder / DEFAULT_ROOT)
        return cls._at(begin / DEFAULT_ROOT)

    @classmethod
    def _at(cls, path: str | os.PathLike[str]) -> Self:
        workspace = cls.__new__(cls)
        Workspace.__init__(workspace, path)
        return workspace

    @classmethod
    def _of(cls, place: Workspace | str | os.PathLike[str]) -> Self:
        """Return the workspace of a root, in this class."""
        if isinstance(place, cls):
            return place
        return cls._at(place.path if isinstance(place, Workspace) else place)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments, name to experiment, without those that are archived."""
        return {experiment.name: experiment for experiment in self._experiment_class().list(self)}

    @classmethod
    def _experiment_class(cls) -> type[Experiment]:
        from runlogging.run._experiment import Experiment

        return Experiment

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of each model, by name."""
        from runlogging.run._models import Model

        newest: dict[str, Model] = {}
        for model in Model.list(self):
            if model.name not in newest or newest[model.name].version < model.version:
                newest[model.name] = model
        return newest

    def get_run(self, run_id: str) -> Run:
        """Return the run of an id; see `Run.get`."""
        return self._experiment_class()._run_class.get(self, run_id)

    def get_details(self) -> dict[str, Any]:
        """Return what there is to say of the workspace."""
        return {"name": self.name, "location": _LOCAL, "path": str(self.path), "experiments": list(self.experiments)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workspace) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"


def _folder_of(path: str | os.PathLike[str] | None) -> Path:
    folder = Path.cwd() if path is None else Path(path).expanduser().absolute()
    if folder.is_dir():
        return folder
    # Azure keeps its config.json in the folder itself, or in .azureml or aml_config below it.
    return folder.parent.parent if folder.parent.name in (".azureml", "aml_config", "config") else folder.parent


def _holds_runs(root: Path) -> bool:
    try:
        return root.is_dir() and next(root.glob(f"*/*/{RUN_MANIFEST}"), None) is not None
    except OSError:
        return False
