"""Models under Azure's signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from runlogging import RunNotFoundError
from runlogging.azureml import Model, Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Give a workspace with three versions of one model, the second of them marked."""
    monkeypatch.chdir(tmp_path)
    made = Workspace()
    for number in (1, 2, 3):
        Path("model.pkl").write_text(str(number), encoding="utf-8")
        tags = {"best": "yes"} if number == 2 else None
        Model.register(made, "model.pkl", "ridge", tags, {"number": number}, "a text", model_framework="ScikitLearn")
    return made


def test_versions_count(workspace: Workspace) -> None:
    """Each registration is a version of its own, with its own content."""
    assert [(model.version, model.properties["number"]) for model in Model.list(workspace)] == [
        (1, "1"),
        (2, "2"),
        (3, "3"),
    ]
    assert [model.version for model in Model.list(workspace, latest=True)] == [3]
    assert [Path(Model.get_model_path("ridge", number)).read_text(encoding="utf-8") for number in (1, 2, None)] == [
        "1",
        "2",
        "3",
    ]


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ({"name": "ridge"}, 3),
        ({"id": "ridge:2"}, 2),
        ({"name": "ridge", "version": 1}, 1),
        ({"name": "ridge", "version": "1"}, 1),
        ({"name": "ridge", "tags": ["best"]}, 2),
        ({"name": "ridge", "tags": {"best": "yes"}}, 2),
        ({"name": "ridge", "properties": {"number": "1"}}, 1),
    ],
)
def test_a_model_is_found(workspace: Workspace, wanted: dict[str, object], version: int) -> None:
    """By name, id, version, tags and properties; the newest that fits."""
    model = Model(workspace, **wanted)  # type: ignore[arg-type]
    assert (model.name, model.version, model.model_framework) == ("ridge", version, "ScikitLearn")
    assert model.model_framework_version is None


@pytest.mark.parametrize(
    ("wanted", "error", "text"),
    [
        ({}, ValueError, "name:version"),
        ({"name": "ridge", "version": "first"}, ValueError, "whole number"),
        ({"name": "ridge", "version": 9}, RunNotFoundError, "no version 9"),
        ({"name": "ridge", "tags": "worst"}, RunNotFoundError, "no version of a model"),
        ({"name": "rigde"}, RunNotFoundError, "ridge"),
    ],
)
def test_a_model_is_not_found(
    workspace: Workspace, wanted: dict[str, object], error: type[Exception], text: str
) -> None:
    """The error says what is missing."""
    with pytest.raises(error, match=text):
        Model(workspace, **wanted)  # type: ignore[arg-type]


def test_nothing_to_register(workspace: Workspace) -> None:
    """A file that is not there is an error, and no version comes of it."""
    with pytest.raises(FileNotFoundError, match=r"absent\.pkl"):
        Model.register(workspace, "absent.pkl", "ridge")
    assert len(Model.list(workspace, "ridge")) == 3
