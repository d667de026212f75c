"""Stand for ``azureml.core.model``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import ArtifactNotFoundError, InvalidValueError, RunNotFoundError
from runlogging.folder import check_experiment, now_text
from runlogging.reading import has_properties, has_tags
from runlogging.run import Model as LocalModel
from runlogging.run import Workspace as LocalWorkspace
from runlogging.run._models import _MODELS, ModelFacts, _add_version, _local_files
from runlogging.run._organisation import checked_properties, checked_tags

if TYPE_CHECKING:
    import builtins

__all__ = ["Model"]

Place = LocalWorkspace | str | os.PathLike[str]


class Model(LocalModel):
    """One version of a model, with the signatures of the Azure ML SDK v1; see `runlogging.Model`.

    Args:
        workspace: a workspace, or the path of a root.
        name: the model's name.
        id: instead of the name: ``name:version``.
        tags: only a version with these tags; a text, a list or a mapping.
        properties: likewise.
        version: which version; None takes the newest.
        run_id: only a version of this run.
        _azure: further arguments of Azure's class have no effect.

    Raises:
        InvalidValueError: neither name nor id is given.
        RunNotFoundError: there is no such model or version (also a FileNotFoundError).
    """

    def __init__(
        self,
        workspace: Place,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  (Azure's name)
        tags: Any = None,
        properties: Any = None,
        version: int | str | None = None,
        run_id: str | None = None,
        **_azure: Any,
    ) -> None:
        if id is not None:
            name, _, version = id.rpartition(":")
        if not name:
            raise InvalidValueError("a model is found by its name, or by id='name:version'")
        wanted = _number(version)
        if wanted is None and not (tags is None and properties is None and run_id is None):
            fitting = Model.list(workspace, name, tags, properties, run_id)
            if not fitting:
                raise RunNotFoundError(f"no version of a model {name!r} has these tags, properties and run.")
            wanted = max(model.version for model in fitting)
        super().__init__(workspace, name, wanted)

    @property
    def model_framework(self) -> str | None:
        """What made the model, as it was said at its registration."""
        return self.properties.get("model_framework")

    @property
    def model_framework_version(self) -> str | None:
        """The version of what made the model."""
        return self.properties.get("model_framework_version")

    @classmethod
    def list(
        cls,
        workspace: Place,
        name: str | None = None,
        tags: Any = None,
        properties: Any = None,
        run_id: str | None = None,
        latest: bool = False,
        **_azure: Any,
    ) -> builtins.list[Any]:
        """Return the models of a workspace, oldest version first.

        Args:
            workspace: a workspace, or the path of a root.
            name: only this model.
            tags: only those with these tags; a text, a list or a mapping.
            properties: likewise.
            run_id: only those of this run.
            latest: only the newest version of each.
            _azure: further arguments of Azure's method have no effect.
        """
        found = [
            cls(workspace, model.name, version=model.version)
            for model in LocalModel.list(workspace, name)
            if has_tags(model.tags, tags) and has_properties(dict(model.properties), properties)
            if run_id in (None, model.run_id)
        ]
        return list({model.name: model for model in found}.values()) if latest else found

    @classmethod
    def register(
        cls,
        workspace: Place,
        model_path: str | os.PathLike[str],
        model_name: str,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        description: str | None = None,
        datasets: Any = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        **_azure: Any,
    ) -> Model:
        """Keep a local file or folder as the next version of a model, without a run.

        Args:
            workspace: a workspace, or the path of a root.
            model_path: the file or folder.
            model_name: the model's name.
            tags: of the model.
            properties: of the model.
            description: of the model.
            datasets: without effect here, as further arguments of Azure's method are.
            model_framework: kept among the properties.
            model_framework_version: likewise.

        Raises:
            InvalidNameError: the name is not allowed.
            ArtifactNotFoundError: there is no such file or folder, or it holds no file.
        """
        root = LocalWorkspace._of(workspace).path
        files = list(_local_files(Path(model_path)))
        if not files:
            raise ArtifactNotFoundError(f"there is no file {os.fspath(model_path)!r} to register as a model")
        said = framework_properties(properties, model_framework, model_framework_version)
        facts = ModelFacts(
            name=check_experiment(model_name),
            version=0,
            created=now_text(),
            source=os.fspath(model_path),
            description=description,
            tags=checked_tags(tags or {}),
            properties=checked_properties(said),
        )
        _add_version(root / _MODELS / model_name, facts, files)
        return cls(root, model_name, version=facts.version)

    @staticmethod
    def get_model_path(model_name: str, version: int | str | None = None, _workspace: Any = None) -> str:
        """Return the path of a model's one file, or of the folder of its files.

        Raises:
            RunNotFoundError: there is no such model or version (also a FileNotFoundError).
        """
        place = _workspace if _workspace is not None else LocalWorkspace.from_config()
        model = Model(place, model_name, version=version)
        names = model.get_file_names()
        return str(model.path / names[0] if len(names) == 1 else model.path)


def framework_properties(
    properties: Mapping[str, object] | None, framework: str | None, version: str | None
) -> dict[str, object]:
    """Return the properties of a model with its framework among them."""
    said = {"model_framework": framework, "model_framework_version": version}
    return {**{key: str(value) for key, value in said.items() if value is not None}, **(properties or {})}


def _number(version: int | str | None) -> int | None:
    if version is None or (isinstance(version, int) and not isinstance(version, bool)):
        return version
    if isinstance(version, str) and version.isdecimal():
        return int(version)
    raise InvalidValueError(f"a model's version is a whole number, not {version!r}")
