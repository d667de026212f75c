"""What a run keeps of its environment: complete, bounded, and without any secret."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging._redaction import REPLACEMENT, Redactor
from runlogging.run._command import bounded, command_line
from runlogging.run._environment import VARIABLES, EnvironmentCapture
from runlogging.run._packages import installed_packages, normalised

from ..conftest import RunScript

SHAPE = "ghp_" + "a1B2" * 9
REDACTOR = Redactor()


def facts_of(**options: Any) -> dict[str, Any]:
    """Return the facts of this process, without git's answer."""
    capture = EnvironmentCapture(**options)
    capture.give_up()
    return capture.facts


def test_facts_stand_in_their_order_and_are_json() -> None:
    """The facts are those of the docstring, in its order, and come back from strict JSON as they were."""
    facts = facts_of()
    assert list(facts) == [
        *("command", "working_directory", "program", "python", "host", "packages", "git", "variables"),
    ]
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_facts_are_those_of_the_process() -> None:
    """Command, folder, Python and host are what the interpreter and the system say."""
    facts = facts_of()
    assert facts["command"][0] == sys.orig_argv[0]
    assert facts["working_directory"] == os.getcwd()
    assert facts["python"] == {
        "version": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
    }
    assert facts["host"]["cpus"] == os.cpu_count()
    assert facts["host"]["name"] == os.uname().nodename


def test_nothing_of_the_process_changes() -> None:
    """No thread is started and no variable set."""
    before = threading.active_count(), dict(os.environ)
    facts_of()
    assert (threading.active_count(), dict(os.environ)) == before


def test_script_and_its_arguments_are_kept(tmp_path: Path, run_script: RunScript) -> None:
    """A script has its path, options of the interpreter included in the command; ``python -c`` has none."""
    program = """
    import json, sys
    from runlogging.run._environment import EnvironmentCapture
    capture = EnvironmentCapture()
    capture.give_up()
    print(json.dumps([capture.facts["program"], capture.facts["command"], capture.facts["git"]]))
    """
    path, command, git = json.loads(run_script(program, "--epochs", "3").stdout)
    assert Path(path).parent == tmp_path
    assert command == [sys.executable, path, "--epochs", "3"]
    assert git is None


def test_secrets_are_nowhere(tmp_path: Path, run_script: RunScript) -> None:
    """A secret in variables, arguments, address of the remote, folder names and branch is in no part of the facts."""
    secret = "Xk29-correct.horse"
    folder = tmp_path / SHAPE
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text(f"ref: refs/heads/{SHAPE}")
    (folder / ".git" / "config").write_text(
        f'[remote "origin"]\nurl = https://ann:{secret}@host/{SHAPE}/p?token={secret}\n'
    )
    program = """
    import json, os, sys
    os.chdir(sys.argv.pop())
    from runlogging.run._environment import EnvironmentCapture
    capture = EnvironmentCapture()
    capture.give_up()
    print(json.dumps(capture.facts))
    """
    done = run_script(
        program,
        *("--password", secret, f"--api-key={secret}", f"TOKEN={secret}", f"+db.password={secret}", SHAPE),
        *("-H", f"Authorization: Bearer {secret}", f"--url=https://ann:{secret}@host/p"),
        str(folder),
        DB_PASSWORD=secret,
        MY_SETTING=secret,
        WANDB_API_KEY=secret,
        SLURM_JOB_NAME=f"train password={secret}",
        LANG=SHAPE,
    )
    facts = json.loads(done.stdout)
    assert facts["git"]["remote"] == f"https://host/{REPLACEMENT}/p"
    assert facts["git"]["branch"] == REPLACEMENT
    assert facts["variables"]["SLURM_JOB_NAME"] == f"train password={REPLACEMENT}"
    assert secret not in done.stdout
    assert SHAPE not in done.stdout
    assert "MY_SETTING" not in done.stdout


R = REPLACEMENT
COMMANDS = [
    (["train.py", "--lr", "0.1"], ["train.py", "--lr", "0.1"]),
    (["--password", "hunter2"], ["--password", R]),
    (["--password", "two words, more"], ["--password", R]),
    (["--password", "(odd)"], ["--password", R]),
    (["--password", "-hunter2"], ["--password", R]),
    (["--password", "12345678"], ["--password", R]),
    (["--password", "--verbose"], ["--password", "--verbose"]),
    (["--password", "-v", "x"], ["--password", "-v", "x"]),
    (["--password"], ["--password"]),
    (["--password", ""], ["--password", ""]),
    (["--password=hunter2"], [f"--password={R}"]),
    (["--password=a,b c"], [f"--password={R}"]),
    (["--api-key", "x1", "y"], ["--api-key", R, "y"]),
    (["--api_key=x1"], [f"--api_key={R}"]),
    (["-token", "x1"], ["-token", R]),
    (["--token", "5"], ["--token", "5"]),
    (["--token=5"], ["--token=5"]),
    (["--use-token", "true"], ["--use-token", "true"]),
    (["--token", "None!x"], ["--token", R]),
    (["--max-tokens", "abc"], ["--max-tokens", "abc"]),
    (["TOKEN=abc def"], [f"TOKEN={R}"]),
    (["+db.password='x y'"], [f"+db.password={R}"]),
    (["AWS_SECRET_ACCESS_KEY=a/b+c="], [f"AWS_SECRET_ACCESS_KEY={R}"]),
    (["-H", "Authorization: Basic abc def"], ["-H", f"Authorization: {R}"]),
    (["Cookie: a=b; c=d"], [f"Cookie: {R}"]),
    ([SHAPE], [R]),
    (["--name", SHAPE], ["--name", R]),
    (["https://ann:hunter2@host/p"], [f"https://ann:{R}@host/p"]),
    (['{"password": "hunter2", "n": 1}'], [f'{{"password": "{R}", "n": 1}}']),
    (["-c", "connect(password='hunter2')"], ["-c", f"connect(password='{R}')"]),
    (["key=value", "a:b", "monkey"], ["key=value", "a:b", "monkey"]),
]


@pytest.mark.parametrize(("given", "kept"), COMMANDS)
def test_command_loses_its_secrets(given: list[str], kept: list[str]) -> None:
    """Values of secret options and assignments go as a whole, token shapes wherever they stand; the rest stays."""
    assert command_line(given, REDACTOR) == kept


def test_own_keys_count_in_commands() -> None:
    """A key that the user names as secret is one on the command line too."""
    assert command_line(["--patient-id", "7a"], Redactor(keys=["patient_id"])) == ["--patient-id", R]


def test_without_redactor_the_command_stays() -> None:
    """None leaves secrets in."""
    assert command_line(["--password", "hunter2"], None) == ["--password", "hunter2"]


@given(
    before=st.lists(st.text(), max_size=4),
    secret=st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=4),
)
def test_any_password_goes(before: list[str], secret: str) -> None:
    """Whatever the password and whatever stands before it, it is gone; what is kept is valid Unicode."""
    secret = f"Q!{secret}"
    kept = command_line([*before, "--a", "--password", secret, f"--api-key={secret}"], REDACTOR)
    assert kept[-2:] == [R, f"--api-key={R}"]
    "".join(kept).encode()


def test_long_commands_are_cut() -> None:
    """An argument of a megabyte, and a hundred thousand arguments, end with a marker."""
    (argument,) = command_line(["x" * 1_000_000], REDACTOR)
    assert len(argument) < 5_000
    assert argument.endswith("[cut: 1,000,000 characters]")
    many = command_line([f"image{number}.png" for number in range(100_000)], REDACTOR)
    assert len(many) == 257
    assert many[-1].endswith("[cut: 100,000 arguments]")
    total = command_line(["y" * 4_000] * 100, REDACTOR)
    assert sum(map(len, total)) < 25_000
    assert total[-1].endswith("[cut: 100 arguments]")


@pytest.mark.parametrize("size", [*range(4, 40, 5), 60, 1_000, 1_100])
def test_cut_shows_no_half_of_a_secret(size: int) -> None:
    """Of a token at a place where the text is cut nothing is kept, also where what stands before it shrinks."""
    for place in (100, 100 + 1_024):
        before = f"password={'z' * (place - size - 10)} "
        assert "ghp" not in bounded(f"{before}{SHAPE * 100}", 100, REDACTOR.text)
        assert "ghp" not in bounded(f"{before[10:]}{SHAPE}", 100, REDACTOR.text)


@given(text=st.text(max_size=300), limit=st.integers(0, 100))
def test_bounded_text_is_bounded(text: str, limit: int) -> None:
    """A text within the limit stays; a longer one is cut and says so."""
    kept = bounded(text, limit, None)
    assert kept == text if len(text) <= limit else kept.startswith(f"{text[:limit]}... [cut: ")


def test_variables_are_those_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only named variables are kept, long ones cut."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "n" * 100_000)
    monkeypatch.setenv("SOMETHING_ELSE", "x")
    variables = facts_of()["variables"]
    assert variables["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert len(variables["SLURM_JOB_NODELIST"]) < 3_000
    assert set(variables) == set(VARIABLES) & set(os.environ)


def test_folder_that_is_gone_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory that was removed costs that fact alone."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    facts = facts_of()
    assert facts["working_directory"] is None
    assert facts["python"]["executable"]


def test_names_that_are_no_unicode_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are no UTF-8 in folder, arguments and variables come out as escapes."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system takes only UTF-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "orig_argv", ["python", "\udcff"])
    monkeypatch.setenv("TZ", "\udcff")
    facts = facts_of()
    assert facts["working_directory"].endswith(r"\udcff")
    assert facts["command"][1] == r"\udcff"
    json.dumps(facts, ensure_ascii=False).encode()


def test_odd_arguments_cost_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may put anything into its arguments."""
    monkeypatch.setattr(sys, "orig_argv", [])
    monkeypatch.setattr(sys, "argv", ["train", 3, None])
    assert facts_of()["command"] == ["train", "3", "None"]


def test_packages_are_the_installed_ones() -> None:
    """Names and versions are those that importlib.metadata reads from the files of each distribution."""
    expected: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        expected.setdefault(re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower(), distribution.version)
    assert installed_packages() == dict(sorted(expected.items()))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Give two folders that are all of sys.path."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.setattr(sys, "path", [str(first), str(second), str(first), str(tmp_path / "missing")])
    return first, second


def test_packages_come_from_names_alone(folders: tuple[Path, Path]) -> None:
    """Every way to write a name counts, the first folder wins, and what is no distribution is passed over."""
    first, second = folders
    for name in (
        "My.Long__Name-1.0+cu118.dist-info",
        "old-2.1-py3.11.egg-info",
        "bare.egg-info",
        "~broken-1.dist-info",
    ):
        (first / name).mkdir()
    (second / "my_long_name-9.dist-info").mkdir()
    (second / "other-3.dist-info").touch()
    (second / "notes.txt").touch()
    assert installed_packages() == {"bare": None, "my-long-name": "1.0+cu118", "old": "2.1", "other": "3"}


def test_packages_are_looked_for_again_after_an_installation(folders: tuple[Path, Path]) -> None:
    """What is kept for the process is forgotten when a folder or the path changes; a caller's change stays its own."""
    first, _ = folders
    assert installed_packages() == {}
    (first / "new-1.dist-info").mkdir()
    os.utime(first, ns=(10**18, 10**18))
    installed_packages().clear()
    assert installed_packages() == {"new": "1"}
    sys.path.pop(0)
    sys.path.pop(1)
    assert installed_packages() == {}


def test_odd_entries_of_the_path_are_passed_over(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip file, an empty entry (the working directory) and objects that are no text are no error."""
    first, second = folders
    (second / "code.zip").touch()
    (first / "here-1.dist-info").mkdir()
    monkeypatch.chdir(first)
    monkeypatch.setattr(sys, "path", ["", str(second / "code.zip"), 3, None, "nul\0byte"])
    assert installed_packages() == {"here": "1"}


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", fullmatch=True))
def test_names_are_normalised_as_pep_503_says(name: str) -> None:
    """The spelling is that of the expression in PEP 503."""
    assert normalised(name) == re.sub(r"[-_.]+", "-", name).lower()
