"""Azure's arguments, by position and by keyword."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging.azureml import Experiment, Model, Run, ScriptRunConfig, Workspace
from runlogging.azureml.conda_dependencies import CondaDependencies
from runlogging.azureml.runconfig import RunConfiguration
from runlogging.azureml.widgets import RunDetails

# What is called, and Azure's parameters in Azure's order.
SPELLINGS: list[tuple[Callable[..., Any], str]] = [
    (Run.__init__, "self experiment run_id outputs"),
    (Run.log, "self name value description step"),
    (Run.log_list, "self name value description"),
    (Run.log_row, "self name description"),
    (Run.log_table, "self name value description"),
    (Run.log_image, "self name path plot description"),
    (Run.log_confusion_matrix, "self name value description"),
    (Run.log_accuracy_table, "self name value description"),
    (Run.log_residuals, "self name value description"),
    (Run.log_predictions, "self name value description"),
    (Run.flush, "self timeout_seconds"),
    (Run.get_metrics, "self name recursive run_type populate"),
    (Run.get_details, "self"),
    (Run.get_all_logs, "self destination"),
    (Run.get_file_names, "self"),
    (Run.upload_file, "self name path_or_stream datastore_name"),
    (Run.upload_folder, "self name path datastore_name"),
    (Run.upload_files, "self names paths return_artifacts timeout_seconds datastore_name"),
    (Run.download_file, "self name output_file_path"),
    (
        Run.download_files,
        "self prefix output_directory output_paths batch_size append_prefix timeout_seconds",
    ),
    (Run.complete, "self"),
    (Run.fail, "self error_details error_code"),
    (Run.cancel, "self"),
    (Run.wait_for_completion, "self show_output wait_post_processing raise_on_error"),
    (Run.get_context, "allow_offline used_for_context_manager"),
    (Run.child_run, "self name run_id outputs"),
    (Run.create_children, "self count tag_key tag_values"),
    (Run.get_children, "self recursive tags properties type status"),
    (Run.tag, "self key value"),
    (Run.set_tags, "self tags"),
    (Run.remove_tags, "self tags"),
    (Run.add_properties, "self properties"),
    (
        Run.register_model,
        "self model_name model_path tags properties model_framework model_framework_version description",
    ),
    (Run.get, "workspace run_id"),
    (Run.list, "experiment type tags properties status include_children"),
    (Experiment.__init__, "self workspace name"),
    (Experiment.get_runs, "self type tags properties include_children"),
    (Experiment.list, "workspace experiment_name view_type"),
    (Experiment.delete, "workspace experiment_id"),
    (Workspace.__init__, "self subscription_id resource_group workspace_name auth"),
    (Workspace.get, "name auth subscription_id resource_group"),
    (Workspace.create, "name auth subscription_id resource_group location"),
    (Workspace.from_config, "path auth"),
    (Model.__init__, "self workspace name id tags properties version"),
    (Model.list, "workspace name tags properties run_id latest"),
    (Model.register, "workspace model_path model_name tags properties description datasets model_framework"),
    (Model.get_model_path, "model_name version _workspace"),
    (Model.download, "self target_dir exist_ok"),
    (
        ScriptRunConfig.__init__,
        "self source_directory script arguments run_config compute_target environment distributed_job_config "
        "resume_from max_run_duration_seconds command docker_runtime_config",
    ),
    (RunConfiguration.__init__, "self script arguments framework communicator conda_dependencies"),
    (CondaDependencies.create, "conda_packages pip_packages python_version pin_sdk_version"),
    (CondaDependencies.save_to_file, "self base_directory conda_file_path"),
    (RunDetails.__init__, "self run_instance"),
    (RunDetails.show, "self render_lib widget_settings"),
    (RunDetails.get_widget_data, "self widget_settings"),
]


@pytest.mark.parametrize(("called", "spelling"), SPELLINGS, ids=[one[0].__qualname__ for one in SPELLINGS])
def test_parameters_stand_in_azures_order(called: Callable[..., Any], spelling: str) -> None:
    """Each parameter of Azure's can be given by position, in Azure's order, and by its name."""
    given = spelling.split()
    signature = inspect.signature(called)
    by_position = signature.bind(*given).arguments
    assert {name: by_position[name] for name in given} == {name: name for name in given}
    bound = given[:1] if given[:1] == ["self"] else []  # which no caller gives by its name
    by_keyword = signature.bind(*bound, **{name: name for name in given[len(bound) :]}).arguments
    assert {name: by_keyword[name] for name in given} == {name: name for name in given}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.txt").write_text("b", encoding="utf-8")
    started = Experiment(Workspace(), "calls").start_logging()
    yield started
    if started.status == "Running":
        started.complete()


FILE_CALLS: list[tuple[Callable[[Run], None], list[str]]] = [
    (lambda run: run.upload_file("a", "a.txt"), ["a"]),
    (lambda run: run.upload_file("a", "a.txt", "store"), ["a"]),
    (lambda run: run.upload_file(name="a", path_or_stream=Path("a.txt"), datastore_name="store"), ["a"]),
    (lambda run: run.upload_file(name="a", path_or_stream=io.BytesIO(b"x"), datastore_name=None), ["a"]),
    (lambda run: run.upload_folder("f", "folder", "store"), ["f/b.txt"]),
    (lambda run: run.upload_folder(name="f", path="folder", datastore_name="store"), ["f/b.txt"]),
    (lambda run: run.upload_files(["a"], ["a.txt"], True, 10, "store"), ["a"]),
    (
        lambda run: run.upload_files(names=["a", "c"], paths=["a.txt", "a.txt"], return_artifacts=True),
        ["a", "c"],
    ),
    (lambda run: run.upload_files(["a"], ["a.txt"], timeout_seconds=10, datastore_name="store"), ["a"]),
]


@pytest.mark.parametrize(("call", "names"), FILE_CALLS)
def test_uploads_take_azures_arguments(run: Run, call: Callable[[Run], None], names: list[str]) -> None:
    """Arguments without a local meaning change nothing of what is kept."""
    call(run)
    assert run.get_file_names() == names


def test_files_come_back(run: Run, tmp_path: Path) -> None:
    """Downloads take Azure's arguments too."""
    run.upload_files(["f/a", "f/c"], ["a.txt", "folder/b.txt"])
    run.download_file("f/a", output_file_path="back.txt", _validate_checksum=True)
    run.download_files("f", "all", None, 10, False, 60)
    assert (tmp_path / "back.txt").read_text(encoding="utf-8") == "a"
    assert (tmp_path / "all" / "c").read_text(encoding="utf-8") == "b"


def test_a_file_is_replaced_only_when_asked(run: Run) -> None:
    """Our keyword ``overwrite`` is there beside Azure's arguments."""
    run.upload_file("a", "a.txt")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        run.upload_file("a", "a.txt", datastore_name="store")
    run.upload_file("a", io.StringIO("new"), overwrite=True)
    assert run.reader.artifact("a").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize(
    ("arguments", "options", "kept"),
    [
        ((), {}, ["logs/l.txt", "outputs/o.txt"]),
        ((), {"outputs": None, "snapshot_directory": "."}, ["logs/l.txt", "outputs/o.txt"]),
        ((), {"outputs": "./outputs"}, ["logs/l.txt", "outputs/o.txt"]),
        ((), {"outputs": False}, ["logs/l.txt"]),
        ((), {"outputs": False, "logs": False}, []),
        ((), {"outputs": Path("other"), "snapshot_directory": None}, ["logs/l.txt", "outputs/x.txt"]),
        (("trial",), {"outputs": False, "logs": "other"}, ["logs/x.txt"]),
    ],
)
def test_what_start_logging_collects(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    options: dict[str, Any],
    kept: list[str],
) -> None:
    """``outputs`` None is ./outputs, False is nothing, and a path is that folder; ``logs`` likewise."""
    monkeypatch.chdir(tmp_path)
    run = Experiment(Workspace(), "collect").start_logging(*arguments, **options)
    for name in ("outputs/o.txt", "logs/l.txt", "other/x.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x", encoding="utf-8")
    run.complete()
    assert run.get_file_names() == kept
    assert run.name == (arguments[0] if arguments else None)


def test_start_logging_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    """A second argument without a keyword, and an option that no run has, are errors."""
    experiment = Experiment(tmp_path / "runs", "refused")
    with pytest.raises(ValueError, match="takes one name"):
        experiment.start_logging("a", "b")
    with pytest.raises(ValueError, match="no option 'output'"):
        experiment.start_logging(output="x")
    assert not (tmp_path / "runs").exists()
