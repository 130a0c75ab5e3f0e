"""The samples: filled in, whatever the value and wherever the placeholder is."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from scripts.sam_local import samples

AWKWARD = 'quote " backslash \\ & = é'


@pytest.fixture
def sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of events with one sample, `it`."""
    monkeypatch.setattr(samples, "EVENTS", tmp_path)
    event = {
        "cookies": ["__Host-session={{session}}"],
        "headers": {"x-secret": "{{secret}}"},
        "pathParameters": {"id": "{{secret}}"},
        "rawQueryString": "state={{secret}}&code={{session}}",
        "body": json.dumps({"password": "{{secret}}", "deep": json.dumps({"in": "{{secret}}"})}),
        "count": 3,
    }
    (tmp_path / "it.json").write_text(json.dumps(event))


@pytest.mark.usefixtures("sampled")
def test_values_are_escaped_for_where_they_are() -> None:
    """In JSON, in JSON inside JSON, and in a query."""
    event = samples.event("it", {"session": "abc", "secret": AWKWARD}.__getitem__)

    body = json.loads(event["body"])
    assert (event["cookies"], event["count"]) == (["__Host-session=abc"], 3)
    assert event["headers"]["x-secret"] == event["pathParameters"]["id"] == AWKWARD
    assert parse_qs(event["rawQueryString"]) == {"state": [AWKWARD], "code": ["abc"]}
    assert (body["password"], json.loads(body["deep"])["in"]) == (AWKWARD, AWKWARD)
    assert (samples.names(), samples.placeholders("it")) == (["it"], {"session", "secret"})
