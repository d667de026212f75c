"""Models of merged roots: versions that the target does not have are copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from runlogging._errors import RunLoggingError
from runlogging.folder import check_experiment
from runlogging.keeping._run_files import Source, sources_of
from runlogging.keeping.collecting._places import MODELS_FOLDER, children_of_folder, is_file, is_folder, own_folder
from runlogging.keeping.merging._model import Step
from runlogging.keeping.merging._state import MERGED_FROM, begins_alike

FACTS = "model.json"


@dataclass(frozen=True)
class Version:
    """A version of a model: its facts, as they are or as they are to be, and its files by their names."""

    path: Path
    facts: Mapping[str, Any]
    files: Mapping[str, Source]
    unfit: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> Version:
        """Look at the folder of a version.

        Raises:
            OSError: it cannot be read.
            msgspec.DecodeError: its facts are no JSON object.
        """
        sources, unfit = sources_of(path)
        facts = msgspec.json.decode((path / FACTS).read_bytes(), type=dict[str, Any])
        return cls(path, facts, {source.name: source for source in sources if source.name != FACTS}, tuple(unfit))

    def changed(self, run: str | None, version: int | None) -> Version:
        """Return it with another run that it comes from, or as another version; None leaves these as they are."""
        facts = dict(self.facts)
        if run is not None:
            facts["run"] = run
        if version is not None:
            facts["version"] = version
            facts["properties"] = {**(facts.get("properties") or {}), MERGED_FROM: self.path.name}
        return replace(self, facts=facts)

    def is_same(self, other: Version) -> bool:
        """Tell whether another version says and holds the same."""
        return (
            self.facts == other.facts
            and self.files.keys() == other.files.keys()
            and all(self.files[name].size == other.files[name].size for name in self.files)
            and all(begins_alike(one.path, other.files[name].path, one.size) for name, one in self.files.items())
        )


def model_steps(roots: Sequence[Path], into: Path, ids: Mapping[Path, str], *, rename: bool) -> list[Step]:
    """Return what becomes of the models of some roots.

    Args:
        roots: the sources.
        into: the target.
        ids: the folders of runs of the sources to the ids that they get in place of their own.
        rename: whether a version in conflict becomes the next free one.
    """
    coming: dict[Path, Version] = {}
    steps: list[Step] = []
    for root in roots:
        for path in _versions_below(root):
            step = Step("model", "left out", path, into / MODELS_FOLDER / path.parent.name / path.name)
            try:
                check_experiment(path.parent.name)
                step = _settled(step, _with_run(Version.of(path), root, ids), coming, rename=rename)
            except (RunLoggingError, OSError, msgspec.DecodeError) as error:
                step = replace(step, reason=f"it cannot be read: {error}")
            steps.append(step)
    return steps


def _versions_below(root: Path) -> Iterator[Path]:
    for model in children_of_folder(own_folder(root, MODELS_FOLDER)):
        if not model.name.startswith(".") and is_folder(model):
            found = [path for path in children_of_folder(model) if path.name.isdecimal() and is_file(path / FACTS)]
            yield from sorted((path for path in found if is_folder(path)), key=lambda path: int(path.name))


def _with_run(version: Version, root: Path, ids: Mapping[Path, str]) -> Version:
    run = root / str(version.facts.get("experiment", "")) / str(version.facts.get("run", ""))
    return version.changed(ids[run], None) if run in ids else version


def _settled(step: Step, version: Version, coming: dict[Path, Version], *, rename: bool) -> Step:
    size = sum(source.size for source in version.files.values())
    step = replace(step, bytes=size, unfit=version.unfit, parent=_changed_run(version))
    there = _current(step.target, coming)
    if there is None:
        coming[step.target] = version
        return replace(step, action="copy")
    taken = {int(path.name): path for path in _known(step.target.parent, coming)}
    for number, path in [(None, step.target), *taken.items()]:
        other = _current(path, coming)
        if other is not None and version.changed(None, number).is_same(other):
            return replace(step, action="same", target=path, reason="the target has the same")
    if not rename:
        return replace(step, action="conflict", reason="the target has another content under this version")
    number = max(taken) + 1
    target = step.target.with_name(str(number))
    coming[target] = version.changed(None, number)
    return replace(step, action="copy", target=target, new_id=str(number), reason="conflict: another content")


def _changed_run(version: Version) -> str | None:
    was = msgspec.json.decode((version.path / FACTS).read_bytes(), type=dict[str, Any]).get("run")
    return None if version.facts.get("run") == was else str(version.facts.get("run"))


def _known(model: Path, coming: Mapping[Path, Version]) -> list[Path]:
    there = [path for path in children_of_folder(model) if path.name.isdecimal()]
    return sorted({*there, *(path for path in coming if path.parent == model)}, key=lambda path: int(path.name))


def _current(path: Path, coming: Mapping[Path, Version]) -> Version | None:
    if path in coming:
        return coming[path]
    return Version.of(path) if is_file(path / FACTS) else None
