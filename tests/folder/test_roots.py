"""Roots: where runs go, and whether they can go there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runlogging._errors import RootError
from runlogging.folder import ROOT_VARIABLE, check_writable, find_root

from ..conftest import RunScript

pytestmark = pytest.mark.usefixtures("_here")


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_root_is_absolute_from_the_working_folder(tmp_path: Path) -> None:
    """A relative root is taken from where the program stands, without ``..`` in it."""
    assert find_root("runs") == tmp_path / "runs"
    assert find_root("a/../b") == tmp_path / "b"
    assert find_root(Path("b")) == tmp_path / "b"


def test_root_may_start_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is the user's home folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert find_root("~/runs") == tmp_path / "home" / "runs"


@pytest.mark.parametrize(("given", "found"), [("runs", "/elsewhere"), ("other", None), ("./runs", None)])
def test_variable_replaces_only_the_default(given: str, found: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_ROOT stands for the default root; a root that the program names stays."""
    monkeypatch.setenv(ROOT_VARIABLE, "/elsewhere")
    assert find_root(given) == Path(found or os.path.abspath(given))


def test_empty_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty RUNLOGGING_ROOT changes nothing."""
    monkeypatch.setenv(ROOT_VARIABLE, "")
    assert find_root("runs") == tmp_path / "runs"


def test_links_in_a_root_are_kept(tmp_path: Path) -> None:
    """A root behind a symbolic link keeps the name that the user gave it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert find_root("link") == tmp_path / "link"


def test_checking_makes_nothing(tmp_path: Path) -> None:
    """A folder that could be made is not made by the check."""
    check_writable(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "x", "x/y"])
def test_root_that_is_a_file_is_refused(tmp_path: Path, below: str) -> None:
    """A file, and anything below it, cannot hold runs; the error names both and is an OSError."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RootError, match="is a file") as caught:
        check_writable(tmp_path / "file" / below)
    assert isinstance(caught.value, OSError)
    assert str(tmp_path / "file") in str(caught.value)


@pytest.mark.parametrize(("mode", "root"), [(0o555, "locked/runs"), (0o000, "locked/runs/x"), (0o666, "locked")])
def test_root_without_permission_is_refused(run_script: RunScript, tmp_path: Path, mode: int, root: str) -> None:
    """A user who may not write, or not even look into, the nearest folder gets a RootError."""
    tmp_path.chmod(0o755)
    (tmp_path / "locked").mkdir(mode)
    (tmp_path / "locked").chmod(mode)
    program = """
        import os, sys
        from pathlib import Path
        from runlogging._errors import RootError
        from runlogging.folder import check_writable
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            check_writable(Path(sys.argv[1]))
        except RootError as error:
            print("refused", error)
    """
    try:
        assert run_script(program, root).stdout.startswith("refused locked")
    finally:
        (tmp_path / "locked").chmod(0o755)
