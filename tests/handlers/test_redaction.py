"""Secrets are gone from the files, and nothing else is."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import RunHandler
from runlogging._redaction import REPLACEMENT, Redactor

from ..conftest import all_lines, read_lines

AWS = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "ghp_" + "a1B2" * 9
OPENAI = "sk-" + "proj-" + "Ab3" * 12
FACES = "hf_" + "AbCdEf" * 6
SLACK = "xoxb-" + "123456789012-abcdefABCDEF"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nq83vASNFZ4mrze8=\n-----END RSA PRIVATE KEY-----"
# Text, then what must not be in it afterwards.
SECRETS = [
    ("password=hunter2", "hunter2"),
    ("password = hunter2, user=ann", "hunter2"),
    ("Password: hunter2", "hunter2"),
    ("db_password='two words'", "two words"),
    ("DB_PASSWORD=hunter2", "hunter2"),
    ("userPassword: hunter2", "hunter2"),
    ("passwd=hunter2 pwd=hunter3", "hunter"),
    ("password=12345678", "12345678"),
    ("passphrase: correcthorse", "correcthorse"),
    ("api_key=abc123def", "abc123def"),
    ("apiKey: abc123def", "abc123def"),
    ("API-KEY=abc123def", "abc123def"),
    ("auth_token=abc123def", "abc123def"),
    ("client_secret: abc123def", "abc123def"),
    ("secret=abc123def", "abc123def"),
    ("aws_secret_access_key = abc123def/+x", "abc123def"),
    ("Cookie: session=abc123def", "abc123def"),
    ('{"password": "hunter2", "n": 1}', "hunter2"),
    ('{"api_key":"a\\"b hunter2"}', "hunter2"),
    ("{'token': 'hunter2'}", "hunter2"),
    ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
    ("postgres://ann:hunter2@db.example:5432/x", "hunter2"),
    ("https://user:p4ss-w0rd@example.org/path?q=1", "p4ss-w0rd"),
    ("redis://:hunter2@cache:6379/0", "hunter2"),
    ("Authorization: Bearer abcdef.ghijkl-mnopqr", "ghijkl"),
    ("Authorization: Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy"),
    ("got header bearer abcdefghijklmnop123", "abcdefghijklmnop123"),
    (f"key {AWS} used", AWS),
    (f"cloning with {GITHUB}", GITHUB),
    ("github_pat_" + "A1b2" * 10, "A1b2A1b2"),
    (f"client({OPENAI!r})", OPENAI),
    (f"login {FACES}", FACES),
    (f"post to {SLACK}", SLACK),
    ("glpat-" + "x1Y2" * 6, "x1Y2x1Y2"),
    ("AIza" + "Sy" * 17 + "x", "SySySySy"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIi"),
    (f"loaded {PEM} ok", "MIIEowIBAAKCAQEA7"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN", "MIIEvQIBADAN"),
    ("run --password hunter2 --verbose", "hunter2"),
    ("run --api-key=hunter2", "hunter2"),
    ("https://x.blob.example/c?sv=1&sig=abcDEF%2B123&se=2", "abcDEF"),
]
INNOCENT = [
    "tokens_per_sec=1234.5",
    "max_tokens=512 token_count=3",
    "tokenizer=bert-base-uncased",
    "secret_santa=ann",
    "token=5",
    "secret: 3.5e-3",
    "api_key=None password=None",
    "key=value keys=[1, 2] keyboard=us",
    "monkey: banana, turkey: sandwich",
    "author: Ann, authors=[Ann, Bob]",
    "passed=10 passes=3 bypass: yes",
    "https://example.org:8080/path?q=1",
    "https://user@example.org/x",
    "see http://example.org/a:b@c? no",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "uuid 123e4567-e89b-12d3-a456-426614174000",
    "2026-11-23T23:05:02.123456Z INFO step=3 loss=0.12",
    "epoch 3: val_loss=0.1, lr=1e-4, best=True",
    "/home/ann/data/train-00001-of-00128.parquet",
    "model.layers.11.self_attn.q_proj.weight: torch.Size([4096, 4096])",
    "ask-me-anything-about-the-long-hyphenated-name",
    "risk-adjusted-return-of-the-portfolio-in-2026",
    "the basic idea and a bearer of news",
    "basic understanding; bearer bonds",
    "password=%s",
    "password={password} token=${TOKEN}",
    "password=********",
    "a password must have eight letters",
    "the token was not accepted",
    "skeleton_key_frames_interpolated_linearly",
    "hf_hub_download finished; npm_config_cache unset",
    "eyJ is how they begin",
    "BEGIN PUBLIC KEY and PRIVATE KEY are words",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBg\n-----END PUBLIC KEY-----",
    "x" * 100_000,
    "Long prose, with commas; and colons: and dashes -- and = signs. " * 500,
]


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=[text[:40] for text, _ in SECRETS])
def test_secret_is_gone_from_a_text(text: str, secret: str) -> None:
    """The secret is replaced, the text around it stays, and a second time changes nothing more."""
    cleared = Redactor().text(text)
    assert secret not in cleared
    assert REPLACEMENT in cleared
    assert Redactor().text(cleared) == cleared
    assert Redactor().text(f"before it {text}").startswith("before it ")


@pytest.mark.parametrize("text", INNOCENT, ids=[text[:40] for text in INNOCENT])
def test_innocent_text_stays_byte_for_byte(text: str) -> None:
    """Words that resemble keys, numbers, hashes, paths, addresses and prose are left alone."""
    assert Redactor().text(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    """Only the value goes: keys, quotes, hosts and neighbours are there."""
    redact = Redactor().text
    assert redact("user=ann password=hunter2 step=3") == f"user=ann password={REPLACEMENT} step=3"
    assert redact('{"password": "hunter2", "n": 1}') == f'{{"password": "{REPLACEMENT}", "n": 1}}'
    assert redact("postgres://ann:hunter2@db:5432/x") == f"postgres://ann:{REPLACEMENT}@db:5432/x"
    assert redact("--token abc123def --lr 1e-4") == f"--token {REPLACEMENT} --lr 1e-4"
    assert redact(f"a {PEM} b") == f"a {REPLACEMENT} b"


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=[text[:40] for text, _ in SECRETS])
def test_secret_is_in_no_file_of_the_run(handler: RunHandler, logger: logging.Logger, text: str, secret: str) -> None:
    """As message, argument, attribute, attribute within attributes, and in an exception with its trace."""
    logger.info(text.replace("%", "%%") + "%s", "")
    logger.info(text)
    logger.info("%s", text)
    logger.info("text %(a)s", {"a": text})
    logger.info("structured", extra={"note": text, "more": {"deep": [text, {"er": text}]}})
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("failed")
    handler.close()
    for path in handler.run_path.rglob("*"):
        data = path.read_text() if path.is_file() else ""
        # The source line of the error is in its trace, but not the text.
        assert secret not in data.replace("\\\\", "\\"), path.name
    assert len(all_lines(handler.run_path)) == 6


@pytest.mark.parametrize("text", INNOCENT, ids=[text[:40] for text in INNOCENT])
def test_innocent_text_is_in_the_run_as_it_was(handler: RunHandler, logger: logging.Logger, text: str) -> None:
    """As message, argument and attribute: the same text."""
    logger.info(text)
    logger.info("%s", text, extra={"note": text})
    lines = all_lines(handler.run_path)
    assert [line["message"] for line in lines] == [text, text]
    assert lines[1]["attributes"] == {"note": text}


ATTRIBUTES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"password": "hunter2"}, {"password": REPLACEMENT}),
    ({"password": ""}, {"password": ""}),
    ({"api_key": ["a1", {"b": "c2", "n": 3}]}, {"api_key": [REPLACEMENT, {"b": REPLACEMENT, "n": 3}]}),
    (
        {"config": {"db": {"userPassword": "x1", "host": "h"}}},
        {"config": {"db": {"userPassword": REPLACEMENT, "host": "h"}}},
    ),
    ({"auth_token": "x1", "token_count": "x1"}, {"auth_token": REPLACEMENT, "token_count": "x1"}),
    ({"headers": {"Authorization": "Bearer x"}}, {"headers": {"Authorization": REPLACEMENT}}),
    (
        {"tokenizer": "bert", "max_tokens": 5, "secret_santa": "ann"},
        {"tokenizer": "bert", "max_tokens": 5, "secret_santa": "ann"},
    ),
    ({"token": 5, "secret": None, "password": 1.5}, {"token": 5, "secret": None, "password": 1.5}),
]


@pytest.mark.parametrize(("given_", "expected"), ATTRIBUTES)
def test_attributes_with_secret_keys(
    handler: RunHandler, logger: logging.Logger, given_: dict[str, Any], expected: dict[str, Any]
) -> None:
    """All texts under a secret key go, at any depth; numbers and None stay; the caller's objects are not changed."""
    before = repr(given_)
    logger.info("x", extra=given_)
    (line,) = all_lines(handler.run_path)
    assert line["attributes"] == expected
    assert repr(given_) == before


def test_metrics_and_numbers_are_never_touched(handler: RunHandler, logger: logging.Logger) -> None:
    """Names and values of metrics stay, whatever they are called, and so do numeric arguments."""
    metrics = {"token": 5, "password": 1.25, "secret": 3, "password=x": 1}
    logger.info("token=%d secret=%.2f step %s", 7, 0.5, 3, extra={"metrics": metrics, "step": 3})
    logger.info("text", extra={"metrics": {"token": "as text", "note": "password=hunter2"}})
    first, second = all_lines(handler.run_path)
    assert (first["metrics"], first["message"]) == (metrics, "token=7 secret=0.50 step 3")
    assert {item["name"]: item["value"] for item in second["values"]} == {
        "token": "as text",
        "note": "password=hunter2",
    }


def test_template_with_a_key_word_is_judged_with_its_arguments(handler: RunHandler, logger: logging.Logger) -> None:
    """Text arguments behind a key go, the template stays as it is, and a number behind a password goes."""
    for _ in range(2):  # the second time the template is known
        logger.info("password=%s user=%s", "hunter2", "ann")
        logger.info("login %s with password=%d", "ann", 123456)
        logger.info("postgres://%s:%s@%s", "ann", "hunter2", "db")
        logger.info("Authorization: Bearer %s", "abcdefghijklmnopq")
        logger.info("saved %s", "password=hunter2")
        logger.info("count %d", 3)
    lines = all_lines(handler.run_path)
    messages = [line["message"] for line in lines]
    assert (
        messages[:6]
        == messages[6:]
        == [
            f"password={REPLACEMENT} user=ann",
            f"login ann with password={REPLACEMENT}",
            f"postgres://ann:{REPLACEMENT}@db",
            messages[3],
            f"saved password={REPLACEMENT}",
            "count 3",
        ]
    )
    assert "abcdefghijklmnopq" not in messages[3]
    assert lines[0]["template"] == "password=%s user=%s"


def test_many_templates_are_judged_right(handler: RunHandler, logger: logging.Logger) -> None:
    """More templates than the memory of judgements holds; each is judged all the same."""
    for number in range(3_000):
        logger.info(f"{number} password=%s", "hunter2")
    assert {line["message"].split(" ")[1] for line in all_lines(handler.run_path)} == {f"password={REPLACEMENT}"}


def test_traces_and_stacks_are_cleared(handler: RunHandler, logger: logging.Logger) -> None:
    """The message, the causes and the source lines of an error's trace, and the stack of a call."""
    try:
        try:
            raise KeyError("password=hunter2")
        except KeyError as error:
            raise ValueError("api_key=abc123def") from error
    except ValueError:
        logger.exception("failed")
    logger.info("stack", stack_info=bool("password=hunter2"))
    handler.close()
    text = (handler.run_path / "logs.jsonl").read_text()
    assert "hunter2" not in text
    assert "abc123def" not in text


def test_nothing_is_redacted_on_request(tmp_path: Path, logger: logging.Logger) -> None:
    """redact=False keeps all texts as they are."""
    handler = RunHandler(tmp_path, redact=False)
    logger.addHandler(handler)
    logger.info("password=hunter2", extra={"token": "abc"})
    (line,) = all_lines(handler.run_path)
    assert (line["message"], line["attributes"]) == ("password=hunter2", {"token": "abc"})


# ---------------------------------------------------------------------- speed and other texts

HOSTILE = [
    *(
        "a=",
        'key="',
        "eyJ-",
        "password",
        "password=",
        "token: ",
        "://a:",
        "--key ",
        "bearer ",
        "sk-",
        "_-",
        "\\'",
        "a.",
    ),
    *("-----BEGIN PRIVATE KEY", "{'key':", "key=\\", "key=  ", "?sig=", "x_", "--a", "AKIA", "key = => ", "pwd:'"),
]


def _seconds(text: str) -> float:
    best, redactor = float("inf"), Redactor()
    for _ in range(3):
        begun = time.perf_counter()
        redactor.text(text)
        best = min(best, time.perf_counter() - begun)
    return best


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_texts_take_linear_time(part: str) -> None:
    """Twice the length takes about twice the time: a square would be seen long before these two megabytes."""
    short = part * (2_000_000 // len(part) // 16)
    # First a sixteenth, so that a slow pattern fails here and does not hang.
    assert _seconds(short) < 5
    once, twice = _seconds(short * 8), _seconds(short * 16)
    assert twice < 4 * once + 0.02


_PLAIN = st.text(st.characters(exclude_characters="=:_-", exclude_categories=()), max_size=300)


@given(_PLAIN)
@settings(max_examples=300, deadline=None)
def test_text_without_signs_comes_back_identical(text: str) -> None:
    """Without a sign of assignment and without the joints of token shapes nothing is a secret."""
    if not re.search(r"AKIA|ASIA|AIza|eyJ|earer |asic ", text):
        assert Redactor().text(text) == text


@given(st.text(max_size=200), st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read_and_is_settled(text: str, other: str) -> None:
    """No text raises, and what was redacted is not redacted further."""
    redact = Redactor().text
    cleared = redact(f"{text} password={other} {text}")
    assert redact(cleared) == cleared


@pytest.mark.parametrize(
    ("template", "arguments"),
    [
        ("%s=%s", ("password", "hunter2")),
        ("%s: %r", ("api_key", "hunter2")),
        ("run %s %s", ("--password", "hunter2")),
        ("x%s", ("ghp_" + "hunter2" * 6,)),
        ("%(pair)s", ({"pair": "token=hunter2"},)),
        ("https://%s/x", ("user:hunter2@host",)),
        ("https://%s:%s@host/x", ("user", "hunter2")),
        ("object %s", ({"password": "hunter2"},)),
        ("%d %s and %s", (3, "fine", "password=hunter2")),
    ],
)
def test_secret_comes_with_the_arguments(
    handler: RunHandler, logger: logging.Logger, template: str, arguments: tuple[object, ...]
) -> None:
    """What no part shows alone is seen in the whole, and a part that shows it is cleared wherever it stands."""
    for _ in range(2):  # the second time the template is known
        logger.info(template, *arguments)
    for line in read_lines(handler.run_path, "logs"):
        assert "hunter2" not in line["message"]
        assert "[REDACTED]" in line["message"]
