"""GitHub's list of the keys that sign its reports."""

import json

import pytest

from accounts.model import scanner_keys
from tests.scanner import Scanner, listed


def test_only_current_keys_count() -> None:
    """GitHub also lists keys that it used before."""
    now, before = Scanner("now"), Scanner("before")
    assert scanner_keys.current(listed([now], [before])) == {"now": now.pem}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"public_keys": {}}',
        '{"public_keys": [{"key_identifier": "a", "key": "b"}]}',
        '{"public_keys": [{"key_identifier": "a", "key": 1, "is_current": true}]}',
        '{"public_keys": [{"key_identifier": "a", "key": "b", "is_current": "true"}]}',
        '{"message": "API rate limit exceeded"}',
        "[" * 5000,
    ],
)
def test_another_document_lists_no_key(text: str) -> None:
    assert scanner_keys.current(text) == {}


def test_further_fields_are_ignored() -> None:
    entry = {"key_identifier": "a", "key": "b", "is_current": True, "created_at": "2026-01-05"}
    assert scanner_keys.current(json.dumps({"public_keys": [entry], "x": 1})) == {"a": "b"}


@pytest.mark.parametrize(("text", "expected"), [("a" * 64, True), ("A_z-9", True), ("a" * 128, True)])
def test_an_identifier_is_plain_text(text: str, expected: bool) -> None:
    assert scanner_keys.is_identifier(text) is expected


@pytest.mark.parametrize("text", ["", "a" * 129, "a b", "a\n", "\u00e4", "a#b"])
def test_other_text_names_no_key(text: str) -> None:
    assert not scanner_keys.is_identifier(text)
