"""What a run says of the repository of its program, with repositories that git itself made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging.run._environment import EnvironmentCapture
from runlogging.run._git_config import clean_url, parse_config
from runlogging.run._git_status import GitStatus

from ..conftest import WAIT_FOR, RunScript

GIT = shutil.which("git")
pytestmark = [
    pytest.mark.skipif(GIT is None, reason="git is not on PATH"),
    pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="this system starts no child by posix_spawn"),
]
PATIENCE_S = 60
IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "protocol.file.allow=always")
Facts = dict[str, Any]


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it says."""
    done = subprocess.run(["git", *IDENTITY, "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _only_our_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(autouse=True)
def _leaves_nothing() -> Iterator[None]:
    before, known = descriptors(), children()
    yield
    assert children() <= known
    assert descriptors() == before


def children() -> set[str]:
    """Return the process ids of this process's children, ended or not."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for listed in lists for pid in listed.read_text(encoding="ascii").split()}


def descriptors() -> set[str]:
    """Return the open descriptors of this process, where the system lists them."""
    return set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()


def make(folder: Path) -> Path:
    """Make a repository with one commit on the branch ``main``."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("print(1)\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a clean repository."""
    return make(tmp_path / "repository")


@pytest.fixture
def capture_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., EnvironmentCapture]:
    """Give a function that captures as a program without a script would in a folder."""

    def capture(folder: Path, **options: Any) -> EnvironmentCapture:
        monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
        monkeypatch.chdir(folder)
        return EnvironmentCapture(**options)

    return capture


@pytest.fixture
def facts_in(capture_in: Callable[..., EnvironmentCapture]) -> Callable[..., Facts]:
    """Give a function that returns what is said of the repository of a folder, with git's answer."""

    def facts(folder: Path, **options: Any) -> Facts:
        capture = capture_in(folder, **options)
        capture.collect(PATIENCE_S)
        found = capture.facts["git"]
        assert isinstance(found, dict)
        return found

    return facts


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that puts a shell script in git's place."""

    def put(program: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "git").write_text(f"#!/bin/sh\n{program}\n")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


def test_clean_repository_is_described_as_git_describes_it(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """Root, commit and branch are git's own; a clean tree is not dirty and needs no note."""
    assert facts_in(repository) == {
        "root": str(repository),
        "commit": git(repository, "rev-parse", "HEAD"),
        "branch": "main",
        "remote": None,
        "dirty": False,
    }


@pytest.mark.parametrize("change", ["modified", "staged", "deleted", "untracked"])
def test_any_change_makes_dirty(repository: Path, facts_in: Callable[..., Facts], change: str) -> None:
    """Modified, staged, deleted and untracked files each make the tree dirty."""
    file = repository / ("new.py" if change == "untracked" else "train.py")
    if change == "deleted":
        file.unlink()
    else:
        file.write_text("print(2)\n")
    if change == "staged":
        git(repository, "add", "-A")
    assert facts_in(repository)["dirty"] is True


def test_ignored_files_do_not_make_dirty(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """What .gitignore names is no change."""
    (repository / ".git" / "info" / "exclude").write_text("*.log\n")
    (repository / "a.log").touch()
    assert facts_in(repository)["dirty"] is False


def test_the_folder_of_the_runs_does_not_make_dirty(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """The folder named as ignored does not count, and everything beside it does."""
    runs = repository / "a" / "runs [1]"
    runs.mkdir(parents=True)
    (runs / "run.json").touch()
    assert facts_in(repository)["dirty"] is True
    assert facts_in(repository, ignored=runs)["dirty"] is False
    assert facts_in(repository, ignored=repository)["dirty"] is True
    (repository / "a" / "other").touch()
    assert facts_in(repository, ignored=runs)["dirty"] is True


def test_repository_is_found_from_a_folder_below(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """The search goes upwards from the working directory."""
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    assert facts_in(below)["root"] == str(repository)


def test_script_goes_before_the_working_directory(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository of the main script, its links followed, is the one; the working directory comes second."""
    other = make(tmp_path / "other")
    (tmp_path / "link.py").symlink_to(repository / "train.py")
    monkeypatch.chdir(other)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "link.py"), raising=False)
    capture = EnvironmentCapture()
    capture.give_up()
    assert capture.facts["git"]["root"] == str(repository)
    assert capture.facts["program"] == str(repository / "train.py")


def test_detached_head_has_a_commit_and_no_branch(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """A detached HEAD names the commit itself."""
    git(repository, "checkout", "-q", "--detach")
    facts = facts_in(repository)
    assert (facts["commit"], facts["branch"]) == (git(repository, "rev-parse", "HEAD"), None)
    assert "note" not in facts


@pytest.mark.parametrize("branch", ["main", "feature/x", "grün"])
def test_packed_references_are_read(repository: Path, facts_in: Callable[..., Facts], branch: str) -> None:
    """A commit is found in packed-refs too, and a newer loose reference wins over it."""
    git(repository, "checkout", "-q", "-B", branch)
    git(repository, "branch", f"{branch}2")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / branch).exists()
    facts = facts_in(repository)
    assert (facts["commit"], facts["branch"]) == (git(repository, "rev-parse", "HEAD"), branch)
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    assert facts_in(repository)["commit"] == git(repository, "rev-parse", "HEAD") != facts["commit"]


def test_branch_that_names_another_is_followed(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """A symbolic reference to a branch gives the commit of that branch."""
    git(repository, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(repository, "symbolic-ref", "HEAD", "refs/heads/alias")
    facts = facts_in(repository)
    assert (facts["commit"], facts["branch"]) == (git(repository, "rev-parse", "HEAD"), "alias")


def test_repository_without_commits_says_so(tmp_path: Path, facts_in: Callable[..., Facts]) -> None:
    """A new repository has a branch, no commit, and a note."""
    git(tmp_path, "init", "-q", "-b", "main")
    facts = facts_in(tmp_path)
    assert (facts["commit"], facts["branch"]) == (None, "main")
    assert "no commit yet" in facts["note"]


def test_sha256_repository_is_read(tmp_path: Path, facts_in: Callable[..., Facts]) -> None:
    """The long commit of a SHA-256 repository is a commit."""
    git(tmp_path, "init", "-q", "--object-format=sha256")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    commit = facts_in(tmp_path)["commit"]
    assert commit == git(tmp_path, "rev-parse", "HEAD")
    assert len(commit) == 64


def test_worktree_has_a_head_of_its_own(repository: Path, tmp_path: Path, facts_in: Callable[..., Facts]) -> None:
    """A linked worktree has its own root and branch, and the remote of the repository."""
    git(repository, "remote", "add", "origin", "https://example.org/p.git")
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "second")
    git(repository, "pack-refs", "--all")
    assert facts_in(tmp_path / "tree") == {
        "root": str(tmp_path / "tree"),
        "commit": git(tmp_path / "tree", "rev-parse", "HEAD"),
        "branch": "other",
        "remote": "https://example.org/p.git",
        "dirty": False,
    }


@pytest.fixture
def submodule(repository: Path, tmp_path: Path) -> Path:
    """Give a submodule of the repository."""
    make(tmp_path / "part")
    git(repository, "submodule", "--quiet", "add", str(tmp_path / "part"), "part")
    git(repository, "commit", "-q", "-m", "with a part")
    return repository / "part"


def test_submodule_is_a_repository(repository: Path, submodule: Path, facts_in: Callable[..., Facts]) -> None:
    """Inside a submodule it is the submodule that is described; a change in it makes both dirty."""
    assert facts_in(submodule)["commit"] == git(submodule, "rev-parse", "HEAD")
    assert (facts_in(submodule)["dirty"], facts_in(repository)["dirty"]) == (False, False)
    (submodule / "train.py").write_text("print(2)\n")
    assert (facts_in(submodule)["dirty"], facts_in(repository)["dirty"]) == (True, True)


def test_bare_repository_is_none(
    repository: Path, tmp_path: Path, capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """A bare repository has no working tree, so there is nothing to say and no error."""
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
    assert capture_in(tmp_path / "bare").facts["git"] is None


def test_no_repository_is_none(tmp_path: Path, capture_in: Callable[..., EnvironmentCapture]) -> None:
    """Outside a repository there is nothing to say, to collect or to give up."""
    capture = capture_in(tmp_path)
    assert capture.facts["git"] is None
    assert not capture.collect(1)
    assert not capture.give_up()


def test_empty_git_folder_is_passed_over(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """A .git that is no repository does not hide the one above, as with git."""
    below = repository / "below"
    (below / ".git").mkdir(parents=True)
    assert facts_in(below)["root"] == str(repository)


@pytest.mark.parametrize(
    ("head", "branch"),
    [
        ("garbage", None),
        ("", None),
        ("ref: refs/../../secret", None),
        ("ref: refs/heads/../../../secret", "../../../secret"),
        ("ref: refs/heads/nothing", "nothing"),
        ("ref: refs/heads/looped", "looped"),
        ("ref: refs/heads/long", "long"),
    ],
)
def test_broken_head_leaves_a_note(repository: Path, facts_in: Callable[..., Facts], head: str, branch: str) -> None:
    """A HEAD that leads nowhere, round in a circle or out of the repository gives no commit, and a note."""
    (repository / "secret").write_text("1" * 40)
    (repository / ".git" / "refs" / "heads" / "looped").write_text("ref: refs/heads/looped\n")
    (repository / ".git" / "refs" / "heads" / "long").write_text("1" * 41)
    (repository / ".git" / "HEAD").write_text(f"{head}\n")
    facts = facts_in(repository)
    assert (facts["commit"], facts["branch"]) == (None, branch)
    assert "cannot be read" in facts["note"]


def test_git_does_not_answer_for_a_repository_above(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """Where git takes the repository for none, changes of the one above are not told as its own."""
    below = make(repository / "below")
    (below / ".git" / "HEAD").write_text("garbage\n")
    facts = facts_in(below)
    assert (facts["root"], facts["dirty"]) == (str(below), None)
    assert "exit code 128" in facts["note"]


def test_head_that_is_a_pipe_is_not_waited_for(repository: Path, capture_in: Callable[..., EnvironmentCapture]) -> None:
    """A FIFO in place of HEAD gives a note at once; git, which does wait for it, is given up."""
    (repository / ".git" / "HEAD").unlink()
    os.mkfifo(repository / ".git" / "HEAD")
    capture = capture_in(repository)
    assert "HEAD cannot be read" in capture.facts["git"]["note"]
    assert capture.give_up()
    assert "HEAD cannot be read" in capture.facts["git"]["note"]
    assert "too long" in capture.facts["git"]["note"]


def test_reftable_is_not_read(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """A repository with a reftable has a placeholder for HEAD: no commit, no branch, a note."""
    (repository / ".git" / "reftable").mkdir()
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    facts = facts_in(repository)
    assert (facts["commit"], facts["branch"]) == (None, None)
    assert "reftable" in facts["note"]


REMOTES = [
    ("https://host/p.git", "https://host/p.git"),
    ("https://user:t0ken@host/p", "https://host/p"),
    ("https://t0ken@host:8443/p", "https://host:8443/p"),
    ("HTTPS://user:t0ken@host/p", "HTTPS://host/p"),
    ("https://user:t0/ken@host/p", "https://host/p"),
    ("https://user:t0?ken@host/p", "https://host/p"),
    ("https://user:t0#ken@host/p", "https://host/p"),
    ("https://user:t0@ken@host/p", "https://host/p"),
    ("https://host/p?access_token=t0ken", "https://host/p"),
    ("https://host/p#t0ken", "https://host/p"),
    ("https://host/group/@scope/p", "https://host/group/@scope/p"),
    ("https://[::1]:8080/p", "https://[::1]:8080/p"),
    ("https://user:t0ken@[::1]/p", "https://[::1]/p"),
    ("ssh://git@host/p", "ssh://git@host/p"),
    ("ssh://git:t0ken@host:22/p", "ssh://git@host:22/p"),
    ("git+ssh://git:t0ken@host/p", "git+ssh://git@host/p"),
    ("git@host:group/p.git", "git@host:group/p.git"),
    ("host:group/p.git", "host:group/p.git"),
    ("user:t0ken@host:p", "user@host:p"),
    ("ftp://user:t0ken@host/p", "ftp://host/p"),
    ("gcrypt::https://user:t0ken@host/p", "gcrypt::https://host/p"),
    ("ext::curl -u user:t0ken host", "ext::[REDACTED]"),
    ("/srv/git/p.git", "/srv/git/p.git"),
    ("file:///srv/git/p.git", "file:///srv/git/p.git"),
    ("../p", "../p"),
    (r"C:\git\p@2", r"C:\git\p@2"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "clean"), REMOTES)
def test_address_loses_its_credentials(url: str, clean: str) -> None:
    """User, password, query and fragment go; what names the repository stays."""
    assert clean_url(url) == clean
    assert clean_url(clean) == clean


def test_remote_with_credentials_is_kept_without(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """The address in the facts has no credentials, also without a redactor, and loses token shapes with one."""
    shape = "ghp_" + "a1B2" * 9
    git(repository, "remote", "add", "origin", f"https://user:t0ken@host/{shape}/p")
    assert facts_in(repository, redactor=None)["remote"] == f"https://host/{shape}/p"
    assert facts_in(repository)["remote"] == "https://host/[REDACTED]/p"


def test_remote_is_chosen(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """The only remote, else origin, else that of the branch; with two others there is none to choose."""
    git(repository, "remote", "add", "one", "https://host/one")
    assert facts_in(repository)["remote"] == "https://host/one"
    git(repository, "remote", "add", "two", "https://host/two")
    assert facts_in(repository)["remote"] is None
    git(repository, "config", "branch.main.remote", "two")
    assert facts_in(repository)["remote"] == "https://host/two"
    git(repository, "remote", "add", "origin", "https://host/origin")
    git(repository, "config", "--add", "remote.origin.url", "https://host/second")
    assert facts_in(repository)["remote"] == "https://host/origin"


CONFIG = r"""
# [remote "commented"]
; url = no
[core] bare = false ; trailing
	repositoryFormatVersion=0
	flag
[Remote "a \"quoted\" \\ name"]
	URL = "https://host/p # no comment" # comment
	fetch = +refs/heads/*:refs/remotes/x/* ; comment
	long = one \
  two\
three
	escaped = a\tb\\c\"d
	spaces = "  kept  "   
	half = begin" in "end
	empty =
	comment = x # goes \
[remote.Dotted]
	url = git@host:p
[branch "main"]
	remote = x
"""  # noqa: W291


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_configuration_is_read_as_git_reads_it(tmp_path: Path, newline: str) -> None:
    """Comments, quotes, escapes, continued lines, bare names and dotted sections come out as from git."""
    file = tmp_path / "config"
    file.write_text(CONFIG.replace("\n", newline), newline="")
    listed = git(tmp_path, "config", "--list", "-z", "--file", str(file)).strip("\0").split("\0")
    expected = [(name, value if sign else "true") for name, sign, value in (item.partition("\n") for item in listed)]
    found = parse_config(file.read_bytes().decode())
    assert [(".".join(filter(None, entry[:3])), entry.value) for entry in found] == expected


def test_broken_configuration_is_passed_over(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """Lines that are no configuration cost themselves, not the remote behind them; git's refusal is a note."""
    (repository / ".git" / "config").write_bytes(b'[broken\n= \xff "\n[remote "origin"]\nurl = https://host/p\n')
    facts = facts_in(repository)
    assert (facts["remote"], facts["dirty"]) == ("https://host/p", None)
    assert "exit code 128" in facts["note"]


def test_thousands_of_changes_block_nobody(repository: Path, capture_in: Callable[..., EnvironmentCapture]) -> None:
    """More output than a pipe takes neither stops git for ever nor us: the first byte decides."""
    folder = repository / ("long" * 10)
    folder.mkdir()
    for number in range(5_000):
        (folder / f"{number:050d}").touch()
    git(repository, "add", "-A")
    capture = capture_in(repository)
    assert capture.collect(PATIENCE_S)
    assert capture.facts["git"]["dirty"] is True
    assert not capture.collect(1)


def test_unread_output_does_not_stop_git(
    repository: Path, tmp_path: Path, fake_git: Callable[[str], None], capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """A program that says a megabyte comes to its end though nobody reads it."""
    fake_git(f"head -c 1000000 /dev/zero 2>/dev/null\ntouch {tmp_path}/done")
    capture = capture_in(repository)
    until = time.monotonic() + PATIENCE_S
    while not (tmp_path / "done").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert (tmp_path / "done").exists()
    assert capture.collect()
    assert capture.facts["git"]["dirty"] is True


def test_facts_before_the_answer_stay_as_they_were(
    repository: Path, fake_git: Callable[[str], None], capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """Until git answers, dirty is None; the mapping that was handed out then does not change."""
    fake_git("sleep 0.3; echo x")
    capture = capture_in(repository)
    assert not capture.collect()
    before = capture.facts["git"]
    assert capture.collect(PATIENCE_S)
    assert (before["dirty"], capture.facts["git"]["dirty"]) == (None, True)


def test_slow_git_is_given_up(
    repository: Path, tmp_path: Path, fake_git: Callable[[str], None], capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """Git that takes too long is stopped with its own children, and a note is left."""
    # The child holds a FIFO open: reading it ends when the child does.
    os.mkfifo(tmp_path / "life")
    fake_git(f"sleep 30 > {tmp_path}/life & wait")
    capture = capture_in(repository)
    with (tmp_path / "life").open("rb") as life:
        began = time.monotonic()
        assert not capture.collect(0.2)
        assert capture.give_up()
        assert life.read() == b""
        assert time.monotonic() - began < 25
    assert capture.facts["git"]["dirty"] is None
    assert "took too long" in capture.facts["git"]["note"]
    assert not capture.give_up()


def test_dropped_capture_leaves_no_child(
    repository: Path, fake_git: Callable[[str], None], capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """A capture that nobody asks any more stops git when it goes."""
    fake_git("exec sleep 600")
    known = children()
    capture = capture_in(repository)
    assert len(children() - known) == 1
    del capture


@pytest.mark.parametrize("program", ["exit 128", "kill -9 $$"])
def test_failing_git_leaves_a_note(
    repository: Path, fake_git: Callable[[str], None], facts_in: Callable[..., Facts], program: str
) -> None:
    """An exit code other than 0 without a word says nothing of changes."""
    fake_git(program)
    facts = facts_in(repository)
    assert facts["dirty"] is None
    assert "exit code" in facts["note"]


def test_file_that_cannot_be_started_leaves_a_note(
    repository: Path, tmp_path: Path, fake_git: Callable[[str], None], facts_in: Callable[..., Facts]
) -> None:
    """A git that is no program costs the answer, and nothing else."""
    fake_git("")
    (tmp_path / "bin" / "git").write_bytes(b"\x7fELF nonsense")
    facts = facts_in(repository)
    assert facts["dirty"] is None
    assert "note" in facts


def test_without_git_the_rest_is_known(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """Without git on PATH commit and branch are known, changes are not; a git of a relative folder is never run."""
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    (repository / "git").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", str(tmp_path)]))
    capture = capture_in(repository)
    facts = capture.facts["git"]
    assert (facts["commit"], facts["branch"], facts["dirty"]) == (commit, "main", None)
    assert "git is not on PATH" in facts["note"]
    assert not capture.collect(1)
    assert not (tmp_path / "was-run").exists()


def test_answer_reaped_by_the_program_leaves_a_note(
    repository: Path, capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """A program that waits for any child takes the exit status: changes are not known, and nothing raises."""
    capture = capture_in(repository)
    os.wait()
    assert capture.collect()
    assert capture.facts["git"]["dirty"] is None
    assert "another part of the program" in capture.facts["git"]["note"]


def test_answer_is_taken_though_the_program_reaped_it(
    repository: Path, capture_in: Callable[..., EnvironmentCapture]
) -> None:
    """What git said of changes counts whoever took its exit status."""
    (repository / "new").touch()
    capture = capture_in(repository)
    os.wait()
    assert capture.collect()
    assert capture.facts["git"]["dirty"] is True


SCRIPT = """
import json, os, signal, sys, time
from runlogging.run._environment import EnvironmentCapture
PATIENCE_S = 20
"""


def test_ignored_children_are_no_error(repository: Path, submodule: Path, run_script: RunScript) -> None:
    """Where the system reaps the program's children, changes are known only if there are any; git reaps its own."""
    program = (
        SCRIPT
        + """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.chdir(sys.argv[1])
capture = EnvironmentCapture()
assert capture.collect(PATIENCE_S)
print(json.dumps(capture.facts["git"]))
"""
    )
    clean = json.loads(run_script(program, str(repository)).stdout)
    assert clean["dirty"] is None
    assert "another part of the program" in clean["note"]
    (submodule / "train.py").write_text("print(2)\n")
    assert json.loads(run_script(program, str(repository)).stdout)["dirty"] is True


def test_forked_child_does_not_touch_git(repository: Path, run_script: RunScript) -> None:
    """In a forked child nothing is collected, given up or killed; the parent's answer comes all the same."""
    fake = repository.parent / "bin"
    fake.mkdir()
    (fake / "git").write_text("#!/bin/sh\nsleep 0.5\n")
    (fake / "git").chmod(0o755)
    run_script(
        SCRIPT
        + WAIT_FOR
        + """
os.chdir(sys.argv[1])
capture = EnvironmentCapture()
pid = os.fork()
if pid == 0:
    failed = capture.collect(5) or capture.give_up() or capture.facts["git"]["dirty"] is not None
    del capture
    os._exit(failed)
assert wait_for(pid) == 0
assert not capture.collect()
assert capture.collect(PATIENCE_S)
assert capture.facts["git"]["dirty"] is False, capture.facts
""",
        str(repository),
        PATH=f"{fake}{os.pathsep}{os.environ['PATH']}",
    )


def test_closed_descriptors_are_no_error(repository: Path, run_script: RunScript) -> None:
    """A program that closes all descriptors and opens its own loses the answer, and nothing of its own."""
    done = run_script(
        SCRIPT
        + """
os.chdir(sys.argv[1])
capture = EnvironmentCapture()
os.closerange(3, 4096)
own, _ = os.pipe()
for number in range(500, 600):
    os.dup2(own, number)
assert capture.collect(PATIENCE_S)
for number in range(500, 600):
    os.fstat(number)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print(capture.facts["git"]["note"])
""",
        str(repository),
    )
    assert "closed the pipe" in done.stdout


def test_program_without_standard_streams_is_served(repository: Path, run_script: RunScript) -> None:
    """Where 0 to 2 are closed, the pipe does not take their place."""
    run_script(
        SCRIPT
        + """
os.chdir(sys.argv[1])
os.closerange(0, 3)
capture = EnvironmentCapture()
for number in range(3):
    try:
        os.fstat(number)
    except OSError:
        continue
    sys.exit(3)
assert capture.collect(PATIENCE_S)
sys.exit(0 if capture.facts["git"]["dirty"] is False else 4)
""",
        str(repository),
    )


def test_no_program_of_the_repository_runs(
    repository: Path, submodule: Path, tmp_path: Path, facts_in: Callable[..., Facts]
) -> None:
    """Neither the monitor nor hooks nor filters that a repository names are started, in a submodule neither."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\ncat\n")
    program.chmod(0o755)
    for folder in (submodule, repository):
        git(folder, "config", "core.fsmonitor", str(program))
        git(folder, "config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    shutil.copy(program, tmp_path / "hooks" / "post-index-change")
    git(repository, "config", "filter.foreign.clean", str(program))
    git(repository, "config", "filter.foreign.required", "true")
    (repository / ".git" / "info" / "attributes").write_text("*.py filter=foreign\n")
    (tmp_path / "was-run").unlink(missing_ok=True)
    # The time of the file makes git look into it.
    os.utime(repository / "train.py", (1, 1))
    os.utime(submodule / "train.py", (1, 1))
    assert facts_in(repository)["dirty"] is False
    assert not (tmp_path / "was-run").exists()
    git(repository, "status")
    assert (tmp_path / "was-run").exists()


def test_filter_with_an_odd_name_keeps_git_from_starting(
    repository: Path, tmp_path: Path, facts_in: Callable[..., Facts]
) -> None:
    """A filter that cannot be switched off leaves changes unknown."""
    git(repository, "config", "filter.a=b.clean", f"touch {tmp_path}/was-run")
    facts = facts_in(repository)
    assert facts["dirty"] is None
    assert "cannot be switched off" in facts["note"]


def test_index_is_left_alone(repository: Path, facts_in: Callable[..., Facts]) -> None:
    """The index is not refreshed, so its lock is never taken."""
    os.utime(repository / "train.py", (1, 1))
    index = repository / ".git" / "index"
    before = index.read_bytes(), index.stat().st_mtime_ns, index.stat().st_ino
    assert facts_in(repository)["dirty"] is False
    assert (index.read_bytes(), index.stat().st_mtime_ns, index.stat().st_ino) == before


def test_variables_of_git_are_not_followed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts_in: Callable[..., Facts]
) -> None:
    """GIT_DIR and the like, as set inside a hook, do not lead to another repository; the environment stays as it is."""
    other = make(tmp_path / "other")
    (other / "new").touch()
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    before = dict(os.environ)
    facts = facts_in(repository)
    assert (facts["root"], facts["dirty"]) == (str(repository), False)
    assert dict(os.environ) == before


def test_status_waits_no_longer_than_asked(repository: Path, fake_git: Callable[[str], None]) -> None:
    """A wait ends at its time, and sooner with the answer."""
    fake_git("sleep 1")
    status = GitStatus(repository)
    began = time.monotonic()
    status.wait(0.1)
    assert not status.is_over
    assert 0.1 <= time.monotonic() - began < 0.9
    status.wait(PATIENCE_S)
    assert (status.is_over, status.dirty) == (True, False)
    assert time.monotonic() - began < PATIENCE_S
