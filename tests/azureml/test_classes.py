"""The objects of this shape give objects of this shape."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import runlogging
from runlogging import azureml, start_run
from runlogging.azureml import Experiment, Model, Run, Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace.from_config()


@pytest.fixture
def run(workspace: Workspace) -> Iterator[Run]:
    with Experiment(workspace, "shapes").start_logging(display_name="first") as started:
        yield started


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("runlogging.azureml", "Workspace Experiment Run ScriptRunConfig Environment Model VERSION __version__"),
        ("runlogging.azureml.run", "Run"),
        ("runlogging.azureml.workspace", "Workspace"),
        ("runlogging.azureml.experiment", "Experiment"),
        ("runlogging.azureml.script_run_config", "ScriptRunConfig"),
        ("runlogging.azureml.environment", "Environment CondaDependencies"),
        ("runlogging.azureml.conda_dependencies", "CondaDependencies"),
        ("runlogging.azureml.model", "Model"),
        ("runlogging.azureml.runconfig", "RunConfiguration DockerConfiguration DEFAULT_CPU_IMAGE CondaDependencies"),
        ("runlogging.azureml.widgets", "RunDetails"),
    ],
)
def test_names_are_where_azure_has_them(module: str, names: str) -> None:
    """Each module of Azure's that is kept exports what scripts import from it."""
    found = import_module(module)
    assert set(names.split()) <= set(found.__all__)
    assert all(hasattr(found, name) for name in found.__all__)
    assert azureml.VERSION == azureml.__version__ == runlogging.__version__


def test_a_run_leads_to_objects_of_this_shape(run: Run, workspace: Workspace) -> None:
    """Experiment, workspace, parent, children and queries give the classes of this package."""
    with run.child_run("second", outputs=False) as child:
        child.log("loss", 1.0)
    (prepared,) = run.create_children(count=1)
    assert type(run.experiment) is Experiment
    assert type(run.experiment.workspace) is Workspace
    assert (run.experiment, run.experiment.workspace) == (Experiment(workspace, "shapes"), workspace)
    found = [child, prepared, child.parent, *run.get_children(), *run.experiment.get_runs(include_children=True)]
    found += [workspace.get_run(run.id), Run.get(workspace, run.id), Run(run.experiment, run.id), Run.get_context()]
    found += [*Run.list(run.experiment), Run.get_submitted_run(), pickle.loads(pickle.dumps(run))]
    assert {type(one) for one in found} == {Run}
    assert len(found) == 15


def test_a_workspace_leads_to_objects_of_this_shape(run: Run, workspace: Workspace) -> None:
    """Experiments and models of a workspace are those of this package."""
    run.upload_folder("outputs", _folder(workspace.path.parent / "model"))
    registered = run.register_model("ridge", "outputs", model_framework="ScikitLearn", tags={"k": "v"})
    assert {name: type(one) for name, one in workspace.experiments.items()} == {"shapes": Experiment}
    assert [type(one) for one in Experiment.list(workspace)] == [Experiment]
    assert [type(one) for one in (registered, workspace.models["ridge"], *Model.list(workspace))] == [Model] * 3
    assert (registered.model_framework, registered.tags) == ("ScikitLearn", {"k": "v"})


def test_a_run_of_the_core_becomes_one_of_this_shape(tmp_path: Path) -> None:
    """`Run.get_context` gives a run that `start_run` opened, and collects nothing that it was not told to."""
    with start_run("core", tmp_path / "runs") as core:
        same = Run.get_context()
        assert (type(same), same.id) == (Run, core.id)
        assert same == core
        same.log("loss", 1.0)
    assert core.get_metrics() == {"loss": 1.0}


def test_an_experiment_takes_a_workspace_of_the_core(tmp_path: Path) -> None:
    """A workspace of the core is the same root."""
    experiment = Experiment(runlogging.Workspace(tmp_path / "runs"), name="mixed", _create_in_cloud=False)
    assert type(experiment.workspace) is Workspace
    assert experiment.path == tmp_path / "runs" / "mixed"


def test_every_way_to_a_workspace_is_the_local_root(workspace: Workspace, tmp_path: Path) -> None:
    """Names and accounts of Azure have no effect, and read as "local"."""
    ways = [
        Workspace("sub", "group", "name"),
        Workspace(subscription_id="sub", resource_group="group", workspace_name="name", auth=object()),
        Workspace.get(name="name", subscription_id="sub", resource_group="group"),
        Workspace.create(name="name", location="westeurope", exist_ok=True, create_resource_group=True),
        Workspace.from_config(auth=object(), _file_name="config.json"),
    ]
    assert [one.path for one in ways] == [tmp_path / "runs"] * 5
    assert {(one.name, one.resource_group, one.location, one.subscription_id) for one in ways} == {
        ("runs", "local", "local", "local")
    }
    assert ways[0].get_details()["location"] == "local"
    assert pickle.loads(pickle.dumps(workspace)) == workspace
    assert Workspace(root=tmp_path / "other").path == tmp_path / "other"


def test_the_variable_names_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_ROOT is taken by every way."""
    monkeypatch.setenv("RUNLOGGING_ROOT", str(tmp_path / "named"))
    assert {Workspace().path, Workspace.get("x").path, Workspace.from_config().path} == {tmp_path / "named"}


def test_children_do_not_collect_what_their_parent_keeps(run: Run, tmp_path: Path) -> None:
    """A file in ./outputs is kept once, by the run that is no child; a child keeps a folder that it is given."""
    with run.child_run("plain") as plain, run.child_run("own", outputs="own") as own:
        for name in ("outputs/o.txt", "own/x.txt"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_text("x", encoding="utf-8")
    run.complete()
    assert plain.get_file_names() == []
    assert own.get_file_names() == ["outputs/x.txt"]
    assert run.get_file_names() == ["outputs/o.txt"]


def test_no_context_is_an_error_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``allow_offline=False`` makes no run."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="RUNLOGGING_RUN"):
        Run.get_context(allow_offline=False)
    with pytest.raises(FileNotFoundError):
        Run.get_submitted_run(allow_offline=False)
    assert list(tmp_path.iterdir()) == []


def _folder(path: Path) -> Path:
    path.mkdir()
    (path / "model.pkl").write_bytes(b"model")
    return path
