"""Models: versioned copies of what runs made, in ``.models`` of the root.

``.models/<name>/<version>/`` holds ``model.json`` and the files below ``files/``. A version is whole or not there: its
folder gets its name only when all is in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging._errors import ArtifactNotFoundError, ExistsError, InvalidValueError, RunNotFoundError
from runlogging.folder import check_artifact, check_experiment, find_root, now_text
from runlogging.run._files import _files_below
from runlogging.run._progress import copying

if TYPE_CHECKING:
    import builtins

    from runlogging.run._base import RunBase
    from runlogging.run._workspace import Workspace

_MODELS = ".models"
_FACTS = "model.json"
_FILES = "files"


class ModelFacts(msgspec.Struct, kw_only=True):
    """The content of ``model.json``. Files are relative name to SHA-256 in hexadecimal."""

    format: int = 1
    name: str
    version: int
    created: str
    run: str = ""
    experiment: str = ""
    source: str = ""
    description: str | None = None
    tags: dict[str, str | None] = {}
    properties: dict[str, str] = {}
    files: dict[str, str] = {}


class Model:
    """One version of a model.

    Args:
        workspace: a workspace, or the path of a root.
        name: the model's name.
        version: which version; None takes the newest.

    Attributes:
        name, version: as given; versions count from 1.
        path: the folder that holds the model's files.
        url: the same as a ``file:`` URL.
        run_id, experiment: where it comes from.
        created_time, description, tags, properties: what was said of it.

    Raises:
        RunNotFoundError: there is no such model or version (also a FileNotFoundError).
    """

    def __init__(self, workspace: Workspace | str | os.PathLike[str], name: str, version: int | None = None) -> None:
        folder = _models_folder(workspace) / check_experiment(name)
        versions = _versions(folder)
        if not versions or version not in (None, *versions):
            what = f"no model {name!r}" if not versions else f"no version {version} of the model {name!r}"
            near = tuple(map(str, versions)) or tuple(_names(folder.parent))
            raise RunNotFoundError(f"there is {what} in {folder.parent.parent}.", near)
        self._folder = folder / str(version or versions[-1])
        self._facts = msgspec.json.decode((self._folder / _FACTS).read_bytes(), type=ModelFacts)
        facts = self._facts
        self.name, self.version, self.run_id, self.experiment = facts.name, facts.version, facts.run, facts.experiment
        self.created_time, self.description = facts.created, facts.description
        self.tags, self.properties = facts.tags, facts.properties

    @property
    def id(self) -> str:
        """Name and version, as Azure writes them: ``ridge:3``."""
        return f"{self.name}:{self.version}"

    @property
    def path(self) -> Path:
        """The folder that holds the model's files."""
        return self._folder / _FILES

    @property
    def url(self) -> str:
        """The folder as a ``file:`` URL."""
        return self.path.as_uri()

    def get_file_names(self) -> builtins.list[str]:
        """Return the relative names of the model's files, sorted."""
        return sorted(self._facts.files)

    def download(self, target_dir: str | os.PathLike[str] = ".", exist_ok: bool = False) -> str:
        """Copy the model's files into a folder and return the path of the one file, or of the folder.

        Raises:
            ExistsError: a file is there already, and ``exist_ok`` is False (also a FileExistsError).
        """
        target, names = Path(target_dir), self.get_file_names()
        taken = [name for name in names if (target / name).exists()]
        if taken and not exist_ok:
            raise ExistsError(f"{target / taken[0]} exists; pass exist_ok=True to replace it")
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path / name, target / name)
        return str(target / names[0] if len(names) == 1 else target)

    @classmethod
    def list(cls, workspace: Workspace | str | os.PathLike[str], name: str | None = None) -> builtins.list[Model]:
        """Return all models and versions of a workspace, or those of one name, oldest version first."""
        folder = _models_folder(workspace)
        names = _names(folder) if name is None else [check_experiment(name)]
        return [cls(workspace, one, version) for one in names for version in _versions(folder / one)]

    def __repr__(self) -> str:
        return f"<Model {self.id} of run {self.run_id}>"


def register(
    run: RunBase,
    name: str,
    path: str | os.PathLike[str] | None,
    tags: dict[str, str | None],
    properties: dict[str, str],
    description: str | None,
) -> Model:
    """Keep files as the next version of a model; see `Run.register_model`."""
    check_experiment(name)
    if not isinstance(path, str | os.PathLike | None) or path == "":
        raise InvalidValueError(f"model_path is a file or folder of the run or the working directory, not {path!r:.80}")
    source = os.path.normpath(str(path) if path is not None else name).replace(os.sep, "/")
    files = _artifacts_of(run, source) or list(_local_files(Path(source)))
    if not files:
        near = [artifact for artifact in run.reader.artifacts() if Path(source).name in artifact]
        raise ArtifactNotFoundError(
            f"run {run.id} has no file {source!r}, nor has the working directory; upload_file keeps one.", tuple(near)
        )
    root = run.path.parent.parent
    facts = ModelFacts(
        name=name,
        version=0,
        created=now_text(),
        run=run.id,
        experiment=run.path.parent.name,
        source=source,
        description=description,
        tags=tags,
        properties=properties,
    )
    _add_version(root / _MODELS / name, facts, files)
    return Model(root, name, facts.version)


def _artifacts_of(run: RunBase, source: str) -> list[tuple[str, Path]]:
    """Return relative names and paths of the artifact of this name, or of those below it."""
    reader = run.reader
    found = reader.artifacts()
    if source in found:
        return [(source.rpartition("/")[2], reader.artifact(source))]
    base = source.strip("/")
    above = base.rpartition("/")[0]
    cut = len(above) + 1 if above else 0
    return [(name[cut:], reader.artifact(name)) for name in sorted(found) if name.startswith(f"{base}/")]


def _local_files(source: Path) -> Iterator[tuple[str, Path]]:
    if source.is_file():
        yield source.name, source
    elif source.is_dir():
        for file in _files_below(source):
            yield file.relative_to(source.parent).as_posix(), file


def _add_version(folder: Path, facts: ModelFacts, files: list[tuple[str, Path]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    growing = folder / f".{os.getpid()}-{os.urandom(8).hex()}"
    try:
        for name, path in files:
            facts.files[name] = _copy(path, growing / _FILES / check_artifact(name), name)
        facts.version = (_versions(folder) or [0])[-1] + 1
        while True:
            data = msgspec.json.format(msgspec.json.encode(facts), indent=2)
            (growing / _FACTS).write_bytes(data + b"\n")
            with suppress(OSError):  # another process took the number: a folder that is not empty is not replaced
                growing.rename(folder / str(facts.version))
                return
            if not (folder / str(facts.version)).exists():
                raise OSError(f"{growing} cannot become a version of the model")
            facts.version += 1
    finally:
        shutil.rmtree(growing, ignore_errors=True)


def _copy(source: Path, target: Path, name: str) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("xb") as copy, copying(name, source.stat().st_size) as on_bytes:
        while piece := file.read(1 << 20):
            copy.write(piece)
            digest.update(piece)
            if on_bytes is not None:
                on_bytes(len(piece))
    return digest.hexdigest()


def _models_folder(workspace: Any) -> Path:
    root = getattr(workspace, "path", None)
    return (root if isinstance(root, Path) else find_root(workspace)) / _MODELS


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if _versions(entry)) if folder.is_dir() else []


def _versions(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal())
