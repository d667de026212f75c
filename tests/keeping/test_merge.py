"""Merging roots: what is copied, which state of a run wins, what a conflict is, what a full disk or a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runlogging import Experiment, Model, start_run
from runlogging._errors import InvalidValueError, RootError, RunActiveError
from runlogging.folder import Line, Writer, changed_manifest, now_text, write_manifest
from runlogging.folder._locks import held_lock
from runlogging.keeping.collecting._gc import plan_gc
from runlogging.keeping.merging._exchange import exchange
from runlogging.keeping.merging._merge import MergePlan, merge, plan_merge
from runlogging.reading import list_runs, open_run
from tests.conftest import SOURCE, RunScript
from tests.reading.tools import HOLD, living, manifest_only, spec_of


def made(root: Path, run_id: str = "r1", experiment: str = "test", lines: int = 3, **more: Any) -> Path:
    """Return the folder of a run that ended."""
    writer = Writer(spec_of(root, run_id, experiment, **more))
    writer.open()
    for number in range(lines):
        writer.write(Line(time=now_text(), level="INFO", message=f"line {number}"))
        writer.write(Line(time=now_text(), step=number, metrics={"loss": 1 / (number + 1)}))
    writer.end("Completed")
    return writer.spec.path


def tree(path: Path) -> dict[str, bytes]:
    """Return the files below a folder by their names, but for locks."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name not in (".manifest", ".lock", ".number.lock") and ".trash" not in file.parts
    }


def actions(plan: MergePlan) -> dict[str, str]:
    """Return what becomes of each run or model, by its name."""
    return {step.name: step.action for step in plan.steps}


def merged(*sources: Path, into: Path, **options: Any) -> MergePlan:
    """Merge, and return the plan that was followed; nothing may fail."""
    plan = plan_merge(sources, into, **options)
    assert merge(plan).failed == ()
    return plan


def copied(source: Path, target: Path) -> Path:
    """Copy a root as people do."""
    subprocess.run(["cp", "-a", source, target], check=True)
    return target


def test_runs_of_several_roots_come_into_one(tmp_path: Path) -> None:
    """Each run is copied to the byte, its times too; the sources stay, and a second merge has nothing to do."""
    one, two, into = tmp_path / "one", tmp_path / "two", tmp_path / "into"
    for root, run_id, experiment in ((one, "r1", "a"), (one, "r2", "b"), (two, "r3", "a"), (into, "r4", "a")):
        made(root, run_id, experiment)
    before = tree(one), tree(two), tree(into)
    told: list[tuple[str, int, int]] = []
    done = merge(plan_merge([one, two], into), lambda *facts: told.append(facts))
    assert len(done.done) == 3
    assert (tree(one), tree(two)) == before[:2]
    assert tree(into) == {**before[0], **before[1], **before[2]}
    assert told[-1][1:] == (sum(map(len, tree(one).values())) + sum(map(len, tree(two).values())),) * 2
    stream = Path("a", "r1", "logs.jsonl")
    assert (into / stream).stat().st_mtime_ns == (one / stream).stat().st_mtime_ns
    assert {run.id for run in list_runs(into)} == {"r1", "r2", "r3", "r4"}
    again = plan_merge([one, two], into)
    assert actions(again) == dict.fromkeys(("a/r1", "b/r2", "a/r3"), "same")
    assert merge(again).done == ()
    assert [path.name for path in (into / ".merging").iterdir()] == [".lock"]


def test_single_run_can_be_merged(tmp_path: Path) -> None:
    """A run folder goes into the experiment that its folder lies in."""
    run = made(tmp_path / "one", "r1", "a")
    made(tmp_path / "one", "r2", "a")
    merged(run, into=tmp_path / "into")
    assert [run.id for run in list_runs(tmp_path / "into")] == ["r1"]


def test_longer_state_wins(tmp_path: Path) -> None:
    """A copy of a run that was taken before it went on is replaced by the later state, and never the other way."""
    root, into = tmp_path / "root", tmp_path / "into"
    run = made(root)
    early = copied(root, tmp_path / "early")
    with start_run("test", root=root, run_id="r1", resume=True, environment=False) as resumed:
        resumed.log("loss", 0.125, step=7)
    merged(early, into=into)
    assert actions(merged(root, into=into)) == {"test/r1": "replace"}
    assert tree(into / "test" / "r1") == tree(run)
    assert open_run(into / "test" / "r1").series("loss").values[-1] == 0.125
    assert actions(merged(early, into=into)) == {"test/r1": "older"}
    assert tree(into / "test" / "r1") == tree(run)
    assert [path.name for path in (into / ".merging").iterdir()] == [".lock"]


@pytest.mark.parametrize("mine", range(3))
@pytest.mark.parametrize("theirs", range(3))
def test_states_are_ordered_by_what_was_added(tmp_path: Path, mine: int, theirs: int) -> None:
    """Of two copies of one run that were taken at different times the later one is known, whichever comes in."""
    writer = Writer(spec_of(tmp_path / "root"))
    writer.open()
    states = []
    for number in range(3):
        writer.write(Line(time=now_text(), level="INFO", message=f"line {number}"))
        states.append(copied(tmp_path / "root", tmp_path / f"state{number}"))
    writer.end("Completed")
    shutil.copytree(states[theirs], tmp_path / "into")
    (step,) = plan_merge([states[mine]], tmp_path / "into").steps
    assert step.action == ("older" if mine < theirs else "replace" if mine > theirs else "same")


def test_copy_of_a_run_that_still_ran_is_an_older_state(tmp_path: Path) -> None:
    """What was copied while it ran, torn line and all, gives way to the run that ended."""
    root = tmp_path / "root"
    with living(HOLD, str(root)) as process:
        early = copied(root, tmp_path / "early")
        logs = early / "test" / "r1" / "logs.jsonl"
        os.truncate(logs, logs.stat().st_size - 5)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        process.wait(60)
    into = tmp_path / "into"
    assert actions(merged(early, into=into)) == {"test/r1": "copy"}
    assert list_runs(into)[0].status == "NotResponding"
    assert actions(merged(root, into=into)) == {"test/r1": "replace"}
    assert list_runs(into)[0].status == "Completed"


def test_several_sources_with_states_of_one_run_give_the_latest(tmp_path: Path) -> None:
    """Sources are compared with each other, too, in whatever order they are named."""
    root = tmp_path / "root"
    made(root)
    early = copied(root, tmp_path / "early")
    with start_run("test", root=root, run_id="r1", resume=True, environment=False) as run:
        run.log("loss", 0.125)
    for number, sources in enumerate(([early, root], [root, early])):
        into = tmp_path / f"into{number}"
        plan = plan_merge(sources, into)
        assert len(plan.to_do) == 1
        assert merge(plan).failed == ()
        assert tree(into) == tree(root)


def test_running_run_of_a_source_is_left_out(tmp_path: Path) -> None:
    """A run that is being written is named and not copied; the others are."""
    root, into = tmp_path / "root", tmp_path / "into"
    made(root, "r2")
    with living(HOLD, str(root)):
        plan = merged(root, into=into)
        assert actions(plan) == {"test/r1": "left out", "test/r2": "copy"}
        assert [step.reason for step in plan.left] == ["it is Running"]
    assert [run.id for run in list_runs(into)] == ["r2"]


@pytest.mark.parametrize("status", ["Queued", "Preparing"])
def test_run_that_is_about_to_start_is_left_out(tmp_path: Path, status: str) -> None:
    """A submitted run that waits for its start is not copied."""
    manifest_only(tmp_path / "root", status=status, created=now_text())
    (step,) = plan_merge([tmp_path / "root"], tmp_path / "into").steps
    assert (step.action, step.reason) == ("left out", f"it is {status}")


def test_running_run_of_the_target_is_not_replaced(tmp_path: Path) -> None:
    """A later state waits until nobody writes to the one in the target, also where it began after the plan."""
    root, into = tmp_path / "root", tmp_path / "into"
    made(root)
    copied(root, into)
    with start_run("test", root=root, run_id="r1", resume=True, environment=False) as run:
        run.log("loss", 0.125)
    plan = plan_merge([root], into)
    assert actions(plan) == {"test/r1": "replace"}
    before = tree(into / "test" / "r1")
    # A further writer of an ended run holds its life, and changes neither streams nor manifest yet.
    with held_lock(into / "test" / "r1" / ".writers" / "main.lock", 0):
        done = merge(plan)
        assert [reason for _, reason in done.failed] == [
            "the target's changed meanwhile: its writer main is at work; merge again"
        ]
        (step,) = plan_merge([root], into).steps
        assert step.action == "left out"
        assert step.reason.endswith("and its writer main is at work")
    assert tree(into / "test" / "r1") == before


def test_source_that_changes_after_the_plan_is_said(tmp_path: Path) -> None:
    """What went on since the plan is not copied in part."""
    made(tmp_path / "root")
    plan = plan_merge([tmp_path / "root"], tmp_path / "into")
    with changed_manifest(tmp_path / "root" / "test" / "r1") as manifest:
        manifest.tags["late"] = None
    assert [reason for _, reason in merge(plan).failed] == ["it changed meanwhile; merge again"]
    assert list_runs(tmp_path / "into") == []


def conflicting(tmp_path: Path, **more: Any) -> tuple[Path, Path]:
    """Return two roots with a run of one id that have nothing else in common."""
    one, into = tmp_path / "one", tmp_path / "into"
    made(one, **more)
    made(into, lines=5, **more)
    return one, into


def test_conflict_overwrites_nothing(tmp_path: Path) -> None:
    """Two runs that were written apart under one id are both named, and the target's stays as it is."""
    one, into = conflicting(tmp_path)
    before = tree(into)
    plan = merged(one, into=into)
    (step,) = plan.left
    assert (step.action, step.source, step.target) == ("conflict", one / "test" / "r1", into / "test" / "r1")
    assert "differs" in step.reason
    assert {name: data for name, data in tree(into).items() if not name.startswith(".merging")} == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: tag(run, "note", "mine"), "the manifests differ: tags"),
        (lambda run: (run / "notes.txt").write_text("mine"), "notes.txt"),
        (lambda run: (run / "logs.jsonl").write_bytes(b"{}\n"), "logs.jsonl"),
        (lambda run: (run / "summary.json").write_bytes(b"{}"), "summary.json"),
    ],
    ids=["tag", "file", "stream", "summary"],
)
def test_what_was_changed_on_one_side_only_is_a_conflict(tmp_path: Path, change: Any, said: str) -> None:
    """Where neither state goes on from the other a person decides."""
    made(tmp_path / "root")
    into = copied(tmp_path / "root", tmp_path / "into")
    change(into / "test" / "r1")
    (step,) = plan_merge([tmp_path / "root"], into).steps
    assert step.action == "conflict"
    assert said in step.reason


def tag(run: Path, key: str, value: str) -> None:
    """Set a tag of a run that has ended."""
    with changed_manifest(run) as manifest:
        manifest.tags[key] = value


def test_tag_of_the_older_state_is_not_lost(tmp_path: Path) -> None:
    """A later state without a tag that somebody gave the older one does not replace it."""
    root = tmp_path / "root"
    made(root)
    into = copied(root, tmp_path / "into")
    tag(into / "test" / "r1", "paper", "figure 3")
    with start_run("test", root=root, run_id="r1", resume=True, environment=False) as run:
        run.log("loss", 0.125)
    (step,) = plan_merge([root], into).steps
    assert step.action == "conflict"
    assert "'paper' is only in the older" in step.reason


def test_rename_gives_another_id_and_children_follow(tmp_path: Path) -> None:
    """The incoming run says what it was called; its children name it as their parent; twice is once."""
    one, into = conflicting(tmp_path)
    made(one, "child", parent="r1")
    made(one, "grandchild", parent="child")
    plan = merged(one, into=into, rename=True)
    assert plan.left == ()
    runs = {run.id: run for run in list_runs(into)}
    assert set(runs) == {"r1", "r1-2", "child", "grandchild"}
    assert runs["r1-2"].properties == {"merged.from": "r1"}
    assert runs["r1-2"].path.name == "r1-2"
    assert (runs["child"].parent, runs["grandchild"].parent) == ("r1-2", "child")
    assert runs["r1-2"].metrics()["loss"].values == open_run(one / "test" / "r1").metrics()["loss"].values
    for options in ({"rename": True}, {}):
        again = plan_merge([one], into, **options)
        assert set(actions(again).values()) == {"same"}


def test_renamed_copy_is_replaced_by_its_later_state(tmp_path: Path) -> None:
    """A run that was copied under another id goes on there with the next merge."""
    one, into = conflicting(tmp_path)
    merged(one, into=into, rename=True)
    with start_run("test", root=one, run_id="r1", resume=True, environment=False) as run:
        run.log("loss", 0.125)
    assert actions(merged(one, into=into)) == {"test/r1": "replace"}
    assert open_run(into / "test" / "r1-2").series("loss").values[-1] == 0.125
    assert len(list_runs(into)) == 2


def test_third_run_of_one_id_gets_the_next_name(tmp_path: Path) -> None:
    """Conflicts between sources and with earlier copies find a free id each."""
    one, into = conflicting(tmp_path)
    made(tmp_path / "two", lines=7)
    assert set(actions(merged(one, tmp_path / "two", into=into, rename=True)).values()) == {"copy"}
    assert {run.id for run in list_runs(into)} == {"r1", "r1-2", "r1-3"}


def test_unknown_fields_of_a_renamed_manifest_are_kept(tmp_path: Path) -> None:
    """What a newer version wrote into a manifest comes along."""
    one, into = conflicting(tmp_path)
    path = one / "test" / "r1" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "newer": [1]}), encoding="utf-8")
    merged(one, into=into, rename=True)
    assert json.loads((into / "test" / "r1-2" / "run.json").read_text())["newer"] == [1]


def test_packed_copy_is_the_same_run(tmp_path: Path) -> None:
    """A run that was packed in the target after a merge is no conflict; one that went on since is."""
    pack = pytest.importorskip("runlogging.keeping.packing._pack").pack
    root, into = tmp_path / "root", tmp_path / "into"
    made(root)
    merged(root, into=into)
    pack(into / "test" / "r1")
    assert actions(plan_merge([root], into)) == {"test/r1": "same"}
    assert actions(plan_merge([into], root)) == {"test/r1": "same"}
    with start_run("test", root=root, run_id="r1", resume=True, environment=False) as run:
        run.log("loss", 0.125)
    (step,) = plan_merge([root], into).steps
    assert step.action in ("replace", "conflict")
    if step.action == "conflict":
        assert "unpack" in step.reason or "packed" in step.reason


# ---------------------------------------------------------------------- what lies beside the runs


def test_numbers_go_on_behind_the_highest(tmp_path: Path) -> None:
    """The next run of an experiment gets a number that no copy of it has given; equal ones stay."""
    one, into = tmp_path / "one", tmp_path / "into"
    for number in range(5):
        made(one, f"one{number}", is_numbered=True)
    made(into, "into0", is_numbered=True)
    merged(one, into=into)
    assert sorted(run.number or 0 for run in list_runs(into)) == [1, 1, 2, 3, 4, 5]
    made(into, "next", is_numbered=True)
    assert open_run(into / "test" / "next").number == 6
    merged(one, into=into)
    assert (into / "test" / ".number").read_text(encoding="ascii") == "6\n"


def test_snapshots_are_kept_once(tmp_path: Path) -> None:
    """The store of the target gets each snapshot under its id, and the runs have further names of it."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text("print(1)\n", encoding="utf-8")
    one, into = tmp_path / "one", tmp_path / "into"
    ids = set()
    for run_id in ("r1", "r2"):
        with start_run("test", root=one, run_id=run_id, environment=False) as run:
            ids.add(run.take_snapshot(code))
    (snapshot,) = ids
    merged(one, into=into)
    files = [into / ".store" / f"{snapshot}.zip", *(into / "test" / name / "snapshot.zip" for name in ("r1", "r2"))]
    assert len({file.stat().st_ino for file in files}) == 1
    assert files[0].read_bytes() == (one / "test" / "r1" / "snapshot.zip").read_bytes()
    assert {run.get_snapshot_id() for run in Experiment(into, "test").get_runs()} == {snapshot}


def test_damaged_snapshot_does_not_come_into_the_store(tmp_path: Path) -> None:
    """What is not what its id says stays with its run, and others do not get it."""
    run = made(tmp_path / "one")
    for name, data in (("r1", b"no zip"),):
        (tmp_path / "one" / "test" / name / "snapshot.zip").write_bytes(data)
    with changed_manifest(run) as manifest:
        manifest.properties["snapshot.id"] = "a" * 64
    other = made(tmp_path / "one", "r2")
    (other / "snapshot.zip").write_bytes(b"x")
    with changed_manifest(other) as manifest:
        manifest.properties["snapshot.id"] = "../../evil"
    merged(tmp_path / "one", into=tmp_path / "into")
    assert list((tmp_path / "into").glob(".store/*.zip")) == []
    assert (tmp_path / "into" / "test" / "r1" / "snapshot.zip").read_bytes() == b"no zip"


def registered(root: Path, text: str, name: str = "ridge") -> int:
    """Register a version of a model, and return it."""
    with start_run("test", root=root, environment=False) as run:
        file = root.parent / "model.txt"
        file.write_text(text, encoding="utf-8")
        return run.register_model(name, str(file)).version


def test_models_come_along(tmp_path: Path) -> None:
    """Versions that the target does not have are copied; equal ones are skipped."""
    one, into = tmp_path / "one", tmp_path / "into"
    registered(one, "first")
    registered(one, "second")
    registered(into, "mine", "lasso")
    plan = merged(one, into=into)
    assert actions(plan).items() >= {"ridge/1": "copy", "ridge/2": "copy"}.items()
    assert {model.id for model in Model.list(into)} == {"ridge:1", "ridge:2", "lasso:1"}
    assert Path(Model(into, "ridge", 2).path, "model.txt").read_text(encoding="utf-8") == "second"
    assert set(actions(plan_merge([one], into)).values()) == {"same"}


def test_model_version_with_other_content_is_a_conflict(tmp_path: Path) -> None:
    """It is named; with ``rename`` it becomes the next free version, once."""
    one, into = tmp_path / "one", tmp_path / "into"
    registered(one, "one")
    registered(into, "into")
    plan = merged(one, into=into)
    assert [(step.name, step.action) for step in plan.left] == [("ridge/1", "conflict")]
    merged(one, into=into, rename=True)
    assert Path(Model(into, "ridge", 1).path, "model.txt").read_text(encoding="utf-8") == "into"
    assert Path(Model(into, "ridge", 2).path, "model.txt").read_text(encoding="utf-8") == "one"
    assert Model(into, "ridge", 2).properties == {"merged.from": "1"}
    assert actions(plan_merge([one], into, rename=True))["ridge/1"] == "same"


def test_model_names_the_run_that_it_comes_from(tmp_path: Path) -> None:
    """A model of a run that got another id says so."""
    one, into = conflicting(tmp_path)
    facts = {"name": "ridge", "version": 1, "created": now_text(), "run": "r1", "experiment": "test"}
    folder = one / ".models" / "ridge" / "1"
    (folder / "files").mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(facts), encoding="utf-8")
    merged(one, into=into, rename=True)
    assert Model(into, "ridge").run_id == "r1-2"
    assert set(actions(plan_merge([one], into)).values()) == {"same"}


def test_archived_experiment_stays_archived(tmp_path: Path) -> None:
    """An experiment that the target did not have is archived where it was."""
    made(tmp_path / "one", "r1", "old")
    Experiment(tmp_path / "one", "old").archive()
    merged(tmp_path / "one", into=tmp_path / "into")
    assert Experiment(tmp_path / "into", "old").is_archived


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link in a run is named and not copied, a run behind one is left out."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    run = made(tmp_path / "one")
    (run / "artifacts").mkdir(exist_ok=True)
    (run / "artifacts" / "link.txt").symlink_to(secret)
    (run / "folder").symlink_to(tmp_path)
    os.mkfifo(run / "pipe")
    (tmp_path / "one" / "test" / "linked").symlink_to(run)
    plan = merged(tmp_path / "one", into=tmp_path / "into", move=False)
    steps = {step.name: step for step in plan.steps}
    assert steps["test/r1"].unfit == ("artifacts/link.txt", "folder", "pipe")
    assert steps["test/linked"].reason == "it is reached through a symbolic link"
    assert not any(b"secret" in data for data in tree(tmp_path / "into").values())


def test_odd_runs_are_left_out(tmp_path: Path) -> None:
    """A broken manifest, one of a newer format, and a name that no run may have are named."""
    one = tmp_path / "one"
    (made(one, "broken") / "run.json").write_text("{", encoding="utf-8")
    (made(one, "newer") / "run.json").write_text('{"format": 99}', encoding="utf-8")
    shutil.copytree(made(one, "good"), one / "test" / "no.id")
    plan = merged(one, into=tmp_path / "into")
    assert actions(plan) == {
        "test/broken": "left out",
        "test/newer": "left out",
        "test/no.id": "left out",
        "test/good": "copy",
    }


# ---------------------------------------------------------------------- moving, limits, kills


def test_move_deletes_what_is_in_the_target(tmp_path: Path) -> None:
    """Copied, equal and older runs go from the source; conflicts, running ones and those with links stay."""
    one, into = tmp_path / "one", tmp_path / "into"
    made(one, "same")
    copied(one, into)
    made(one, "new")
    made(one, "conflict")
    made(into, "conflict", lines=9)
    (made(one, "link") / "link").symlink_to(tmp_path)
    with living(HOLD, str(one)):
        plan = plan_merge([one], into, move=True)
        done = merge(plan)
    assert {path.name for path in done.removed} == {"same", "new"}
    assert [reason for _, reason in done.failed] == [
        "it is copied, and stays: it is not deleted: link is not in the copy"
    ]
    assert {path.parent.name for path in one.glob("*/*/run.json")} == {"conflict", "link", "r1"}
    assert {run.id for run in list_runs(into)} == {"same", "new", "conflict", "link"}
    assert not (one / ".trash").exists()


def test_moved_single_run_leaves_nothing_around_it(tmp_path: Path) -> None:
    """Nothing is made outside of the folder that the run lay in."""
    run = made(tmp_path / "box" / "one")
    merged(run, into=tmp_path / "into", move=True)
    assert list((tmp_path / "box" / "one").rglob("*")) == [run.parent]
    assert [path.name for path in (tmp_path / "box").iterdir()] == ["one"]


@pytest.mark.parametrize("where", ["same", "inside", "around"])
def test_source_and_target_may_not_lie_in_each_other(tmp_path: Path, where: str) -> None:
    """A root is not merged into itself."""
    made(tmp_path / "root")
    into = {"same": tmp_path / "root", "inside": tmp_path / "root" / "sub", "around": tmp_path}[where]
    with pytest.raises(InvalidValueError, match="lie in each other"):
        plan_merge([tmp_path / "root"], into)


def test_what_is_no_source_is_named(tmp_path: Path) -> None:
    """A folder that does not exist, one experiment, a bare text and nothing are refused with a sentence."""
    made(tmp_path / "root")
    with pytest.raises(RootError, match="no folder of runs"):
        plan_merge([tmp_path / "nowhere"], tmp_path / "into")
    with pytest.raises(RootError, match="is one experiment; name its root"):
        plan_merge([tmp_path / "root" / "test"], tmp_path / "into")
    nothing: list[list[str] | str] = [[], "root"]
    for sources in nothing:
        with pytest.raises(InvalidValueError, match="list of roots"):
            plan_merge(sources, tmp_path / "into")
    (tmp_path / "file").touch()
    with pytest.raises(RootError, match="is a file"):
        plan_merge([tmp_path / "root"], tmp_path / "file")


def test_one_merge_at_a_time(tmp_path: Path) -> None:
    """A second merge into the same root is refused with a sentence."""
    made(tmp_path / "one")
    plan = plan_merge([tmp_path / "one"], tmp_path / "into")
    (tmp_path / "into" / ".merging").mkdir(parents=True)
    with held_lock(tmp_path / "into" / ".merging" / ".lock", 0), pytest.raises(RunActiveError, match="another merge"):
        merge(plan)


def test_target_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """A run that somebody else put there after the plan stays."""
    made(tmp_path / "one")
    plan = plan_merge([tmp_path / "one"], tmp_path / "into")
    other = made(tmp_path / "into", lines=9)
    before = tree(other)
    assert [reason for _, reason in merge(plan).failed] == ["the target has one of this name by now; merge again"]
    assert tree(other) == before


def test_full_disk_leaves_whole_runs_only(tmp_path: Path, run_script: RunScript) -> None:
    """What was copied whole stays, the half copy is gone, and the error says what to do; then the rest is merged."""
    one, into = tmp_path / "one", tmp_path / "into"
    made(one, "a")
    (made(one, "b") / "artifacts").mkdir()
    (one / "test" / "b" / "artifacts" / "data").write_bytes(os.urandom(3_000_000))
    made(one, "c")
    done = run_script(
        """
        import resource, sys
        from runlogging import RunLoggingError
        from runlogging.keeping.merging._merge import merge, plan_merge
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        try:
            merge(plan_merge(["one"], "into"))
        except RunLoggingError as error:
            print(error)
        """
    )
    assert "while test/b was copied" in done.stdout
    assert "1 of 3 was copied whole and stay" in done.stdout
    assert "Make room and merge again" in done.stdout
    assert [run.id for run in list_runs(into)] == ["a"]
    assert [path.name for path in (into / ".merging").iterdir()] == [".lock"]
    assert actions(merged(one, into=into)) == {"test/a": "same", "test/b": "copy", "test/c": "copy"}


KILLED = """
import os, signal, sys
from pathlib import Path
from runlogging.keeping.merging._merge import merge, plan_merge

def die(what, done, total):
    if done >= total * 0.6:
        os.kill(os.getpid(), signal.SIGKILL)

merge(plan_merge([sys.argv[1]], sys.argv[2]), die)
"""


def test_kill_leaves_whole_runs_only(tmp_path: Path) -> None:
    """A killed merge leaves no half run in sight; the next one does the rest and clears up."""
    one, into = tmp_path / "one", tmp_path / "into"
    for number in range(4):
        made(one, f"r{number}", lines=50)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(one), str(into)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    there = {run.id for run in list_runs(into)}
    assert 0 < len(there) < 4
    assert all(tree(into / "test" / name) == tree(one / "test" / name) for name in there)
    assert len(list((into / ".merging").iterdir())) == 2
    merged(one, into=into)
    assert {run.id for run in list_runs(into)} == {"r0", "r1", "r2", "r3"}
    assert [path.name for path in (into / ".merging").iterdir()] == [".lock"]
    assert plan_gc(into).items == ()


LOOK = """
import sys
from pathlib import Path
path = Path(sys.argv[1])
print("ready", flush=True)
missing = 0
while not Path(sys.argv[2]).exists():
    missing += not (path / "run.json").exists()
print(missing, flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux exchanges two folders in one step")
def test_replaced_run_is_never_missing(tmp_path: Path) -> None:
    """Whoever looks at a run while it is replaced finds one state of it or the other."""
    root, into = tmp_path / "root", tmp_path / "into"
    made(root)
    copied(root, into)
    with living(LOOK, str(into / "test" / "r1"), str(tmp_path / "stop")) as process:
        for step in range(20):
            with start_run("test", root=root, run_id="r1", resume=True, environment=False) as run:
                run.log("loss", step)
            assert actions(merged(root, into=into)) == {"test/r1": "replace"}
        (tmp_path / "stop").touch()
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
    assert tree(into / "test") == tree(root / "test")


@pytest.mark.parametrize("system", [sys.platform, "other"])
def test_folders_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """In one step or in three, each is where the other was; where one is missing the other stays."""
    monkeypatch.setattr(sys, "platform", system)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    exchange(tmp_path / "one", tmp_path / "two")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")) == ["one/two", "two/one"]
    with pytest.raises(OSError, match="gone"):
        exchange(tmp_path / "gone", tmp_path / "two")
    assert (tmp_path / "two" / "one").exists()


def test_run_without_writers_folder_is_merged(tmp_path: Path) -> None:
    """A copy that came without ``.writers`` is a run like any other."""
    run = made(tmp_path / "one")
    shutil.rmtree(run / ".writers")
    assert actions(merged(tmp_path / "one", into=tmp_path / "into")) == {"test/r1": "copy"}
    assert actions(plan_merge([tmp_path / "one"], tmp_path / "into")) == {"test/r1": "same"}
    write_manifest(run, open_run(run)._manifest)
