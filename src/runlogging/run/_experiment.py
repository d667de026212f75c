"""An experiment: a named folder of runs."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from runlogging._errors import InvalidValueError, RunActiveError, RunNotFoundError
from runlogging.folder import Life as WriterState
from runlogging.folder import check_experiment, list_writers, now_text, parse_time, writer_life
from runlogging.run._run import Run
from runlogging.run._start import RunOptions, start
from runlogging.run._workspace import Workspace

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from runlogging.submit import ScriptRunConfig

_ARCHIVED_FILE = ".archived"
_SHOWN_RUNS = 20
_VIEWS = ("ActiveOnly", "ArchivedOnly", "All")


class Experiment:
    """A container of runs. Its folder appears with its first run.

    Args:
        workspace: a workspace, or the path of a root.
        name: 1 to 128 of letters, digits, ``. _ -`` and space.

    Attributes:
        workspace: its workspace.
        name: its name.

    Raises:
        InvalidNameError: the name is not allowed; the error offers one that is (also a ValueError).
        RootError: the root is a file (also an OSError).
    """

    _run_class: ClassVar[type[Run]] = Run
    _workspace_class: ClassVar[type[Workspace]] = Workspace

    def __init__(self, workspace: Workspace | str | os.PathLike[str], name: str) -> None:
        self.workspace = self._workspace_class._of(workspace)
        self.name = check_experiment(name)

    @property
    def id(self) -> str:
        """The experiment's id, which is its name."""
        return self.name

    @property
    def path(self) -> Path:
        """The experiment's folder, absolute."""
        return self.workspace.path / self.name

    def start_logging(self, name: str | None = None, *, display_name: str | None = None, **options: Any) -> Run:
        """Start a run in this experiment.

        Args:
            name: a name for people.
            display_name: likewise, as Azure calls it.
            options: as for `start_run`: tags, description, outputs, run_id, resume ...

        Raises:
            InvalidValueError, RootError, ExistsError, RunNotFoundError, RunActiveError: as `start_run`.
        """
        checked = RunOptions.checked({"name": name or display_name, **options})
        return start(self._run_class, self.name, self.workspace.path, checked)

    def submit(
        self,
        config: ScriptRunConfig,
        tags: Mapping[str, object] | None = None,
        show_output: bool = False,
        *,
        name: str | None = None,
        max_concurrent: int | None = None,
    ) -> Run:
        """Run a script or command in a process of its own, from a snapshot of its folder; return its run at once.

        A supervisor process owns the run until its end, also after this process has ended. What is wrong with the
        config is how the run ends: Failed, with a message that says what to do.

        Args:
            config: what is run; later changes to it do not reach this run.
            tags: of the run.
            show_output: whether the output is printed as it comes, and the end awaited.
            name: a name for people.
            max_concurrent: how many submitted runs of this root run at a time, more are Queued; None is 32.

        Raises:
            InvalidValueError: it is no ScriptRunConfig, or a tag is none (also a ValueError).
            RootError: the root cannot be written (also an OSError).
        """
        from runlogging.submit._submitting import submit

        run = submit(self._run_class, self.path, config, tags, name=name, max_concurrent=max_concurrent)
        if show_output:
            run.wait_for_completion(show_output=True, raise_on_error=False)
        return run

    def get_runs(
        self,
        type: str | None = None,  # noqa: A002  (Azure's name)
        tags: Any = None,
        properties: Any = None,
        include_children: bool = False,
        status: str | None = None,
    ) -> Iterator[Run]:
        """Yield the runs, newest first; see `Run.list`."""
        return self._run_class.list(self, type, tags, properties, status, include_children)

    @classmethod
    def list(
        cls,
        workspace: Workspace | str | os.PathLike[str],
        experiment_name: str | None = None,
        view_type: str = "ActiveOnly",
    ) -> builtins.list[Self]:
        """Return the experiments of a workspace, sorted by name.

        Args:
            workspace: a workspace, or the path of a root.
            experiment_name: only this one.
            view_type: "ActiveOnly", "ArchivedOnly" or "All".

        Raises:
            InvalidValueError: the view is none of these.
        """
        if view_type not in _VIEWS:
            raise InvalidValueError(f"view_type is one of {', '.join(_VIEWS)}, not {view_type!r}")
        place = cls._workspace_class._of(workspace)
        found = []
        for name in _folder_names(place.path):
            with suppress(ValueError):  # a folder that is no experiment
                found.append(cls(place, name))
        wanted = {"ActiveOnly": (False,), "ArchivedOnly": (True,), "All": (False, True)}[view_type]
        return [one for one in found if one.is_archived in wanted and experiment_name in (None, one.name)]

    @staticmethod
    def delete(workspace: Workspace | str | os.PathLike[str], experiment_id: str) -> None:
        """Delete an experiment with all its runs.

        Raises:
            RunNotFoundError: there is no such experiment (also a FileNotFoundError).
            RunActiveError: one of its runs is being written; nothing is deleted (also a RuntimeError).
        """
        experiment = Experiment(workspace, experiment_id)
        if not experiment.path.is_dir():
            near = tuple(difflib.get_close_matches(experiment_id, _folder_names(experiment.workspace.path)))
            raise RunNotFoundError(f"there is no experiment {experiment_id!r} in {experiment.workspace.path}.", near)
        for run in _folder_names(experiment.path):
            if _is_written(experiment.path / run):
                raise RunActiveError(f"run {run} is being written by a living process; nothing was deleted")
        # Out of sight first, so that nobody finds half an experiment.
        doomed = experiment.workspace.path / f".deleted-{os.urandom(8).hex()}"
        experiment.path.rename(doomed)
        shutil.rmtree(doomed)

    def archive(self) -> None:
        """Leave the experiment out of lists, without changing its runs.

        Raises:
            RunNotFoundError: it has no folder yet (also a FileNotFoundError).
        """
        if not self.path.is_dir():
            raise RunNotFoundError(f"there is no experiment {self.name!r} in {self.workspace.path} yet.")
        (self.path / _ARCHIVED_FILE).write_text(f"{now_text()}\n", encoding="ascii")

    def reactivate(self) -> None:
        """Take an archived experiment back into lists."""
        (self.path / _ARCHIVED_FILE).unlink(missing_ok=True)

    @property
    def is_archived(self) -> bool:
        """Whether the experiment is left out of lists."""
        return (self.path / _ARCHIVED_FILE).exists()

    @property
    def archived_time(self) -> datetime | None:
        """When the experiment was archived, UTC; None where it is not."""
        try:
            text = (self.path / _ARCHIVED_FILE).read_text(encoding="ascii").strip()
        except OSError:
            return None
        try:
            return parse_time(text)
        except ValueError:
            return datetime.fromtimestamp((self.path / _ARCHIVED_FILE).stat().st_mtime, UTC)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def _repr_html_(self) -> str:
        from runlogging.drawing import experiment_html
        from runlogging.reading import list_runs

        runs = list_runs(self.workspace.path, self.name)
        return experiment_html(self.name, runs[:_SHOWN_RUNS], len(runs))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.workspace!r}, {self.name!r})"


def _folder_names(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []


def _is_written(run: Path) -> bool:
    return any(writer_life(run, writer.name) is WriterState.ALIVE for writer in list_writers(run))
