"""The code of a run, out of its ``snapshot.zip``, which is trusted in nothing.

``api/code?run=`` answers ``id``, ``taken``, ``folder``, ``files`` (``name``, ``size``), ``left_out``, ``omitted`` and
``git``; ``name=`` one of the files: ``text``, ``binary``, ``cut``. ``api/code_zip?run=`` is the zip.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging._errors import ArtifactNotFoundError, InvalidNameError, InvalidValueError, RunLoggingError
from runlogging.folder import check_artifact
from runlogging.viewer._answers import answering
from runlogging.viewer._downloads import file_answer
from runlogging.viewer._previews import decoded, is_binary, shown

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.reading import RunReader
    from runlogging.viewer._state import State

_SNAPSHOT = "snapshot.zip"
_FACTS = "snapshot.json"
_MOST_FILES = 20_000
_MOST_BYTES = 1 << 20
_MOST_FACTS_BYTES = 4 << 20
# zipfile bounds what it unpacks at once only for these two, and a snapshot has no others.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def routes(state: State) -> list[Route]:
    """Return what answers ``api/code`` and ``api/code_zip``."""
    from starlette.routing import Route

    def code(request: Request) -> dict[str, Any]:
        run = state.run(request)
        name = request.query_params.get("name")
        return _listing(run) if name is None else _text(run, name)

    def whole(request: Request) -> Any:
        run = state.run(request)
        return file_answer(_own(run, _SNAPSHOT), f"{run.path.name}-code.zip", request)

    return [Route("/api/code", answering(code)), Route("/api/code_zip", answering(whole))]


def _own(run: RunReader, name: str) -> Path:
    """Return a file in the run folder itself.

    Raises:
        ArtifactNotFoundError: there is none, or a link leads out of the run.
    """
    path = run.path / name
    if not path.is_file():
        raise ArtifactNotFoundError("This run has no snapshot of its code.")
    if not path.resolve().is_relative_to(run.path.resolve()):
        raise ArtifactNotFoundError(f"{name} of this run is a link that leads out of its folder.")
    return path


def _listing(run: RunReader) -> dict[str, Any]:
    git = run.environment.get("git")
    made: dict[str, Any] = {"git": git if isinstance(git, dict) else None, "files": [], "omitted": 0, "size": 0}
    if not (run.path / _SNAPSHOT).is_file():
        return {**made, "id": None, "left_out": []}
    facts = _facts(run)
    with _opened(run) as archive:
        names = {info.filename: info.file_size for info in archive.infolist() if _is_good(info.filename)}
    listed = sorted(names)[:_MOST_FILES]
    left_out = facts.get("left_out")
    return {
        **made,
        "id": str(facts.get("id") or run.properties.get("snapshot.id") or ""),
        "taken": facts.get("taken"),
        "folder": facts.get("folder"),
        "files": [{"name": name, "size": names[name]} for name in listed],
        "omitted": len(names) - len(listed),
        "size": sum(names.values()),
        "left_out": left_out if isinstance(left_out, list) else [],
    }


def _facts(run: RunReader) -> dict[str, Any]:
    try:
        with _own(run, _FACTS).open("rb") as file:
            return msgspec.json.decode(file.read(_MOST_FACTS_BYTES), type=dict[str, Any])
    except (ArtifactNotFoundError, OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _is_good(name: str) -> bool:
    try:
        return check_artifact(name) == name
    except InvalidNameError:
        return not name.endswith("/") and name.isprintable() and ".." not in name.split("/")


@contextmanager
def _opened(run: RunReader) -> Iterator[zipfile.ZipFile]:
    try:
        with _own(run, _SNAPSHOT).open("rb") as file, zipfile.ZipFile(file) as archive:
            yield archive
    except _DAMAGED as error:
        if isinstance(error, RunLoggingError):
            raise
        raise InvalidValueError(f"{_SNAPSHOT} of this run is damaged: {error}") from None


def _text(run: RunReader, name: str) -> dict[str, Any]:
    """Return the text of a file; the zip's names are looked up as they stand, and never become paths."""
    with _opened(run) as archive:
        found = next((info for info in archive.infolist() if info.filename == name and _is_good(name)), None)
        if found is None:
            raise ArtifactNotFoundError(f"The snapshot has no file {name!r:.200}.")
        if found.compress_type not in _METHODS or found.flag_bits & 1:
            raise InvalidValueError(f"{name!r:.200} is packed in a way that no snapshot is.")
        with archive.open(found) as file:
            data = file.read(_MOST_BYTES + 1)
    if is_binary(data):
        return {"name": name, "text": "", "binary": True, "cut": None}
    text, is_cut = decoded(data, most=_MOST_BYTES)
    return {"name": name, "text": shown(text), "binary": False, "cut": "The first MiB is shown." if is_cut else None}
