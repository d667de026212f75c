"""What the documents say is tried: the blocks of the README run in order, links lead somewhere, versions agree.

A block after ``<!-- file: NAME -->`` is written under that name, one after ``<!-- not run: REASON -->`` is left alone.
Other Python blocks run as programs. In console blocks each line after ``$`` is a command and the lines below it are its
output, where run ids, times and the working directory may differ.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import runlogging

REPOSITORY = Path(__file__).parents[1]
DOCUMENTED_FOLDER = "/home/you"
RUN_PAGES = (
    "README.md",
    "docs/search.md",
    "docs/frames.md",
    "docs/drawing.md",
    "docs/run.md",
    "docs/capture.md",
    "docs/submit.md",
    "docs/sweep.md",
)
_BLOCK = re.compile(r"(?m)(?:^<!-- (file|not run): (.+) -->\n+)?^```(\w+)\n((?:.*\n)*?)```$")
_VARYING = (
    (re.compile(r"\d{8}T\d{6}-\d{6}-\w{6}"), "RUN"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "TIME"),
    (re.compile(r'"pid":\d+,"host":"[^"]*"'), '"pid":1,"host":"you"'),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, its text, and what the comment before it says."""

    line: int
    language: str
    text: str
    mark: str | None
    detail: str | None


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    assert text.count("\n```") % 2 == 0, "a fence is not closed"
    found = []
    for match in _BLOCK.finditer(text):
        mark, detail, language, body = match.groups()
        found.append(Block(text.count("\n", 0, match.start(3)) + 1, language, body, mark, detail))
    assert len(found) == text.count("\n```") // 2
    return found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which ``python`` and ``runlogging`` are those of this test run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    start = "from runlogging.cli import main; main()"
    for name, command in (("python", [sys.executable]), ("runlogging", [sys.executable, "-c", start])):
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    env = {key: value for key, value in os.environ.items() if not key.startswith("RUNLOGGING_")}
    package = str(Path(runlogging.__file__).parents[1])
    path = f"{programs}{os.pathsep}{env['PATH']}"
    return env | {"PATH": path, "PYTHONPATH": package, "COLUMNS": "120", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


def run_block(block: Block, folder: Path, env: dict[str, str]) -> None:
    """Run one block as a reader would, and compare what is printed with what is said to be printed."""
    if block.mark == "file":
        (folder / str(block.detail)).write_text(block.text, encoding="utf-8")
    elif block.language == "python" and block.mark is None:
        script = folder / f"line_{block.line}.py"
        script.write_text(block.text, encoding="utf-8")
        run(f"python {script.name}", folder, env, block)
    elif block.language == "console" and block.mark is None:
        for command, expected in commands_of(block.text):
            if shutil.which(command.split()[0], path=env["PATH"]):
                said, printed = normalised(expected, folder), normalised(run(command, folder, env, block), folder)
                assert printed == said, f"line {block.line}: $ {command}"


def run(command: str, folder: Path, env: dict[str, str], block: Block) -> str:
    """Run a shell command; return stdout and stderr together."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, f"line {block.line}: $ {command}\n{done.stdout}"
    return done.stdout


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output below it."""
    assert text.startswith("$ ")
    for part in re.split(r"(?m)^\$ ", text)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def normalised(output: str, folder: Path) -> str:
    """Return output with what differs from run to run replaced."""
    output = output.replace(str(folder), DOCUMENTED_FOLDER)
    for pattern, text in _VARYING:
        output = pattern.sub(text, output)
    return output.strip("\n")


@pytest.mark.parametrize("page", RUN_PAGES)
def test_page_runs_as_written(page: str, tmp_path: Path, environment: dict[str, str]) -> None:
    """Every program and command of a page runs, in order, and prints what the page says."""
    folder = tmp_path / "reader"
    folder.mkdir()
    for block in blocks_of(REPOSITORY / page):
        run_block(block, folder, environment)


def test_readme_leaves_little_untried() -> None:
    """Of the README's Python blocks all are tried; commands that are not say why."""
    blocks = blocks_of(REPOSITORY / "README.md")
    assert sum(block.language == "python" for block in blocks) >= 6
    assert [block.line for block in blocks if block.language == "python" and block.mark == "not run"] == []
    unknown = {block.language for block in blocks if block.mark is None} - {"python", "console"}
    assert unknown == set(), "blocks that are neither run nor marked"


@pytest.mark.parametrize("name", [*RUN_PAGES, "CHANGELOG.md", "samples/README.md", "docs/doctor.md"])
def test_links_lead_to_files(name: str) -> None:
    """Each relative link of a page names a file of the repository."""
    page = REPOSITORY / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_changelog_begins_with_this_version() -> None:
    """The newest version of the changelog is the package's."""
    versions = re.findall(r"(?m)^## \[(\d\S*)\]", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert versions[0] == runlogging.__version__


def test_changelog_names_what_there_is() -> None:
    """Every name of the package that the changelog mentions exists."""
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    names = re.findall(r"`runlogging\.(\w+)`", text)
    assert [name for name in names if not hasattr(runlogging, name)] == []
    assert set(runlogging.__all__) - set(names) <= {"__version__"}
