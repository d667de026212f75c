"""Stand for ``azureml.core.run``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from runlogging.azureml.model import Model, framework_properties
from runlogging.run import Run as LocalRun

if TYPE_CHECKING:
    from typing import Self

    from runlogging.azureml.experiment import Experiment

__all__ = ["Run"]


class Run(LocalRun):
    """A run with the signatures of the Azure ML SDK v1; see `runlogging.Run` for what its methods do.

    `get_context`, and what starts a run, keep ``./outputs`` of the working directory at the run's end, and ``./logs``
    while it goes.

    Args:
        experiment: its experiment.
        run_id: its id.
        outputs: without effect here: a run that is only looked up collects nothing.
        _azure: further arguments of Azure's class, without effect here.

    Raises:
        RunNotFoundError: there is no such run; the error names ids that come near (also a FileNotFoundError).
    """

    _outputs: ClassVar[str | None] = "outputs"
    _logs: ClassVar[str | None] = "logs"

    def __init__(self, experiment: Any, run_id: str, outputs: Any = None, **_azure: Any) -> None:
        super().__init__(experiment, run_id)

    @classmethod
    def _experiment_class(cls) -> type[Experiment]:
        from runlogging.azureml.experiment import Experiment

        return Experiment

    @classmethod
    def get_context(cls, allow_offline: bool = True, used_for_context_manager: bool = False, **_azure: Any) -> Self:
        """Return the open run of this task or process, the one that RUNLOGGING_RUN names, or a new local one.

        Args:
            allow_offline: whether a new run is started where there is none.
            used_for_context_manager: without effect here; taken for Azure's sake, as further arguments are.

        Raises:
            RunNotFoundError: there is none, and ``allow_offline`` is False (also a FileNotFoundError).
        """
        return super().get_context(allow_offline)

    @classmethod
    def get_submitted_run(cls, **azure: Any) -> Self:
        """Return the current run: the older name of `get_context`."""
        return cls.get_context(**azure)

    # ------------------------------------------------------------------ files

    def upload_file(
        self,
        name: str,
        path_or_stream: Any,
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
        **_azure: Any,
    ) -> None:
        """Keep a copy of a file; see `runlogging.Run.upload_file`.

        Args:
            name: its name in the run.
            path_or_stream: a path, or an open file.
            datastore_name: without effect here: all files are kept with the run. Further arguments have none either.
            overwrite: whether a file of this name is replaced.
        """
        super().upload_file(name, path_or_stream, overwrite=overwrite)

    def upload_folder(
        self,
        name: str,
        path: str | os.PathLike[str],
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
        **_azure: Any,
    ) -> None:
        """Keep a copy of all files below a folder; see `runlogging.Run.upload_folder`.

        Args:
            name: what their names in the run begin with.
            path: the folder.
            datastore_name: without effect here, as further arguments are.
            overwrite: whether files of these names are replaced.
        """
        super().upload_folder(name, path, overwrite=overwrite)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str | os.PathLike[str]],
        return_artifacts: bool = False,
        timeout_seconds: float | None = None,
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
        **_azure: Any,
    ) -> None:
        """Keep copies of several files: one name for each path; see `runlogging.Run.upload_files`.

        Args:
            names: their names in the run.
            paths: the files.
            return_artifacts: without effect here: nothing is returned.
            timeout_seconds: without effect here: the files are there when the call returns.
            datastore_name: without effect here, as further arguments are.
            overwrite: whether files of these names are replaced.
        """
        super().upload_files(names, paths, overwrite=overwrite)

    def download_file(
        self, name: str, output_file_path: str | os.PathLike[str] | None = None, _validate_checksum: bool = False
    ) -> None:
        """Copy a file of the run out of it; see `runlogging.Run.download_file`."""
        super().download_file(name, output_file_path)

    # ------------------------------------------------------------------ children and models

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: Any = None, **options: Any
    ) -> Self:
        """Start a child of this run; see `runlogging.Run.child_run`.

        Args:
            name: a name for people.
            run_id: its id; None makes a new one.
            outputs: a folder that the child keeps at its end; None and False keep none, as ``./outputs`` is kept by
                this run.
            options: as for `runlogging.start_run`.
        """
        return super().child_run(name, run_id, outputs=outputs or None, **options)

    def get_children(
        self,
        recursive: bool = False,
        tags: Any = None,
        properties: Any = None,
        type: str | None = None,  # noqa: A002  (Azure's name)
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Self]:
        """Yield the children, newest first; see `runlogging.Run.get_children`."""
        return super().get_children(recursive, tags, properties, type, status)

    def register_model(  # type: ignore[override]  # Azure's fifth argument is another
        self,
        model_name: str,
        model_path: str | os.PathLike[str] | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        **_azure: Any,
    ) -> Model:
        """Keep a file or folder as the next version of a model; see `runlogging.Run.register_model`.

        Args:
            model_name: the model's name.
            model_path: an artifact of the run, or a file or folder of the working directory.
            tags: of the model.
            properties: of the model.
            model_framework: kept among the properties, such as "ScikitLearn".
            model_framework_version: likewise.
            description: of the model.
            _azure: further arguments of Azure's method (datasets, resource_configuration ...) have no effect.
        """
        said = framework_properties(properties, model_framework, model_framework_version)
        model = super().register_model(model_name, model_path, tags, said, description)
        return Model(self.path.parent.parent, model.name, version=model.version)
