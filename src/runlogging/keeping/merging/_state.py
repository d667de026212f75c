"""One state of a run, and how two states of the same run relate: one may be the other, earlier."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from runlogging.folder import RUN_MANIFEST, TERMINAL, WRITERS_FOLDER, stream_name
from runlogging.keeping._run_files import Source, sources_of
from runlogging.keeping.collecting._model import Mark
from runlogging.keeping.collecting._places import PACK_LOCK

MERGED_FROM = "merged.from"
"""The property of a run that got another id: the one that it had in the root that it comes from."""

_PIECE_BYTES = 1 << 20
_LOCKS = frozenset((f"{WRITERS_FOLDER}/.manifest", f"{WRITERS_FOLDER}/{PACK_LOCK}"))
_RESUMED, _APART = "it was resumed", "neither goes on from the other"
# What its owner writes anew as the run goes on.
_REWRITTEN = ("summary", "faults", "environment.json", "snapshot.json", "artifacts/", ".supervisor.log")


@dataclass(frozen=True)
class State:
    """A run as it lies in a folder.

    Attributes:
        path: the folder.
        manifest: what its manifest says, or is to say in the target, as plain JSON: fields that this version does
            not know are kept.
        files: its files by their names, without the manifest and what only locks.
        unfit: names of what is not copied: links, and what is no file.
        mark: the state of the manifest.
        is_changed: whether the manifest is to be another than that in the folder.
    """

    path: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, Source]
    unfit: tuple[str, ...]
    mark: Mark
    is_changed: bool = False

    @classmethod
    def of(cls, path: Path) -> State:
        """Look at a run folder.

        Raises:
            OSError: it cannot be read.
            msgspec.DecodeError: its manifest is no JSON object.
        """
        mark = Mark.of(path / RUN_MANIFEST)
        manifest = msgspec.json.decode((path / RUN_MANIFEST).read_bytes(), type=dict[str, Any])
        sources, unfit = sources_of(path)
        files = {source.name: source for source in sources if source.name not in {RUN_MANIFEST, *_LOCKS}}
        return cls(path, manifest, files, tuple(unfit), mark)

    def renamed(self, new_id: str | None, parent: str | None) -> State:
        """Return the state that it gets under another id, or below a parent with another id."""
        manifest = dict(self.manifest)
        if new_id is not None:
            manifest["id"] = new_id
            manifest["properties"] = {**manifest.get("properties", {}), MERGED_FROM: self.path.name}
        if parent is not None:
            manifest["parent"] = parent
        return State(self.path, manifest, self.files, self.unfit, self.mark, is_changed=True)

    @property
    def size(self) -> int:
        """The bytes of its files."""
        return sum(source.size for source in self.files.values()) + self.mark.size


class Relation(NamedTuple):
    """How an incoming state relates to the one in the target.

    Attributes:
        kind: "same"; "older" or "newer", as the incoming one is; or "conflict".
        reason: what is in the way, of a conflict.
    """

    kind: str
    reason: str = ""


def relation(incoming: State, target: State) -> Relation:
    """Compare two states of a run.

    One is an older state of the other if all that is only ever appended to (streams, lives of writers) is the beginning
    of what the other has, and nothing of it is missing in the other.
    """
    mine, theirs = _parts(incoming), _parts(target)
    difference = _first_difference(mine, theirs)
    plain = _without_format(incoming.manifest) == _without_format(target.manifest)
    if difference is None and plain:
        return Relation("same")
    older, newer = _is_older(incoming, target, mine, theirs), _is_older(target, incoming, theirs, mine)
    if older is None:
        return Relation("older")
    if newer is None:
        return Relation("newer")
    if difference is None:
        fields = [name for name in incoming.manifest if incoming.manifest[name] != target.manifest.get(name)]
        return Relation("conflict", f"the manifests differ: {', '.join(fields) or 'fields'}")
    if difference.endswith(".parquet"):
        return Relation("conflict", f"{difference} is packed and differs; unpack it (`runlogging unpack`) first")
    against = [one for one in dict.fromkeys((older, newer)) if one not in (_RESUMED, _APART)] or [_APART]
    return Relation("conflict", f"{difference} differs: {'; '.join(against)}")


def _without_format(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without what packing changes."""
    return {key: value for key, value in manifest.items() if key != "format"}


# ---------------------------------------------------------------------- files


class _Part(NamedTuple):
    """A file, under the name that it has unpacked."""

    source: Source
    grows: bool
    is_packed: bool


def _parts(state: State) -> dict[str, _Part]:
    parts: dict[str, _Part] = {}
    for name, source in state.files.items():
        stream = stream_name(name)
        is_packed = stream is not None and stream.kind == "parquet"
        plain = str(stream._replace(kind="jsonl")) if stream else name
        if is_packed and plain in state.files:
            continue  # the JSON Lines beside it hold
        is_life = name.startswith(f"{WRITERS_FOLDER}/") and name.endswith(".lock")
        parts[plain] = _Part(source, stream is not None or is_life, is_packed)
    return parts


def _first_difference(mine: Mapping[str, _Part], theirs: Mapping[str, _Part]) -> str | None:
    """Return the name of a file that the two do not have alike, or None; sizes are looked at first."""
    for name in [*mine, *theirs]:
        if name not in mine or name not in theirs:
            return name
        if not (mine[name].is_packed or theirs[name].is_packed) and mine[name].source.size != theirs[name].source.size:
            return name
    return next((_shown(mine, theirs, name) for name in mine if not _is_same(mine[name], theirs[name])), None)


def _shown(mine: Mapping[str, _Part], theirs: Mapping[str, _Part], name: str) -> str:
    return next((one[name].source.name for one in (mine, theirs) if one[name].is_packed), name)


def _is_same(one: _Part, other: _Part) -> bool:
    if one.is_packed or other.is_packed:
        return _content(one) == _content(other)
    return one.source.size == other.source.size and begins_alike(one.source.path, other.source.path, one.source.size)


def _content(part: _Part) -> tuple[int, str] | str:
    """Return size and SHA-256 of what a file holds unpacked; its path where that cannot be told."""
    if not part.is_packed:
        return part.source.size, digest(part.source.path)
    try:
        from runlogging.keeping.packing._file import read_packing_of  # it needs a package of an extra

        packing = read_packing_of(part.source.path)
    except (ImportError, OSError, ValueError):
        return str(part.source.path)
    return packing.size, packing.sha256


def begins_alike(one: Path, other: Path, size: int) -> bool:
    """Tell whether two files have the same first bytes.

    Raises:
        OSError: one cannot be read.
    """
    if one.samefile(other):
        return True
    with one.open("rb") as first, other.open("rb") as second:
        while size > 0:
            mine = first.read(min(size, _PIECE_BYTES))
            if not mine or mine != second.read(len(mine)):
                return False
            size -= len(mine)
    return True


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------------- older and newer


def _is_older(old: State, new: State, mine: Mapping[str, _Part], theirs: Mapping[str, _Part]) -> str | None:
    """Return None where one state became the other, else what is against it."""
    problems = (_part_problem(name, part, theirs.get(name)) for name, part in mine.items())
    problem = next(_manifest_problems(old.manifest, new.manifest), None) or next(filter(None, problems), None)
    if problem:
        return problem
    grown = [name for name, part in theirs.items() if part.grows and _size(mine.get(name)) < part.source.size]
    has_ended = old.manifest.get("status") not in TERMINAL and new.manifest.get("status") in TERMINAL
    return None if grown or has_ended else _APART


def _size(part: _Part | None) -> int:
    return part.source.size if part else -1


def _part_problem(name: str, part: _Part, other: _Part | None) -> str | None:
    """Return why a file cannot have become another; None where it can."""
    if other is None:
        return f"{name} is on one side only"
    if part.is_packed or other.is_packed:
        return None if _is_same(part, other) else f"{name} is packed"
    if part.grows:
        size = part.source.size
        goes_on = size <= other.source.size and begins_alike(part.source.path, other.source.path, size)
        return None if goes_on else _APART
    return None if name.startswith(_REWRITTEN) or _is_same(part, other) else "it is another file"


def _manifest_problems(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an older manifest says and a newer one of the same run would still say."""
    if old.get("created") != new.get("created"):
        yield "they are two runs, made at different times"
    for field in ("id", "parent"):
        if old.get(field) != new.get(field):
            yield f"{field} differs"
    for field in ("name", "description"):
        if old.get(field) not in (None, new.get(field)):
            yield f"{field} differs"
    for field in ("tags", "properties", "parameters"):
        missing = [key for key in old.get(field) or {} if key not in (new.get(field) or {})]
        if missing:
            yield f"{field} differ: {missing[0]!r} is only in the older"
    if (old.get("attempt") or 1) > (new.get("attempt") or 1):
        yield _RESUMED
    known = {_key(writer) for writer in new.get("writers") or ()}
    if not {_key(writer) for writer in old.get("writers") or ()} <= known and not new.get("writers_omitted"):
        yield "other processes wrote them"


def _key(writer: Any) -> tuple[Any, ...]:
    return tuple(writer.get(field) for field in ("name", "pid", "host", "started"))
