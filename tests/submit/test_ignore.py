"""Ignore files are read as git reads them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError, MissingExtraError
from runlogging.submit._ignore import IgnoreRules
from runlogging.submit._scan import Scan, scan

from ..conftest import RunScript
from ..handlers import DROP_RIGHTS

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="there is no git")
ENVIRONMENT = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}

_NAMES = ["a", "b", "ab", "aab", "b.a", ".a", "#a", "!a", "a b", "a ", "é", "[", "a]", "-", "*", "x", "A1"]
_PIECES = [
    *("a", "b", "ab", "*", "?", ".", "a*", "*b", "é", "-", "x", " ", "#", "!", "\t"),
    *("\\a", "\\*", "\\#", "\\!", "\\ ", "[ab]", "[!a]", "[^]]", "[]a]", "[a-b]", "[.-a]", "[[]", "[]-]", "[\\]a]"),
    *("[a\\-z]", "[[:alpha:]]", "[[:punct:]]", "[![:digit:][:upper:]]"),
]
_SEGMENTS = st.one_of(st.just("**"), st.lists(st.sampled_from(_PIECES), min_size=1, max_size=2).map("".join))
_PATTERNS = st.builds(
    lambda negation, front, segments, end: negation + front + "/".join(segments) + end,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(_SEGMENTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "", "/", "/**", " ", "/*", "\r", "  "]),
)
_FILES = st.lists(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3).map("/".join), min_size=5, max_size=25)
_IGNORE_FILES = st.lists(
    st.tuples(st.integers(0, 50), st.lists(_PATTERNS, min_size=1, max_size=5)), min_size=1, max_size=3
)


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def look(folder: Path) -> Scan:
    """Scan a folder that has no runs."""
    return scan(folder, folder / "no-such-root", 1 << 20)


def kept(folder: Path) -> list[str]:
    """Return what a snapshot of a folder would hold, without the ignore files."""
    return sorted(name for name in look(folder).files if not name.endswith("ignore"))


def git(folder: Path, *arguments: str, given: str = "") -> str:
    """Run git in a folder, without the user's configuration, and return what it prints."""
    assert GIT is not None
    done = subprocess.run([GIT, *arguments], cwd=folder, env=ENVIRONMENT, input=given.encode(), capture_output=True)
    assert done.returncode in (0, 1), done.stderr  # 1: check-ignore found nothing
    return done.stdout.decode()


def all_files(folder: Path) -> list[str]:
    """Return the relative names of all files below a folder."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(".git/"))


def kept_by_git(folder: Path) -> set[str]:
    """Return the files of a repository that git does not ignore."""
    names = all_files(folder)
    ignored = git(folder, "check-ignore", "-z", "--stdin", given="\0".join(names)).split("\0")
    return set(names) - set(ignored)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a git repository that is filled and emptied many times."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    return folder


def fill(folder: Path, files: list[str], ignores: list[tuple[int, list[str]]]) -> None:
    """Make a repository hold these files, and ignore files in some of its folders, and nothing else."""
    for path in folder.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in files:
        path = folder / name
        if not any(above.is_file() for above in path.parents) and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    folders = [folder, *sorted({path.parent for path in folder.rglob("*") if ".git" not in path.parts} - {folder})]
    for place, patterns in ignores:
        write(folders[place % len(folders)], {".gitignore": "\n".join(patterns)})


@needs_git
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=_FILES, ignores=_IGNORE_FILES)
def test_the_same_is_left_out_as_by_git(
    repository: Path, files: list[str], ignores: list[tuple[int, list[str]]]
) -> None:
    """Whatever lines stand in whatever nested files, a snapshot holds what git does not ignore."""
    fill(repository, files, ignores)
    try:
        found = look(repository)
    except InvalidValueError:  # git passes over a line that is no pattern; here it is an error
        return
    assert set(found.files) == kept_by_git(repository)


@needs_git
@pytest.mark.parametrize(
    "lines",
    [
        "*.log\n!keep.log",
        "build/\n!build/keep",
        "*\n!*/\n!*.py",
        "/top.txt\nsub/deep.py",
        "**/deep.py",
        "sub/**",
        "sub/**\n!sub/inner/",
        "foo\n!foo/",
        "a/**/b",
        "/***/x",
        "name\\ \ntrailing  ",
        "\\#hash\n\\!bang\n# comment",
        "[Bb]uild\n*.py[cod]",
        "[[:alpha:]][[:digit:]]",
        "\n\r\n/\n//\n",
    ],
)
def test_lines_that_people_write(repository: Path, lines: str) -> None:
    """The usual idioms leave out what git leaves out."""
    names = ["keep.log", "x.log", "build/keep", "build/out", "top.txt", "sub/top.txt", "sub/deep.py", "sub/inner/a.py"]
    names += ["foo/x", "a/b", "a/x/b", "a/x/y/b", "x/x", "q/w/x", "name ", "trailing", "#hash", "!bang", "Build/b"]
    fill(repository, [*names, "m.pyc", "m.py", "a1", "1a"], [(0, [lines])])
    assert set(look(repository).files) == kept_by_git(repository)


def test_amlignore_wins(tmp_path: Path) -> None:
    """With .amlignore at the top no .gitignore counts, nested ones neither."""
    write(tmp_path, {".amlignore": "data/\n", ".gitignore": "*.py\n", "sub/.gitignore": "*\n"})
    write(tmp_path, {"data/big": "", "a.py": "", "sub/b.py": ""})
    assert kept(tmp_path) == ["a.py", "sub/b.py"]


def test_an_amlignore_further_down_is_a_file_like_others(tmp_path: Path) -> None:
    """Only the one at the top has rules."""
    write(tmp_path, {"sub/.amlignore": "*\n", "sub/a.py": ""})
    assert kept(tmp_path) == ["sub/a.py"]


def test_the_rules_of_the_repository_above_count(tmp_path: Path) -> None:
    """A folder of a repository is read with the ignore files above it, up to the repository's top and no further."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    write(tmp_path, {".gitignore": "*.py\n", "repository/.gitignore": "*.csv\n/code/local.txt\n/other.txt\n"})
    write(tmp_path, {"repository/code/.gitignore": "!good.csv\n"})
    write(tmp_path / "repository" / "code", {"a.py": "", "a.csv": "", "good.csv": "", "local.txt": "", "other.txt": ""})
    assert kept(tmp_path / "repository" / "code") == ["a.py", "good.csv", "other.txt"]


def test_outside_of_a_repository_nothing_above_counts(tmp_path: Path) -> None:
    """Without .git the folder's own files are all."""
    write(tmp_path, {".gitignore": "*.py\n", "code/a.py": ""})
    assert kept(tmp_path / "code") == ["a.py"]


def test_the_reason_names_file_line_and_text(tmp_path: Path) -> None:
    """What is left out says by which line."""
    write(tmp_path, {".gitignore": "# data\n\n*.csv \n", "sub/.gitignore": "é*\n"})
    write(tmp_path, {"a.csv": "", "sub/éa": "", "sub/b": ""})
    assert look(tmp_path).expected == {
        "a.csv": ".gitignore, line 3: *.csv",
        "sub/éa": "sub/.gitignore, line 1: é*",
    }


@pytest.mark.parametrize("line", ["foo\\", "!", "[z-a]", "a[", "[[:nothing:]]", "x[]", "**/["])
@pytest.mark.parametrize("name", [".gitignore", ".amlignore", "sub/.gitignore"])
def test_a_line_that_does_not_parse(tmp_path: Path, name: str, line: str) -> None:
    """The error names the file, the line's number and the line."""
    write(tmp_path, {name: f"fine\n{line}\nalso fine\n", "sub/a": ""})
    with pytest.raises(InvalidValueError, match="line 2") as caught:
        look(tmp_path)
    assert str(tmp_path / name) in str(caught.value)
    assert repr(line)[:40] in str(caught.value)


def test_no_line_makes_a_warning(tmp_path: Path) -> None:
    """Brackets that look nested to the re module pass in silence."""
    write(
        tmp_path,
        {".gitignore": "[[]a\n[[x]b\n[\\[]c\n[[:digit:][]d\n", "[a": "", "xb": "", "[c": "", "1d": "", "e": ""},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kept(tmp_path) == ["e"]


def test_windows_ends_marks_and_odd_bytes(tmp_path: Path) -> None:
    """A byte order mark, CRLF, a null character and bytes that are no UTF-8 are read as git reads them."""
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfa\r\nb\x00rest\n\xff\xfe*\n")
    write(tmp_path, {"a": "", "b": "", "c": ""})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfex")).touch()
    assert kept(tmp_path) == ["c"]
    assert look(tmp_path).missed == {}


def test_a_folder_in_the_place_of_an_ignore_file(tmp_path: Path) -> None:
    """It has no rules and is kept like others."""
    write(tmp_path, {".gitignore/x": "*", "a": ""})
    assert sorted(look(tmp_path).files) == [".gitignore/x", "a"]


def test_an_ignore_file_that_may_not_be_read(run_script: RunScript) -> None:
    """Its rules cannot be passed over, so it is an error."""
    done = run_script(f"""
        import os, pathlib, tempfile
        from runlogging import SourceError
        from runlogging.submit._scan import scan
        folder = pathlib.Path(tempfile.mkdtemp())
        folder.chmod(0o777)
        {DROP_RIGHTS}
        (folder / ".gitignore").write_text("*.csv")
        (folder / ".gitignore").chmod(0)
        try:
            scan(folder, folder / "runs", 1)
        except SourceError as error:
            print(str(folder / ".gitignore") in str(error), "may not be read" in str(error))
    """)
    assert done.stdout == "True True\n"


def test_without_pathspec_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a folder with rules needs the package."""
    monkeypatch.setitem(sys.modules, "pathspec", None)
    write(tmp_path, {"a": ""})
    assert kept(tmp_path) == ["a"]
    write(tmp_path, {".gitignore": "# nothing\n\n"})
    assert kept(tmp_path) == ["a"]
    write(tmp_path, {".gitignore": "*.csv\n"})
    with pytest.raises(MissingExtraError, match=r"runlogging\[submit\]"):
        look(tmp_path)


def test_rules_of_no_file_leave_nothing_out(tmp_path: Path) -> None:
    """A folder without ignore files has no rules."""
    rules = IgnoreRules.of(tmp_path).inside(tmp_path, "")
    assert rules.reason("a", False) is None
    assert rules.reason("a", True) is None
