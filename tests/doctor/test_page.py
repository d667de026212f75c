"""The page of the doctor: its program prints what it says, and its table has all findings."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import RunScript
from tests.doctor.test_files import CASES
from tests.doctor.test_findings import LOST

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"
SOURCES = Path(__file__).parents[2] / "src" / "runlogging" / "doctor"


def test_the_program_prints_what_the_page_says(run_script: RunScript) -> None:
    """The program at the beginning of the page runs, and its output is the block below it."""
    program, printed = re.findall(r"(?ms)^```\w*\n(.*?)^```$", PAGE.read_text(encoding="utf-8"))
    assert run_script(program).stdout == printed


def test_the_table_has_all_findings() -> None:
    """Each code that a finding may have is a row, and each row is a code of the source."""
    rows = re.findall(r"(?m)^\| `(\w+)` \| (?:lost|hidden|hint)", PAGE.read_text(encoding="utf-8"))
    assert {case[1] for case in LOST} | {case[2] for case in CASES} <= set(rows)
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    assert [code for code in rows if f'"{code}"' not in source] == []
    assert len(rows) == len(set(rows))
    built = re.findall(r'(?:_reason|Block|self\._say|Finding)\(\s*"(\w+)"', source)
    assert set(built) - {"elsewhere"} <= set(rows)  # which is said as `metric`
