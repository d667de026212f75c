"""The files of a run: what is uploaded to it, and what is downloaded from it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import ArtifactNotFoundError, ExistsError, InvalidValueError, RunLoggingError, SourceError
from runlogging.folder import artifact_path, check_artifact
from runlogging.run._base import RunBase
from runlogging.run._progress import copying

if TYPE_CHECKING:
    from runlogging.folder import ArtifactLine

PathOrStream = Any


class FileVerbs(RunBase):
    """Artifacts: files kept with the run under relative names, a line in ``artifacts.jsonl`` each."""

    def upload_file(self, name: str, path_or_stream: PathOrStream, *, overwrite: bool = False) -> None:
        """Keep a copy of a file.

        Args:
            name: its name in the run, such as ``outputs/model.pkl``: relative, POSIX, no ``..``.
            path_or_stream: a path, or an open file that is read from where it stands; text is kept in UTF-8.
            overwrite: whether a file of this name is replaced.

        Raises:
            InvalidNameError: the name is not allowed.
            InvalidValueError: it is no path or open file, or a folder, or a stream that gives neither bytes nor text.
            ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
            SourceError: it could not be read; nothing is kept (also an OSError).
            ExistsError: the run has a file of this name (also a FileExistsError).
            RunEndedError: the run has ended.
        """
        name = check_artifact(name)
        if hasattr(path_or_stream, "read"):
            self._refuse_taken([name], overwrite)
            self._store(name, path_or_stream, overwrite)
        else:
            self._upload([(name, _file(path_or_stream))], overwrite)

    def upload_folder(self, name: str, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Keep a copy of all files below a folder, each as ``name/<its relative path>``.

        Raises:
            InvalidNameError: a name is not allowed; nothing is kept.
            InvalidValueError: the folder is no path.
            SourceError: a file or folder may not be read (also an OSError).
            ArtifactNotFoundError: there is no such folder (also a FileNotFoundError).
            ExistsError: the run has one of these files (also a FileExistsError); nothing is kept.
            RunEndedError: the run has ended.
        """
        prefix = check_artifact(name.rstrip("/") if isinstance(name, str) else name)
        folder = _path(path, "a folder to upload is a path")
        if not folder.is_dir():
            raise ArtifactNotFoundError(f"there is no folder {folder} to upload")
        pairs = [(f"{prefix}/{file.relative_to(folder).as_posix()}", file) for file in _files_below(folder)]
        self._upload(pairs, overwrite)

    def upload_files(
        self, names: Sequence[str], paths: Sequence[str | os.PathLike[str]], *, overwrite: bool = False
    ) -> None:
        """Keep copies of several files: one name for each path.

        Raises:
            InvalidValueError: there are more names than paths, or fewer, or a name twice.
            InvalidNameError, ArtifactNotFoundError, ExistsError, RunEndedError: as `upload_file`; nothing is kept.
        """
        names, paths = list(names), list(paths)
        if len(names) != len(paths):
            raise InvalidValueError(f"upload_files takes one name for each path, not {len(names)} for {len(paths)}")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidValueError(f"the name {twice!r} stands twice in the names; give each file a name of its own")
        self._upload([(name, _file(path)) for name, path in zip(names, paths, strict=True)], overwrite)

    def get_file_names(self) -> list[str]:
        """Return the names of all files of the run, sorted."""
        return sorted(self.reader.artifacts())

    def download_file(self, name: str, output_file_path: str | os.PathLike[str] | None = None) -> None:
        """Copy a file of the run out of it.

        Args:
            name: its name in the run.
            output_file_path: where to; an existing folder takes it under its last name, None takes the working
                directory. A file that is there is replaced.

        Raises:
            InvalidNameError: no file of a run has such a name (also a ValueError).
            InvalidValueError: the target is the run's own file.
            ArtifactNotFoundError: the run has no such file (also a FileNotFoundError).
        """
        name = check_artifact(name)
        source = self.reader.artifact(name)
        target = Path(output_file_path) if output_file_path is not None else Path()
        if target.is_dir():
            target /= name.rpartition("/")[2]
        self._download(name, source, target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | os.PathLike[str] | None = None,
        output_paths: Sequence[str | os.PathLike[str]] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: float | None = None,
    ) -> None:
        """Copy all files below a prefix out of the run.

        Args:
            prefix: the folder in the run, such as ``outputs``, or the beginning of the names; None takes all.
            output_directory: where to; None takes the working directory.
            output_paths: instead of the names, one path below the directory for each file, in the order of the names.
            batch_size: without effect here; taken for Azure's sake.
            append_prefix: whether the prefix stays in the paths.
            timeout_seconds: without effect here; taken for Azure's sake.

        Raises:
            InvalidValueError: there are not as many output paths as files.
            ArtifactNotFoundError: a file is missing in the run's folder.
        """
        found = self.reader.artifacts()
        names = [name for name in sorted(found) if name.startswith(prefix or "")]
        folder = Path(output_directory) if output_directory is not None else Path()
        if output_paths is None:
            cut = 0 if append_prefix or not prefix else len(prefix)
            targets = [folder / (name[cut:].lstrip("/") or name.rpartition("/")[2]) for name in names]
        elif len(output_paths) != len(names):
            raise InvalidValueError(
                f"{len(names)} files begin with {prefix!r}, but there are {len(output_paths)} paths"
            )
        else:
            targets = [folder / path for path in output_paths]
        for name, target in zip(names, targets, strict=True):
            self._download(name, self.reader.artifact(name), target)

    # ------------------------------------------------------------------ how files are copied

    def _upload(self, pairs: list[tuple[str, Path]], overwrite: bool) -> None:
        pairs = [(check_artifact(name), path) for name, path in pairs]
        for _, path in pairs:
            if not os.access(path, os.R_OK):
                raise SourceError(f"{path} may not be read; nothing was kept")
        self._refuse_taken([name for name, _ in pairs], overwrite)
        for name, path in pairs:
            try:
                file = path.open("rb")
            except OSError as error:
                raise ArtifactNotFoundError(f"{path} cannot be read: {error.strerror}") from error
            with file, copying(name, path.stat().st_size) as on_bytes:
                self._store(name, file, overwrite, on_bytes)

    def _refuse_taken(self, names: list[str], overwrite: bool) -> None:
        new = set(names)
        for name in names:
            path = artifact_path(self.path, name)
            if path.is_dir():
                raise ExistsError(f"{name!r} is a folder of the run; take another name for the file")
            if path.exists() and not overwrite:
                raise _taken(name)
            for above in _folders_above(name):
                if above in new or artifact_path(self.path, above).is_file():
                    raise ExistsError(f"{above!r} is a file of the run, so it cannot hold {name!r}")

    def _store(
        self, name: str, source: Any, overwrite: bool, on_bytes: Callable[[int], None] | None = None
    ) -> ArtifactLine | None:
        writer = self._session.writer
        try:
            return writer.store(name, source, overwrite=overwrite, on_bytes=on_bytes)
        except FileExistsError as error:
            raise _taken(name) from error
        except OSError as error:
            self._drop(error)
            return None
        except RunLoggingError:
            raise
        except (TypeError, ValueError) as error:  # a closed stream, one that gives no bytes, a lone surrogate
            raise InvalidValueError(
                f"what was given for {name!r} cannot be read: {type(error).__name__}: {error}"
            ) from error

    def _download(self, name: str, source: Path, target: Path) -> None:
        if target.exists() and target.samefile(source):
            raise InvalidValueError(f"{target} is the run's own file {name!r}; download it to another place")
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file, target.open("wb") as copy, copying(name, source.stat().st_size) as on_bytes:
            if on_bytes is None:
                shutil.copyfileobj(file, copy, 1 << 20)
                return
            while piece := file.read(1 << 20):
                copy.write(piece)
                on_bytes(len(piece))


def _taken(name: str) -> ExistsError:
    return ExistsError(f"the run has a file {name!r} already; pass overwrite=True to replace it, or take another name")


def _file(path: Any) -> Path:
    """Return the path of a file to upload.

    Raises:
        InvalidValueError: it is neither path nor open file.
        ArtifactNotFoundError: there is no such file.
    """
    found = _path(path, "a file to upload is a path or an open file")
    if found.is_dir():
        raise InvalidValueError(f"{found} is a folder; upload_folder keeps one")
    if not found.is_file():
        raise ArtifactNotFoundError(f"there is no file {found} to upload")
    return found


def _path(path: Any, what: str) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise InvalidValueError(f"{what}, not {type(path).__name__}")
    return Path(path)


def _folders_above(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _refuse_unread(error: OSError) -> None:
    raise SourceError(f"the folder {error.filename} may not be read: {error.strerror}; nothing was kept") from error


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder in order; links to files count as files, links to folders are not followed.

    Raises:
        SourceError: a folder may not be read.
    """
    for base, folders, files in os.walk(folder, onerror=_refuse_unread):
        folders.sort()
        for name in sorted(files):
            path = Path(base, name)
            if path.is_file():
                yield path
