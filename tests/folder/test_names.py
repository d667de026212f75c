"""Names: which are taken, which are refused, and what is offered instead."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runlogging._errors import InvalidNameError
from runlogging.folder import (
    check_artifact,
    check_experiment,
    check_identifier,
    clean_identifier,
    new_run_id,
    suggest_experiment,
    writer_of,
)

RESERVED = ["con", "PRN", "Aux", "nul", *(f"{stem}{digit}" for stem in ("com", "LPT") for digit in range(10))]
# Texts near the rules, which free text rarely meets: a device, with an extension, with odd edges, at the length limits.
NEAR_THE_RULES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", " ", ".", "-", "é"]),
        st.sampled_from([*RESERVED, "conin$", "com¹", "x" * 63, "x" * 127]),
        st.sampled_from(["", ".txt", ".a.b", " ", " .x", ".", "-1", "/x", ":", "." + "x" * 124]),
    ),
)


@pytest.mark.parametrize(
    "name",
    ["default", "a", "-x", "_", "A b.c-d_e", "x" * 128, "console", "com", "com10", "nul-1", "my.con", "1", "a..b"],
)
def test_experiment_of_allowed_characters_is_taken(name: str) -> None:
    """A name by the rule comes back as it is."""
    assert check_experiment(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", ".a", " a", "a.", "a ", "a/b", "a\\b", "a:b", "é", "x" * 129, "a\n", "\na", "a\x00", "../a"),
        *(*RESERVED, "aux.txt", "con .txt", "NUL.tar.gz"),
    ],
)
def test_bad_experiment_is_refused_with_a_valid_spelling(name: str) -> None:
    """A name against the rule is refused, and what the error offers is taken."""
    with pytest.raises(InvalidNameError) as caught:
        check_experiment(name)
    assert isinstance(caught.value, ValueError)
    assert caught.value.name == name
    assert caught.value.suggestion is not None
    assert repr(caught.value.suggestion) in str(caught.value)
    assert check_experiment(caught.value.suggestion) == caught.value.suggestion


@pytest.mark.parametrize("name", [None, 3, b"x", Path("x")])
def test_names_that_are_no_text_are_refused(name: object) -> None:
    """Only text can be a name; the error says what came instead."""
    with pytest.raises(InvalidNameError, match=type(name).__name__):
        check_experiment(name)
    with pytest.raises(InvalidNameError):
        check_identifier(name, "run id")


@given(st.text() | NEAR_THE_RULES)
@example("con.txt")
@example("con." + "x" * 124)
@example("\uff43\uff4f\uff4e")  # full width: "con" in compatibility form
def test_suggested_experiment_is_always_valid(text: str) -> None:
    """Whatever the name was, the suggestion is one that is taken."""
    suggestion = suggest_experiment(text)
    assert check_experiment(suggestion) == suggestion


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._ \-]{0,126}[A-Za-z0-9_]", fullmatch=True))
def test_suggestion_for_a_valid_experiment_is_itself(text: str) -> None:
    """A good name is not changed by the suggestion, unless Windows reserves it."""
    try:
        check_experiment(text)
    except InvalidNameError:
        assert suggest_experiment(text) != text
    else:
        assert suggest_experiment(text) == text


@pytest.mark.parametrize(
    "value", ["a", "-", "_", "rank1", "x" * 64, "20261123T230502-123456-k7m2qx", "com", "Process-1"]
)
def test_identifier_of_allowed_characters_is_taken(value: str) -> None:
    """A run id or writer by the rule comes back as it is."""
    assert check_identifier(value, "run id") == value


@pytest.mark.parametrize("value", ["", "a b", "a.b", "é", "x" * 65, "a/b", "a\n", "..", *RESERVED])
@pytest.mark.parametrize("what", ["run id", "writer"])
def test_bad_identifier_is_refused_with_a_valid_spelling(value: str, what: str) -> None:
    """An identifier against the rule is refused by what it should name, and the offered one is taken."""
    with pytest.raises(InvalidNameError, match=what) as caught:
        check_identifier(value, what)
    assert caught.value.suggestion is not None
    assert check_identifier(caught.value.suggestion, what)


@given(st.text() | NEAR_THE_RULES)
@example("x" * 63 + "-y")
def test_cleaned_identifier_is_always_valid(text: str) -> None:
    """Whatever the text was, the cleaned one is taken."""
    cleaned = clean_identifier(text)
    assert check_identifier(cleaned, "writer") == cleaned


@given(st.lists(st.integers(min_value=0, max_value=4_000_000_000 * 10**6), min_size=2, max_size=20, unique=True))
def test_new_run_ids_sort_by_their_time(microseconds: list[int]) -> None:
    """Ids sorted as text are sorted by time, microsecond by microsecond, and are valid names on every system."""
    ids = [new_run_id(us / 1e6) for us in sorted(microseconds)]
    rounded = [round(us / 1e6 * 1e6) for us in sorted(microseconds)]
    assert all(first[:22] <= second[:22] for first, second in itertools.pairwise(ids))
    assert len({text[:22] for text in ids}) == len(set(rounded))
    assert [check_identifier(text, "run id") for text in ids] == ids


def test_new_run_id_says_its_utc_start() -> None:
    """The id has the documented shape."""
    assert new_run_id(1795388702.123456).startswith("20261122T230502-123456-")
    assert re.fullmatch(r"\d{8}T\d{6}-\d{6}-[a-z0-9]{6}", new_run_id())


def test_new_run_ids_of_one_moment_differ() -> None:
    """Twenty thousand ids of one microsecond are nearly always all different: 28^6 endings."""
    ids = {new_run_id(1.0) for _ in range(20_000)}
    assert len(ids) > 19_990  # one clash is expected in half of all such draws, ten in practically none


@pytest.mark.parametrize(
    "name",
    [
        *("model.pkl", "outputs/model.pkl", "a b/c d", ".hidden", "a/.b", "é/漢.txt", "x" * 255, "漢" * 85),
        *("a..b", "-", "~", "console/com10", "/".join("abcdef")),
    ],
)
def test_artifact_by_a_relative_path_is_taken(name: str) -> None:
    """A relative POSIX path comes back as text, also from a path object."""
    assert check_artifact(name) == name
    assert check_artifact(PurePosixPath(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "/a", "//a", "a//b", "a/", ".", "..", "../a", "a/../b", "a/..", "./a", "a/.", "a\\b", "..\\a"),
        *("c:a", "c:/a", "a*", "a?", 'a"', "a<", "a>", "a|b", "a\x00", "a\nb", "a\x1f", "a\x7f", "a.", "a ", "a /b"),
        *("con", "x/NUL.txt", "aux/x", "x/com1", "x" * 256, "漢" * 86, "e\u0301", "\ud800", "a/\udfff"),
    ],
)
def test_bad_artifact_is_refused(name: str) -> None:
    """A name that leads out, or that some system does not take, is refused as it was given."""
    with pytest.raises(InvalidNameError, match="artifact") as caught:
        check_artifact(name)
    assert caught.value.name == name


@pytest.mark.parametrize("name", [None, 3, b"a", Path("/a")])
def test_artifact_that_is_no_relative_path_is_refused(name: object) -> None:
    """Only text, or a relative path object, can name an artifact."""
    with pytest.raises(InvalidNameError):
        check_artifact(name)


PARTS = st.sampled_from(["..", ".", "", "a", "con", "b.txt", "\\", "c:", " ", "é"]) | st.text(max_size=5)


@given(st.lists(PARTS, min_size=1, max_size=4).map("/".join))
def test_accepted_artifact_never_leaves_its_folder(name: str) -> None:
    """Every name that is taken is its own normal form below the folder that it is joined to."""
    try:
        check_artifact(name)
    except InvalidNameError:
        return
    joined = os.path.normpath(os.path.join("/base", name))
    assert joined == f"/base/{name}"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("logs.jsonl", ("logs", "main")),
        ("metrics.rank1.jsonl", ("metrics", "rank1")),
        ("artifacts.host-12-2.jsonl", ("artifacts", "host-12-2")),
        ("other.jsonl", None),
        ("logs.json", None),
        ("logs", None),
        ("logs.a.b.jsonl", None),
        ("logs..jsonl", None),
        (".logs.jsonl", None),
        ("summary.json", None),
    ],
)
def test_stream_file_names_say_stream_and_writer(name: str, found: tuple[str, str] | None) -> None:
    """Only the names that the specification gives are stream files."""
    assert writer_of(name) == found
