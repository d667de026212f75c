"""Stand for ``azureml.core.workspace``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from runlogging.azureml.model import Model
from runlogging.run import Workspace as LocalWorkspace

if TYPE_CHECKING:
    from typing import Self

    from runlogging.azureml.experiment import Experiment

__all__ = ["Workspace"]


class Workspace(LocalWorkspace):
    """A root of runs under the signatures of Azure's workspace; see `runlogging.Workspace`.

    However it is made, it is the local root: the variable RUNLOGGING_ROOT, else a ``runs`` folder here or above that
    holds a run, else ``./runs``.

    Args:
        subscription_id: without effect here, as all arguments of Azure's are; it reads as "local".
        resource_group: likewise.
        workspace_name: without effect here; `name` is the root's.
        auth: without effect here.
        root: a folder to use instead.
        _azure: further arguments of Azure's class have no effect.

    Raises:
        RootError: the root is a file (also an OSError).
    """

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        auth: Any = None,
        *,
        root: str | os.PathLike[str] | None = None,
        **_azure: Any,
    ) -> None:
        super().__init__(LocalWorkspace.from_config().path if root is None else root)

    @classmethod
    def _experiment_class(cls) -> type[Experiment]:
        from runlogging.azureml.experiment import Experiment

        return Experiment

    @classmethod
    def from_config(cls, path: str | os.PathLike[str] | None = None, auth: Any = None, **_azure: Any) -> Self:
        """Find the workspace; see `runlogging.Workspace.from_config`. What a ``config.json`` says has no effect."""
        return super().from_config(path)

    @classmethod
    def get(
        cls,
        name: str | None = None,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        **_azure: Any,
    ) -> Self:
        """Return the local root. All arguments are taken for Azure's sake and have no effect."""
        return cls()

    @classmethod
    def create(
        cls,
        name: str | None = None,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        **_azure: Any,
    ) -> Self:
        """Return the local root; its folder appears with its first run. All arguments have no effect."""
        return cls()

    @property
    def models(self) -> dict[str, Any]:
        """The newest version of each model, by name."""
        return {name: Model(self, name, version=model.version) for name, model in super().models.items()}

    def __repr__(self) -> str:
        return f"Workspace(root={str(self.path)!r})"
