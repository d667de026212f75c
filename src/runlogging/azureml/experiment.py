"""Stand for ``azureml.core.experiment``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from runlogging._errors import InvalidValueError
from runlogging.azureml.run import Run
from runlogging.azureml.workspace import Workspace
from runlogging.run import Experiment as LocalExperiment

if TYPE_CHECKING:
    from runlogging.run import Run as LocalRun
    from runlogging.run import Workspace as LocalWorkspace

__all__ = ["Experiment"]


class Experiment(LocalExperiment):
    """An experiment with the signatures of the Azure ML SDK v1; see `runlogging.Experiment`.

    Args:
        workspace: a workspace, or the path of a root.
        name: its name.
        _azure: further arguments of Azure's class have no effect.

    Raises:
        InvalidNameError: the name is not allowed; the error offers one that is (also a ValueError).
        RootError: the root is a file (also an OSError).
    """

    _run_class: ClassVar[type[LocalRun]] = Run
    _workspace_class: ClassVar[type[LocalWorkspace]] = Workspace

    def __init__(self, workspace: LocalWorkspace | str | os.PathLike[str], name: str, **_azure: Any) -> None:
        super().__init__(workspace, name)

    def start_logging(
        self,
        *args: Any,
        outputs: str | os.PathLike[str] | bool | None = None,
        snapshot_directory: str | os.PathLike[str] | None = None,
        display_name: str | None = None,
        logs: str | os.PathLike[str] | bool | None = None,
        **options: Any,
    ) -> Run:
        """Start a run in this experiment.

        Args:
            args: at most one: the run's name for people.
            outputs: a folder whose new and changed files are kept at the end; None is ``./outputs``, False keeps none.
            snapshot_directory: a folder whose code is kept with the run; see `runlogging.Run.take_snapshot`. None takes
                no snapshot (Azure's own default took one of the working directory).
            display_name: a name for people.
            logs: a folder whose new and changed files are kept while the run goes; None is ``./logs``, False keeps
                none.
            options: as for `runlogging.start_run`: tags, description, run_id ...

        Raises:
            InvalidValueError: an argument is none that is taken.
            ArtifactNotFoundError, SourceError, MissingExtraError, RootError, ExistsError, RunNotFoundError,
                RunActiveError: as `runlogging.start_run`.
        """
        if len(args) > 1:
            raise InvalidValueError(f"start_logging takes one name, not {len(args)} arguments without a keyword")
        options |= {"outputs": _folder(outputs, Run._outputs), "logs": _folder(logs, Run._logs)}
        options["snapshot"] = snapshot_directory
        options["name"] = args[0] if args else options.get("name")
        run = super().start_logging(display_name=display_name, **options)
        assert isinstance(run, Run)  # noqa: S101  (says to the type checker what _run_class gives)
        return run


def _folder(given: str | os.PathLike[str] | bool | None, default: str | None) -> str | os.PathLike[str] | None:
    if given is None or given is True:
        return default
    return given or None
